/**
 * Merges and unmerges of more rows than one transaction can move. What decides them is done at once, in the transaction
 * of whoever asks; the rows follow in pieces, as a task of the kernel that goes on until the last of them.
 */
import { type JsonObject, Problem, type TaskFailure, type TaskProgress } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import { lockRecords, lockRows, moveRows, tell } from '../facts/merge.ts'
import {
  findChangedWithin,
  planPutBack,
  readStretch,
  readTables,
  type Stretch,
  writePutBack,
} from '../facts/put-back.ts'
import * as undoing from '../facts/unmerge.ts'
import { type Model, tableOf } from '../resource/model.ts'
import type { Composition } from './composition.ts'
import { attempt, failureOf } from './many.ts'

/** From how many rows on a merge is a task, and how many it moves in one transaction. */
export const LONG = { rows: 2_000, piece: 1_000 }

export const LONG_MERGE = 'merge'
export const LONG_UNMERGE = 'unmerge'

/** What the task of a merge, or of its unmerge, is about. */
export interface Moving {
  readonly merge: string
  readonly resource: string
  readonly survivor: string
  readonly merged: string
}

type Step = TaskProgress & { state: JsonObject & { phase: string } }
interface Place {
  readonly tenant: string
  readonly whole: Composition
}

const payloadOf = ({ merge, survivor, merged }: Moving) => ({
  id: survivor,
  recordId: survivor,
  with: merged,
  mergeId: merge,
})

const movingOf = (cursor: JsonObject) => cursor as unknown as Moving

/** The next rows of the one that was merged away follow it. */
export async function stepMerge(transaction: Transaction, { tenant }: Place, cursor: JsonObject): Promise<Step> {
  const moving = movingOf(cursor)
  const { survivor: to, merged: from, resource } = moving
  const move = { tenant, from, to, resources: [resource], limit: LONG.piece }
  const { moved, isWhole } = await moveRows(transaction, move)
  if (!isWhole) return { state: { ...cursor, phase: 'work' }, done: moved }
  await undoing.endMoving(transaction, { id: moving.merge })
  await tell(transaction, `${resource}.merged`, payloadOf(moving))
  return { state: { ...cursor, phase: 'end' }, done: moved }
}

/**
 * First all rows are looked at, then the two records are parted, then the rows go back: `check`, `work`, `kept`, `end`.
 * @throws Problem 409 `changed_since` before anything is changed
 */
export function stepUnmerge(transaction: Transaction, place: Place, cursor: JsonObject): Promise<Step> {
  if (cursor.phase === 'check') return check(transaction, place, cursor)
  return cursor.phase === 'work' ? putBack(transaction, place, cursor) : moveKept(transaction, place, cursor)
}

/** The next facts of the merge, the newest first. */
const nextStretch = (transaction: Transaction, { tenant }: Place, cursor: JsonObject): Promise<Stretch | null> =>
  readStretch(
    transaction,
    { tenant, task: movingOf(cursor).merge },
    { before: (cursor.before ?? null) as string | null, limit: LONG.piece },
  )

const tablesOf = (transaction: Transaction, { tenant, whole }: Place, cursor: JsonObject, stretch: Stretch) => {
  const tableFor = (resource: string) => whole.resources.get(resource)?.model.table ?? tableOf(resource, false)
  return readTables(transaction, { tenant, task: movingOf(cursor).merge }, { ...stretch, tableFor })
}

async function check(transaction: Transaction, place: Place, cursor: JsonObject): Promise<Step> {
  const moving = movingOf(cursor)
  const stretch = await nextStretch(transaction, place, cursor)
  const changed = Number(cursor.changed ?? 0)
  if (!stretch) {
    if (changed > 0) throw new Problem(409, 'changed_since')
    await part(transaction, place, moving)
    return { state: { ...cursor, phase: 'work', before: null } }
  }
  const failed: TaskFailure[] = []
  for (const table of await tablesOf(transaction, place, cursor, stretch)) {
    const at = { ...stretch, ...table, but: [moving.survivor, moving.merged] }
    const ids = await findChangedWithin(transaction, { tenant: place.tenant, task: moving.merge }, at)
    failed.push(...ids.map((id) => ({ id, code: 'changed_since' })))
  }
  return { state: { ...cursor, phase: 'check', before: stretch.from, changed: changed + failed.length }, failed }
}

/** From here on both records stand for themselves again. @throws Problem 409 `changed_since` */
async function part(transaction: Transaction, { tenant, whole }: Place, moving: Moving): Promise<void> {
  const model = modelOf(whole, moving.resource)
  const ids = [moving.survivor, moving.merged]
  await lockRecords(transaction, ids)
  await lockRows(transaction, model, { tenant, ids })
  if ((await findChangedRecords(transaction, { tenant, model }, moving)).length > 0)
    throw new Problem(409, 'changed_since')
  await partRecords(transaction, { tenant, model }, moving)
}

function modelOf(whole: Composition, resource: string): Model {
  const model = whole.resources.get(resource)?.model
  if (!model) throw new Problem(409, 'switched_off')
  return model
}

interface OfModel {
  readonly tenant: string
  readonly model: Model
}

const ownTable = async (transaction: Transaction, { tenant, model }: OfModel, merge: string) =>
  (await undoing.readChangedTables(transaction, { tenant, id: merge }, model)).find(
    ({ table }) => table === model.table,
  )

/** Which of the two records have changed since the merge. */
export async function findChangedRecords(
  transaction: Transaction,
  { tenant, model }: OfModel,
  { merge, survivor, merged }: Moving,
): Promise<string[]> {
  const task = { tenant, id: merge }
  const own = await ownTable(transaction, { tenant, model }, merge)
  if (!own) return []
  const ids = new Set(await undoing.findChanged(transaction, task, own, [survivor, merged]))
  const at = { model, columns: own.columns, id: survivor }
  if (await undoing.hasMovedOn(transaction, task, at)) ids.add(survivor)
  return [...ids]
}

async function partRecords(
  transaction: Transaction,
  { tenant, model }: OfModel,
  { merge, survivor, merged }: Moving,
): Promise<void> {
  const task = { tenant, id: merge }
  const own = await ownTable(transaction, { tenant, model }, merge)
  await undoing.endMerge(transaction, task)
  // The survivor first: it gives back a value that only one row may have.
  for (const id of [survivor, merged])
    if (own) await undoing.putBack(transaction, task, { ...own, only: [id], but: [] })
}

/**
 * The next rows go back to where they were. What has changed since they were looked at keeps its change; only what was
 * meanwhile given to another record stays there, and is listed.
 */
async function putBack(transaction: Transaction, place: Place, cursor: JsonObject): Promise<Step> {
  const moving = movingOf(cursor)
  const stretch = await nextStretch(transaction, place, cursor)
  if (!stretch) return { state: { ...cursor, phase: 'kept' } }
  const task = { tenant: place.tenant, task: moving.merge }
  const failed: TaskFailure[] = []
  let done = 0
  for (const changed of await tablesOf(transaction, place, cursor, stretch)) {
    const { table, columns } = changed
    const plan = await planPutBack(transaction, task, { ...stretch, ...changed })
    const rows = plan.filter(({ id }) => id !== moving.survivor && id !== moving.merged)
    failed.push(...rows.filter(({ patch }) => patch === null).map(({ id }) => ({ id, code: 'changed_since' })))
    const written = rows.filter(({ patch }) => patch !== null && patch !== '{}')
    if (table === null || written.length === 0) continue
    const write = (some: typeof written) => writePutBack(transaction, place.tenant, { table, columns }, some)
    const all = await attempt(transaction, () => write(written))
    for (const row of 'value' in all ? [] : written) {
      const outcome = await attempt(transaction, () => write([row]))
      if ('problem' in outcome) failed.push(failureOf(row.id, outcome.problem))
    }
    done += written.length
  }
  return { state: { ...cursor, phase: 'work', before: stretch.from }, done: done - failed.length, failed }
}

async function moveKept(transaction: Transaction, { tenant }: Place, cursor: JsonObject): Promise<Step> {
  const moving = movingOf(cursor)
  const task = { tenant, id: moving.merge }
  const done = await undoing.moveBack(transaction, task, 1)
  if (await undoing.hasKept(transaction, task)) return { state: { ...cursor, phase: 'kept' }, done }
  await undoing.endMoving(transaction, task)
  await tell(transaction, `${moving.resource}.unmerged`, payloadOf(moving))
  return { state: { ...cursor, phase: 'end' }, done }
}
