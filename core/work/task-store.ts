/** Tasks as they are kept: begun, looked at, cancelled, ended. */
import { Problem, type JsonObject, type TaskFailure } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Query, Result, Transaction } from '../data/database.ts'
import { type CursorKey, readCursor, writeCursor } from '../resource/cursor.ts'
import { isUuid } from '../resource/formats.ts'

/** A task as the kernel works on it. */
export interface TaskRow {
  readonly id: string
  readonly plugin: string | null
  readonly name: string
  readonly resource: string | null
  readonly permission: string | null
  readonly state: TaskState
  readonly createdBy: string | null
  readonly keyId: string | null
  readonly undoes: string | null
  readonly cursor: JsonObject
  readonly actorKind: 'user' | 'key' | 'system'
}

export type TaskState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'undoing' | 'undone'

/** A task as clients see it. */
export interface TaskView {
  readonly id: string
  readonly plugin: string | null
  readonly name: string
  readonly resource: string | null
  readonly state: TaskState
  readonly total: number | null
  readonly done: number
  readonly failed: number
  /** The first hundred that failed. */
  readonly errors: readonly TaskFailure[]
  readonly reason: string | null
  readonly createdBy: string | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  /** The task that it undoes. */
  readonly undoes: string | null
  readonly undoneBy: string | null
  readonly undoable: boolean
  readonly cancellable: boolean
}

export interface NewTask {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly resource?: string | null
  readonly permission?: string | null
  readonly key?: string | null
  readonly total?: number | null
  readonly cursor?: object
  readonly undoes?: string | null
}

export const BEGUN = 'tasks.begun'
/** What it has done is for good. */
export const ERASURE = 'retention.erase'
/** A merge is not left half done: it goes on to its end, and is undone by its unmerge. */
const MOVES = `(plugin is null and name in ('merge', 'unmerge'))`
const ENDED = `('done', 'failed', 'cancelled')`

const WORKED = `id, plugin, name, resource, permission, state, created_by as "createdBy", key_id as "keyId", undoes, cursor,
  actor_kind as "actorKind"`
const SHOWN = `id, plugin, name, resource, state, total, done, failed, errors, reason, created_by as "createdBy",
  kernel.iso(created_at) as "createdAt", kernel.iso(started_at) as "startedAt", kernel.iso(finished_at) as "finishedAt",
  undoes, undone_by as "undoneBy", undoes is null and state in ${ENDED} and done > 0
    and name <> '${ERASURE}' and not (plugin is null and name like 'fields.%') and not ${MOVES} as undoable, state in ('waiting', 'running') and not ${MOVES} as cancellable`

type Run = { query<R>(query: Query): Promise<Result<R>> }

/** Enters a task and tells of it: with the commit somebody will work on it. `event` is the kernel's own unless given. */
export async function enterTask(
  transaction: Run,
  task: NewTask,
  event: { name: string; payload: JsonObject } = { name: BEGUN, payload: { task: task.id } },
): Promise<void> {
  const { tenant, id, name, resource, permission, key, total, cursor, undoes } = task
  await transaction.query({
    text: `insert into kernel.tasks (tenant_id, id, name, resource, permission, key_id, total, cursor, undoes, fact)
      select $1, $2, $3, $4, $5, $6, $7, $8, $9, kernel.emit($10, $11)`,
    values: [
      tenant,
      id,
      name,
      resource ?? null,
      permission ?? null,
      key ?? null,
      total ?? null,
      JSON.stringify(cursor ?? {}),
      undoes ?? null,
      event.name,
      JSON.stringify(event.payload),
    ],
  })
}

/** The task of a fact, opened where it is not there yet. */
export async function openTask(
  transaction: Transaction,
  at: { tenant: string; plugin: string; fact: string; name: string; id: string; total: number | null },
): Promise<TaskRow> {
  const { tenant, plugin, fact, name, id, total } = at
  await transaction.query({
    text: `insert into kernel.tasks (tenant_id, id, name, total, fact) values ($1, $2, $3, $4, $5)
      on conflict (tenant_id, fact, plugin, name) do nothing`,
    values: [tenant, id, name, total, fact],
  })
  const { rows } = await transaction.query<TaskRow>({
    text: `select ${WORKED} from kernel.tasks where tenant_id = $1 and fact = $2 and plugin = $3 and name = $4`,
    values: [tenant, fact, plugin, name],
  })
  return rows[0] as TaskRow
}

export async function readTask(transaction: Run, at: { tenant: string; id: string }): Promise<TaskRow | null> {
  const { rows } = await transaction.query<TaskRow>({
    text: `select ${WORKED} from kernel.tasks where tenant_id = $1 and id = $2`,
    values: [at.tenant, at.id],
  })
  return rows[0] ?? null
}

/** Who looks: at its own tasks, or with `user` null at all. */
export interface Onlooker {
  readonly claims: Claims
  readonly user: string | null
}

/** @throws Problem 404 `not_found`, also for what is not the onlooker's to see */
export async function findTask(database: Database, { claims, user }: Onlooker, id: string): Promise<TaskView> {
  const { rows } = isUuid(id)
    ? await database.once<TaskView>(claims, 'read', {
        name: 'find_task',
        text: `select ${SHOWN} from kernel.tasks where tenant_id = $1 and id = $2 and ($3::uuid is null or created_by = $3)`,
        values: [claims.tenant, id, user],
      })
    : { rows: [] }
  if (!rows[0]) throw new Problem(404, 'not_found')
  return rows[0]
}

const LAST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

/** Newest first; of one kind, the first part of their names, where that is given. @throws Problem 400 `invalid_cursor` */
export async function listTasks(
  database: Database,
  { claims, user }: Onlooker,
  page: { after: string | null; limit: number; kind: string | null; cursorKey: CursorKey },
): Promise<{ items: readonly TaskView[]; next: string | null }> {
  const scope = `tasks ${claims.tenant} ${user ?? ''} ${page.kind ?? ''}`
  const [at, id] = page.after === null ? LAST : readCursor(page.cursorKey, scope, page.after)
  const values: unknown[] = [claims.tenant, at, id, page.limit + 1]
  const own = user === null ? '' : `and created_by = $${values.push(user)}`
  const kind = page.kind === null ? '' : `and split_part(name, '.', 1) = $${values.push(page.kind)}`
  const { rows } = await database.once<TaskView>(claims, 'read', {
    text: `select ${SHOWN} from kernel.tasks where tenant_id = $1 and (created_at, id) < ($2::timestamptz, $3::uuid)
      ${own} ${kind} order by tasks.created_at desc, id desc limit $4`,
    values,
  })
  const items = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, next: last ? writeCursor(page.cursorKey, scope, [last.createdAt, last.id]) : null }
}

/** Ends a task before its time; what it has done stays. @throws Problem 404, 409 `ended`, `not_cancellable` for a merge */
export async function cancelTask(database: Database, onlooker: Onlooker, id: string): Promise<TaskView> {
  const found = await findTask(database, onlooker, id)
  if (!found.cancellable && (found.state === 'waiting' || found.state === 'running'))
    throw new Problem(409, 'not_cancellable')
  const { tenant } = onlooker.claims
  await database.transaction(onlooker.claims, 'write', async (transaction) => {
    const ended = await endTask(transaction, { tenant, id, state: 'cancelled', reason: null })
    if (!ended) throw new Problem(409, 'ended')
  })
  return findTask(database, onlooker, id)
}

/** @returns whether it had not ended before */
export async function endTask(
  transaction: Transaction,
  end: { tenant: string; id: string; state: 'done' | 'failed' | 'cancelled'; reason: string | null; run?: string },
): Promise<boolean> {
  const { rows } = await transaction.query<{ undoes: string | null; was: string | null }>({
    text: `update kernel.tasks set state = $3, reason = $4, finished_at = statement_timestamp()
      where tenant_id = $1 and id = $2 and state in ('waiting', 'running') and ($5::uuid is null or run = $5)
      returning undoes, cursor ->> 'was' as was`,
    values: [end.tenant, end.id, end.state, end.reason?.slice(0, 500) ?? null, end.run ?? null],
  })
  const ended = rows[0]
  if (ended?.undoes) await settleUndone(transaction, { ...end, undoes: ended.undoes, was: ended.was ?? 'done' })
  await transaction.query({
    text: 'delete from kernel.task_rows where tenant_id = $1 and task = $2',
    values: [end.tenant, end.id],
  })
  return ended !== undefined
}

/** A task whose undo did not come to its end can be undone again. */
async function settleUndone(
  transaction: Transaction,
  { tenant, undoes, was, state }: { tenant: string; undoes: string; was: string; state: string },
): Promise<void> {
  await transaction.query({
    text: `update kernel.tasks set state = $3, undone_by = case when $4 then undone_by end where tenant_id = $1 and id = $2`,
    values: [tenant, undoes, state === 'done' ? 'undone' : was, state === 'done'],
  })
}

/** The tasks of a fact that will not be gone on with. */
export async function failTasks(
  transaction: Transaction,
  at: { tenant: string; fact: string; plugin: string | null; reason: string },
): Promise<void> {
  const { rows } = await transaction.query<{ id: string }>({
    text: 'select id from kernel.tasks where tenant_id = $1 and fact = $2 and plugin is not distinct from $3',
    values: [at.tenant, at.fact, at.plugin],
  })
  for (const { id } of rows) await endTask(transaction, { tenant: at.tenant, id, state: 'failed', reason: at.reason })
}
