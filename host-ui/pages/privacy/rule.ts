import { queryOptions } from '@tanstack/react-query'
import type { Row } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import type { Field } from '../fields/field.ts'
import { filterOf, queryOf } from '../list/list-query.ts'
import type { Filter, ListState } from '../list/list-state.ts'
import { type Condition, readTests } from '../list/view.ts'

/** By which records are erased or deleted, once a day: `GET /api/privacy/retention`. */
export interface Rule {
  id: string
  resource: string
  filter: Condition
  act: Act
  enabled: boolean
  nextRunAt: string | null
  lastRunAt: string | null
  lastCount: number | null
  lastReason: string | null
}
export type Act = 'erase' | 'delete'
export const ACTS: readonly Act[] = ['erase', 'delete']

/** What is asked of a rule that may not be there yet. */
export type Order = Pick<Rule, 'resource' | 'filter' | 'act'>

export interface DryRun {
  count: number
  sample: Row[]
}

const PATH = '/api/privacy/retention'

export const rulesOptions = queryOptions({
  queryKey: ['retention', 'rules'],
  queryFn: async () => (await api.get<{ items: Rule[] }>(PATH)).items,
})

/** What a rule would do now: asked anew each time. */
export const dryRunOptions = (order: Order) =>
  queryOptions({
    queryKey: ['retention', 'dry-run', order],
    queryFn: () => api.send<DryRun>('POST', `${PATH}/dry-run`, order),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })

const settle = () => queries.invalidateQueries({ queryKey: rulesOptions.queryKey })

export const saveRule = ({ id, resource, filter, act }: Order & { id?: string }) =>
  (id
    ? api.send<Rule>('PATCH', `${PATH}/${id}`, { filter, act })
    : api.send<Rule>('POST', PATH, { resource, filter, act })
  ).finally(settle)
export const switchRule = (id: string, enabled: boolean) =>
  api.send<Rule>('PATCH', `${PATH}/${id}`, { enabled }).finally(settle)
export const removeRule = (id: string) => api.send('DELETE', `${PATH}/${id}`).finally(settle)

/** For how long records are kept, counted from a day or a moment of theirs. */
export interface Age {
  path: string
  count: number
  unit: Unit
}
export const UNITS = ['d', 'w', 'm', 'y'] as const
export type Unit = (typeof UNITS)[number]

const AGE = /^now-(\d{1,5})([dwmy])$/

const readAge = ({ path, op, value }: Filter): Age | null => {
  const [, count, unit] = (op === 'lt' && AGE.exec(value)) || []
  return count ? { path, count: Number(count), unit: unit as Unit } : null
}

export const testOf = ({ path, count, unit }: Age): Filter => ({ path, op: 'lt', value: `now-${count}${unit}` })

/** The first test of an age is how long the rule keeps; the others, and what is no test of a field, are its condition. */
export function readRule(filter: Condition): { age: Age | null; filters: Filter[]; rest: Condition | null } {
  const { filters, rest } = readTests(filter)
  const at = filters.findIndex((each) => readAge(each) !== null)
  return { age: at < 0 ? null : readAge(filters[at]!), filters: filters.filter((_, i) => i !== at), rest }
}

/** The state of a list that asks for the condition of a rule. */
export function stateOf(filter: Condition): ListState {
  const { filters, rest } = readRule(filter)
  return { q: '', filters, sort: [], limit: 50, after: null, ...(rest ? { filter: JSON.stringify(rest) } : {}) }
}

/** @returns null where nothing is asked: such a rule would reach every record */
export function writeRule(age: Age | null, state: ListState, fields: readonly Field[]): Condition | null {
  const { filter: full, ...query } = queryOf(state, fields)
  const { all = [] } = filterOf(query).filter as { all?: Condition[] }
  const items = [
    ...(age ? [{ [age.path]: { lt: testOf(age).value } }] : []),
    ...all,
    ...(full ? [JSON.parse(full) as Condition] : []),
  ]
  return items.length > 0 ? { all: items } : null
}

/** Fields from which one can count: those that say when. */
export const agingFields = (fields: readonly Field[]) =>
  fields.filter(({ schema }) => schema['x-filter'] && (schema.format === 'date' || schema.format === 'date-time'))
