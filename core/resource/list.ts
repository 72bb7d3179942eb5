/** Lists compiled into one statement: filters, search, several sorts, keyset pages, includes. */
import { createHash } from 'node:crypto'
import { Problem } from '../contract.ts'
import { type Condition, compileCondition, Parameters, type RuleOf } from './filter.ts'
import type { Field, Model } from './model.ts'
import { includeOf, projectionOf } from './projection.ts'
import { compileSearch, searchFields } from './search.ts'

export interface SortKey {
  readonly field: Field
  readonly descending: boolean
}

export interface Statement {
  readonly name?: string
  readonly text: string
  readonly values: unknown[]
  readonly isPlannedEachTime?: boolean
  readonly isOrdered?: boolean
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
  /** Which rows of what is included are met. */
  readonly rule: RuleOf
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
  // Said in words, because of a comparison of rows PostgreSQL does not conclude it.
  const present = sort[from]?.field.isTenants ? [`${sort[from].field.sql} is not null`] : []
  const branches: Branch[] = [
    {
      condition: [...equal.slice(0, from), ...present, `(${tail}) ${sign(sort.at(-1))} (${position})`].join(' and '),
      from,
    },
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

/**
 * A first page that sorts down by a field that may be empty: an index read backwards gives the empty ones first. The
 * index of a field that a tenant has defined does not hold them at all.
 */
function branchesOfFirstPage(sort: readonly SortKey[]): Branch[] {
  const [first] = sort
  if (!first || first.field.filled || !(first.descending || first.field.isTenants))
    return [{ condition: null, from: 0 }]
  return [
    { condition: `${first.field.sql} is not null`, from: 0 },
    { condition: `${first.field.sql} is null`, from: 0 },
  ]
}

interface Conditions {
  readonly base: string
  /** What finds its rows by an index of its own, however many they are: a search, and values of fields with many. */
  readonly found: string | null
}

type Asked = Pick<ListQuery, 'model' | 'where' | 'q' | 'searched'>

/** Nothing is found where nothing is searched in: no index is kept for it. */
function searchOf({ model, q, searched }: Asked, parameters: Parameters, patterns: 'once' | 'seen'): string | null {
  if (model.keep !== 'record' && searchFields(model).length === 0) return q.trim() === '' ? null : 'false'
  return compileSearch(q, parameters, { narrowed: searched, patterns })
}

const partsOf = (condition: Condition): readonly Condition[] =>
  condition.kind === 'all' ? condition.items.flatMap(partsOf) : [condition]

/** A value of a field that has many: a row in five, or five rows of a million, and the statistics do not say. */
function isFinding(condition: Condition): boolean {
  if (condition.kind !== 'test' || !['eq', 'in'].includes(condition.operator)) return false
  const { filter, unique, type } = condition.field
  return filter?.few === false && !unique && type !== 'uuid'
}

export function conditionsOf(query: Asked, parameters: Parameters, patterns: 'once' | 'seen' = 'once'): Conditions {
  const compile = (condition: Condition) => compileCondition(condition, parameters, query.model.view)
  const parts = query.where.flatMap(partsOf)
  const rest = parts.filter((part) => !isFinding(part)).map(compile)
  const found = parts.filter(isFinding).map(compile)
  const search = searchOf(query, parameters, patterns)
  return {
    base: ['tenant_id = $1::uuid', 'deleted_at is null', ...rest].join(' and '),
    found: [...found, ...(search ? [search] : [])].join(' and ') || null,
  }
}

export const joined = ({ base, found }: Conditions) => (found ? `${base} and ${found}` : base)

/** What finds at most so many rows finds them by its index; they are counted and sorted. */
export const MAX_HITS = 2_000
const HITS = '(select count(*) from hits)'

const and = (...conditions: (string | null)[]) => conditions.filter(Boolean).join(' and ')

/**
 * The rows of one page in their order. PostgreSQL cannot know how many rows a search or a name finds, and goes badly
 * wrong either way: a rare word is not to be looked for in the order of the list, a common one not to be gathered whole.
 * So the first hits are gathered, and only where they are too many the list is walked in its order, which then is short.
 */
function compilePage(query: ListQuery, { base, found }: Conditions, parameters: Parameters): string {
  const { sort, model } = query
  const limit = parameters.add(query.limit + 1, 'integer')
  const branches = query.after ? branchesAfter(sort, query.after, parameters) : branchesOfFirstPage(sort)
  // Within coalesce the planner neither finds the index of what is sought nor takes its hits for rare.
  const walked = found ? `${HITS} > ${MAX_HITS} and coalesce(${found}, false)` : null
  const selects = branches.map(
    ({ condition, from }) =>
      `(select * from ${model.view} where ${and(base, condition, walked)} ` +
      `order by ${orderBy(sort, from)} limit ${limit})`,
  )
  if (found) {
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
 * rows are found, counted up to one more than `MAX_HITS`; null where nothing finds them. One row more than the limit is
 * read to know whether there is a next page.
 */
export function compileList(query: ListQuery): Statement {
  const { model, sort } = query
  const parameters = new Parameters(query.tenant)
  const conditions = conditionsOf(query, parameters)
  const page = compilePage(query, conditions, parameters)
  const keys = [...sort.map(({ field }) => `${field.sql}::text`), 'id::text']
  const columns = columnsOf(query, parameters)
  const hits = `hits as materialized (select * from ${model.view} where ${joined(conditions)} limit ${MAX_HITS + 1})`
  const text =
    `${conditions.found ? `with ${hits} ` : ''}select row_to_json(body)::text as body, keys, ` +
    `${conditions.found ? `${HITS}::integer` : 'null'} as hits from (${page}) as ${model.view}, ` +
    `lateral (select array[${keys.join(', ')}] as keys) as position, lateral (select ${columns}) as body`
  return stated(text, parameters)
}

function columnsOf({ model, include, rule }: Pick<ListQuery, 'model' | 'include' | 'rule'>, parameters: Parameters) {
  const children = include.map((child) => {
    const condition = rule(child)
    return includeOf(child, model.view, condition ? ` and ${compileCondition(condition, parameters, 'child')}` : '')
  })
  return [projectionOf(model), ...children].join(', ')
}

export function compileCount(query: ListQuery): Statement {
  const parameters = new Parameters(query.tenant)
  const text = `select count(*)::integer as count from ${query.model.view} where ${joined(conditionsOf(query, parameters))}`
  return stated(text, parameters)
}

/** Rows chosen for a task: living ones, or deleted ones that may be restored. */
export type Selection = Pick<ListQuery, 'model' | 'tenant' | 'where' | 'q' | 'searched'> & { readonly deleted: boolean }

function selectionOf(selection: Selection, parameters: Parameters): string {
  const all = joined(conditionsOf(selection, parameters))
  if (!selection.deleted) return all
  const merged = `exists (select 1 from kernel.records r where r.tenant_id = $1::uuid and r.id = ${selection.model.view}.id and merged_into is not null)`
  return `${all.replace('deleted_at is null', 'deleted_at is not null')} and not ${merged}`
}

export function compileSelectionCount(selection: Selection): Statement {
  const parameters = new Parameters(selection.tenant)
  const where = selectionOf(selection, parameters)
  return stated(`select count(*)::integer as count from ${selection.model.view} where ${where}`, parameters)
}

/** Enters the next rows of a selection for a task, in the order of their ids: `{ count, last }`. */
export function compileSelect(
  selection: Selection,
  at: { task: string; after: string | null; limit: number },
): Statement {
  const parameters = new Parameters(selection.tenant)
  const where = selectionOf(selection, parameters)
  const after = at.after === null ? '' : ` and id > ${parameters.add(at.after, 'uuid')}`
  const text =
    `with chosen as materialized (select id from ${selection.model.view} where ${where}${after} ` +
    `order by id limit ${parameters.add(at.limit, 'integer')}), ` +
    `entered as (insert into kernel.task_rows (tenant_id, task, row_id) ` +
    `select $1::uuid, ${parameters.add(at.task, 'uuid')}, id from chosen) ` +
    `select count(*)::integer as count, (array_agg(id order by id desc))[1] as last from chosen`
  return { text, values: parameters.values }
}

/** PostgreSQL's own guess at the number of rows, without reading them. */
export function compileEstimate(query: ListQuery): { text: string; values: unknown[] } {
  const parameters = new Parameters(query.tenant)
  const text = `explain (format json) select 1 from ${query.model.view} where ${joined(conditionsOf(query, parameters, 'seen'))}`
  return { text, values: parameters.values }
}

/** The row as `{ version, body }`, where it is met. */
export function compileGet(
  model: Model,
  place: { tenant: string; id: string },
  { include = [], rule = () => null }: { include?: readonly Model[]; rule?: RuleOf } = {},
): Statement {
  const parameters = new Parameters(place.tenant)
  const id = parameters.add(place.id, 'uuid')
  const condition = rule(model)
  const met = condition ? ` and ${compileCondition(condition, parameters, model.view)}` : ''
  const text =
    `select ${model.view}.version, row_to_json(body)::text as body from (select * from ${model.view} ` +
    `where tenant_id = $1::uuid and id = ${id} and deleted_at is null${met}) as ${model.view}, ` +
    `lateral (select ${columnsOf({ model, include, rule }, parameters)}) as body`
  return named(text, parameters.values)
}
