/** The kernel's own tasks: batches and undos, run when a worker is told that one was begun. */
import type { JsonObject } from '../contract.ts'
import { Problem } from '../contract.ts'
import { kernelClaims } from '../data/context.ts'
import type { Database, TenantTransaction } from '../data/database.ts'
import type { CursorKey } from '../resource/cursor.ts'
import { noteRun } from '../work/retention-store.ts'
import { stepRetention } from '../work/retention.ts'
import { stepBatch } from '../work/batch.ts'
import { isFieldsTask, stepFields } from '../work/fields-task.ts'
import type { Model } from '../resource/model.ts'
import { LONG_MERGE, LONG_UNMERGE, stepMerge, stepUnmerge } from '../work/long-merge.ts'
import type { Composition, Compositions } from '../work/composition.ts'
import type { ContextFactory, Occasion } from '../work/context.ts'
import type { LogBudget } from '../work/log-budget.ts'
import { NO_RULES } from '../work/rules.ts'
import type { Held, Rights } from '../work/rights.ts'
import type { Scope } from '../work/scope.ts'
import { type Slice, TaskRun } from '../work/task-run.ts'
import { readTask, type TaskRow } from '../work/task-store.ts'
import { stepUndo } from '../work/undo.ts'
import { joinTransaction } from '../work/unit.ts'

export interface RunnerServices {
  readonly database: Database
  readonly compositions: Compositions
  readonly rights: Rights
  readonly cursorKey: CursorKey
  readonly contexts: ContextFactory
  readonly logBudget: LogBudget
  isMember(tenant: string, user: string): Promise<boolean>
  report(message: string, fields: Record<string, unknown>): void
}

/** The rights of what nobody has begun: it acts for the tenant. */
const SYSTEM: Pick<Held, 'permissions' | 'rules'> = { permissions: new Set(), rules: NO_RULES }

interface Tenant {
  readonly id: string
  readonly slug: string
  readonly language: string
  readonly country: string | null
}

interface BatchPlace {
  readonly tenant: Tenant
  readonly run: TaskRun
  readonly task: TaskRow
  readonly composition: Composition
  readonly held: Pick<Held, 'permissions' | 'rules'>
}

export class TaskRunner {
  readonly #services: RunnerServices

  constructor(services: RunnerServices) {
    this.#services = services
  }

  /**
   * Works on a task until it is done, cannot go on, or its slice is over.
   * @returns the run to be finished; null where there is nothing left to finish
   * @throws Problem 409 `cancelled`, RunEnd
   */
  async run(
    tenant: Tenant,
    at: { id: string; request: string },
    slice: Slice,
    onMove: () => void,
  ): Promise<TaskRun | null> {
    const { database } = this.#services
    const system = { ...kernelClaims(tenant.id), request: at.request }
    const task = await database.transaction(system, 'write', (transaction) =>
      readTask(transaction, { tenant: tenant.id, id: at.id }),
    )
    // A plugin's own is worked on by its handler alone.
    if (!task || task.plugin !== null) return null
    const claims = { ...system, actorKind: task.actorKind, actor: task.createdBy }
    const run = await TaskRun.begin(database, claims, slice, task)
    while (run.cursor.phase !== 'end') {
      const problem = await this.#step(tenant, run, task)
      if (problem !== null) {
        await run.fail(problem)
        if (isRule(task)) await this.#note(run, problem)
        return null
      }
      onMove()
    }
    return run
  }

  async #note(run: TaskRun, reason: string): Promise<void> {
    const { claims, cursor } = run
    await this.#services.database.transaction({ ...claims, task: null }, 'write', (transaction) =>
      noteRun(transaction, { tenant: claims.tenant, rule: String(cursor.rule), reason }),
    )
  }

  /** @returns why the task cannot go on, or null */
  async #step(tenant: Tenant, run: TaskRun, task: TaskRow): Promise<string | null> {
    const { rights, compositions } = this.#services
    const composition = await rights.compositionOf(tenant.id)
    const isSystems = isRule(task) || isFieldsTask(task.name)
    const author = { tenant: tenant.id, user: task.createdBy ?? '', key: task.keyId }
    const held = isSystems ? { ...SYSTEM, composition } : await rights.of(author)
    const move = MOVES[task.name]
    // Who has merged was asked for the right to all of it; half of it nobody has asked for.
    const refusal = move ? null : refusalOf(task, held.permissions, composition)
    if (refusal !== null) return refusal
    try {
      await run.step((transaction, cursor) => {
        const at = { tenant: tenant.id, name: task.name, undoes: task.undoes ?? '' }
        if (move) return move(transaction, { ...at, whole: compositions.whole }, cursor)
        if (task.undoes) return stepUndo(transaction, { ...at, whole: compositions.whole }, cursor)
        if (isFieldsTask(task.name))
          return stepFields(transaction, { ...at, model: wholeOf(task, composition) }, cursor)
        return this.#batch({ tenant, run, task, composition: held.composition, held }, transaction, cursor)
      })
      return null
    } catch (error) {
      // The same step would be refused again and again.
      if (error instanceof Problem && error.status < 500 && !['cancelled', 'ended', 'busy'].includes(error.code))
        return error.code
      throw error
    }
  }

  #batch(at: BatchPlace, transaction: TenantTransaction, cursor: JsonObject) {
    const { tenant, run, task, composition, held } = at
    const { cursorKey, isMember, contexts, database } = this.#services
    const scope: Scope = {
      tenant: tenant.id,
      country: tenant.country,
      now: database.now(),
      me: task.createdBy,
      rules: held.rules,
      composition,
      cursorKey,
      points: contexts.rowAskingOf(this.#occasionOf(at)),
      unit: joinTransaction(transaction, run.claims),
      can: (permission) => isRule(task) || held.permissions.has(permission),
      isMember: (user) => isMember(tenant.id, user),
    }
    const composed = composition.resources.get(task.resource ?? '')
    if (!composed) throw new Problem(409, 'switched_off')
    const step = isRule(task) ? stepRetention : stepBatch
    return step(transaction, { composed, scope, task: task.id }, cursor)
  }

  /** For whom plugins are asked about the rows of a batch. */
  #occasionOf({ tenant, run, task, composition, held }: BatchPlace): Occasion {
    const { logBudget, report } = this.#services
    const request = run.claims.request ?? ''
    const logOf = (plugin: string | null) => {
      const write = (level: string) => (message: string, fields?: Record<string, unknown>) =>
        report(message, { level, request, tenant: tenant.id, ...(plugin === null ? {} : { plugin }), ...fields })
      return { info: write('info'), warn: write('warn'), error: write('error') }
    }
    return {
      tenant,
      actor: { kind: task.actorKind, id: task.createdBy },
      lang: tenant.language,
      composition,
      permissions: held.permissions,
      rules: held.rules,
      settings: {},
      request,
      idempotencyKey: null,
      keyId: task.keyId,
      log: logOf(null),
      logOf: (plugin) => logBudget.bound(plugin, logOf(plugin)),
    }
  }
}

/** Of the kernel's own tasks, which alone come here. */
const MOVES: Readonly<Record<string, typeof stepMerge>> = { [LONG_MERGE]: stepMerge, [LONG_UNMERGE]: stepUnmerge }

/** A rule of the tenant, which the system applies. */
const isRule = ({ name, createdBy, undoes }: TaskRow) =>
  createdBy === null && undoes === null && name.startsWith('retention.')

/** Why a task cannot go on; null where it can. */
function refusalOf(task: TaskRow, held: ReadonlySet<string>, composition: Composition): string | null {
  if (isFieldsTask(task.name)) return refuseFields(task, composition)
  if (isRule(task)) return refuseRule(task, composition)
  return task.undoes ? refuseUndo(task, held, composition) : refuseBatch(task, held, composition)
}

function refuseBatch(task: TaskRow, held: ReadonlySet<string>, composition: Composition): string | null {
  if (!composition.resources.has(task.resource ?? '')) return 'switched_off'
  return held.has(task.permission ?? '') ? null : 'forbidden'
}

/** What was decided is done, whoever has lost which right and whichever plugin is off since. */
const wholeOf = ({ resource }: TaskRow, { whole }: Composition) => whole.get(resource ?? '') as Model

const refuseFields = (task: TaskRow, { whole }: Composition) => (whole.has(task.resource ?? '') ? null : 'switched_off')

const refuseRule = (task: TaskRow, composition: Composition) =>
  composition.resources.has(task.resource ?? '') ? null : 'switched_off'

/** What is undone may be of a plugin that is off, whose permissions nobody has then. */
function refuseUndo(task: TaskRow, held: ReadonlySet<string>, composition: Composition): string | null {
  if (held.size === 0) return 'forbidden'
  const isOn = task.resource === null || composition.resources.has(task.resource)
  const isAllowed = task.permission === null || !isOn || held.has(task.permission) || held.has('tasks.manage')
  return isAllowed ? null : 'forbidden'
}
