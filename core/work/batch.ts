/** One verb on many rows, named one by one or by a filter: read, and gone through in chunks. */
import { randomUUID } from 'node:crypto'
import { type JsonObject, Problem, type Schema, type TaskProgress } from '../contract.ts'
import type { TenantTransaction, Transaction } from '../data/database.ts'
import { type Condition, readFilter } from '../resource/filter.ts'
import { compileSelect, compileSelectionCount, type Selection } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import { assertFits } from '../resource/validate.ts'
import { assertPatch, readPlainPatch } from './body.ts'
import type { Composed } from './composition.ts'
import { Many, type Order } from './many.ts'
import type { Scope } from './scope.ts'
import { enterTask } from './task-store.ts'
import { assertUsers } from './verbs.ts'

const MAX_IDS = 1_000
const CHUNK = 200
const CHOSEN_AT_ONCE = 20_000

export const BATCH_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ids: { type: 'array', minItems: 1, maxItems: MAX_IDS, items: { type: 'string', format: 'uuid' } },
    filter: { type: 'object', description: 'The filter language; `{}` is every row.' },
    q: { type: 'string', maxLength: 200 },
    update: { type: 'object', minProperties: 1, description: 'A merge patch.' },
    delete: { const: true },
    restore: { const: true },
    expect: { type: 'integer', minimum: 0, description: 'How many rows the filter is thought to find.' },
  },
} as const satisfies Schema

interface BatchBody {
  readonly ids?: readonly string[]
  readonly filter?: JsonObject
  readonly q?: string
  readonly update?: JsonObject
  readonly delete?: true
  readonly restore?: true
  readonly expect?: number
}

/** What is kept of a batch from chunk to chunk. */
interface BatchState {
  readonly order: Order
  /** Null where the rows were named. */
  readonly choice: { readonly filter: JsonObject; readonly q: string; readonly at: string } | null
  /** The last row that was chosen; null when choosing has not begun. */
  readonly after: string | null
  readonly phase: 'choose' | 'work' | 'end'
  /** From which row on there is work: what was taken out before it need not be passed over again. */
  readonly from: string | null
  /** Resources whose rows the filter may look at, as the caller was allowed. */
  readonly children: readonly string[]
}

const permissionOf = (resource: string, { verb }: Order) => `${resource}.${verb === 'update' ? 'update' : 'delete'}`

const refuse = (path: string, code: string): never => {
  throw new Problem(400, 'invalid', [{ path, code }])
}

function readOrder(body: BatchBody): Order {
  const verbs = (['update', 'delete', 'restore'] as const).filter((verb) => body[verb] !== undefined)
  if (verbs.length !== 1) return refuse('', 'one_verb')
  return body.update ? { verb: 'update', patch: body.update } : { verb: verbs[0] as 'delete' | 'restore' }
}

function readChoice(body: BatchBody, now: Date): BatchState['choice'] {
  if ((body.ids === undefined) === (body.filter === undefined)) return refuse('', 'ids_or_filter')
  if (body.filter === undefined) {
    if (body.q !== undefined) return refuse('/q', 'filter')
    if (body.expect !== undefined) return refuse('/expect', 'filter')
    return null
  }
  return { filter: body.filter, q: body.q ?? '', at: now.toISOString() }
}

function selectionOf(composed: Composed, scope: Pick<Scope, 'tenant' | 'me' | 'rules'>, state: BatchState): Selection {
  const { filter, q, at } = state.choice as NonNullable<BatchState['choice']>
  const children = new Map([...composed.children].filter(([name]) => state.children.includes(name)))
  const rule = (model: Model) => scope.rules.of(model, 'read')
  const reading = { model: composed.model, children, now: new Date(at), me: scope.me, rule }
  const given = Object.keys(filter).length === 0 ? [] : [readFilter(reading, filter, '/filter')]
  const own = scope.rules.of(composed.model, 'write')
  const where: Condition[] = own ? [...given, own] : given
  const { model, searched } = composed
  return { model, searched, tenant: scope.tenant, where, q, deleted: state.order.verb === 'restore' }
}

/** A batch that may begin. */
export interface Batch {
  readonly ids: readonly string[]
  readonly state: BatchState
  readonly permission: string
}

/**
 * Reads what is to be done, and refuses at once what can be known to fail.
 * @throws Problem 400 `invalid` and `invalid_filter`, 403 `forbidden`, 409 `expected`, 422 `reference`
 */
export async function readBatch(composed: Composed, scope: Scope, given: unknown): Promise<Batch> {
  assertFits(BATCH_BODY, given)
  const body = given as BatchBody
  const order = readOrder(body)
  const choice = readChoice(body, scope.now)
  const { name } = composed.model
  const permission = permissionOf(name, order)
  if (!scope.can(permission) || (choice && !scope.can(`${name}.read`))) throw new Problem(403, 'forbidden')
  if (order.verb === 'update') await assertOrder(composed, scope, order.patch)
  const ids = [...new Set((body.ids ?? []).map((id) => id.toLowerCase()))]
  const children = [...composed.children.keys()].filter((child) => scope.can(`${child}.read`))
  const state: BatchState = { order, choice, after: null, phase: choice ? 'choose' : 'work', from: null, children }
  if (choice) await assertExpected(selectionOf(composed, scope, state), scope, body.expect)
  return { ids, state, permission }
}

async function assertOrder(composed: Composed, scope: Scope, patch: JsonObject): Promise<void> {
  try {
    assertPatch(composed, patch)
    const plain = readPlainPatch(composed, patch, scope)
    if (plain) await assertUsers(scope, plain, composed.model)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const errors = error.errors.map((entry) => ({ ...entry, path: `/update${entry.path}` }))
    throw new Problem(error.status, error.code, errors)
  }
}

async function assertExpected(selection: Selection, scope: Scope, expected: number | undefined): Promise<void> {
  if (expected === undefined) return
  const { rows } = await scope.unit.read<{ count: number }>(compileSelectionCount(selection))
  const count = rows[0]?.count ?? 0
  if (count !== expected) throw new Problem(409, 'expected', [{ path: '/expect', code: 'expected', params: { count } }])
}

/** Enters the task of a batch; it is worked on once the transaction is committed. @returns its id */
export async function beginBatch(
  transaction: Transaction,
  batch: Batch,
  at: { tenant: string; resource: string; key: string | null },
): Promise<string> {
  const id = randomUUID()
  const { state, permission, ids } = batch
  await enterTask(transaction, {
    ...at,
    id,
    name: `batch.${state.order.verb}`,
    permission,
    total: state.choice ? null : ids.length,
    cursor: state,
  })
  if (ids.length > 0)
    await transaction.query({
      text: 'insert into kernel.task_rows (tenant_id, task, row_id) select $1, $2, * from unnest($3::uuid[])',
      values: [at.tenant, id, ids],
    })
  return id
}

type Step = TaskProgress & { state: JsonObject & { phase: string } }
const stateOf = (state: BatchState) => state as unknown as Step['state']

/** One chunk: rows are chosen, or the next ones are worked on. `end` as phase says that nothing is left. */
export function stepBatch(
  transaction: TenantTransaction,
  at: { composed: Composed; scope: Scope; task: string },
  cursor: JsonObject,
): Promise<Step> {
  const state = cursor as unknown as BatchState
  return state.phase === 'choose' ? choose(transaction, at, state) : work(transaction, at, state)
}

async function choose(
  transaction: Transaction,
  { composed, scope, task }: { composed: Composed; scope: Scope; task: string },
  state: BatchState,
): Promise<Step> {
  const selection = selectionOf(composed, scope, state)
  const statement = compileSelect(selection, { task, after: state.after, limit: CHOSEN_AT_ONCE })
  const { rows } = await transaction.query<{ count: number; last: string | null }>(statement)
  const { count, last } = rows[0] as { count: number; last: string | null }
  if (count === CHOSEN_AT_ONCE) return { state: stateOf({ ...state, after: last }) }
  const chosen = await transaction.query<{ count: number }>({
    text: 'select count(*)::integer as count from kernel.task_rows where tenant_id = $1 and task = $2',
    values: [scope.tenant, task],
  })
  return { state: stateOf({ ...state, phase: 'work' }), total: chosen.rows[0]?.count ?? 0 }
}

async function work(
  transaction: Transaction,
  { composed, scope, task }: { composed: Composed; scope: Scope; task: string },
  state: BatchState,
): Promise<Step> {
  const { rows } = await transaction.query<{ id: string }>({
    text: `select row_id as id from kernel.task_rows where tenant_id = $1 and task = $2
      and ($3::uuid is null or row_id >= $3) order by row_id limit ${CHUNK}`,
    values: [scope.tenant, task, state.from],
  })
  if (rows.length === 0) return { state: stateOf({ ...state, phase: 'end' }) }
  const ids = rows.map(({ id }) => id)
  const { settled, done, failed } = await new Many(scope, composed, transaction).run(ids, state.order)
  await transaction.query({
    text: 'delete from kernel.task_rows where tenant_id = $1 and task = $2 and row_id = any($3::uuid[])',
    values: [scope.tenant, task, settled],
  })
  const from = ids.find((id) => !settled.includes(id)) ?? ids.at(-1) ?? null
  return { state: stateOf({ ...state, from }), done, failed }
}
