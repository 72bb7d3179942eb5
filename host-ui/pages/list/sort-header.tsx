import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import type { Field } from '../fields/field.ts'
import { startsFalling } from './column.ts'
import { toggleSort } from './list-state.ts'
import type { ListPlace } from './use-list-state.ts'
import { useTexts } from '../../shell/texts.ts'

interface SortHeaderProps {
  label: string
  field: Field | undefined
  /** The keys a click sorts by; none where the column cannot be sorted. */
  keys: string[]
  /** The resource's own order, which holds while nothing else is asked for. */
  standard: string
  place: ListPlace
}

export function SortHeader({ label, field, keys, standard, place }: SortHeaderProps) {
  const { t } = useTexts()
  const { state } = place
  if (keys.length === 0) return <th scope="col">{label}</th>

  const sort = state.sort.length > 0 ? state.sort : standard.split(',')
  const at = sort.findIndex((key) => keys.includes(key.replace(/^-/, '')))
  const falling = at >= 0 && sort[at]!.startsWith('-')
  const direction = at < 0 ? 'none' : falling ? 'descending' : 'ascending'
  const Arrow = at < 0 ? ChevronsUpDown : falling ? ArrowDown : ArrowUp
  const toggle = (join: boolean) => {
    const start = field ? startsFalling(field) : false
    place.change({ ...state, sort: toggleSort(sort, keys, { join, falling: start }) })
  }
  const numbered = state.sort.length > keys.length && at >= 0
  return (
    <th scope="col" aria-sort={at < 0 ? undefined : (direction as 'ascending' | 'descending')}>
      <button
        type="button"
        className="sort-button"
        title={t('list.sort.hint')}
        onClick={(event) => toggle(event.shiftKey)}
      >
        {label}
        <Arrow aria-hidden className="size-3.5" data-idle={at < 0 || undefined} />
        {numbered && <span className="text-muted-foreground text-xs tabular-nums">{at + 1}</span>}
      </button>
    </th>
  )
}
