/** Merge and unmerge of two rows of one resource, and the adoption of what belongs to a record by another one. */
import { randomUUID } from 'node:crypto'
import { type Adoption, type Merge, Problem, type ProblemEntry } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import { problemOf } from '../data/problems.ts'
import {
  adoptLinks,
  adoptRows,
  ALL,
  countRows,
  enterMerge,
  lockRecords,
  lockRows,
  type RecordRow,
  tell,
  writeSurvivor,
} from '../facts/merge.ts'
import * as undoing from '../facts/unmerge.ts'
import { isUuid } from '../resource/formats.ts'
import { compileGet } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import { mergeRows } from '../resource/merging.ts'
import type { Composed } from './composition.ts'
import { findChangedRecords, LONG, LONG_MERGE, LONG_UNMERGE } from './long-merge.ts'
import { notFound, refuseMissing } from './missing.ts'
import { refuseChange } from './row-points.ts'
import type { Scope } from './scope.ts'

const pathOf = (resource: string, id: string) => `/api/${resource.replace('.', '/')}/${id}`

const referenceProblem = (path: string) => new Problem(422, 'reference', [{ path, code: 'reference' }])
const movingProblem = (task: string) => new Problem(409, 'moving', [{ path: '', code: 'moving', params: { task } }])
const changedEntries = (resource: string, ids: Iterable<string>): ProblemEntry[] =>
  [...ids].map((id) => ({ path: pathOf(resource, id), code: 'changed_since', params: { resource, id } }))
const changedProblem = (resource: string, ids: Iterable<string>) =>
  new Problem(409, 'changed_since', changedEntries(resource, ids))
const sameProblem = (path: string) => new Problem(400, 'invalid', [{ path, code: 'same' }])

export class Merges {
  readonly #scope: Scope
  readonly #composed: Composed
  readonly #resource: string

  constructor(scope: Scope, composed: Composed) {
    this.#scope = scope
    this.#composed = composed
    this.#resource = composed.model.name
  }

  #demand(...permissions: string[]): void {
    if (!permissions.every((each) => this.#scope.can(each))) throw new Problem(403, 'forbidden')
  }

  /** As an act that can be undone, where it has the id of a task. */
  async #run<T>(task: string | null, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { unit } = this.#scope
    try {
      return await (task === null ? unit.together(work) : unit.task(task, work))
    } catch (error) {
      throw problemOf(error, this.#composed.model)
    }
  }

  /** @throws Problem 308 for a merged id, 404 for any other that is not a living row of this resource */
  async #assertThere(transaction: Transaction, record: RecordRow | undefined, id: string): Promise<void> {
    if (record?.resource === this.#resource && record.deleted_at === null) return this.#assertMet(transaction, id)
    await refuseMissing({ read: (query) => transaction.query(query) }, this.#place(id))
  }

  /** @throws Problem 404 for a row that the caller does not meet, 403 for one that it only reads */
  async #assertMet(transaction: Transaction, id: string): Promise<void> {
    const { model } = this.#composed
    if (!(await this.#isMet(transaction, { model, id, access: 'read' }))) throw notFound()
    if (!(await this.#isMet(transaction, { model, id, access: 'write' }))) throw new Problem(403, 'forbidden')
  }

  async #isMet(
    transaction: Transaction,
    { model, id, access }: { model: Model; id: string; access: 'read' | 'write' },
  ): Promise<boolean> {
    const rule = this.#scope.rules.of(model, access)
    if (!rule) return true
    const place = { tenant: this.#scope.tenant, id }
    return (await transaction.query(compileGet(model, place, { rule: () => rule }))).rows.length > 0
  }

  #place(id: string) {
    return { tenant: this.#scope.tenant, id, model: this.#composed.model, rules: this.#scope.rules }
  }

  /**
   * The row `given` survives and takes over what `other` has more; what belongs to the other or refers to it follows.
   * Of many rows a task is begun that moves them; from the start the other id leads to the survivor.
   * @throws Problem 400 for the same id twice, 404, 308 `merged`, 403, 422 `reference` where the other is not there, 409
   * `moving` where rows are still on their way to the other
   */
  async merge(given: string, other: string): Promise<Merge> {
    this.#demand(`${this.#resource}.update`, `${this.#resource}.delete`)
    if (!isUuid(given)) throw notFound()
    const [to, from] = [given.toLowerCase(), other.toLowerCase()]
    if (to === from) throw sameProblem('/with')
    const ask = await this.#scope.points.find(this.#resource, 'merging')
    if (!ask) return this.#merge(to, from)
    return this.#scope.unit.join(async (unit) => {
      const merges = new Merges({ ...this.#scope, unit }, this.#composed)
      await merges.#run(null, (transaction) => merges.#lockTwo(transaction, to, from))
      await ask(unit, { id: to, with: from }, refuseChange)
      return merges.#merge(to, from)
    })
  }

  async #lockTwo(transaction: Transaction, to: string, from: string): Promise<void> {
    const records = await lockRecords(transaction, isUuid(from) ? [to, from] : [to])
    await this.#assertThere(transaction, records.get(to), to)
    const second = records.get(from)
    if (second?.resource !== this.#resource || second.deleted_at !== null) throw referenceProblem('/with')
    if (!(await this.#isMet(transaction, { model: this.#composed.model, id: from, access: 'write' })))
      throw referenceProblem('/with')
    await this.#assertSettled(transaction, from)
  }

  /** What gives its rows away while others come to it would keep those. @throws Problem 409 `moving` */
  async #assertSettled(transaction: Transaction, id: string): Promise<void> {
    const task = isUuid(id) ? await undoing.findMoving(transaction, { tenant: this.#scope.tenant, id }) : null
    if (task !== null) throw movingProblem(task)
  }

  #merge(to: string, from: string): Promise<Merge> {
    const mergeId = randomUUID()
    return this.#run(mergeId, async (transaction) => {
      await this.#lockTwo(transaction, to, from)
      return this.#join(transaction, { to, from, mergeId })
    })
  }

  async #join(
    transaction: Transaction,
    { to, from, mergeId }: { to: string; from: string; mergeId: string },
  ): Promise<Merge> {
    const { model, whole } = this.#composed
    const { tenant } = this.#scope
    const rows = await lockRows(transaction, whole, { tenant, ids: [to, from] })
    const [kept, lost] = [rows.get(to), rows.get(from)]
    if (!kept || !lost) throw notFound()
    const merging = mergeRows(whole, kept, lost)
    const following = { tenant, from, to, resources: [this.#resource] }
    const isLong = (await countRows(transaction, { ...following, limit: LONG.rows + 1 })) > LONG.rows
    await writeSurvivor(transaction, whole, { tenant, from, to, merging })
    await enterMerge(transaction, { tenant, from, to, id: mergeId, resource: this.#resource })
    // What is said of plugins that are off would be the only trace of them.
    const conflicts = merging.conflicts.filter(({ field }) => model.fields.has(field))
    if (isLong) {
      const cursor = { merge: mergeId, resource: this.#resource, survivor: to, merged: from, phase: 'work' }
      // The facts of a task bear its id, and the unmerge finds those of the merge by its own.
      const total = await countRows(transaction, { ...following, limit: ALL })
      await undoing.beginMoving(transaction, { merge: mergeId, task: mergeId, name: LONG_MERGE, total, cursor })
      return { mergeId, moved: 0, conflicts: [...conflicts], task: mergeId }
    }
    const moved = await adoptRows(transaction, following)
    await tell(transaction, `${this.#resource}.merged`, { id: to, recordId: to, with: from, mergeId })
    return { mergeId, moved, conflicts: [...conflicts] }
  }

  /**
   * Puts back both rows and every row that moved, as they were before the merge. Of many rows a task is begun, which
   * fails where rows have changed since, and then has put back nothing.
   * @throws Problem 409 `changed_since` naming the rows that would lose a later change, 409 `unmerged` the second time, 409
   * `moving` while rows are still on their way,
   * 409 `unique`, 422 `reference` where the row has no such merge, and those of `merge`
   */
  async unmerge(given: string, mergeId: string): Promise<Adoption> {
    this.#demand(`${this.#resource}.update`, `${this.#resource}.delete`)
    if (!isUuid(given)) throw notFound()
    this.#scope.points.assertOpen(this.#resource)
    const id = given.toLowerCase()
    const task = { tenant: this.#scope.tenant, id: isUuid(mergeId) ? mergeId.toLowerCase() : randomUUID() }
    return this.#run(task.id, async (transaction) => {
      const place = { ...task, resource: this.#resource }
      const found = await undoing.findMerge(transaction, place)
      const ids = found ? [id, found.survivor, found.merged] : [id]
      const records = await lockRecords(transaction, ids)
      await this.#assertThere(transaction, records.get(id), id)
      // Read again, because another one may have undone it before the records were ours.
      const merge = found && (await undoing.findMerge(transaction, place))
      if (!merge || (merge.survivor !== id && !(await this.#hasBecome(transaction, merge.survivor, id))))
        throw referenceProblem('/mergeId')
      if (merge.unmerged_at !== null) throw new Problem(409, 'unmerged', [{ path: '/mergeId', code: 'unmerged' }])
      if (merge.moving !== null) throw movingProblem(merge.moving)
      if ((await undoing.countMoved(transaction, task, LONG.rows + 1)) > LONG.rows)
        return this.#beginSeparating(transaction, merge)
      return { moved: await this.#separate(transaction, task, merge) }
    })
  }

  async #hasBecome(transaction: Transaction, from: string, id: string): Promise<boolean> {
    const read = transaction.query.bind(transaction)
    return refuseMissing({ read }, this.#place(from)).catch(
      (problem: Problem) => problem.status === 308 && problem.errors[0]?.params?.id === id,
    )
  }

  async #beginSeparating(
    transaction: Transaction,
    { id: merge, survivor, merged }: undoing.MergeRow,
  ): Promise<Adoption> {
    const { model } = this.#composed
    const moving = { merge, survivor, merged, resource: this.#resource }
    const changed = await findChangedRecords(transaction, { tenant: this.#scope.tenant, model }, moving)
    if (changed.length > 0) throw changedProblem(this.#resource, changed)
    const task = randomUUID()
    const cursor = { ...moving, phase: 'check', before: null }
    const total = await undoing.countMoved(transaction, { tenant: this.#scope.tenant, id: merge }, ALL)
    await undoing.beginMoving(transaction, { merge, task, name: LONG_UNMERGE, total, cursor })
    return { moved: 0, task }
  }

  async #separate(transaction: Transaction, task: undoing.Task, merge: undoing.MergeRow): Promise<number> {
    const { model } = this.#composed
    const { survivor, merged } = merge
    await lockRows(transaction, model, { tenant: task.tenant, ids: [survivor, merged] })
    const tables = await undoing.readChangedTables(transaction, task, model)
    await this.#assertUnchanged(transaction, task, { tables, survivor })
    await undoing.endMerge(transaction, task)
    const own = tables.find(({ table }) => table === model.table)
    // The survivor first: it gives back a value that only one row may have.
    for (const id of [survivor, merged])
      if (own) await undoing.putBack(transaction, task, { ...own, only: [id], but: [] })
    let moved = await undoing.moveBack(transaction, task)
    for (const table of tables)
      moved += await undoing.putBack(transaction, task, { ...table, only: null, but: [survivor, merged] })
    const payload = { id: survivor, recordId: survivor, with: merged, mergeId: merge.id }
    await tell(transaction, `${this.#resource}.unmerged`, payload)
    return moved
  }

  async #assertUnchanged(
    transaction: Transaction,
    task: undoing.Task,
    { tables, survivor }: { tables: readonly undoing.ChangedTable[]; survivor: string },
  ): Promise<void> {
    const { model } = this.#composed
    const errors: ProblemEntry[] = []
    for (const table of tables) {
      const ids = new Set(await undoing.findChanged(transaction, task, table))
      const at = { model, columns: table.columns, id: survivor }
      if (table.table === model.table && (await undoing.hasMovedOn(transaction, task, at))) ids.add(survivor)
      errors.push(...changedEntries(table.resource, ids))
    }
    if (errors.length > 0) throw new Problem(409, 'changed_since', errors)
  }

  /**
   * Moves every row that belongs or refers to any record from one to the other, and the links about it. The one that gives may be of another
   * resource; then the rows that can only belong to its like stay.
   * @throws Problem 400 for the same id twice, 403, 404, 308, 422 `reference` where there is no such record to give
   */
  async adopt(giving: string, taking: string): Promise<Adoption> {
    this.#demand(`${this.#resource}.update`)
    if (!isUuid(taking)) throw notFound()
    const [from, to] = [giving.toLowerCase(), taking.toLowerCase()]
    if (from === to) throw sameProblem('/from')
    this.#scope.points.assertOpen(this.#resource)
    return this.#run(randomUUID(), async (transaction) => {
      const records = await lockRecords(transaction, isUuid(from) ? [to, from] : [to])
      await this.#assertThere(transaction, records.get(to), to)
      const giver = records.get(from)
      if (!giver || giver.deleted_at !== null) throw referenceProblem('/from')
      this.#demand(`${giver.resource}.update`)
      await this.#assertSettled(transaction, from)
      const ruled = this.#scope.rules.ruled.find(({ model }) => model.name === giver.resource)
      if (ruled && !(await this.#isMet(transaction, { model: ruled.model, id: from, access: 'write' })))
        throw referenceProblem('/from')
      const resources = giver.resource === this.#resource ? [this.#resource] : []
      await adoptLinks(transaction, { from, to })
      return { moved: await adoptRows(transaction, { tenant: this.#scope.tenant, from, to, resources }) }
    })
  }
}
