import type { Field } from '../fields/field.ts'
import { type Filter, type ListState, nameOf, readFilter } from './list-state.ts'

/** What the server is asked for; conditions on fields that are not (or no longer) there are left out. */
export function queryOf(state: ListState, fields: readonly Field[]): Record<string, string> {
  const known = new Map(fields.map((field) => [field.path, field]))
  const query: Record<string, string> = { ...conditionsOf(state, known), limit: String(state.limit) }
  const sort = state.sort.filter((key) => known.get(key.replace(/^-/, ''))?.schema['x-sort'])
  if (sort.length > 0) query.sort = sort.join(',')
  if (state.after) query.after = state.after
  if (state.filter) query.filter = state.filter
  return query
}

function conditionsOf({ q, filters }: ListState, known: ReadonlyMap<string, Field>): Record<string, string> {
  const conditions: Record<string, string> = q.trim() ? { q: q.trim() } : {}
  const usable = filters.filter(({ path }) => known.get(path)?.schema['x-filter'])
  const pairs = usable.map((filter) => asked(filter, known.get(filter.path)!))
  return { ...conditions, ...Object.fromEntries(pairs.map((filter) => [nameOf(filter), filter.value])) }
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** People choose days of their own calendar; what happened is kept in UTC, and the last day counts to its end. */
function asked(filter: Filter, field: Field): Filter {
  if (field.schema.format !== 'date-time' || !DAY.test(filter.value)) return filter
  const [year, month, day] = filter.value.split('-').map(Number) as [number, number, number]
  const midnight = (days: number) => new Date(year, month - 1, day + days).toISOString()
  if (filter.op === 'lte') return { ...filter, op: 'lt', value: midnight(1) }
  if (filter.op === 'gt') return { ...filter, op: 'gte', value: midnight(1) }
  return { ...filter, value: midnight(0) }
}

/** The same question in the full form of the filter language, as a batch takes it. */
export function filterOf(query: Record<string, string>): { filter: object; q?: string } {
  const { q, limit: _limit, sort: _sort, after: _after, ...pairs } = query
  const items = Object.entries(pairs).map((pair) => {
    const { path, op, value } = readFilter(pair)
    if (op === 'eq') return { [path]: value }
    return { [path]: { [op]: op === 'in' ? value.split(',') : op === 'empty' ? value === 'true' : value } }
  })
  return { filter: items.length > 0 ? { all: items } : {}, ...(q ? { q } : {}) }
}
