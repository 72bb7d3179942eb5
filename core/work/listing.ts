/** One page of a list: rows, the cursor of the next page, and how many there are. */
import { createHash } from 'node:crypto'
import { readCursor, writeCursor } from '../resource/cursor.ts'
import { type Condition, type RuleOf, writeCondition } from '../resource/filter.ts'
import { compileCount, compileEstimate, compileList, type ListQuery, MAX_HITS, type SortKey } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import type { Composed } from './composition.ts'
import type { Scope } from './scope.ts'

export interface ListInput {
  readonly where: readonly Condition[]
  readonly q: string
  readonly sort: readonly SortKey[]
  readonly limit: number
  readonly after: string | null
  readonly count: boolean
  readonly include: readonly Model[]
}

export interface ListReply {
  /** Rows as JSON text. */
  readonly items: readonly string[]
  readonly next: string | null
  readonly total: { readonly value: number; readonly exact: boolean }
}

const ESTIMATE_MS = 60_000
const MAX_ESTIMATES = 2_000
/** Estimates are guesses of the planner; a minute's age does not make them worse. */
const estimates = new Map<string, { value: number; until: number }>()

type PageRow = { body: string; keys: (string | null)[]; hits: number | null }

/**
 * Rows as JSON text, page after page, for as long as they are asked for; no more than one page is held. Each page is a
 * read of the scope's unit: within one transaction all are of its snapshot, alone each of its own.
 * @param open asked before each page, so that what is over stays over
 */
export async function* streamRows(
  open: () => Scope,
  composed: Composed,
  input: Pick<ListInput, 'where' | 'q' | 'sort'>,
): AsyncGenerator<string[]> {
  const { model, searched } = composed
  let after: readonly (string | null)[] | null = null
  for (;;) {
    const scope = open()
    const { tenant, unit } = scope
    const met = { where: whereOf(scope, model, input.where), rule: ruleOf(scope) }
    const query: ListQuery = { ...input, ...met, model, tenant, searched, include: [], limit: PAGE, after }
    const { rows } = await unit.read<PageRow>(compileList(query))
    const page = rows.slice(0, PAGE)
    yield page.map(({ body }) => body)
    if (rows.length <= PAGE) return
    after = page.at(-1)?.keys ?? null
  }
}

const PAGE = 200

export const ruleOf =
  ({ rules }: Scope): RuleOf =>
  (model) =>
    rules.of(model, 'read')

/** What is asked, of the rows that the caller meets. */
export function whereOf(scope: Scope, model: Model, where: readonly Condition[]): readonly Condition[] {
  const rule = scope.rules.of(model, 'read')
  return rule ? [...where, rule] : where
}

/** What a cursor is bound to: tenant, resource, conditions, search and sort. */
function scopeOf(query: ListQuery): string {
  const sort = query.sort.map(({ field, descending }) => `${descending ? '-' : ''}${field.key}`)
  const list = [query.tenant, query.model.name, query.where.map(writeCondition), query.q, sort]
  return createHash('sha256').update(JSON.stringify(list)).digest('base64url')
}

/**
 * @throws Problem 400 `invalid_cursor` for a cursor of another list
 */
export async function listRows(scope: Scope, composed: Composed, input: ListInput): Promise<ListReply> {
  const { count, ...rest } = input
  const query: ListQuery = {
    ...rest,
    where: whereOf(scope, composed.model, rest.where),
    rule: ruleOf(scope),
    after: null,
    model: composed.model,
    tenant: scope.tenant,
    searched: composed.searched,
  }
  const bound = scopeOf(query)
  const after = input.after === null ? null : readCursor(scope.cursorKey, bound, input.after)
  const { rows } = await scope.unit.read<PageRow>(compileList({ ...query, after }))
  const page = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? page.at(-1) : undefined
  const next = last ? writeCursor(scope.cursorKey, bound, last.keys) : null
  const isWhole = after === null && next === null
  const hits = isWhole ? page.length : (rows[0]?.hits ?? Infinity)
  const isCounted = isWhole || hits <= MAX_HITS
  const total = isCounted ? { value: hits, exact: true } : await countRows(scope, query, { bound, exact: count })
  return { items: page.map(({ body }) => body), next, total }
}

async function countRows(scope: Scope, query: ListQuery, ask: { bound: string; exact: boolean }) {
  if (ask.exact) {
    const { rows } = await scope.unit.read<{ count: number }>(compileCount(query))
    return { value: rows[0]?.count ?? 0, exact: true }
  }
  const known = estimates.get(ask.bound)
  if (known && known.until > performance.now()) return { value: known.value, exact: false }
  const { rows } = await scope.unit.read<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }>(compileEstimate(query))
  const value = rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0
  estimates.delete(ask.bound)
  estimates.set(ask.bound, { value, until: performance.now() + ESTIMATE_MS })
  if (estimates.size > MAX_ESTIMATES) estimates.delete(estimates.keys().next().value as string)
  return { value, exact: false }
}
