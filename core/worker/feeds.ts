/** Runs feeds: each key of each feed by one worker at a time, for as long as it holds the lease. */
import { randomUUID } from 'node:crypto'
import { type Feed, Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { claimFeeds, enterKeys, holdFeed, type Lease, releaseFeed, renewFeeds } from '../delivery/feeds.ts'
import { reasonOf } from '../fault.ts'
import type { Installed } from '../host/manifest.ts'
import { powersOf } from '../host/powers.ts'
import { settingsOf } from '../host/settings.ts'
import type { Switches, TenantState } from '../tenancy/switches.ts'
import type { Compositions } from '../work/composition.ts'
import type { ContextFactory, Occasion, PluginPowers } from '../work/context.ts'
import { systemOccasion } from '../work/occasion.ts'

export interface FeedTimes {
  /** How often is looked for what nobody runs. */
  readonly lookMs: number
  /** How long a lease holds; it is renewed at a third of that. */
  readonly leaseMs: number
  /** How often keys are asked for. */
  readonly askMs: number
  /** The first wait after a run that ended by itself; doubled up to the longest. */
  readonly backoffMs: number
}
const USUAL_TIMES: FeedTimes = { lookMs: 1_000, leaseMs: 15_000, askMs: 60_000, backoffMs: 1_000 }

const LONGEST_WAIT_MS = 5 * 60_000
/** A run of this length has not failed in a row with the one before. */
const STEADY_MS = 5 * 60_000
const MAX_RUNNING = 200
/** Taken at one look: of several workers each gets some. */
const CLAIMED_AT_ONCE = 10
const MAX_KEYS = 100
const MAX_KEY = 200
/** How long what is stopped may take to give its lease back. */
const GRACE_MS = 2_000

interface Tenant {
  readonly id: string
  readonly slug: string
  readonly language: string
  readonly country: string | null
}

export interface FeedServices {
  readonly database: Database
  readonly switches: Switches
  readonly compositions: Compositions
  readonly contexts: ContextFactory
  readonly installed: readonly Installed[]
  findTenant(id: string): Promise<Tenant | null>
  report(message: string, fields: Record<string, unknown>): void
}

interface Running {
  readonly lease: Lease
  readonly controller: AbortController
  /** By which it was begun, as text. */
  readonly settings: string
  readonly ended: Promise<void>
}

/** Why a run is ended from here. */
const ended = (code: string) => new Problem(409, code)

export class FeedRunner {
  readonly #services: FeedServices
  readonly #times: FeedTimes
  /** Of this process, and of no other that ever was. */
  readonly worker = randomUUID()
  readonly #feeds: ReadonlyMap<string, { plugin: Installed; feed: Feed }>
  readonly #running = new Map<string, Running>()
  /** Tenants whose keys are to be asked for; null for all. */
  #asked: Set<string> | null = null
  #askedAt = -Infinity
  #renewedAt = 0
  #timer: NodeJS.Timeout | undefined
  #keeper: NodeJS.Timeout | undefined
  #isRenewing = false
  #turning: Promise<void> | null = null
  #again = false
  #isEnded = false
  #unwatch: () => void = () => {}

  constructor(services: FeedServices, times: FeedTimes = USUAL_TIMES) {
    this.#services = services
    this.#times = times
    const all = services.installed.flatMap((plugin) =>
      (plugin.plugin.feeds ?? []).map((feed) => [`${plugin.id}.${feed.name}`, { plugin, feed }] as const),
    )
    this.#feeds = new Map(all)
  }

  /** Costs nothing where no plugin has a feed. */
  start(): void {
    if (this.#feeds.size === 0) return
    this.#unwatch = this.#services.switches.watch((tenant) => {
      if (tenant === null) this.#asked = null
      else this.#asked?.add(tenant)
      void this.#endChanged(tenant).catch((err) => this.#services.report('feeds failed', { err }))
      this.wake()
    })
    this.#timer = setInterval(() => this.wake(), this.#times.lookMs)
    // Apart from the looks: those may take long, and a lease does not wait.
    this.#keeper = setInterval(() => this.#keep(), this.#times.leaseMs / 3)
    this.wake()
  }

  wake(): void {
    if (this.#isEnded) return
    this.#again = true
    this.#turning ??= this.#turn().finally(() => (this.#turning = null))
  }

  async #turn(): Promise<void> {
    while (this.#again && !this.#isEnded) {
      this.#again = false
      try {
        await this.#ask()
        await this.#claim()
      } catch (err) {
        // The next look tries again.
        this.#services.report('feeds failed', { err })
      }
    }
  }

  /** What was switched off or set anew ends now; what goes on begins again by the new settings. */
  async #endChanged(tenant: string | null): Promise<void> {
    for (const { lease, controller, settings } of this.#running.values()) {
      if (tenant !== null && lease.tenant !== tenant) continue
      const state = await this.#services.switches.of(lease.tenant)
      const { plugin } = this.#feeds.get(`${lease.plugin}.${lease.feed}`)!
      if (!state.enabled.has(plugin.id)) controller.abort(ended('switched_off'))
      else if (JSON.stringify(settingsOf(plugin, state)) !== settings) controller.abort(ended('set_anew'))
    }
  }

  /** A lease that could not be renewed in its time may be another one's by now. */
  #keep(): void {
    const now = performance.now()
    if (this.#running.size === 0) this.#renewedAt = now
    else if (now - this.#renewedAt >= this.#times.leaseMs) this.#endAll('fenced')
    if (this.#isRenewing) return
    this.#isRenewing = true
    this.#renew()
      .catch((err) => this.#services.report('feeds failed', { err }))
      .finally(() => (this.#isRenewing = false))
  }

  async #renew(): Promise<void> {
    const asked = performance.now()
    const fences = [...this.#running.keys()]
    if (fences.length === 0) return
    const held = await renewFeeds(this.#services.database, {
      worker: this.worker,
      fences,
      leaseMs: this.#times.leaseMs,
    })
    this.#renewedAt = asked
    for (const fence of fences) if (!held.has(fence)) this.#running.get(fence)?.controller.abort(ended('fenced'))
  }

  #endAll(code: string): void {
    for (const { controller } of this.#running.values()) controller.abort(ended(code))
  }

  async #ask(): Promise<void> {
    if (performance.now() - this.#askedAt >= this.#times.askMs) this.#asked = null
    const only = this.#asked
    this.#asked = new Set()
    if (only?.size === 0) return
    if (only === null) this.#askedAt = performance.now()
    const ids = only ? [...only] : await this.#listTenants()
    for (const id of ids) await this.#askTenant(id)
  }

  async #listTenants(): Promise<string[]> {
    const { rows } = await this.#services.database.door<{ id: string }>({ text: 'select id from kernel.tenants' })
    return rows.map(({ id }) => id)
  }

  async #askTenant(id: string): Promise<void> {
    const { database, switches, findTenant, report } = this.#services
    const [tenant, state] = [await findTenant(id), await switches.of(id)]
    for (const { plugin, feed } of this.#feeds.values()) {
      const place = { tenant: id, plugin: plugin.id, feed: feed.name }
      try {
        const keys = tenant && state.enabled.has(plugin.id) ? await this.#keysOf(tenant, state, { plugin, feed }) : []
        await enterKeys(database, place, keys)
        this.#endOthers(place, keys)
      } catch (err) {
        // What it had before it keeps.
        report('keys of a feed failed', { err, ...place })
      }
    }
  }

  async #keysOf(tenant: Tenant, state: TenantState, of: { plugin: Installed; feed: Feed }): Promise<string[]> {
    const occasion = this.#occasionOf(tenant, state, of.plugin)
    const task = { kind: 'query', code: (ctx: Parameters<Feed['keys']>[0]) => of.feed.keys(ctx) } as const
    const keys = [...new Set(await this.#services.contexts.run(occasion, powersOf(of.plugin, state), task))]
    const wrong = keys.find((key) => typeof key !== 'string' || key.length < 1 || key.length > MAX_KEY)
    if (wrong !== undefined || keys.length > MAX_KEYS)
      throw new Error(`A feed has at most ${MAX_KEYS} keys of 1 to ${MAX_KEY} characters.`)
    return keys
  }

  #endOthers(place: { tenant: string; plugin: string; feed: string }, keys: readonly string[]): void {
    for (const { lease, controller } of this.#running.values()) {
      const isOfIt = lease.tenant === place.tenant && lease.plugin === place.plugin && lease.feed === place.feed
      if (isOfIt && !keys.includes(lease.key)) controller.abort(ended('no_key'))
    }
  }

  async #claim(): Promise<void> {
    const limit = Math.min(MAX_RUNNING - this.#running.size, CLAIMED_AT_ONCE)
    if (limit <= 0) return
    const order = { worker: this.worker, feeds: [...this.#feeds.keys()], limit, leaseMs: this.#times.leaseMs }
    for (const lease of await claimFeeds(this.#services.database, order)) await this.#begin(lease)
  }

  async #begin(lease: Lease): Promise<void> {
    if (this.#running.size === 0) this.#renewedAt = performance.now()
    const { switches, findTenant } = this.#services
    const [tenant, state] = [await findTenant(lease.tenant), await switches.of(lease.tenant)]
    const known = this.#feeds.get(`${lease.plugin}.${lease.feed}`)
    if (!tenant || !known || !state.enabled.has(lease.plugin) || this.#isEnded) return this.#release(lease, null)
    const controller = new AbortController()
    const settings = JSON.stringify(settingsOf(known.plugin, state))
    const occasion = this.#occasionOf(tenant, state, known.plugin)
    const powers = powersOf(known.plugin, state)
    const running = this.#run(lease, { ...known, powers, occasion, controller })
    this.#running.set(lease.fence, { lease, controller, settings, ended: running })
  }

  async #run(
    lease: Lease,
    to: { powers: PluginPowers; feed: Feed; occasion: Occasion; controller: AbortController },
  ): Promise<void> {
    const { signal } = to.controller
    const begun = performance.now()
    let reason: unknown = null
    try {
      await this.#services.contexts.run(to.occasion, to.powers, {
        kind: 'exchange',
        life: signal,
        precheck: (transaction) => holdFeed(transaction, this.worker, lease),
        code: (ctx) => to.feed.run(ctx, signal, lease.key),
      })
    } catch (error) {
      reason = error
    }
    this.#running.delete(lease.fence)
    if (signal.aborted || this.#isEnded) return this.#release(lease, null)
    if (reason) this.#services.report('feed failed', { err: reason, ...lease })
    const failures = performance.now() - begun >= STEADY_MS ? 1 : lease.failures + 1
    const waitMs = Math.min(this.#times.backoffMs * 2 ** (failures - 1), LONGEST_WAIT_MS)
    const text = reason === null ? 'it returned' : reasonOf(reason).slice(0, 500)
    await this.#release(lease, { reason: text, failures, waitMs })
  }

  /** Where it cannot be given back, the lease ends after its time. */
  async #release({ fence }: Lease, ending: Parameters<typeof releaseFeed>[2]): Promise<void> {
    const { database, report } = this.#services
    await releaseFeed(database, { worker: this.worker, fence }, ending).catch((err) => report('feeds failed', { err }))
  }

  #occasionOf(tenant: Tenant, state: TenantState, plugin: Installed): Occasion {
    const { compositions, report } = this.#services
    return systemOccasion({
      tenant,
      composition: compositions.of(state),
      settings: settingsOf(plugin, state),
      request: randomUUID(),
      report,
      marks: { plugin: plugin.id },
    })
  }

  /** Ends all that runs here and gives the leases back, so that another worker goes on at once. */
  async stop(): Promise<void> {
    this.#isEnded = true
    clearInterval(this.#timer)
    clearInterval(this.#keeper)
    this.#unwatch()
    this.#endAll('interrupted')
    await this.#turning
    this.#endAll('interrupted')
    const all = Promise.allSettled([...this.#running.values()].map((each) => each.ended))
    let late: NodeJS.Timeout | undefined
    await Promise.race([all, new Promise<void>((resolve) => (late = setTimeout(resolve, GRACE_MS)))])
    clearTimeout(late)
  }
}
