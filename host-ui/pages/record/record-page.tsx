import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Page, Row } from '../../sdk/index.ts'
import { queries } from '../../shell/client.ts'
import type { Resource } from '../../shell/composition.tsx'
import { FailurePage } from '../../shell/failure-page.tsx'
import { LoadingPage } from '../../shell/notice.tsx'
import { isMissing } from '../../shell/problem.ts'
import { rowOptions, schemaOptions } from '../../shell/queries.ts'
import { fieldsOf } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { MissingRecord } from './missing-record.tsx'
import type { RecordProps } from './record.ts'
import { RecordHeader } from './record-header.tsx'
import { RecordTabs } from './record-tabs.tsx'

/** The one page of every resource's records; what is special to a resource comes in tabs and slots. */
export function RecordPage({ resource, id }: { resource: Resource; id: string }) {
  const schema = useQuery(schemaOptions(resource.name))
  const row = useQuery({ ...rowOptions(resource, id), placeholderData: () => fromLists(resource, id) })
  const error = row.error ?? schema.error
  if (isMissing(row.error)) return <MissingRecord resource={resource} id={id} />
  if (!row.data || !schema.data) {
    const retry = () => void Promise.all([row.refetch(), schema.refetch()])
    return error ? <FailurePage error={error} retry={retry} /> : <LoadingPage />
  }
  return <Record key={id} resource={resource} schema={schema.data} row={row.data} />
}

function Record({ resource, schema, row }: RecordProps) {
  const fields = useMemo(() => fieldsOf(resource, schema), [resource, schema])
  const reading = useReading()
  const parts = { resource, schema, row, fields, reading }
  return (
    <article className="page page-record">
      <RecordHeader {...parts} />
      <RecordTabs {...parts} />
    </article>
  )
}

/** The list that one comes from has the row already. */
function fromLists(resource: Resource, id: string): Row | undefined {
  const lists = queries.getQueriesData<Page>({ queryKey: [resource.name, 'list'] })
  return lists.flatMap(([, page]) => page?.items ?? []).find((row) => row.id === id)
}
