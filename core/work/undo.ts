/** The undo of a task, as a task of its own. */
import { randomUUID } from 'node:crypto'
import { type JsonObject, Problem, type TaskFailure, type TaskProgress } from '../contract.ts'
import type { Database, Transaction } from '../data/database.ts'
import { planPutBack, type PutBack, readExtent, readStretch, readTables, writePutBack } from '../facts/put-back.ts'
import { tableOf } from '../resource/model.ts'
import type { Composition } from './composition.ts'
import { LONG_MERGE, LONG_UNMERGE } from './long-merge.ts'
import { attempt, failureOf } from './many.ts'
import { isFieldsTask } from './fields-task.ts'
import { enterTask, ERASURE, findTask, type Onlooker, type TaskView } from './task-store.ts'

const CHUNK = 200

/** Merges are undone by their unmerge, whose way back they know. */
const isForGood = ({ plugin, name }: TaskView) =>
  name === ERASURE || (plugin === null && (name === LONG_MERGE || name === LONG_UNMERGE || isFieldsTask(name)))

/**
 * Begins the undo of a task. @returns the id of the undo
 * @throws Problem 404; 409 `not_undoable` for a task that is not over, is undone or is an undo, `nothing_to_undo`,
 * `has_merges` naming merges and adoptions within it, which are undone one by one
 */
export async function beginUndo(
  database: Database,
  onlooker: Onlooker,
  at: { id: string; key: string | null; can: (permission: string) => boolean },
): Promise<string> {
  const found = await findTask(database, onlooker, at.id)
  const { tenant } = onlooker.claims
  return database.transaction(onlooker.claims, 'write', async (transaction) => {
    const { rows } = await transaction.query<{ state: string; undoes: string | null; permission: string | null }>({
      text: 'select state, undoes, permission from kernel.tasks where tenant_id = $1 and id = $2 for update',
      values: [tenant, found.id],
    })
    const { state = '', undoes = null, permission = null } = rows[0] ?? {}
    if (!['done', 'failed', 'cancelled'].includes(state) || undoes || isForGood(found))
      throw new Problem(409, 'not_undoable')
    if (permission && !at.can(permission) && !at.can('tasks.manage')) throw new Problem(403, 'forbidden')
    const { facts, nested } = await readExtent(transaction, { tenant, task: found.id })
    if (nested.length > 0)
      throw new Problem(
        409,
        'has_merges',
        nested.map((id) => ({ path: '', code: 'merge', params: { id } })),
      )
    if (facts === 0) throw new Problem(409, 'nothing_to_undo')
    const id = randomUUID()
    await enterTask(transaction, {
      tenant,
      id,
      name: 'undo',
      resource: found.resource,
      permission,
      key: at.key,
      total: facts,
      undoes: found.id,
      cursor: { before: null, phase: 'work', was: state },
    })
    await transaction.query({
      text: `update kernel.tasks set state = 'undoing', undone_by = $3 where tenant_id = $1 and id = $2`,
      values: [tenant, found.id, id],
    })
    return id
  })
}

type Step = TaskProgress & { state: JsonObject & { phase: string } }

/** Puts back the next stretch of what the task has changed. `end` as phase says that nothing is left. */
export async function stepUndo(
  transaction: Transaction,
  at: { tenant: string; undoes: string; whole: Composition },
  cursor: JsonObject,
): Promise<Step> {
  const place = { tenant: at.tenant, task: at.undoes }
  const before = (cursor.before ?? null) as string | null
  const stretch = await readStretch(transaction, place, { before, limit: CHUNK })
  if (!stretch) return { state: { ...cursor, phase: 'end' } }
  const tableFor = (resource: string) => at.whole.resources.get(resource)?.model.table ?? tableOf(resource, false)
  let done = 0
  const failed: TaskFailure[] = []
  for (const changed of await readTables(transaction, place, { ...stretch, tableFor })) {
    const plan = await planPutBack(transaction, place, { ...stretch, ...changed })
    failed.push(...plan.filter(({ patch }) => patch === null).map(({ id }) => ({ id, code: 'changed_since' })))
    const rows = plan.filter(({ patch }) => patch !== null)
    const { table, columns } = changed
    const refused = table === null ? [] : await write(transaction, at.tenant, { table, columns }, rows)
    failed.push(...refused)
    done += rows.length - refused.length
  }
  return { state: { ...cursor, phase: 'work', before: stretch.from }, done, failed }
}

/** All at once; where one is refused, one by one. @returns the refused ones */
async function write(
  transaction: Transaction,
  tenant: string,
  to: { table: string; columns: readonly string[] },
  rows: readonly PutBack[],
): Promise<TaskFailure[]> {
  // What is as it was already is not written: its version stays.
  const changed = rows.filter(({ patch }) => patch !== '{}')
  if (changed.length === 0) return []
  const all = await attempt(transaction, () => writePutBack(transaction, tenant, to, changed))
  if ('value' in all) return []
  const failed: TaskFailure[] = []
  for (const row of changed) {
    const outcome = await attempt(transaction, () => writePutBack(transaction, tenant, to, [row]))
    if ('problem' in outcome) failed.push(failureOf(row.id, outcome.problem))
  }
  return failed
}
