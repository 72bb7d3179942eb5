import { useQuery } from '@tanstack/react-query'
import { LogIn, Plus } from 'lucide-react'
import { useState } from 'react'
import { Empty, Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { providersOptions } from './provider.ts'
import { ProviderCard } from './provider-card.tsx'
import { ProviderDialog } from './provider-dialog.tsx'

/** By which identity providers people may sign in to the organisation. */
export function ProvidersPage() {
  const { t } = useTexts()
  const [adding, setAdding] = useState(false)
  const { data: providers, error, refetch } = useQuery(providersOptions)
  const add = (
    <button type="button" className="btn" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      {t('providers.add')}
    </button>
  )
  return (
    <Page title={t('providers.title')} lead={t('providers.lead')} actions={providers?.length ? add : undefined}>
      {!providers ? (
        error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : providers.length > 0 ? (
        <ul className="provider-list">
          {providers.map((provider) => (
            <ProviderCard key={provider.id} provider={provider} />
          ))}
        </ul>
      ) : (
        <Empty icon={LogIn} title={t('providers.empty')} text={t('providers.empty.text')}>
          {add}
        </Empty>
      )}
      {adding && <ProviderDialog onClose={() => setAdding(false)} />}
    </Page>
  )
}
