import { useQuery } from '@tanstack/react-query'
import { BookOpen, KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { Empty, Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { keysOptions } from './api-key.ts'
import { KeyTable } from './key-table.tsx'
import { NewKeyDialog } from './new-key-dialog.tsx'
import { useTexts } from '../../shell/texts.ts'

export function ApiKeysPage() {
  const { t } = useTexts()
  const [creating, setCreating] = useState(false)
  const { data: keys, error, refetch } = useQuery(keysOptions)
  const create = (
    <button type="button" className="btn" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {t('keys.new')}
    </button>
  )
  const actions = (
    <>
      <a className="btn" data-variant="outline" href="/api/docs" target="_blank" rel="noreferrer">
        <BookOpen aria-hidden />
        {t('keys.docs')}
      </a>
      {keys && keys.length > 0 && create}
    </>
  )
  return (
    <Page title={t('keys.title')} lead={t('keys.lead')} actions={actions}>
      {!keys ? (
        error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : keys.length > 0 ? (
        <KeyTable keys={keys} />
      ) : (
        <Empty icon={KeyRound} title={t('keys.empty.title')} text={t('keys.empty.text')}>
          {create}
        </Empty>
      )}
      {creating && <NewKeyDialog onClose={() => setCreating(false)} />}
    </Page>
  )
}
