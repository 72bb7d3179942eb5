/** The worker: relays facts, hands deliveries to handlers, and comes round to what was left lying. */
import type { AccountTokens } from '../access/account-tokens.ts'
import type { Sessions } from '../access/sessions.ts'
import { anyEvent } from '../contract.ts'
import type { Carrier, Job } from '../delivery/queue.ts'
import { type RelayedFact, Relay } from '../delivery/relay.ts'
import type { Spool } from '../files/spool.ts'
import type { Store } from '../files/store.ts'
import type { Installed } from '../host/manifest.ts'
import { Newer, type NewerHandler } from '../host/newer.ts'
import { BEGUN } from '../work/task-store.ts'
import { Deliverer, type DelivererServices, type KnownHandler } from './deliverer.ts'
import { FeedRunner, type FeedTimes } from './feeds.ts'
import { startHousekeeping } from './housekeeping.ts'
import { Scheduler } from './scheduler.ts'
import { KERNEL_TASKS } from './settling.ts'
import { Slots } from './slots.ts'
import type { RunnerServices } from './task-runner.ts'

const POLL_MS = 1_000
/** How soon what a manifest schedules holds for a tenant that is new. */
const DECLARE_MS = 60_000
/** How many handlers work on the database at a time. */
const CONCURRENCY = 8
/** How many deliveries are taken from the queue at a time, with those to handlers that mostly wait for others. */
const TAKEN = 32
/** How long a handler that runs may go on when the process is asked to end. */
const GRACE_MS = 2_000

export interface WorkerServices extends Omit<DelivererServices, 'newer'>, RunnerServices {
  readonly carrier: Carrier
  readonly installed: readonly Installed[]
  readonly sessions: Sessions
  readonly accountTokens: AccountTokens
  readonly store: Store
  readonly spool: Spool
  /** Other ones for feeds than the usual. */
  readonly feedTimes?: FeedTimes | undefined
  /** What sends mails that wait; none of them throws. */
  readonly mailings: readonly { turn(): Promise<void> }[]
}

export class DeliveryWorker {
  readonly #services: WorkerServices
  readonly #relay: Relay
  readonly #scheduler: Scheduler
  readonly #feeds: FeedRunner
  readonly #handlers: ReadonlyMap<string, KnownHandler>
  /** Handlers of plugins that are left out. */
  readonly #absent: readonly { plugin: string; name: string; event: string }[]
  readonly #newer: Newer
  readonly #deliverer: Deliverer
  readonly #slots = new Slots(CONCURRENCY)
  #declaredAt = -Infinity
  #turnedAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #turning: Promise<void> | null = null
  #again = false
  #ended = false
  #stopListening: (() => Promise<void>) | null = null
  #stopHousekeeping: () => void = () => {}

  constructor(services: WorkerServices) {
    this.#services = services
    this.#feeds = new FeedRunner(services, services.feedTimes)
    const all = services.installed.flatMap((plugin) =>
      (plugin.plugin.handlers ?? []).map((handler) => [`${plugin.id}.${handler.name}`, { plugin, handler }] as const),
    )
    this.#handlers = new Map(all)
    this.#newer = new Newer(services.database, services.installed)
    this.#deliverer = new Deliverer({ ...services, newer: this.#newer }, this.#handlers, {
      isEnding: () => this.#ended,
      wake: () => this.wake(),
    })
    this.#absent = services.leftOut.flatMap(({ id, state, handlers }) =>
      state === 'detached' ? [] : handlers.map(({ name, event }) => ({ plugin: id, name: `${id}.${name}`, event })),
    )
    this.#scheduler = new Scheduler(services.database, services.installed, (err, { id, event, tenant }) =>
      services.report('schedule failed', { err, schedule: id, event, tenant }),
    )
    const patient = all.filter(([, { handler }]) => handler.kind === 'exchange').map(([name]) => name)
    this.#relay = new Relay(services.database, (facts) => this.#subscribers(facts), services.carrier, [
      KERNEL_TASKS,
      ...patient,
    ])
  }

  /** Asked after the facts are read: no newer version can have been brought in before them and be missed. */
  async #subscribers(facts: readonly RelayedFact[]): Promise<string[][]> {
    const newer = await this.#newer.handlers()
    return Promise.all(facts.map((fact) => this.#wanting(fact, newer)))
  }

  async #wanting(
    { tenant_id: tenant, event, plugin: author }: RelayedFact,
    newer: readonly NewerHandler[],
  ): Promise<string[]> {
    if (event === BEGUN) return [KERNEL_TASKS]
    // Who hears everything does not hear itself: each answer would ask for the next.
    const wanting = [...this.#handlers].filter(
      ([, { handler, plugin }]) =>
        handler.event.name === event || (handler.event.name === anyEvent.name && plugin.id !== author),
    )
    const waiting = [...this.#absent, ...newer].filter((handler) => [event, anyEvent.name].includes(handler.event))
    if (wanting.length + waiting.length === 0) return []
    const { enabled, off } = await this.#services.switches.of(tenant)
    const told = wanting.filter(([, { plugin }]) => enabled.has(plugin.id)).map(([name]) => name)
    return [...new Set([...told, ...waiting.filter(({ plugin }) => !off.has(plugin)).map(({ name }) => name)])]
  }

  /** How long a task runs at a time, in milliseconds. */
  set sliceMs(ms: number) {
    this.#deliverer.sliceMs = ms
  }

  async start(): Promise<void> {
    this.#services.carrier.work((job) => this.#take(job), TAKEN)
    const wake = () => this.wake()
    this.#stopListening = await this.#services.database.listen('weft_facts', { message: wake, gap: wake })
    this.#turnedAt = performance.now()
    this.#timer = setInterval(wake, POLL_MS)
    this.#feeds.start()
    const { report } = this.#services
    this.#stopHousekeeping = startHousekeeping(this.#services, (err) => report('housekeeping failed', { err }))
  }

  /** How far it is behind, in seconds; null where this process has not begun to work. */
  async askHow(): Promise<{ lagSeconds: number; isQueueThere: boolean } | null> {
    if (!this.#timer || this.#ended) return null
    const { database, carrier } = this.#services
    const { rows } = await database.door<{ lag: number | null }>({
      name: 'delivery_lag',
      text: `select extract(epoch from now() - min(due))::float8 as lag from kernel.deliveries
        where state in ('waiting', 'queued') and due < now()`,
    })
    const sinceTurn = (performance.now() - this.#turnedAt) / 1000
    return { lagSeconds: Math.max(0, rows[0]?.lag ?? 0, sinceTurn), isQueueThere: await carrier.isThere() }
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
        for (const mailing of this.#services.mailings) await mailing.turn()
        this.#turnedAt = performance.now()
      } catch (error) {
        // The next poll tries again; a database that is away must not end the worker.
        this.#services.report('relay failed', { err: error })
      }
    }
  }

  async #declare(): Promise<void> {
    if (performance.now() - this.#declaredAt < DECLARE_MS) return
    await this.#scheduler.declare(await this.#newer.plugins())
    await this.#release()
    this.#declaredAt = performance.now()
  }

  /** What was held for plugins that are back is due now. */
  async #release(): Promise<void> {
    await this.#services.database.door({
      text: `update kernel.deliveries set state = 'waiting', due = now(), updated_at = now()
        where state = 'held' and split_part(handler, '.', 1) = any($1::text[])`,
      values: [this.#services.installed.map(({ id }) => id)],
    })
  }

  async #take(job: Job): Promise<void> {
    try {
      if (job.patient) await this.#deliverer.deliver(job)
      else await this.#slots.run(job.tenant, () => this.#deliverer.deliver(job))
    } finally {
      this.#relay.noteEnd(() => this.wake())
    }
  }

  async stop(): Promise<void> {
    this.#ended = true
    clearInterval(this.#timer)
    this.#stopHousekeeping()
    await this.#stopListening?.()
    await this.#feeds.stop()
    await this.#turning
    const grace = setTimeout(() => this.#services.contexts.interrupt(), GRACE_MS)
    await this.#services.carrier.close()
    clearTimeout(grace)
  }
}
