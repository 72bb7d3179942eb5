/** The query string of a list, read strictly: an unknown or ill-typed parameter is refused, never ignored. */
import { Problem } from '../contract.ts'
import { type Condition, type FilterScope, readFilter, readPair } from '../resource/filter.ts'
import { readSort } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import type { Composed } from './composition.ts'
import type { Rules } from './rules.ts'
import type { ListInput } from './listing.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200
const MAX_Q = 200
const MAX_CONDITIONS = 30

const refuse = (path: string, code: string, params = {}): never => {
  throw new Problem(400, 'invalid_query', [{ path, code, params }])
}

/** Pairs in their order; `URLSearchParams` keeps repeated names apart. */
export type QueryPairs = Iterable<readonly [name: string, value: string]>

/** @throws Problem 400 `invalid_query` */
export function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= MAX_LIMIT ? limit : refuse('limit', 'range', { minimum: 1, maximum: MAX_LIMIT })
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('filter', 'json')
  }
}

/** `include=interactions,addresses`: rows that belong to this one, where the caller may read them. */
export function readInclude(
  composed: Composed,
  text: string | undefined,
  can: (permission: string) => boolean,
): Model[] {
  if (text === undefined) return []
  return text.split(',').map((name) => {
    const child = composed.children.get(name)
    if (!child || !can(`${name}.read`)) return refuse('include', 'unknown', { name })
    return child
  })
}

const RESERVED = ['q', 'sort', 'limit', 'after', 'count', 'include', 'filter'] as const

/** For whom a query string is read. */
export interface QueryCaller {
  readonly now: Date
  readonly me: string | null
  readonly can: (permission: string) => boolean
  readonly rules: Rules
}

/**
 * The conditions among the pairs, and what the other parameters say; those of `lists` may be repeated.
 * @throws Problem 400 `invalid_query`, `invalid_filter`
 */
export function readConditions<N extends string>(
  { model, children }: Composed,
  pairs: QueryPairs,
  caller: QueryCaller,
  { reserved, lists = [] }: { reserved: readonly N[]; lists?: readonly N[] },
): { where: Condition[]; given: Partial<Record<N, string>> } {
  const readable = new Map([...children].filter(([name]) => caller.can(`${name}.read`)))
  const scope: FilterScope = {
    model,
    children: readable,
    now: caller.now,
    me: caller.me,
    rule: (each) => caller.rules.of(each, 'read'),
  }
  const given: Partial<Record<string, string>> = {}
  const where: Condition[] = []
  for (const [name, value] of pairs) {
    if (!reserved.includes(name as N)) where.push(readPair(scope, name, value))
    else if (given[name] === undefined) given[name] = value
    else if (lists.includes(name as N)) given[name] += `,${value}`
    else refuse(name, 'repeated')
    if (where.length > MAX_CONDITIONS) refuse(name, 'too_many')
  }
  if (given.filter !== undefined) where.push(readFilter(scope, readJson(given.filter)))
  if ((given.q ?? '').length > MAX_Q) refuse('q', 'maxLength', { limit: MAX_Q })
  return { where, given: given as Partial<Record<N, string>> }
}

/** @throws Problem 400 `invalid_query`, `invalid_filter`, `invalid_sort` */
export function readListQuery(composed: Composed, pairs: QueryPairs, caller: QueryCaller): ListInput {
  const { where, given } = readConditions(composed, pairs, caller, { reserved: RESERVED })
  if (given.count !== undefined && given.count !== 'exact') refuse('count', 'enum')
  return {
    where,
    q: given.q ?? '',
    sort: readSort(composed.model, given.sort),
    limit: readLimit(given.limit),
    after: given.after ?? null,
    count: given.count === 'exact',
    include: readInclude(composed, given.include, caller.can),
  }
}
