/** Hands one delivery to its handler, and settles what comes of it. */
import { anyEvent, type Handler, type Json, type JsonObject } from '../contract.ts'
import type { Database } from '../data/database.ts'
import type { Job } from '../delivery/queue.ts'
import { readDigest } from '../facts/digest.ts'
import type { Installed } from '../host/manifest.ts'
import type { Newer } from '../host/newer.ts'
import { powersOf } from '../host/powers.ts'
import { settingsOf } from '../host/settings.ts'
import type { LeftOut } from '../host/standing.ts'
import type { Switches } from '../tenancy/switches.ts'
import type { Compositions } from '../work/composition.ts'
import type { ContextFactory, Occasion } from '../work/context.ts'
import { systemOccasion } from '../work/occasion.ts'
import { isUnavailable } from '../work/guard.ts'
import type { LogBudget } from '../work/log-budget.ts'
import { RunEnd, type Slice } from '../work/task-run.ts'
import { actingOf, Telling } from '../work/telling.ts'
import {
  AlreadyTold,
  fail,
  failFact,
  finish,
  finishRuns,
  KERNEL_TASKS,
  type Outcome,
  pause,
  postpone,
  settle,
} from './settling.ts'
import { type RunnerServices, TaskRunner } from './task-runner.ts'

/** How long a task runs before others have their turn; its steps and the last of its calls end within the lease. */
const SLICE_MS = 20_000
/** How long a delivery rests before a newer process may get it. */
const NEWER_SECONDS = 2

interface Tenant {
  readonly id: string
  readonly slug: string
  readonly language: string
  readonly country: string | null
}

export interface DelivererServices extends RunnerServices {
  readonly database: Database
  readonly switches: Switches
  readonly compositions: Compositions
  readonly contexts: ContextFactory
  /** What is to be told to these waits until they are back. */
  readonly leftOut: readonly LeftOut[]
  readonly logBudget: LogBudget
  readonly newer: Newer
  findTenant(id: string): Promise<Tenant | null>
  report(message: string, fields: Record<string, unknown>): void
}

export interface KnownHandler {
  readonly plugin: Installed
  readonly handler: Handler<never>
}

interface Delivery {
  readonly handler: string
  readonly attempts: number
  readonly is_told: boolean
  readonly fact: string
  readonly at: string
  readonly event: string
  readonly origin: string | null
  readonly row_id: string | null
  readonly record_id: string | null
  readonly changed: string[]
  readonly payload: JsonObject | null
}

export class Deliverer {
  readonly #services: DelivererServices
  /** By `<plugin>.<handler>`. */
  readonly #handlers: ReadonlyMap<string, KnownHandler>
  readonly #loop: { isEnding: () => boolean; wake: () => void }
  readonly #runner: TaskRunner
  /** How long a task runs at a time, in milliseconds. */
  sliceMs = SLICE_MS

  constructor(
    services: DelivererServices,
    handlers: ReadonlyMap<string, KnownHandler>,
    loop: { isEnding: () => boolean; wake: () => void },
  ) {
    this.#services = services
    this.#handlers = handlers
    this.#loop = loop
    this.#runner = new TaskRunner(services)
  }

  async #read({ tenant, delivery }: Job): Promise<Delivery | null> {
    const { rows } = await this.#services.database.door<Delivery>({
      name: 'read_delivery',
      text: `select d.handler, d.attempts, d.told_at is not null as is_told, d.fact::text, kernel.iso(f.at) as at, f.event, f.origin, f.row_id, f.record_id, f.changed, f.payload
        from kernel.deliveries d join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact
        where d.tenant_id = $1 and d.id = $2 and d.state = 'queued'`,
      values: [tenant, delivery],
    })
    return rows[0] ?? null
  }

  /** What becomes of a delivery to a handler that this process has not. */
  async #turnAway(job: Job, handler: string): Promise<void> {
    const { leftOut, newer, database } = this.#services
    if (leftOut.some(({ id }) => handler.startsWith(`${id}.`)))
      return this.#settle(job, { state: 'held', reason: 'left out' })
    const isNewer = (await newer.handlers()).some(({ name }) => name === handler)
    if (isNewer) return postpone(database, job, { reason: 'newer version', seconds: NEWER_SECONDS })
    return this.#settle(job, { state: 'dead', reason: 'no such handler' })
  }

  /** Tells one handler of one fact; whatever comes of it is kept with the delivery. */
  async deliver(job: Job): Promise<void> {
    if (this.#loop.isEnding()) return this.#settle(job, { state: 'waiting', reason: null })
    const delivery = await this.#read(job)
    // Done already: nobody is left to tell.
    if (!delivery) return
    if (delivery.is_told) return this.#settle(job, { state: 'done', reason: null })
    const known = this.#handlers.get(delivery.handler)
    const isKernels = delivery.handler === KERNEL_TASKS
    if (!known && !isKernels) return this.#turnAway(job, delivery.handler)
    const tenant = await this.#services.findTenant(job.tenant)
    const state = await this.#services.switches.of(job.tenant)
    if (!tenant || (known && !state.enabled.has(known.plugin.id))) {
      await failFact(this.#services.database, job, { ...delivery, reason: 'switched_off' })
      return this.#settle(job, { state: 'done', reason: 'switched off' })
    }
    const telling = this.#open(job, delivery)
    try {
      if (known) await this.#tell(job, delivery, { ...known, tenant, telling })
      else await this.#work(job, delivery, { tenant, telling })
    } catch (error) {
      await this.#break(job, delivery, { telling, error: error as Error })
    }
  }

  #open(job: Job, { fact }: Delivery): Telling {
    const { database, rights } = this.#services
    return new Telling(database, fact, this.#slice(), async (task) => {
      // The next worker finds the plugin switched off, and settles it.
      if (!(await rights.compositionOf(job.tenant)).plugins.has(task.plugin ?? '')) throw new RunEnd('paused')
      return actingOf(task, (author) => rights.of({ tenant: job.tenant, ...author }))
    })
  }

  #slice(): Slice {
    return { until: performance.now() + this.sliceMs, isEnding: this.#loop.isEnding }
  }

  /** What became of a delivery whose telling did not come to its end. */
  async #break(job: Job, delivery: Delivery, { telling, error }: { telling: Telling; error: Error }): Promise<void> {
    // Another worker has it.
    if (error instanceof AlreadyTold || telling.ended === 'overtaken') return
    if (telling.ended === 'cancelled') return this.#settle(job, { state: 'done', reason: 'cancelled' })
    if (telling.ended === 'paused') {
      await pause(this.#services.database, job)
      return this.#loop.wake()
    }
    // Not its fault: it is told again by the next worker.
    if (this.#loop.isEnding()) return this.#settle(job, { state: 'waiting', reason: null })
    if (isUnavailable(error)) {
      const seconds = Number(error.errors[0]?.params?.retryAfter ?? 1)
      return postpone(this.#services.database, job, { reason: 'suspended', seconds })
    }
    await this.#fail(job, { ...delivery, attempts: telling.hasMoved ? 0 : delivery.attempts }, error)
  }

  /** A task of the kernel's own. */
  async #work(
    job: Job,
    { payload }: Delivery,
    { tenant, telling }: { tenant: Tenant; telling: Telling },
  ): Promise<void> {
    const at = { id: String(payload?.task), request: job.delivery }
    await telling.take(() => this.#runner.run(tenant, at, this.#slice(), () => (telling.hasMoved = true)))
    await finishRuns(this.#services.database, job, telling)
    this.#loop.wake()
  }

  async #tell(job: Job, delivery: Delivery, to: KnownHandler & { tenant: Tenant; telling: Telling }): Promise<void> {
    const { plugin, handler, tenant, telling } = to
    const state = await this.#services.switches.of(tenant.id)
    const { compositions, report, logBudget } = this.#services
    const own = systemOccasion({
      tenant,
      composition: compositions.of(state),
      settings: settingsOf(plugin, state),
      request: job.delivery,
      report,
      marks: { request: job.delivery, plugin: plugin.id },
    })
    const occasion: Occasion = {
      ...own,
      idempotencyKey: `${delivery.fact}-${delivery.handler}`,
      log: logBudget.bound(plugin.id, own.log),
      ...(handler.kind === 'exchange' ? { telling } : {}),
    }
    const { fact, at, event, origin, row_id, record_id, changed } = delivery
    const payload = (delivery.payload ?? { id: row_id, recordId: record_id, changed }) as Json
    const digest =
      handler.event.name === anyEvent.name ? await readDigest(this.#services.database, tenant.id, fact) : null
    await this.#services.contexts.run(occasion, powersOf(plugin, state), {
      kind: handler.kind,
      code: (ctx) => handler.handle(ctx, { fact, at, event, origin, digest, payload: payload as never }),
      finish: (transaction) => finish(transaction, job),
    })
    // A handler may catch what ends its task; it is over all the same.
    if (telling.ended) throw new RunEnd('overtaken')
    if (handler.kind === 'exchange') await finishRuns(this.#services.database, job, telling)
  }

  async #fail(job: Job, delivery: Delivery, error: Error): Promise<void> {
    const { fact, handler, attempts } = delivery
    const { database } = this.#services
    const isLast = await fail(database, job, { attempts, reason: error.message })
    if (isLast) await failFact(database, job, { fact, handler, reason: error.message })
    this.#services.report('handler failed', {
      level: 'error',
      request: job.delivery,
      tenant: job.tenant,
      plugin: handler.split('.')[0],
      err: error,
      dead: isLast,
    })
  }

  #settle(job: Job, outcome: Outcome): Promise<void> {
    return settle(this.#services.database, job, outcome)
  }
}
