/** What the law gives a person: all that is kept of them, and its erasure. */
import { type AccessPack, type ErasureReport, type JsonObject, Problem } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import { problemOf } from '../data/problems.ts'
import * as erasure from '../facts/erasure.ts'
import { changesOf, type FactRow } from '../facts/history.ts'
import { lockRecords, tell } from '../facts/merge.ts'
import { isUuid } from '../resource/formats.ts'
import { compileGet } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import { readCompanions } from './companions.ts'
import { notFound, refuseMissing } from './missing.ts'
import type { Scope } from './scope.ts'

export const PRIVACY = 'privacy.manage'
/** How much of its history a pack tells. */
const MAX_FACTS = 10_000
/** How much of each other kind. */
const MAX_OTHERS = 1_000

export class Privacy {
  readonly #scope: Scope
  readonly #model: Model
  readonly #whole: ReadonlyMap<string, Model>

  /** @param whole every installed resource, as if every plugin were on */
  constructor(scope: Scope, model: Model, whole: ReadonlyMap<string, Model>) {
    this.#scope = scope
    this.#model = model
    this.#whole = whole
  }

  async #run<T>(given: string, work: (transaction: Transaction, subject: erasure.Subject) => Promise<T>): Promise<T> {
    if (!this.#scope.can(PRIVACY)) throw new Problem(403, 'forbidden')
    if (!isUuid(given)) throw notFound()
    const subject = { tenant: this.#scope.tenant, id: given.toLowerCase() }
    try {
      return await this.#scope.unit.asKernel(async (transaction) => {
        const records = await lockRecords(transaction, [subject.id])
        const read = transaction.query.bind(transaction)
        const { rules } = this.#scope
        if (!erasure.isOf(records.get(subject.id), this.#model.name))
          await refuseMissing({ read }, { ...subject, model: this.#model, rules })
        const rule = rules.of(this.#model, 'write')
        if (rule && (await read(compileGet(this.#model, subject, { rule: () => rule }))).rows.length === 0)
          throw notFound()
        return work(transaction, subject)
      })
    } catch (error) {
      throw problemOf(error, this.#model)
    }
  }

  /** @throws Problem 403, 404, 308 `merged` */
  erase(id: string): Promise<ErasureReport> {
    this.#scope.points.assertOpen(this.#model.name)
    return this.#run(id, async (transaction, subject) => {
      await erasure.deleteRecord(transaction, this.#model, subject)
      const report = await erasure.eraseRecord(transaction, subject)
      await tell(transaction, `${this.#model.name}.erased`, { id: subject.id, recordId: subject.id })
      return report
    })
  }

  /** @throws Problem 403, 404, 308 `merged` */
  accessPack(id: string): Promise<AccessPack> {
    return this.#run(id, async (transaction, subject) => {
      const kept = await erasure.findRows(transaction, subject)
      const rows: Record<string, JsonObject[]> = {}
      for (const each of kept)
        rows[each.resource] = await erasure.readRows(transaction, subject, each, this.#modelOf(each.resource))
      const ids = kept.flatMap((each) => each.ids)
      const facts = await erasure.readPast(transaction, subject, ids, MAX_FACTS + 1)
      const held = await erasure.readHeld(transaction, subject, ids, MAX_OTHERS + 1)
      const companions = await readCompanions(transaction, subject, ids, MAX_OTHERS + 1)
      const others = { held, ...companions }
      const lists = Object.entries(others).map(([kind, found]) => [kind, found.slice(0, MAX_OTHERS)])
      return {
        subject: { resource: this.#model.name, id: subject.id },
        at: this.#scope.now.toISOString(),
        rows,
        history: facts.slice(0, MAX_FACTS).map((fact) => this.#entryOf(fact)),
        ...(Object.fromEntries(lists) as typeof others),
        isWhole: facts.length <= MAX_FACTS && Object.values(others).every(({ length }) => length <= MAX_OTHERS),
      }
    })
  }

  #modelOf(resource: string | null): Model | null {
    return (resource !== null && this.#whole.get(resource)) || null
  }

  #entryOf(fact: FactRow): AccessPack['history'][number] {
    const { at, event, resource, row_id: rowId, actor, actor_kind: kind } = fact
    const model = this.#modelOf(resource)
    return { at, event, resource, rowId, actor: { kind, id: actor }, changes: model ? changesOf(model, fact) : [] }
  }
}
