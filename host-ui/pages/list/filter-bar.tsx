import { ListFilter, X } from 'lucide-react'
import { useState } from 'react'
import { type Close, Popover } from '../../shell/popover.tsx'
import type { Field } from '../fields/field.ts'
import { labelOf, type Reading } from '../fields/text.ts'
import { FilterEditor } from './filter-editor.tsx'
import { describe, filterableFields } from './filter-kind.ts'
import type { Filter } from './list-state.ts'
import type { ListPlace } from './use-list-state.ts'
import { useTexts } from '../../shell/texts.ts'

/** Where the conditions stand: in the address of a list, or in a form. */
export type FilterPlace = Pick<ListPlace, 'state' | 'change' | 'filter' | 'clear'>

interface FilterBarProps {
  fields: Field[]
  place: FilterPlace
  reading: Reading
}

export function FilterBar({ fields, place, reading }: FilterBarProps) {
  const { t } = useTexts()
  const { filters, filter: full } = place.state
  const known = new Map(fields.map((field) => [field.path, field]))
  const paths = [...new Set(filters.map(({ path }) => path))].filter((path) => known.get(path)?.schema['x-filter'])
  return (
    <div className="filter-bar">
      <AddFilter fields={fields} place={place} reading={reading} />
      {(paths.length > 0 || full) && (
        <ul className="filter-chips" aria-label={t('filter.active')}>
          {paths.map((path) => (
            <li key={path}>
              <Chip
                field={known.get(path)!}
                filters={filters.filter((filter) => filter.path === path)}
                reading={reading}
                onChange={(next) => place.filter(path, next)}
              />
            </li>
          ))}
          {full && (
            <li>
              <FullChip onRemove={() => place.change({ ...place.state, filter: undefined })} />
            </li>
          )}
        </ul>
      )}
      {(paths.length > 1 || (paths.length > 0 && place.state.q)) && (
        <button type="button" className="btn" data-variant="ghost" data-size="sm" onClick={place.clear}>
          {t('filter.clear')}
        </button>
      )}
    </div>
  )
}

/** What the view asks beyond single fields; it is taken or left as a whole. */
function FullChip({ onRemove }: { onRemove(): void }) {
  const { t } = useTexts()
  return (
    <span className="filter-chip">
      <span className="filter-chip-text truncate">{t('filter.full')}</span>
      <button
        type="button"
        className="filter-chip-remove"
        aria-label={t('filter.remove', { filter: t('filter.full') })}
        onClick={onRemove}
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </span>
  )
}

function AddFilter({ fields, place, reading }: FilterBarProps) {
  const { t } = useTexts()
  const button = (
    <>
      <ListFilter aria-hidden />
      {t('filter.add')}
    </>
  )
  return (
    <Popover label={t('filter.add')} button={button}>
      {(close) => <NewFilter fields={fields} place={place} reading={reading} onDone={close} />}
    </Popover>
  )
}

/** First which field, then what of it. */
function NewFilter({ fields, place, reading, onDone }: FilterBarProps & { onDone: Close }) {
  const [chosen, setChosen] = useState<Field | null>(null)
  if (!chosen) return <FieldChoice fields={filterableFields(fields)} reading={reading} onChoose={setChosen} />
  return (
    <FilterEditor
      field={chosen}
      filters={place.state.filters.filter(({ path }) => path === chosen.path)}
      reading={reading}
      onChange={(next) => place.filter(chosen.path, next)}
      onDone={onDone}
    />
  )
}

function FieldChoice({
  fields,
  reading,
  onChoose,
}: {
  fields: Field[]
  reading: Reading
  onChoose(field: Field): void
}) {
  return (
    <ul className="field-choice">
      {fields.map((field) => (
        <li key={field.path}>
          <button type="button" className="btn" data-variant="ghost" data-size="sm" onClick={() => onChoose(field)}>
            {labelOf(field, reading)}
          </button>
        </li>
      ))}
    </ul>
  )
}

interface ChipProps {
  field: Field
  filters: Filter[]
  reading: Reading
  onChange(filters: Filter[]): void
}

function Chip({ field, filters, reading, onChange }: ChipProps) {
  const { t } = useTexts()
  const text = describe(field, filters, reading)
  return (
    <span className="filter-chip">
      <Popover
        label={labelOf(field, reading)}
        button={<span className="truncate">{text}</span>}
        buttonProps={{ className: 'filter-chip-text', 'data-variant': undefined }}
      >
        {(close) => (
          <FilterEditor field={field} filters={filters} reading={reading} onChange={onChange} onDone={close} />
        )}
      </Popover>
      <button
        type="button"
        className="filter-chip-remove"
        aria-label={t('filter.remove', { filter: text })}
        onClick={() => onChange([])}
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </span>
  )
}
