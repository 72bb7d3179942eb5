import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useDeferredValue, useEffect, useMemo } from 'react'
import { Link } from 'wouter'
import type { Page as Rows, Row, Schema } from '../../sdk/index.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { remember } from '../../shell/memory.ts'
import { Failure, Loading } from '../../shell/notice.tsx'
import { usePageHeading } from '../../shell/page.tsx'
import { listOptions, schemaOptions } from '../../shell/queries.ts'
import { Slot } from '../../shell/slot.tsx'
import { fieldsOf } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { BulkBar } from './bulk-bar.tsx'
import { ListEmpty } from './list-empty.tsx'
import { ListPager } from './list-pager.tsx'
import { queryOf } from './list-query.ts'
import { ListToolbar } from './list-toolbar.tsx'
import { ListRows } from './list-rows.tsx'
import { useColumns } from './use-columns.ts'
import { useListState } from './use-list-state.ts'
import { useSelection } from './use-selection.ts'
import { useTexts } from '../../shell/texts.ts'

const NO_ROWS: Row[] = []

/** The one list of every resource, drawn from its composed schema. */
export function ListPage({ resource }: { resource: Resource }) {
  const { t } = useTexts()
  const { can } = useComposition()
  const heading = usePageHeading(t(`${resource.plugin}:${resource.name}`))
  const { data: schema, error, refetch } = useQuery(schemaOptions(resource.name))
  return (
    <div className="page page-list">
      <header className="page-header">
        <h1 ref={heading} tabIndex={-1}>
          {t(`${resource.plugin}:${resource.name}`)}
        </h1>
        <div className="page-actions">
          <Slot name="list.action" of={resource.name} />
          {can(`${resource.name}.create`) && (
            <Link href={`/${resource.name}/new`} className="btn">
              <Plus aria-hidden />
              {t('list.new', { what: t(`${resource.plugin}:${resource.name}.one`) })}
            </Link>
          )}
        </div>
      </header>
      {schema ? (
        <List key={resource.name} resource={resource} schema={schema} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Loading lines={6} />
      )}
    </div>
  )
}

function List({ resource, schema }: { resource: Resource; schema: Schema }) {
  const fields = useMemo(() => fieldsOf(resource, schema), [resource, schema])
  const columns = useColumns(resource, fields)
  const place = useListState()
  const reading = useReading()
  const query = useMemo(() => queryOf(place.state, fields), [place.state, fields])
  const { data, error, isPlaceholderData, isFetching, refetch } = useQuery({
    ...listOptions(resource, query),
    placeholderData: keepPreviousData,
  })
  useEffect(() => keepTrail(resource, data), [resource, data])
  const stale = useDeferredValue(isPlaceholderData && isFetching)
  const parts = { resource, schema, fields, columns, place, reading }
  const { q, filters, filter } = place.state
  const { can } = useComposition()
  const picking = resource.keep === 'record' && (can(`${resource.name}.update`) || can(`${resource.name}.delete`))
  const selection = useSelection(data?.items ?? NO_ROWS, JSON.stringify([q, filters, filter]))

  return (
    <>
      <ListToolbar {...parts} />
      {error && !data ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Loading lines={10} />
      ) : data.items.length === 0 ? (
        <ListEmpty resource={resource} asked={Boolean(q || filters.length || filter)} onClear={place.clear} />
      ) : (
        <div className="list-body" data-stale={stale || undefined} aria-busy={stale}>
          {picking && <BulkBar {...{ resource, schema, fields, query, selection }} page={data} />}
          <ListRows {...parts} rows={data.items} selection={picking ? selection : null} />
          <ListPager resource={resource} query={query} place={place} page={data} />
        </div>
      )}
    </>
  )
}

/** The record page leads back here, and on to the neighbours of its record. */
function keepTrail(resource: Resource, page: Rows | undefined): void {
  if (!page) return
  const back = location.pathname + location.search
  if (location.pathname !== `/${resource.name}`) return
  remember(`weft.trail.${resource.name}`, { back, ids: page.items.map(({ id }) => id) }, 'session')
}
