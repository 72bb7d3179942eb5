import type { Row } from '../../sdk/index.ts'
import type { Field } from '../fields/field.ts'
import { type Filter, type ListState, OPERATORS, writeListState } from './list-state.ts'

/** A list as somebody saved it: a row of the kernel's resource `views`. */
export interface View extends Row {
  readonly name: string
  readonly resource: string
  readonly q: string | null
  readonly filter: Condition | null
  readonly sort: string[] | null
  readonly columns: string[] | null
  readonly isShared: boolean
}
export type Condition = Readonly<Record<string, unknown>>

/** What the address of a list says, as a view keeps it. Values stay as they are written: `now-30d` moves on. */
export function askedBy(state: ListState, columns: readonly string[]) {
  const tests = state.filters.map(({ path, op, value }) => ({ [path]: { [op]: valueOf(op, value) } }))
  const full = state.filter ? [JSON.parse(state.filter) as Condition] : []
  const all = [...tests, ...full]
  return {
    q: state.q.trim() || null,
    filter: all.length > 0 ? ({ all } as Condition) : null,
    sort: state.sort.length > 0 ? state.sort : null,
    columns: columns.length > 0 ? [...columns] : null,
  }
}

function valueOf(op: Filter['op'], value: string): unknown {
  if (op === 'empty') return value === 'true'
  return op === 'in' ? value.split(',') : value
}

/** The address that shows a view. What it asks beyond single fields goes along as it is. */
export function stateOf(view: View, limit: number): ListState {
  const { filters, rest } = readTests(view.filter)
  return {
    q: view.q ?? '',
    filters,
    sort: view.sort ?? [],
    limit,
    after: null,
    view: view.id,
    ...(rest ? { filter: JSON.stringify(rest) } : {}),
  }
}

/** What of a filter can stand in an address as pairs of field and value, and what cannot. */
export function readTests(filter: Condition | null): { filters: Filter[]; rest: Condition | null } {
  if (!filter) return { filters: [], rest: null }
  const isList = Object.keys(filter).length === 1 && Array.isArray(filter.all)
  const items = isList ? (filter.all as Condition[]) : [filter]
  const read = items.map((item) => ({ item, filters: testsOf(item) }))
  const rest = read.filter(({ filters }) => filters === null).map(({ item }) => item)
  const filters = read.flatMap((each) => each.filters ?? [])
  return { filters, rest: rest.length > 1 ? { all: rest } : (rest[0] ?? null) }
}

const GROUPS = ['all', 'any', 'not', 'some']

/** Null for what cannot stand in an address as pairs of field and value. */
function testsOf(item: Condition): Filter[] | null {
  const filters = Object.entries(item).flatMap(([path, asked]): (Filter | null)[] => {
    if (GROUPS.includes(path)) return [null]
    if (typeof asked !== 'object' || asked === null) {
      return [asked === null ? { path, op: 'empty', value: 'true' } : { path, op: 'eq', value: String(asked) }]
    }
    return Object.entries(asked).map(([op, value]) => {
      const known = OPERATORS.find((each) => each === op)
      const isSplit = Array.isArray(value) && value.some((each) => String(each).includes(','))
      return known && !isSplit ? { path, op: known, value: String(value) } : null
    })
  })
  return filters.every((filter) => filter !== null) ? filters : null
}

const questionOf = (state: ListState) => writeListState({ ...state, after: null, view: undefined, limit: 0 })

/** Whether what one sees is no longer what the view says. */
export function isChanged(view: View, state: ListState, columns: readonly string[]): boolean {
  const isSame = questionOf(stateOf(view, state.limit)) === questionOf(state)
  return !isSame || (view.columns !== null && view.columns.toSorted().join() !== columns.toSorted().join())
}

/** Fields that a view asks for and the list does not have: their plugins are off. */
export function missingFields({ filters, sort }: ListState, fields: readonly Field[]): string[] {
  const known = new Set(fields.map(({ path }) => path))
  const asked = [...filters.map(({ path }) => path), ...sort.map((key) => key.replace(/^-/, ''))]
  return [...new Set(asked)].filter((path) => !known.has(path) && path !== 'id')
}

/** A patch is merged into what is there: what the old filter asked is taken out of it. */
export function patchOf(view: View, next: ReturnType<typeof askedBy>) {
  const gone = Object.fromEntries(Object.keys(view.filter ?? {}).map((key) => [key, null]))
  return { ...next, filter: next.filter && { ...gone, ...next.filter } }
}
