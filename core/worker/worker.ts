/** The worker: relays facts, runs handlers, and comes round to what was left lying. */
import type { Handler, Json, JsonObject } from '../contract.ts'
import type { Sessions } from '../access/sessions.ts'
import type { Database, Transaction } from '../data/database.ts'
import type { Carrier, Job } from '../delivery/queue.ts'
import { Relay } from '../delivery/relay.ts'
import type { Installed } from '../host/manifest.ts'
import { powersOf } from '../host/powers.ts'
import { settingsOf } from '../host/settings.ts'
import type { Switches } from '../tenancy/switches.ts'
import type { Compositions } from '../work/composition.ts'
import type { ContextFactory, Occasion } from '../work/context.ts'
import { startHousekeeping } from './housekeeping.ts'
import { Scheduler } from './scheduler.ts'

const POLL_MS = 1_000
/** How soon what a manifest schedules holds for a tenant that is new. */
const DECLARE_MS = 60_000
const CONCURRENCY = 8
const MAX_ATTEMPTS = 8
/** How long a handler that runs may go on when the process is asked to end. */
const GRACE_MS = 2_000
/** A second, then twice as long each time, up to ten minutes. */
const backoffSeconds = (attempts: number) => Math.min(2 ** (attempts - 1), 600)

export interface WorkerServices {
  readonly database: Database
  readonly carrier: Carrier
  readonly switches: Switches
  readonly compositions: Compositions
  readonly contexts: ContextFactory
  readonly installed: readonly Installed[]
  readonly sessions: Sessions
  findTenant(id: string): Promise<{ id: string; slug: string; language: string; country: string | null } | null>
  report(message: string, fields: Record<string, unknown>): void
}

interface Delivery {
  readonly handler: string
  readonly attempts: number
  readonly is_told: boolean
  readonly fact: string
  readonly at: string
  readonly row_id: string | null
  readonly record_id: string | null
  readonly changed: string[]
  readonly payload: JsonObject | null
}

/** Thrown within a handler's transaction to undo a second telling of the same fact. */
class AlreadyTold extends Error {}

export class DeliveryWorker {
  readonly #services: WorkerServices
  readonly #relay: Relay
  readonly #scheduler: Scheduler
  readonly #handlers: ReadonlyMap<string, { plugin: Installed; handler: Handler<never> }>
  #declaredAt = 0
  #timer: NodeJS.Timeout | undefined
  #turning: Promise<void> | null = null
  #again = false
  #ended = false
  #stopListening: (() => Promise<void>) | null = null
  #stopHousekeeping: () => void = () => {}

  constructor(services: WorkerServices) {
    this.#services = services
    const all = services.installed.flatMap((plugin) =>
      (plugin.plugin.handlers ?? []).map((handler) => [`${plugin.id}.${handler.name}`, { plugin, handler }] as const),
    )
    this.#handlers = new Map(all)
    this.#scheduler = new Scheduler(services.database, services.installed, (err, { id, event, tenant }) =>
      services.report('schedule failed', { err, schedule: id, event, tenant }),
    )
    this.#relay = new Relay(services.database, (tenant, event) => this.#subscribers(tenant, event), services.carrier)
  }

  async #subscribers(tenant: string, event: string): Promise<string[]> {
    const wanting = [...this.#handlers].filter(([, { handler }]) => handler.event.name === event)
    if (wanting.length === 0) return []
    const { enabled } = await this.#services.switches.of(tenant)
    return wanting.filter(([, { plugin }]) => enabled.has(plugin.id)).map(([name]) => name)
  }

  async start(): Promise<void> {
    this.#services.carrier.work((job) => this.#deliver(job), CONCURRENCY)
    const wake = () => this.wake()
    this.#stopListening = await this.#services.database.listen('weft_facts', { message: wake, gap: wake })
    this.#timer = setInterval(wake, POLL_MS)
    const { database, sessions, report } = this.#services
    this.#stopHousekeeping = startHousekeeping(database, sessions, (err) => report('housekeeping failed', { err }))
  }

  /** Looks for new facts now; called while it looks, it looks once more. */
  wake(): void {
    if (this.#ended) return
    this.#again = true
    this.#turning ??= this.#turn().finally(() => (this.#turning = null))
  }

  async #turn(): Promise<void> {
    while (this.#again && !this.#ended) {
      this.#again = false
      try {
        await this.#declare()
        const told = await this.#scheduler.turn()
        if ((await this.#relay.turn()) || told > 0) this.#again = true
      } catch (error) {
        // The next poll tries again; a database that is away must not end the worker.
        this.#services.report('relay failed', { err: error })
      }
    }
  }

  async #declare(): Promise<void> {
    if (Date.now() - this.#declaredAt < DECLARE_MS) return
    await this.#scheduler.declare()
    this.#declaredAt = Date.now()
  }

  async stop(): Promise<void> {
    this.#ended = true
    clearInterval(this.#timer)
    this.#stopHousekeeping()
    await this.#stopListening?.()
    await this.#turning
    const grace = setTimeout(() => this.#services.contexts.interrupt(), GRACE_MS)
    await this.#services.carrier.close()
    clearTimeout(grace)
  }

  async #read({ tenant, delivery }: Job): Promise<Delivery | null> {
    const { rows } = await this.#services.database.door<Delivery>({
      name: 'read_delivery',
      text: `select d.handler, d.attempts, d.told_at is not null as is_told, d.fact::text, kernel.iso(f.at) as at, f.row_id, f.record_id, f.changed, f.payload
        from kernel.deliveries d join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact
        where d.tenant_id = $1 and d.id = $2 and d.state = 'queued'`,
      values: [tenant, delivery],
    })
    return rows[0] ?? null
  }

  async #deliver(job: Job): Promise<void> {
    const delivery = await this.#read(job)
    const known = delivery && this.#handlers.get(delivery.handler)
    // Done already, or the plugin is gone: nobody is left to tell.
    if (!delivery) return
    if (delivery.is_told) return this.#settle(job, { state: 'done', reason: null })
    if (!known) return this.#settle(job, { state: 'dead', reason: 'no such handler' })
    const tenant = await this.#services.findTenant(job.tenant)
    const state = await this.#services.switches.of(job.tenant)
    if (!tenant || !state.enabled.has(known.plugin.id))
      return this.#settle(job, { state: 'done', reason: 'switched off' })
    try {
      await this.#tell(job, delivery, { ...known, tenant })
    } catch (error) {
      if (error instanceof AlreadyTold) return
      // Not its fault: it is told again by the next worker.
      if (this.#ended) return this.#settle(job, { state: 'waiting', reason: null })
      await this.#fail(job, delivery, error as Error)
    }
  }

  async #tell(
    job: Job,
    delivery: Delivery,
    to: {
      plugin: Installed
      handler: Handler<never>
      tenant: { id: string; slug: string; language: string; country: string | null }
    },
  ): Promise<void> {
    const { plugin, handler, tenant } = to
    const state = await this.#services.switches.of(tenant.id)
    const report = (level: string) => (message: string, fields?: Record<string, unknown>) =>
      this.#services.report(message, { level, plugin: plugin.id, tenant: tenant.id, ...fields })
    const occasion: Occasion = {
      tenant,
      actor: { kind: 'system', id: null },
      lang: tenant.language,
      composition: this.#services.compositions.of(state.enabled),
      permissions: null,
      settings: settingsOf(plugin, state),
      request: job.delivery,
      idempotencyKey: `${delivery.fact}-${delivery.handler}`,
      log: { info: report('info'), warn: report('warn'), error: report('error') },
    }
    const { fact, at, row_id, record_id, changed } = delivery
    const payload = (delivery.payload ?? { id: row_id, recordId: record_id, changed }) as Json
    await this.#services.contexts.run(occasion, powersOf(plugin), {
      kind: handler.kind,
      code: (ctx) => handler.handle(ctx, { fact, at, payload: payload as never }),
      finish: (transaction) => finish(transaction, job),
    })
    if (handler.kind === 'exchange') await finish({ query: (query) => this.#services.database.door(query) }, job)
  }

  async #fail(job: Job, { attempts }: Delivery, error: Error): Promise<void> {
    const isLast = attempts + 1 >= MAX_ATTEMPTS
    await this.#services.database.door({
      text: `update kernel.deliveries set state = $3, attempts = attempts + 1, reason = $4, updated_at = now(),
        due = now() + make_interval(secs => $5) where tenant_id = $1 and id = $2 and state = 'queued'`,
      values: [
        job.tenant,
        job.delivery,
        isLast ? 'dead' : 'waiting',
        error.message.slice(0, 500),
        backoffSeconds(attempts + 1),
      ],
    })
    this.#services.report('handler failed', { err: error, delivery: job.delivery, dead: isLast })
  }

  async #settle(job: Job, outcome: { state: string; reason: string | null }): Promise<void> {
    await this.#services.database.door({
      text: `update kernel.deliveries set state = $3, reason = $4, updated_at = now() where tenant_id = $1 and id = $2 and state = 'queued'`,
      values: [job.tenant, job.delivery, outcome.state, outcome.reason],
    })
  }
}

/** The delivery is done in the transaction of its effects: told twice, the second telling is undone. */
async function finish(transaction: Transaction, job: Job): Promise<void> {
  const { rowCount } = await transaction.query({
    text: `update kernel.deliveries set state = 'done', reason = null, told_at = now(), updated_at = now()
      where tenant_id = $1 and id = $2 and state = 'queued' and told_at is null`,
    values: [job.tenant, job.delivery],
  })
  if (rowCount !== 1) throw new AlreadyTold()
}
