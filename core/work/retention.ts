/** Rules by which records are erased or deleted when they are no longer needed: tried first, then applied in chunks. */
import { type JsonObject, Problem, type Schema, type TaskFailure, type TaskProgress } from '../contract.ts'
import type { TenantTransaction } from '../data/database.ts'
import { lockRecords, tell } from '../facts/merge.ts'
import { type Choice, compileNext, compileStill } from '../resource/choose.ts'
import { type Condition, readFilter } from '../resource/filter.ts'
import { compileList, compileSelectionCount, readSort } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import { compileLockMany } from '../resource/write.ts'
import type { Composed } from './composition.ts'
import { ruleOf } from './listing.ts'
import { attempt, failureOf, Many, type Outcome } from './many.ts'
import { Privacy } from './privacy.ts'
import { type Act, noteRun, readRule, type RetentionRule } from './retention-store.ts'
import type { Scope } from './scope.ts'

const SAMPLE = 20
const CHUNKS: Record<Act, number> = { erase: 25, delete: 200 }
/** What one run of a rule does at most; the next day goes on. */
const MOST = 50_000
/** A step ends here: a transaction is over at five seconds. */
const BUDGET_MS = 1_500

const FILTER = {
  type: 'object',
  minProperties: 1,
  description: 'The filter language; times may be relative, as `now-36m`.',
}
const ACT = { enum: ['erase', 'delete'] }
export const RULE_BODY = {
  type: 'object',
  required: ['resource', 'filter', 'act'],
  additionalProperties: false,
  properties: { resource: { type: 'string', maxLength: 100 }, filter: FILTER, act: ACT },
} as const satisfies Schema
export const RULE_CHANGE = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { filter: FILTER, act: ACT, enabled: { type: 'boolean' } },
} as const satisfies Schema

export interface Ordered {
  readonly resource: string
  readonly filter: JsonObject
  readonly act: Act
}

/**
 * A rule finds what it finds, whoever has made it: no row rule narrows it, and nobody is `me`.
 * @throws Problem 400 `invalid_filter`
 */
function conditionOf({ model, children }: Composed, filter: JsonObject, now: Date): Condition {
  return readFilter({ model, children, now, me: null, rule: () => null }, filter, '/filter')
}

/**
 * The resource of a rule, where the caller may have it acted on.
 * @throws Problem 400 `invalid` for no record, and `invalid_filter`; 403
 */
export function assertRule(scope: Scope, { resource, filter, act }: Ordered): Composed {
  const composed = scope.composition.resources.get(resource)
  if (!composed || composed.model.keep !== 'record')
    throw new Problem(400, 'invalid', [{ path: '/resource', code: 'unknown' }])
  if (!scope.can(`${resource}.read`) || (act === 'delete' && !scope.can(`${resource}.delete`)))
    throw new Problem(403, 'forbidden')
  const children = new Map([...composed.children].filter(([name]) => scope.can(`${name}.read`)))
  conditionOf({ ...composed, children }, filter, scope.now)
  return composed
}

export interface DryRun {
  readonly count: number
  /** Some of them, with the fields that name them; of rows that the caller does not meet nothing is told. */
  readonly sample: readonly JsonObject[]
}

/** What a rule would do now. @throws Problem as `assertRule`, 503 `timeout` */
export async function tryRule(scope: Scope, rule: Ordered): Promise<DryRun> {
  const composed = assertRule(scope, rule)
  const { model } = composed
  const { tenant, unit } = scope
  const where = [conditionOf(composed, rule.filter, scope.now)]
  const counted = await unit.read<{ count: number }>(countOf(model, tenant, where))
  const met = ruleOf(scope)(model)
  const { rows } = await unit.read<{ body: string }>(
    compileList({
      model,
      tenant,
      where: met ? [...where, met] : where,
      q: '',
      searched: null,
      sort: readSort(model, 'id'),
      limit: SAMPLE,
      after: null,
      include: [],
      rule: ruleOf(scope),
    }),
  )
  return { count: counted.rows[0]?.count ?? 0, sample: rows.slice(0, SAMPLE).map(({ body }) => nameOf(model, body)) }
}

const countOf = (model: Model, tenant: string, where: readonly Condition[]) =>
  compileSelectionCount({ model, tenant, where, q: '', searched: null, deleted: false })

function nameOf({ title }: Model, body: string): JsonObject {
  const row = JSON.parse(body) as JsonObject
  return Object.fromEntries(['id', ...title].map((name) => [name, row[name] ?? null]))
}

type State = { readonly rule: string; readonly phase: string; readonly after: string | null; readonly count: number }
type Step = TaskProgress & { state: JsonObject & { phase: string } }

interface Place {
  readonly transaction: TenantTransaction
  readonly composed: Composed
  readonly scope: Scope
}

/**
 * One chunk. The rule is read anew, and each record is judged by it once more when it is locked.
 * @throws Problem 400 `invalid_filter` for a filter that means nothing any more, 409 `rule_off`
 */
export async function stepRetention(
  transaction: TenantTransaction,
  { composed, scope, task }: { composed: Composed; scope: Scope; task: string },
  cursor: JsonObject,
): Promise<Step> {
  const state = cursor as unknown as State
  const { tenant } = scope
  const rule = await readRule(transaction, { tenant, id: state.rule })
  if (!rule?.enabled) throw new Problem(409, 'rule_off')
  const { model } = composed
  const choice = { model, tenant, where: [conditionOf(composed, rule.filter, scope.now)] }
  if (state.phase === 'count') {
    const { rows } = await transaction.query<{ count: number }>(countOf(model, tenant, choice.where))
    return { state: { ...state, phase: 'work' }, total: Math.min(rows[0]?.count ?? 0, MOST) }
  }
  const limit = Math.min(CHUNKS[rule.act], MOST - state.count)
  const next = await transaction.query<{ id: string }>(compileNext(choice, { after: state.after, limit }))
  if (next.rows.length > 0) return work({ transaction, composed, scope }, { rule, choice, state }, next.rows)
  const { id, resource, act } = rule
  await tell(transaction, 'retention.applied', { id, resource, act, count: state.count, task })
  return { state: { ...state, phase: 'end' } }
}

async function work(
  { transaction, composed, scope }: Place,
  { rule, choice, state }: { rule: RetentionRule; choice: Choice; state: State },
  chosen: readonly { id: string }[],
): Promise<Step> {
  const { tenant } = scope
  const ids = chosen.map(({ id }) => id)
  // In the order of a merge: the records, then the rows.
  await lockRecords(transaction, ids)
  await transaction.query(compileLockMany(composed.model, { tenant, ids }))
  const still = (await transaction.query<{ id: string }>(compileStill(choice, ids))).rows.map(({ id }) => id)
  const { settled, done, failed } = await actOn({ transaction, composed, scope }, rule.act, still)
  const count = state.count + done
  await noteRun(transaction, { tenant, rule: rule.id, count })
  const isWhole = settled.length === still.length
  const after = (isWhole ? ids.at(-1) : settled.toSorted().at(-1)) ?? state.after
  return { state: { ...state, after, count }, done, failed }
}

async function actOn({ transaction, composed, scope }: Place, what: Act, ids: readonly string[]): Promise<Outcome> {
  if (ids.length === 0) return { settled: [], done: 0, failed: [] }
  if (what === 'delete') return new Many(scope, composed, transaction).run(ids, { verb: 'delete' })
  const privacy = new Privacy(scope, composed.model, scope.composition.whole)
  const until = performance.now() + BUDGET_MS
  const settled: string[] = []
  const failed: TaskFailure[] = []
  for (const id of ids) {
    if (settled.length > 0 && performance.now() > until) break
    const outcome = await attempt(transaction, () => privacy.erase(id))
    settled.push(id)
    if ('problem' in outcome) failed.push(failureOf(id, outcome.problem))
  }
  return { settled, done: settled.length - failed.length, failed }
}
