import { useTable, type ColumnDef } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react'
import type { Row } from '../../sdk/index.ts'
import { useTexts } from '../../shell/texts.ts'
import { labelOf } from '../fields/text.ts'
import { Value } from '../fields/value.tsx'
import { nameKeys } from './column.ts'
import { ListName } from './list-name.tsx'
import { ListRow } from './list-row.tsx'
import { features, type ListFeatures, type ListView } from './list-view.ts'
import type { Selection } from './use-selection.ts'
import { useScrollMemory } from './scroll-memory.ts'
import { SortHeader } from './sort-header.tsx'

type Column = ColumnDef<ListFeatures, Row>

/** A plain table for screen readers; long pages draw only the rows that are in sight. */
export function ListTable(view: ListView) {
  const { resource, rows, place, selection } = view
  const { t } = useTexts()
  const columns = useTableColumns(view)
  const table = useTable({ features, columns, data: rows, getRowId: (row) => row.id })
  const scroller = useRef<HTMLDivElement>(null)
  const sight = useSight(rows.length, scroller)
  useScrollMemory(scroller)
  const model = table.getRowModel().rows

  const onKeyDown = (event: KeyboardEvent) => {
    const to = rowAfter(event, rows.length)
    if (to === undefined) return
    event.preventDefault()
    sight.reveal(to)
    focusRow(scroller.current, to)
  }
  return (
    <div
      ref={scroller}
      className="table-container list-table"
      data-picks={selection ? true : undefined}
      onKeyDown={onKeyDown}
    >
      <table className="table" aria-rowcount={sight.partial ? rows.length + 1 : undefined}>
        <caption className="sr-only">{t('list.caption', { what: t(`${resource.plugin}:${resource.name}`) })}</caption>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {selection && <PageBox selection={selection} rows={rows} />}
              {group.headers.map(({ id }) => (
                <SortHeader key={id} place={place} {...headOf(id, view)} />
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {sight.above > 0 && <tr aria-hidden style={{ height: sight.above }} />}
          {sight.rows.map((index) => (
            <ListRow
              key={rows[index]!.id}
              row={model[index]!}
              index={index}
              resource={resource}
              numbered={sight.partial}
              selection={selection}
            />
          ))}
          {sight.below > 0 && <tr aria-hidden style={{ height: sight.below }} />}
        </tbody>
      </table>
    </div>
  )
}

function PageBox({ selection, rows }: { selection: Selection; rows: readonly Row[] }) {
  const { t } = useTexts()
  const picked = rows.filter(({ id }) => selection.isPicked(id)).length
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current) box.current.indeterminate = picked > 0 && picked < rows.length
  }, [picked, rows.length])
  return (
    <th scope="col" className="list-pick">
      <input
        ref={box}
        type="checkbox"
        className="input"
        aria-label={t('bulk.pickPage')}
        checked={picked > 0 && picked === rows.length}
        onChange={selection.togglePage}
      />
    </th>
  )
}

function useTableColumns({ resource, schema, columns, reading }: ListView): Column[] {
  const { shown } = columns
  return useMemo(() => {
    const name: Column = {
      id: 'name',
      cell: ({ row }) => <ListName resource={resource} schema={schema} row={row.original} />,
    }
    const others = shown.map((field): Column => ({
      id: field.path,
      cell: ({ row }) => <Value field={field} row={row.original} reading={reading} brief />,
    }))
    return [name, ...others]
  }, [resource, schema, shown, reading])
}

function headOf(id: string, { resource, schema, columns, reading }: ListView) {
  const field = columns.shown.find(({ path }) => path === id)
  const label = field ? labelOf(field, reading) : reading.t('list.name')
  const own = field?.schema['x-sort'] ? [field.path] : []
  return { field, label, keys: field ? own : nameKeys(schema), standard: resource.sort }
}

const ROW_HEIGHT = 39
const VIRTUAL_FROM = 60

/** Which rows are drawn, and how much room the others take above and below. */
function useSight(count: number, scroller: React.RefObject<HTMLDivElement | null>) {
  const partial = count > VIRTUAL_FROM
  const virtualizer = useVirtualizer({
    count,
    enabled: partial,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  })
  if (!partial)
    return { partial, rows: Array.from({ length: count }, (_, index) => index), above: 0, below: 0, reveal: () => {} }
  const items = virtualizer.getVirtualItems().filter(({ index }) => index < count)
  return {
    partial,
    rows: items.map(({ index }) => index),
    above: items[0]?.start ?? 0,
    below: virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0),
    reveal: (index: number) => virtualizer.scrollToIndex(index),
  }
}

function rowAfter({ key, target }: KeyboardEvent, count: number): number | undefined {
  const at = Number((target as Element).closest('tr')?.dataset.index ?? Number.NaN)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1 }[key]
  return to !== undefined && !Number.isNaN(at) && to >= 0 && to < count ? to : undefined
}

/** A row that was out of sight is drawn a frame after it was scrolled to. */
function focusRow(scroller: HTMLElement | null, index: number): void {
  const find = () => scroller?.querySelector<HTMLElement>(`tr[data-index="${index}"] [data-row-link]`)
  const link = find()
  if (link) return link.focus()
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()))
}
