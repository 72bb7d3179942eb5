import { useEffect, useRef } from 'react'
import { countryOptions } from '../../sdk/index.ts'
import { useUsers } from '../../shell/queries.ts'
import { choicesOf, labelOf, wordOf } from '../fields/text.ts'
import { ChoiceFilter } from './filter-choice.tsx'
import { type EditorProps, filterKind } from './filter-kind.ts'
import { NumberFilter, TextFilter } from './filter-text.tsx'
import { TimeFilter } from './filter-time.tsx'
import type { Operator } from './list-state.ts'
import { useTexts } from '../../shell/texts.ts'

/** One field's question: what is asked by its type, and for every type whether there is a value at all. */
export function FilterEditor(props: EditorProps) {
  const { field, filters, reading, onChange } = props
  const { t } = useTexts()
  const box = useRef<HTMLDivElement>(null)
  // The list of fields that was here had the focus; it must not fall out of the popover with it.
  useEffect(() => box.current?.querySelector<HTMLElement>('input, select, button')?.focus(), [])
  const emptiness = filters.find(({ op }) => op === 'empty')?.value
  const toggle = (value: string) => onChange(emptiness === value ? [] : [{ path: field.path, op: 'empty', value }])
  return (
    <div ref={box} className="filter-editor">
      <p className="filter-title">{labelOf(field, reading)}</p>
      <Kind {...props} filters={filters.filter(({ op }) => op !== 'empty')} />
      {!field.system && (
        <div className="filter-emptiness">
          {['true', 'false'].map((value) => (
            <button
              key={value}
              type="button"
              className="btn"
              data-variant={emptiness === value ? 'secondary' : 'ghost'}
              data-size="xs"
              aria-pressed={emptiness === value}
              onClick={() => toggle(value)}
            >
              {t(value === 'true' ? 'filter.empty' : 'filter.filled')}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

function Kind(props: EditorProps) {
  const { field, filters, reading, onChange } = props
  const users = useUsers()
  const kind = filterKind(field)
  const { path } = field
  if (kind === 'time') return <TimeFilter {...props} />
  if (kind === 'number') return <NumberFilter {...props} />
  if (kind === 'text') return <TextFilter {...props} op="eq" />
  if (kind === 'tags') return <TextFilter {...props} op="has" />

  const several: Operator = kind === 'boolean' ? 'eq' : 'in'
  const values = filters.flatMap(({ value }) => value.split(','))
  const choose = (next: string[]) => onChange(next.length > 0 ? [{ path, op: several, value: next.join(',') }] : [])
  const options = {
    country: () => countryOptions(reading.lang),
    user: () => users.map(({ id, name }) => ({ value: id, label: name })),
    boolean: () =>
      ['true', 'false'].map((value) => ({ value, label: reading.t(value === 'true' ? 'value.yes' : 'value.no') })),
    choice: () => choicesOf(field)!.map((value) => ({ value: String(value), label: wordOf(field, value, reading) })),
  }[kind ?? 'choice']()
  // Values that people typed themselves are as good as the suggested ones.
  const own = values
    .filter((value) => !options.some((option) => option.value === value))
    .map((value) => ({ value, label: value }))
  const open = kind === 'choice' && !field.schema.enum
  return (
    <ChoiceFilter
      options={[...options, ...own]}
      values={values}
      single={kind === 'boolean'}
      open={open}
      onChange={choose}
    />
  )
}
