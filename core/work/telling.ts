/** `ctx.task`: the tasks of one telling of an event to one handler. */
import { randomUUID } from 'node:crypto'
import { type JsonObject, type NewTask, Problem, type Task, type TaskProgress } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, TenantTransaction, Transaction } from '../data/database.ts'
import type { Composition } from './composition.ts'
import type { Held } from './rights.ts'
import { NO_RULES, type Rules } from './rules.ts'
import { RunEnd, type Slice, TaskRun } from './task-run.ts'
import { openTask, type TaskRow } from './task-store.ts'

/** In whose name the steps of a task are made: of whoever began it, with what that one may do now. */
export type Acting = Pick<Claims, 'actorKind' | 'actor'> & {
  readonly permissions: ReadonlySet<string> | null
  readonly rules: Rules
  /** What that one sees; null for all that the tenant has. */
  readonly composition: Composition | null
}

/** Runs plugin code within a step. */
export type Call<C> = (
  transaction: TenantTransaction,
  acting: Acting,
  claims: Claims,
  code: (ctx: C) => Promise<TaskProgress>,
) => Promise<TaskProgress>

interface OpenTask<C> extends Omit<Task, 'step'> {
  step(work: (ctx: C, state: JsonObject) => Promise<TaskProgress>): Promise<void>
}

export class Telling {
  readonly #database: Database
  readonly #fact: string
  readonly #slice: Slice
  readonly #findActing: (task: TaskRow) => Promise<Acting>
  readonly #runs: TaskRun[] = []
  /** Whether some work was committed. */
  hasMoved = false
  /** Why the runs of this telling are over, whatever the handler makes of it. */
  ended: 'paused' | 'overtaken' | 'cancelled' | null = null

  constructor(database: Database, fact: string, slice: Slice, findActing: (task: TaskRow) => Promise<Acting>) {
    this.#database = database
    this.#fact = fact
    this.#slice = slice
    this.#findActing = findActing
  }

  get hasTasks(): boolean {
    return this.#runs.length > 0
  }

  /** Takes in a run that the kernel has made. */
  async take(begin: () => Promise<TaskRun | null>): Promise<void> {
    const run = await this.#watch(begin)
    if (run) this.#runs.push(run)
  }

  async #watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof RunEnd) this.ended ??= error.why
      else if (error instanceof Problem && ['cancelled', 'ended'].includes(error.code)) this.ended ??= 'cancelled'
      throw error
    }
  }

  /** @throws Problem 409 `cancelled` */
  async open<C>(claims: Claims, { name, total }: NewTask, call: Call<C>): Promise<OpenTask<C>> {
    if (claims.plugin === null) throw new Error('Only a plugin opens a task of its own.')
    const at = { tenant: claims.tenant, plugin: claims.plugin, fact: this.#fact, name, total: total ?? null }
    const task = await this.#database.transaction(claims, 'write', (transaction) =>
      openTask(transaction, { ...at, id: randomUUID() }),
    )
    const run = await this.#watch(() => TaskRun.begin(this.#database, claims, this.#slice, task))
    this.#runs.push(run)
    return {
      id: task.id,
      get state() {
        return structuredClone(run.cursor)
      },
      step: async (work: (ctx: C, state: JsonObject) => Promise<TaskProgress>) => {
        const acting = await this.#watch(() => this.#findActing(task))
        const stepClaims = { ...run.claims, actorKind: acting.actorKind, actor: acting.actor }
        await this.#watch(() =>
          run.step(
            (transaction, state) => call(transaction, acting, stepClaims, (ctx) => work(ctx, structuredClone(state))),
            stepClaims,
          ),
        )
        this.hasMoved = true
      },
    }
  }

  /** With the handler's end its tasks are done. @throws Problem 409 `cancelled`, RunEnd */
  async finish(transaction: Transaction): Promise<void> {
    for (const run of this.#runs) await this.#watch(() => run.finish(transaction))
  }
}

/** Who began a task, and what that one may do: nobody's rights but the plugin's for what the system began. */
export async function actingOf(
  task: TaskRow,
  rightsOf: (author: { user: string; key: string | null }) => Promise<Held>,
): Promise<Acting> {
  if (task.createdBy === null)
    return { actorKind: 'system', actor: null, permissions: null, rules: NO_RULES, composition: null }
  const held = await rightsOf({ user: task.createdBy, key: task.keyId })
  return { actorKind: task.actorKind, actor: task.createdBy, ...held }
}
