/** `ctx.rows(r).aggregate` and `GET /api/<resource>/aggregate`: the same groups for every caller. */
import type { AggregateInput as Asked, Group } from '../contract.ts'
import { Problem } from '../contract.ts'
import {
  type AggregateQuery,
  assertSound,
  compileAggregate,
  type GroupKey,
  type Measure,
  readKey,
  readMeasure,
} from '../resource/aggregate.ts'
import type { Composed } from './composition.ts'
import { type QueryPairs, type QueryCaller, readConditions } from './query.ts'
import { whereOf } from './listing.ts'
import type { Scope } from './scope.ts'

export type AggregateInput = Omit<AggregateQuery, 'model' | 'tenant' | 'searched'>

export interface AggregateReply {
  readonly items: readonly Group<Record<string, never>>[]
  /** Whether there are groups beyond the limit. */
  readonly more: boolean
}

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

function readLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new Problem(400, 'invalid_query', [
    { path: 'limit', code: 'range', params: { minimum: 1, maximum: MAX_LIMIT } },
  ])
}

/** What plugin code asks for. @throws Problem 400 */
export function readAggregation(
  { model }: Composed,
  asked: Pick<Asked<string, never>, 'by' | 'sort' | 'limit'> & { values: Record<string, unknown> },
): Pick<AggregateInput, 'by' | 'values' | 'sort' | 'limit'> {
  const { by = [], values, sort = [], limit = DEFAULT_LIMIT } = asked
  const measures = Object.entries(values).map(([name, measure]) => {
    const [fn, field] = measure === 'count' ? ['count', null] : Object.entries(measure as Record<string, string>).flat()
    return readMeasure(model, name, { fn: String(fn), field: field ?? null })
  })
  const keys = by.map((key) => readKey(model, typeof key === 'string' ? { field: key } : key))
  assertSound({ by: keys, values: measures, sort })
  return { by: keys, values: measures, sort, limit: readLimit(limit) }
}

const RESERVED = ['q', 'filter', 'by', 'values', 'sort', 'limit', 'tz'] as const
const listOf = (text: string | undefined) => (text === undefined ? [] : text.split(','))

function halves(text: string): [string, string | null] {
  const at = text.indexOf(':')
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * `by=status,createdAt:month&values=count,sum:amount`, beside the filters of a list. A value bears the name that it was
 * asked for by.
 * @throws Problem 400 `invalid_query`, `invalid_filter`, `invalid_sort`
 */
export function readAggregateQuery(composed: Composed, pairs: QueryPairs, caller: QueryCaller): AggregateInput {
  const { where, given } = readConditions(composed, pairs, caller, { reserved: RESERVED, lists: ['by', 'values'] })
  const { model } = composed
  const by: GroupKey[] = listOf(given.by).map((text) => {
    const [field, unit] = halves(text)
    return readKey(model, { field, unit: unit ?? undefined, ...(given.tz === undefined ? {} : { tz: given.tz }) })
  })
  const values: Measure[] = listOf(given.values ?? 'count').map((text) => {
    const [fn, field] = halves(text)
    return readMeasure(model, text, { fn, field })
  })
  const sort = listOf(given.sort)
  assertSound({ by, values, sort })
  const limit = given.limit === undefined ? DEFAULT_LIMIT : /^\d{1,4}$/.test(given.limit) ? Number(given.limit) : 0
  return { where, q: given.q ?? '', by, values, sort, limit: readLimit(limit) }
}

export async function aggregateRows(scope: Scope, composed: Composed, input: AggregateInput): Promise<AggregateReply> {
  const { model, searched } = composed
  const statement = compileAggregate({
    ...input,
    where: whereOf(scope, model, input.where),
    model,
    searched,
    tenant: scope.tenant,
  })
  const { rows } = await scope.unit.read<{ keys: never[]; values: never[] }>(statement)
  const items = rows.slice(0, input.limit).map((row) => ({
    by: Object.fromEntries(input.by.map(({ name }, i) => [name, row.keys[i] as never])),
    values: Object.fromEntries(input.values.map(({ name }, i) => [name, row.values[i] as never])),
  }))
  return { items, more: rows.length > input.limit }
}
