import { type Field } from '../fields/field.ts'
import { labelOf, type Reading, textOf } from '../fields/text.ts'
import { formatDate } from '../../sdk/index.ts'
import type { Filter } from './list-state.ts'

/** What the question of a field, of any kind, is given. */
export interface EditorProps {
  field: Field
  filters: Filter[]
  reading: Reading
  onChange(filters: Filter[]): void
  onDone(): void
}

export type FilterKind = 'choice' | 'country' | 'user' | 'boolean' | 'number' | 'time' | 'tags' | 'text'

const BY_FORMAT: Record<string, FilterKind> = {
  date: 'time',
  'date-time': 'time',
  country: 'country',
  decimal: 'number',
}
const BY_TYPE: Record<string, FilterKind> = { array: 'tags', boolean: 'boolean', number: 'number', integer: 'number' }

/** How one asks for a field's values; null where there is no sensible question, as for ids of other records. */
export function filterKind({ schema }: Field): FilterKind | null {
  if (!schema['x-filter']) return null
  if (schema['x-ref']) return schema['x-ref'] === 'users' ? 'user' : null
  const plain = schema.enum || schema.examples ? 'choice' : 'text'
  return BY_TYPE[schema.type as string] ?? BY_FORMAT[schema.format as string] ?? plain
}

export const filterableFields = (fields: readonly Field[]) => fields.filter((field) => filterKind(field) !== null)

export interface Preset {
  id: string
  filters: { op: Filter['op']; value: string }[]
}

const past = (days: number): Preset => ({ id: `last.${days}`, filters: [{ op: 'gte', value: `now-${days}d` }] })
const before = (days: number): Preset => ({ id: `before.${days}`, filters: [{ op: 'lt', value: `now-${days}d` }] })
const ahead = (days: number): Preset => ({
  id: `next.${days}`,
  filters: [
    { op: 'gte', value: 'now' },
    { op: 'lte', value: `now+${days}d` },
  ],
})

/** Relative, so that a bookmarked "last 30 days" moves with the calendar. What the system writes is never ahead. */
export function presetsOf({ schema, system }: Field): Preset[] {
  const behind = [past(7), past(30), past(90), past(365), before(30), before(90), before(365)]
  return system || schema.readOnly ? behind : [...behind, ahead(30), ahead(90)]
}

export function presetOf(field: Field, filters: readonly Filter[]): Preset | undefined {
  return presetsOf(field).find((preset) => fingerprint(preset.filters) === fingerprint(filters))
}

const fingerprint = (filters: readonly Pick<Filter, 'op' | 'value'>[]): string =>
  filters
    .map(({ op, value }) => `${op}=${value}`)
    .toSorted()
    .join()

/** The question in words, as a chip shows it. */
export function describe(field: Field, filters: readonly Filter[], reading: Reading): string {
  const { t } = reading
  const preset = presetOf(field, filters)
  const meaning = preset
    ? t(`preset.${preset.id}`)
    : filters.map((filter) => phrase(field, filter, reading)).join(t('filter.and'))
  return t('filter.chip', { label: labelOf(field, reading), value: meaning })
}

function phrase(field: Field, { op, value }: Filter, reading: Reading): string {
  const { t, lang } = reading
  if (op === 'empty') return t(value === 'true' ? 'filter.empty' : 'filter.filled')
  const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? formatDate(value, lang) : value
  if (filterKind(field) === 'time' || filterKind(field) === 'number') return t(`filter.phrase.${op}`, { value: day })
  const words = (op === 'in' ? value.split(',') : [value]).map((each) => textOf(field, asValue(field, each), reading))
  const list = new Intl.ListFormat(lang, { type: 'disjunction' }).format(words)
  return op === 'ne' ? t('filter.phrase.ne', { value: list }) : list
}

const asValue = (field: Field, text: string) => (field.schema.type === 'boolean' ? text === 'true' : text)
