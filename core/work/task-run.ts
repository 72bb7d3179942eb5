/**
 * One run of a task. Each step is one transaction: what it changes, how far it has come and where it goes on are
 * committed together, and only while nobody has cancelled it and no other run has taken it over. So whatever kills a
 * run, the next one goes on where the last committed step ended.
 */
import { randomUUID } from 'node:crypto'
import { type JsonObject, Problem, type TaskProgress } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, TenantTransaction, Transaction } from '../data/database.ts'
import { endTask, type TaskRow } from './task-store.ts'

/** Ends a run that is no fault: another worker has the task, or it goes on in another run. */
export class RunEnd extends Error {
  readonly why: 'paused' | 'overtaken'
  constructor(why: 'paused' | 'overtaken') {
    super(`The run has been ${why}.`)
    this.why = why
  }
}

/** What a run must know of the worker that it runs in. */
export interface Slice {
  /** From when on it goes on in another run, so that others have their turn. */
  readonly until: number
  isEnding(): boolean
}

const MAX_ERRORS = 100

export class TaskRun {
  readonly task: TaskRow
  readonly #database: Database
  readonly #claims: Claims
  readonly #slice: Slice
  readonly #run = randomUUID()
  #hasStepped = false
  cursor: JsonObject

  private constructor(database: Database, claims: Claims, slice: Slice, task: TaskRow) {
    this.#database = database
    this.#claims = { ...claims, task: task.id }
    this.#slice = slice
    this.task = task
    this.cursor = task.cursor
  }

  /** Takes the task over from any other run. @throws Problem 409 `cancelled`, or `ended` for one that is over */
  static async begin(database: Database, claims: Claims, slice: Slice, task: TaskRow): Promise<TaskRun> {
    const run = new TaskRun(database, claims, slice, task)
    const { rows } = await database.once<{ cursor: JsonObject }>(run.#claims, 'write', {
      text: `update kernel.tasks set state = 'running', run = $3, reason = null,
          started_at = coalesce(started_at, statement_timestamp()), finished_at = null
        where tenant_id = $1 and id = $2 and (state in ('waiting', 'running') or (state = 'failed' and undoes is null))
        returning cursor`,
      values: [claims.tenant, task.id, run.#run],
    })
    if (!rows[0]) throw await run.#explain(null)
    run.cursor = rows[0].cursor
    return run
  }

  get claims(): Claims {
    return this.#claims
  }

  /**
   * @param as in whose name the changes are made
   * @throws Problem 409 `cancelled`; RunEnd when the run is over
   */
  async step(
    work: (transaction: TenantTransaction, cursor: JsonObject) => Promise<TaskProgress>,
    as: Pick<Claims, 'actorKind' | 'actor'> = this.#claims,
  ): Promise<void> {
    // Each run comes one step further, however late it was begun.
    const isOver = this.#hasStepped && performance.now() >= this.#slice.until
    if (isOver || this.#slice.isEnding()) throw new RunEnd('paused')
    this.#hasStepped = true
    const claims = { ...this.#claims, ...as }
    this.cursor = await this.#database.transaction(claims, 'write', async (transaction) => {
      const { rows } = await transaction.query<{ cursor: JsonObject }>({
        text: `select cursor from kernel.tasks where tenant_id = $1 and id = $2 and run = $3 and state = 'running'`,
        values: [claims.tenant, this.task.id, this.#run],
      })
      if (!rows[0]) throw await this.#explain(transaction)
      const progress = await work(transaction, rows[0].cursor)
      return this.#save(transaction, progress)
    })
  }

  /** Last of all, so that the task's row is never locked for longer than a moment: cancelling does not wait. */
  async #save(transaction: Transaction, { state, done = 0, failed = [], total }: TaskProgress): Promise<JsonObject> {
    const { rows } = await transaction.query<{ cursor: JsonObject }>({
      text: `update kernel.tasks set cursor = coalesce($4::jsonb, cursor), done = done + $5, failed = failed + $6,
          total = coalesce($7, total), errors = errors || (select coalesce(jsonb_agg(value order by at), '[]')
            from jsonb_array_elements($8::jsonb) with ordinality as e (value, at)
            where at <= ${MAX_ERRORS} - jsonb_array_length(errors))
        where tenant_id = $1 and id = $2 and run = $3 and state = 'running' returning cursor`,
      values: [
        this.#claims.tenant,
        this.task.id,
        this.#run,
        state === undefined ? null : JSON.stringify(state),
        done,
        failed.length,
        total ?? null,
        JSON.stringify(failed),
      ],
    })
    if (!rows[0]) throw await this.#explain(transaction)
    return rows[0].cursor
  }

  /** The task is done. @throws Problem 409 `cancelled`, RunEnd */
  async finish(transaction: Transaction): Promise<void> {
    const end = { tenant: this.#claims.tenant, id: this.task.id, reason: null, run: this.#run }
    if (!(await endTask(transaction, { ...end, state: 'done' }))) throw await this.#explain(transaction)
  }

  /** The task cannot go on; what is done stays. */
  async fail(reason: string): Promise<void> {
    const end = { tenant: this.#claims.tenant, id: this.task.id, reason, run: this.#run }
    await this.#database.transaction({ ...this.#claims, plugin: null }, 'write', (transaction) =>
      endTask(transaction, { ...end, state: 'failed' }),
    )
  }

  async #explain(transaction: Transaction | null): Promise<Error> {
    const query = {
      text: 'select state from kernel.tasks where tenant_id = $1 and id = $2',
      values: [this.#claims.tenant, this.task.id],
    }
    const { rows } = transaction
      ? await transaction.query<{ state: string }>(query)
      : await this.#database.once<{ state: string }>(this.#claims, 'read', query)
    const state = rows[0]?.state
    if (state === 'cancelled') return new Problem(409, 'cancelled')
    return state === 'running' ? new RunEnd('overtaken') : new Problem(409, 'ended')
  }
}
