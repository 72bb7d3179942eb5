import { useQuery } from '@tanstack/react-query'
import { ListOrdered } from 'lucide-react'
import { Empty, Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { ListEditor } from './list-editor.tsx'
import { listsOptions } from './list.ts'

/** The lists of values that an organisation fills its fields from. */
export function ListsPage() {
  const { t } = useTexts()
  const { data: lists, error, refetch } = useQuery(listsOptions)
  if (!lists)
    return (
      <Page title={t('lists.title')} lead={t('lists.lead')}>
        {error ? <Failure error={error} retry={() => void refetch()} /> : <Loading />}
      </Page>
    )
  return (
    <Page title={t('lists.title')} lead={t('lists.lead')}>
      {lists.length === 0 && (
        <Empty icon={ListOrdered} title={t('lists.empty.title')} text={t('lists.empty.text')}>
          {null}
        </Empty>
      )}
      <div className="flex flex-col gap-6">
        {lists.map((list) => (
          // What somebody else has saved begins anew.
          <ListEditor key={`${list.name} ${list.version}`} list={list} />
        ))}
      </div>
    </Page>
  )
}
