/** Rows gathered into groups and what is counted of each, compiled into one statement. */
import { Problem } from '../contract.ts'
import { type Condition, Parameters } from './filter.ts'
import { conditionsOf, joined, named, type Statement } from './list.ts'
import type { Field, Model } from './model.ts'
import { bodyOf } from './projection.ts'

export const UNITS = ['day', 'week', 'month', 'quarter', 'year'] as const
export const FUNCTIONS = ['sum', 'min', 'max', 'avg', 'countDistinct'] as const

export interface GroupKey {
  /** `status`, `createdAt:month` */
  readonly name: string
  readonly field: Field
  readonly unit: string | null
  readonly tz: string
}
export interface Measure {
  readonly name: string
  readonly fn: 'count' | (typeof FUNCTIONS)[number]
  /** Null where rows are counted. */
  readonly field: Field | null
}
export interface AggregateQuery {
  readonly model: Model
  readonly tenant: string
  readonly where: readonly Condition[]
  readonly q: string
  readonly searched: readonly Field[] | null
  readonly by: readonly GroupKey[]
  readonly values: readonly Measure[]
  /** Names of keys or values, `-` before one turns it round. */
  readonly sort: readonly string[]
  readonly limit: number
}

const NUMBERS = new Set(['integer', 'bigint', 'double precision', 'numeric'])
const TIMES = new Set(['date', 'timestamptz'])
const isPlain = ({ type }: Field) => type !== 'jsonb' && !type.endsWith('[]')

const refuse = (path: string, code: string, name: string): never => {
  throw new Problem(400, 'invalid_query', [{ path, code, params: { name } }])
}

/** A name of the time zone database: PostgreSQL reads an offset with its sign turned round. */
function isZone(tz: string): boolean {
  try {
    return /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(tz) && Boolean(new Intl.DateTimeFormat('en', { timeZone: tz }))
  } catch {
    return false
  }
}

/** @throws Problem 400 `invalid_query` */
export function readKey(model: Model, given: { field: string; unit?: string | undefined; tz?: string }): GroupKey {
  const { field: key, unit = null, tz = 'UTC' } = given
  const name = unit === null ? key : `${key}:${unit}`
  const field = model.fields.get(key) ?? refuse('by', 'unknown', key)
  if (!field.filter) return refuse('by', 'not_filterable', key)
  if (!isPlain(field)) return refuse('by', 'not_groupable', key)
  if (unit !== null && !(UNITS as readonly string[]).includes(unit)) return refuse('by', 'unit', name)
  if (unit !== null && !TIMES.has(field.type)) return refuse('by', 'unit', name)
  if (!isZone(tz)) return refuse('tz', 'tz', tz)
  return { name, field, unit, tz }
}

/** @throws Problem 400 `invalid_query` */
export function readMeasure(model: Model, name: string, given: { fn: string; field: string | null }): Measure {
  const { fn, field: key } = given
  if (fn === 'count' && key === null) return { name, fn, field: null }
  if (!(FUNCTIONS as readonly string[]).includes(fn) || key === null) return refuse('values', 'operator', name)
  const field = model.fields.get(key) ?? refuse('values', 'unknown', name)
  const isCounted = fn === 'countDistinct' && isPlain(field)
  const isOrdered = (fn === 'min' || fn === 'max') && isPlain(field) && !['uuid', 'boolean'].includes(field.type)
  const isAdded = (fn === 'sum' || fn === 'avg') && NUMBERS.has(field.type)
  if (!isCounted && !isOrdered && !isAdded) return refuse('values', 'type', name)
  return { name, fn: fn as Measure['fn'], field }
}

/** @throws Problem 400 `invalid_query`, `invalid_sort` */
export function assertSound({ by, values, sort }: Pick<AggregateQuery, 'by' | 'values' | 'sort'>): void {
  const names = [...by, ...values].map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) refuse(by.some(({ name }) => name === twice) ? 'by' : 'values', 'repeated', twice)
  if (by.length > MAX_KEYS) refuse('by', 'too_many', by[MAX_KEYS]!.name)
  if (values.length === 0) refuse('values', 'empty', '')
  if (values.length > MAX_MEASURES) refuse('values', 'too_many', values[MAX_MEASURES]!.name)
  const stranger = sort.find((key) => !names.includes(key.replace(/^-/, '')))
  if (stranger !== undefined)
    throw new Problem(400, 'invalid_sort', [{ path: 'sort', code: 'unknown', params: { key: stranger } }])
}

const MAX_KEYS = 4
const MAX_MEASURES = 12

function keySql({ field, unit, tz }: GroupKey, parameters: Parameters): string {
  if (unit === null) return field.sql
  const moment =
    field.type === 'date' ? `${field.sql}::timestamp` : `${field.sql} at time zone ${parameters.add(tz, 'text')}`
  return `date_trunc('${unit}', ${moment})::date`
}

function measureSql({ fn, field }: Measure): string {
  if (field === null) return 'count(*)'
  if (fn === 'countDistinct') return `count(distinct ${field.sql})`
  if (fn === 'avg') return `avg(${field.type === 'numeric' ? field.sql : `${field.sql}::double precision`})`
  return `${fn}(${field.sql})`
}

/** As rows show such a value; an average of decimals without the zeros that a division leaves. */
function shown(field: Field | null, fn: Measure['fn'] | null, column: string): string {
  if (field === null || fn === 'countDistinct') return column
  if (fn === 'avg') return field.type === 'numeric' ? `trim_scale(${column})::text` : column
  return bodyOf({ ...field, sql: column })
}

/**
 * Groups come back as `{ keys, values }`, two lists in the order that was asked for. One group more than the limit is
 * read to know whether there are more.
 */
export function compileAggregate(query: AggregateQuery): Statement {
  const { model, by, values, sort } = query
  const parameters = new Parameters(query.tenant)
  const where = joined(conditionsOf(query, parameters))
  const keys = by.map((key, i) => `${keySql(key, parameters)} as k${i}`)
  const measures = values.map((measure, i) => `${measureSql(measure)} as v${i}`)
  const columns = new Map([
    ...by.map(({ name }, i) => [name, `k${i}`] as const),
    ...values.map(({ name }, i) => [name, `v${i}`] as const),
  ])
  const asked = sort.map((key) => `${columns.get(key.replace(/^-/, ''))} ${key.startsWith('-') ? 'desc' : 'asc'}`)
  const order = [...asked, ...by.map((_, i) => `k${i}`)].map((key) => `${key} nulls last`)
  const shownKeys = by.map(({ field, unit }, i) => (unit === null ? shown(field, null, `k${i}`) : `k${i}`))
  const shownValues = values.map(({ field, fn }, i) => shown(field, fn, `v${i}`))
  const text =
    `select json_build_array(${shownKeys.join(', ')}) as keys, json_build_array(${shownValues.join(', ')}) as values ` +
    `from (select ${[...keys, ...measures].join(', ')} from ${model.view} where ${where}` +
    `${by.length > 0 ? ` group by ${by.map((_, i) => i + 1).join(', ')}` : ''}) as groups ` +
    `${order.length > 0 ? `order by ${order.join(', ')} ` : ''}limit ${parameters.add(query.limit + 1, 'integer')}`
  return { ...named(text, parameters.values), isPlannedEachTime: true }
}
