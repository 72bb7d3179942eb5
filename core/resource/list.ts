/** Lists compiled into one statement: filters, search, several sorts, keyset pages, includes. */
import { createHash } from 'node:crypto'
import { Problem } from '../contract.ts'
import { type Condition, compileCondition, Parameters } from './filter.ts'
import type { Field, Model } from './model.ts'
import { includeOf, projectionOf } from './projection.ts'
import { compileSearch } from './search.ts'

export interface SortKey {
  readonly field: Field
  readonly descending: boolean
}

export interface Statement {
  readonly name?: string
  readonly text: string
  readonly values: unknown[]
  readonly isPlannedEachTime?: boolean
}

export interface ListQuery {
  readonly model: Model
  readonly tenant: string
  readonly where: readonly Condition[]
  readonly q: string
  /** The fields to search in, where fewer than the kept text covers. */
  readonly searched: readonly Field[] | null
  readonly sort: readonly SortKey[]
  readonly limit: number
  readonly after: readonly (string | null)[] | null
  readonly include: readonly Model[]
}

/** A statement is prepared once per connection under a name that stands for its text. */
export function named(text: string, values: unknown[]): Statement {
  return { name: createHash('sha1').update(text).digest('base64url').slice(0, 20), text, values }
}

/**
 * Prepared, PostgreSQL plans a statement once for all values after some runs, and then takes a range for a third of the
 * table. Such statements are planned each time.
 */
const stated = (text: string, { values, isSelective }: Parameters): Statement =>
  isSelective ? { ...named(text, values), isPlannedEachTime: true } : named(text, values)

const MAX_SORT_KEYS = 4

/** @throws Problem 400 `invalid_sort` */
export function readSort(model: Model, text: string | undefined): SortKey[] {
  const keys = text === undefined ? model.defaultSort : text.split(',')
  if (keys.length > MAX_SORT_KEYS) throw new Problem(400, 'invalid_sort', [{ path: 'sort', code: 'too_many' }])
  return keys.map((key) => {
    const field = model.fields.get(key.replace(/^-/, ''))
    if (!field?.sort && field?.key !== 'id') {
      throw new Problem(400, 'invalid_sort', [
        { path: 'sort', code: field ? 'not_sortable' : 'unknown', params: { key } },
      ])
    }
    return { field, descending: key.startsWith('-') }
  })
}

const direction = (key: SortKey | undefined) => (key?.descending ? 'desc' : 'asc')

/** Empty values come last in both directions; of the key at `from` the rows are known to be all empty or none. */
function orderBy(sort: readonly SortKey[], from = 0): string {
  const keys = sort.map((key, i) => {
    const last = i > from && !key.field.filled && key.descending ? ' nulls last' : ''
    return `${key.field.sql} ${direction(key)}${last}`
  })
  return [...keys, `id ${direction(sort.at(-1))}`].join(', ')
}

interface Branch {
  readonly condition: string | null
  /** The first sort key that is not fixed by the condition. */
  readonly from: number
}

/** From which key on one row comparison with the id says what comes after: the same way, and none empty but the first. */
function tailOf(sort: readonly SortKey[], slots: readonly (string | null)[]): number {
  let from = sort.length
  while (
    from > 0 &&
    slots[from - 1] !== null &&
    sort[from - 1]?.descending === sort.at(-1)?.descending &&
    (sort[from]?.field.filled ?? true)
  )
    from--
  return from
}

/**
 * The rows after a position, as branches that are each one range of an index: `a=x and (b,id)>(y,z)`, then
 * `a=x and b is null`, then `a>x`, then `a is null`. An OR of the same would read every row before them.
 */
function branchesAfter(sort: readonly SortKey[], after: readonly (string | null)[], parameters: Parameters): Branch[] {
  const slots = sort.map(({ field }, i) => (after[i] === null ? null : parameters.add(after[i], field.type)))
  const equal = sort.map(({ field }, i) => (slots[i] === null ? `${field.sql} is null` : `${field.sql} = ${slots[i]}`))
  const sign = (key: SortKey | undefined) => (key?.descending ? '<' : '>')
  const from = tailOf(sort, slots)
  const tail = [...sort.slice(from).map(({ field }) => field.sql), 'id'].join(', ')
  const position = [...slots.slice(from), parameters.add(after[sort.length], 'uuid')].join(', ')
  const branches: Branch[] = [
    { condition: [...equal.slice(0, from), `(${tail}) ${sign(sort.at(-1))} (${position})`].join(' and '), from },
  ]
  for (let i = Math.min(from, sort.length - 1); i >= 0; i--) {
    const key = sort[i] as SortKey
    if (slots[i] === null) continue
    const prefix = equal.slice(0, i)
    const further = [...prefix, `${key.field.sql} ${sign(key)} ${slots[i]}`].join(' and ')
    if (i < from) branches.push({ condition: further, from: i })
    if (!key.field.filled) branches.push({ condition: [...prefix, `${key.field.sql} is null`].join(' and '), from: i })
  }
  return branches
}

/** A first page that sorts down by a field that may be empty: an index read backwards gives the empty ones first. */
function branchesOfFirstPage(sort: readonly SortKey[]): Branch[] {
  const [first] = sort
  if (!first || first.field.filled || !first.descending) return [{ condition: null, from: 0 }]
  return [
    { condition: `${first.field.sql} is not null`, from: 0 },
    { condition: `${first.field.sql} is null`, from: 0 },
  ]
}

interface Conditions {
  readonly base: string
  readonly search: string | null
}

function conditionsOf(query: ListQuery, parameters: Parameters, patterns: 'once' | 'seen' = 'once'): Conditions {
  const conditions = query.where.map((condition) => compileCondition(condition, parameters, query.model.view))
  return {
    base: ['tenant_id = $1::uuid', 'deleted_at is null', ...conditions].join(' and '),
    search: compileSearch(query.q, parameters, { narrowed: query.searched, patterns }),
  }
}

const joined = ({ base, search }: Conditions) => (search ? `${base} and ${search}` : base)

/** A search that finds at most so many rows finds them by its index; they are counted and sorted. */
export const MAX_HITS = 2_000
const HITS = '(select count(*) from hits)'

const and = (...conditions: (string | null)[]) => conditions.filter(Boolean).join(' and ')

/**
 * The rows of one page in their order. PostgreSQL cannot know how many rows a search finds, and goes badly wrong either
 * way: a rare word is not to be looked for in the order of the list, a common one not to be gathered whole. So the
 * first hits are gathered, and only where they are too many the list is walked in its order, which then is short.
 */
function compilePage(query: ListQuery, { base, search }: Conditions, parameters: Parameters): string {
  const { sort, model } = query
  const limit = parameters.add(query.limit + 1, 'integer')
  const branches = query.after ? branchesAfter(sort, query.after, parameters) : branchesOfFirstPage(sort)
  // Within coalesce the planner neither finds the index of the search nor takes its hits for rare.
  const walked = search ? `${HITS} > ${MAX_HITS} and coalesce(${search}, false)` : null
  const selects = branches.map(
    ({ condition, from }) =>
      `(select * from ${model.view} where ${and(base, condition, walked)} ` +
      `order by ${orderBy(sort, from)} limit ${limit})`,
  )
  if (search) {
    const isAfter = query.after ? `(${branches.map(({ condition }) => `(${condition})`).join(' or ')})` : null
    const where = and(`${HITS} <= ${MAX_HITS}`, isAfter)
    selects.unshift(`(select * from hits where ${where} order by ${orderBy(sort, -1)} limit ${limit})`)
  }
  // Without a sort of its own the union stops at the limit: later branches are not read. The role turns parallel
  // appends off, so that branches keep their order; a test walks every sort.
  return selects.length === 1 ? (selects[0] as string) : `${selects.join(' union all ')} limit ${limit}`
}

/**
 * Rows come back as `{ body, keys, hits }`: the row as JSON text, its sort values as text for the cursor, and how many
 * rows a search finds, counted up to one more than `MAX_HITS`; null without a search. One row more than the limit is
 * read to know whether there is a next page.
 */
export function compileList(query: ListQuery): Statement {
  const { model, sort } = query
  const parameters = new Parameters(query.tenant)
  const conditions = conditionsOf(query, parameters)
  const page = compilePage(query, conditions, parameters)
  const keys = [...sort.map(({ field }) => `${field.sql}::text`), 'id::text']
  const hits = `hits as materialized (select * from ${model.view} where ${joined(conditions)} limit ${MAX_HITS + 1})`
  const text =
    `${conditions.search ? `with ${hits} ` : ''}select row_to_json(body)::text as body, keys, ` +
    `${conditions.search ? `${HITS}::integer` : 'null'} as hits from (${page}) as ${model.view}, ` +
    `lateral (select array[${keys.join(', ')}] as keys) as position, lateral (select ${columnsOf(model, query.include)}) as body`
  return stated(text, parameters)
}

const columnsOf = (model: Model, include: readonly Model[]): string =>
  [projectionOf(model), ...include.map((child) => includeOf(child, model.view))].join(', ')

export function compileCount(query: ListQuery): Statement {
  const parameters = new Parameters(query.tenant)
  const text = `select count(*)::integer as count from ${query.model.view} where ${joined(conditionsOf(query, parameters))}`
  return stated(text, parameters)
}

/** PostgreSQL's own guess at the number of rows, without reading them. */
export function compileEstimate(query: ListQuery): { text: string; values: unknown[] } {
  const parameters = new Parameters(query.tenant)
  const text = `explain (format json) select 1 from ${query.model.view} where ${joined(conditionsOf(query, parameters, 'seen'))}`
  return { text, values: parameters.values }
}

/** The row as `{ version, body }`. */
export function compileGet(model: Model, place: { tenant: string; id: string }, include: readonly Model[]): Statement {
  const text =
    `select ${model.view}.version, row_to_json(body)::text as body from (select * from ${model.view} ` +
    `where tenant_id = $1::uuid and id = $2::uuid and deleted_at is null) as ${model.view}, ` +
    `lateral (select ${columnsOf(model, include)}) as body`
  return named(text, [place.tenant, place.id])
}
