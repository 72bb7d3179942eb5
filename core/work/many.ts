/** One verb on many rows within one transaction: by one statement where the rules allow it, else row by row. */
import { type JsonObject, Problem, type TaskFailure } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import { problemOf } from '../data/problems.ts'
import { compileLockMany, compileSwitchMany, compileUpdateMany } from '../resource/write.ts'
import { readPlainPatch } from './body.ts'
import type { Composed } from './composition.ts'
import type { Scope } from './scope.ts'
import { assertUsers, Verbs } from './verbs.ts'

export type Order = { readonly verb: 'update'; readonly patch: JsonObject } | { readonly verb: 'delete' | 'restore' }

export interface Outcome {
  /** What is settled; the others are left for the next step. */
  readonly settled: readonly string[]
  readonly done: number
  readonly failed: readonly TaskFailure[]
}

interface Locked {
  readonly id: string
  readonly version: number
  readonly deleted: boolean
}

/** A row by row step ends here: a transaction is over at five seconds. */
const BUDGET_MS = 1_500

/** Whether a failure is of the row alone, and not of the moment. */
const isOfRow = (error: unknown): error is Problem =>
  error instanceof Problem && error.status < 500 && error.code !== 'busy'

export const failureOf = (id: string, { code, errors }: Problem): TaskFailure => {
  const path = errors[0]?.path
  return path ? { id, code, path } : { id, code }
}

/** Runs a part of the transaction that may fail without the rest. @throws what is no failure of a row */
export async function attempt<T>(
  transaction: Transaction,
  work: () => Promise<T>,
): Promise<{ value: T } | { problem: Problem }> {
  await transaction.query({ text: 'savepoint part' })
  try {
    const value = await work()
    await transaction.query({ text: 'release savepoint part' })
    return { value }
  } catch (error) {
    const problem = problemOf(error)
    if (!isOfRow(problem)) throw error
    await transaction.query({ text: 'rollback to savepoint part' })
    return { problem }
  }
}

export class Many {
  readonly #scope: Scope
  readonly #composed: Composed
  readonly #transaction: Transaction

  /** The unit of `scope` is the transaction. */
  constructor(scope: Scope, composed: Composed, transaction: Transaction) {
    this.#scope = scope
    this.#composed = composed
    this.#transaction = transaction
  }

  /** @throws Problem 403 `forbidden`, or 503 when the whole is to be tried again */
  async run(ids: readonly string[], order: Order): Promise<Outcome> {
    const { model } = this.#composed
    const statement = compileLockMany(model, { tenant: this.#scope.tenant, ids })
    const { rows } = await this.#transaction.query<Locked>(statement)
    const fitting = rows.filter(({ deleted }) => deleted === (order.verb === 'restore'))
    const found = new Set(fitting.map(({ id }) => id))
    const missing = ids.filter((id) => !found.has(id)).map((id) => ({ id, code: 'not_found' }))
    const together = await attempt(this.#transaction, () => this.#together([...found], order))
    if ('value' in together && together.value === found.size) return { settled: ids, done: found.size, failed: missing }
    const each = await this.#each(fitting, order)
    const failed = [...missing, ...each.failed]
    return { settled: [...missing.map(({ id }) => id), ...each.settled], done: each.done, failed }
  }

  /** @returns how many rows were changed; null where each row has to be looked at, and nothing was done */
  async #together(ids: readonly string[], order: Order): Promise<number | null> {
    const { model } = this.#composed
    const { tenant } = this.#scope
    if (!this.#scope.can(`${model.name}.${order.verb === 'update' ? 'update' : 'delete'}`))
      throw new Problem(403, 'forbidden')
    if (ids.length === 0) return 0
    // Each is judged by the rule in the statement that writes it, and by the plugins that answer for its resource.
    if (this.#scope.rules.of(model, 'write') || (await this.#isAsked(order))) return null
    if (order.verb !== 'update') return this.#count(compileSwitchMany(model, { tenant, ids, verb: order.verb }), ids)
    const plain = readPlainPatch(this.#composed, order.patch, this.#scope)
    if (!plain || plain.columns.size === 0) return null
    await assertUsers(this.#scope, plain, model)
    const change = {
      model,
      tenant,
      columns: plain.columns,
      extensions: null,
      answer: null,
      rule: null,
      ruled: this.#scope.rules.ruled,
    }
    return this.#count(compileUpdateMany(change, ids), ids)
  }

  /** Nobody is asked about a row that comes back. */
  async #isAsked({ verb }: Order): Promise<boolean> {
    if (verb === 'restore') return false
    const point = verb === 'update' ? 'updating' : 'deleting'
    return (await this.#scope.points.find(this.#composed.model.name, point)) !== null
  }

  /** All or none: what one statement leaves out would be told apart row by row, and done twice. */
  async #count(statement: { text: string; values: unknown[] }, ids: readonly string[]): Promise<number> {
    const { rows } = await this.#transaction.query(statement)
    if (rows.length !== ids.length) throw new Problem(409, 'partly')
    return rows.length
  }

  /** An answer that did not come in time is asked for once more, for it says nothing of the row. */
  async #each(rows: readonly Locked[], order: Order): Promise<Outcome> {
    const until = performance.now() + BUDGET_MS
    const settled: string[] = []
    const failed: TaskFailure[] = []
    const unanswered: Locked[] = []
    const settle = (id: string, problem: Problem | null) => {
      settled.push(id)
      if (problem) failed.push(failureOf(id, problem))
    }
    for (const row of rows) {
      if (settled.length + unanswered.length > 0 && performance.now() > until) break
      const problem = await this.#one(row, order)
      if (problem?.code === 'unanswered') unanswered.push(row)
      else settle(row.id, problem)
    }
    for (const row of unanswered) {
      if (settled.length > 0 && performance.now() > until) break
      settle(row.id, await this.#one(row, order))
    }
    return { settled, done: settled.length - failed.length, failed }
  }

  /** @throws Problem 403, or what is no failure of the row */
  async #one({ id, version }: Locked, order: Order): Promise<Problem | null> {
    const verbs = new Verbs(this.#scope, this.#composed)
    const outcome = await attempt(this.#transaction, async () => {
      if (order.verb === 'update') await verbs.update({ id, version }, order.patch)
      else if (order.verb === 'delete') await verbs.remove({ id, version })
      else await verbs.restore(id)
    })
    if (!('problem' in outcome)) return null
    if (outcome.problem.status === 403) throw outcome.problem
    return outcome.problem
  }
}
