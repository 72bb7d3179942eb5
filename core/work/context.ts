/** Makes the `ctx` that plugin code works with: one for each request or event, revoked at the end. */
import type { Ctx, JsonObject, Keep, Resource } from '../contract.ts'
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import type { CursorKey } from '../resource/cursor.ts'
import { eventsOf } from './events.ts'
import { fieldsOf } from './fields.ts'
import { listsOf } from './lists.ts'
import type { Guard } from './guard.ts'
import { linksOf } from './links.ts'
import {
  claimsOf,
  type FindAnswers,
  type Frame,
  httpOf,
  isWithinUses,
  type Occasion,
  type PluginPowers,
  readOrigin,
  type Task,
  translate,
} from './occasion.ts'
import { noHttp } from './outbound.ts'
import type { Scan } from '../files/files.ts'
import { type PortPlace, type Ports, portsOf } from './ports.ts'
import { type AnyPoint, Questions } from './questions.ts'
import type { RowAsking } from './row-points.ts'
import { resourcesOf, rowsOf } from './rows.ts'
import { runAs } from './running.ts'
import type { Scope } from './scope.ts'
import { tasksOf } from './task-ctx.ts'
import { joinTransaction, openSingle, type Unit } from './unit.ts'

export type { Answering, FindAnswers, Occasion, PluginPowers, Precheck, Task } from './occasion.ts'

type Life = { isOver: boolean }

const HANDLER_MS = 5_000
const EXCHANGE_MS = 60_000

export class ContextFactory {
  readonly #database: Database
  readonly #cursorKey: CursorKey
  readonly #isMember: (tenant: string, user: string) => Promise<boolean>
  readonly #wake: () => void
  readonly #questions: Questions
  readonly #ports: Ports
  readonly #guard: Guard
  readonly #url: string | null
  readonly #forget: (tenant: string) => void
  /** Tenants whose fields are being defined by a command that runs. */
  readonly #changed = new Set<string>()
  /** Each ends one run of plugin code before its time. */
  readonly #interrupts = new Set<() => void>()

  constructor(
    database: Database,
    means: {
      cursorKey: CursorKey
      isMember: (tenant: string, user: string) => Promise<boolean>
      wake: () => void
      findAnswers: FindAnswers
      ports: Ports
      guard: Guard
      config: { readonly url: string | null }
      switches: { forget(tenant: string): void }
    },
  ) {
    this.#database = database
    this.#cursorKey = means.cursorKey
    this.#isMember = means.isMember
    this.#wake = means.wake
    this.#ports = means.ports
    this.#guard = means.guard
    this.#url = means.config.url
    this.#forget = (tenant) => means.switches.forget(tenant)
    const { findAnswers, guard } = means
    this.#questions = new Questions({ findAnswers, guard, call: (frame, code) => this.#call(frame, code) })
  }

  /** How a caller that is no plugin asks about the rows that it writes. */
  rowAskingOf(occasion: Occasion): RowAsking {
    return this.#questions.rowAskingOf(occasion)
  }

  /** Whether any plugin takes something from the rights of a tenant's people. */
  isNarrowed(tenant: string): Promise<boolean> {
    return this.#questions.isNarrowed(tenant)
  }

  /** What each of them takes from somebody's. @throws Problem 503 `unanswered` */
  narrow(...question: Parameters<Questions['narrow']>): ReturnType<Questions['narrow']> {
    return this.#questions.narrow(...question)
  }

  /** The same for a caller that stores a file. */
  scanOf(occasion: Occasion): Promise<Scan | null> {
    return this.#questions.scanOf(occasion)
  }

  /**
   * Runs plugin code as a query, a command or an exchange.
   * @throws Problem 504 `deadline` when the code does not end in time, 503 `interrupted` when the process ends before it,
   * 503 `plugin_unavailable` while the plugin is suspended, and the reason of `life` when that has ended
   */
  async run<T>(occasion: Occasion, plugin: PluginPowers, task: Task<T>): Promise<T> {
    // What lasts has an end and a beginning of its own: hours of it are no slow call, and its end is no failure.
    if (task.life) return this.#run(occasion, plugin, task)
    return this.#guard.run(plugin.id, () => this.#run(occasion, plugin, task))
  }

  async #run<T>(occasion: Occasion, plugin: PluginPowers, task: Task<T>): Promise<T> {
    const claims = claimsOf(occasion, plugin)
    const { kind, code, finish, precheck, life, unit: within } = task
    if (within)
      return this.#bounded(HANDLER_MS, (signal) =>
        within.as({ plugin: plugin.id }, (unit) => this.#call({ occasion, plugin, signal, unit, claims }, code)),
      )
    if (kind === 'exchange')
      return this.#bounded(life ?? EXCHANGE_MS, (signal) =>
        this.#call({ occasion, plugin, signal, unit: null, claims, precheck }, code),
      )
    return this.#bounded(HANDLER_MS, (signal) =>
      this.#database.transaction(claims, kind === 'query' ? 'snapshot' : 'write', async (transaction) => {
        if (kind === 'command') await precheck?.(transaction)
        const unit = joinTransaction(transaction, claims)
        const result = await this.#call({ occasion, plugin, signal, unit, claims }, code)
        await finish?.(transaction, result)
        return result
      }),
    ).finally(() => kind === 'command' && this.#settle(claims.tenant))
  }

  /** After a transaction. Who has changed what a tenant is composed of finds it changed, before the database has told. */
  #settle(tenant: string): void {
    this.#wake()
    if (this.#changed.delete(tenant)) this.#forget(tenant)
  }

  async #bounded<T>(bound: number | AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const end = (reason: unknown) => {
      controller.abort(reason)
      reject(reason)
    }
    const life = typeof bound === 'number' ? null : bound
    const die = () => end(life?.reason)
    if (life?.aborted) throw life.reason
    life?.addEventListener('abort', die)
    const timer = life ? undefined : setTimeout(() => end(new Problem(504, 'deadline')), bound as number)
    const interrupt = () => end(new Problem(503, 'interrupted'))
    this.#interrupts.add(interrupt)
    try {
      return await Promise.race([work(controller.signal), ended])
    } finally {
      clearTimeout(timer)
      life?.removeEventListener('abort', die)
      this.#interrupts.delete(interrupt)
    }
  }

  /** Ends all plugin code that runs now: its ctx is over, and what it had not committed is undone. */
  interrupt(): void {
    for (const interrupt of this.#interrupts) interrupt()
  }

  async #call<T>(frame: Frame, code: (ctx: Ctx) => Promise<T>): Promise<T> {
    const life = { isOver: false }
    const { proxy, revoke } = Proxy.revocable(this.#create(frame, life), {})
    try {
      return await runAs(frame.plugin.id, () => code(proxy))
    } finally {
      life.isOver = true
      revoke()
    }
  }

  #tasks({ occasion, plugin, signal, unit, claims }: Frame, open: () => Unit): Pick<Ctx, 'task' | 'begin'> {
    return tasksOf({
      occasion,
      plugin: plugin.id,
      claims,
      isWithin: unit !== null,
      open,
      call: (transaction, { actorKind, actor, permissions, rules, composition }, own, code) => {
        const seen = { composition: composition ?? occasion.composition }
        const acting = { ...occasion, actor: { kind: actorKind, id: actor }, permissions, rules, ...seen }
        const inner = { occasion: acting, plugin, signal, unit: joinTransaction(transaction, own), claims: own }
        return this.#call(inner, code)
      },
    })
  }

  /** What tenants define themselves. */
  #own(
    frame: Frame,
    { assertLives, can }: { assertLives: () => void; can: Ctx['can'] },
  ): Pick<Ctx, 'fields' | 'lists'> {
    const { unit, claims, occasion } = frame
    const fields = fieldsOf(frame, {
      reading: () => (assertLives(), unit ?? openSingle(this.#database, claims)),
      assertLives,
      can,
      noteChange: () => void this.#changed.add(occasion.tenant.id),
    })
    return { fields, lists: listsOf(occasion.composition, assertLives) }
  }

  /** One short transaction of an exchange. */
  #work<T>(frame: Frame, command: (ctx: Ctx) => Promise<T>, origin: string | undefined): Promise<T> {
    const { precheck } = frame
    const claims = { ...frame.claims, origin: readOrigin(origin) }
    return this.#database
      .transaction(claims, 'write', async (transaction) => {
        await precheck?.(transaction)
        return this.#call({ ...frame, claims, unit: joinTransaction(transaction, claims) }, command)
      })
      .finally(() => this.#settle(claims.tenant))
  }

  #portsOf(
    frame: Frame,
    means: Pick<PortPlace, 'assertLives' | 'can'>,
  ): Pick<Ctx, 'files' | 'mail' | 'notify' | 'secrets'> {
    const scan = () => this.#questions.scan(frame)
    return portsOf(this.#ports, { ...frame, ...means, scanned: frame.scanned ?? null, scan })
  }

  #create(frame: Frame, life: Life): Ctx {
    const { occasion, plugin, signal, unit, claims } = frame
    const can = (permission: string) =>
      isWithinUses(plugin, occasion.composition, permission) &&
      (occasion.permissions === null || occasion.permissions.has(permission))
    const now = this.#database.now()
    const assertLives = () => {
      if (life.isOver || signal.aborted) throw new Error('This ctx is over: keep nothing of it beyond the call.')
    }
    const open = (): Unit => {
      assertLives()
      if (!unit) throw new Error('An exchange holds no transaction: use ctx.work for its short commands.')
      return unit
    }
    const scopeIn = (within: Unit): Scope => ({
      tenant: occasion.tenant.id,
      composition: occasion.composition,
      country: occasion.tenant.country,
      now,
      me: ['user', 'key'].includes(occasion.actor.kind) ? occasion.actor.id : null,
      cursorKey: this.#cursorKey,
      unit: within,
      points: this.#questions.rowAsking(frame),
      rules: occasion.rules,
      can,
      isMember: (user) => this.#isMember(occasion.tenant.id, user),
    })
    const scope = () => scopeIn(open())
    // An exchange reads page by page, each in a short transaction of its own.
    const reading = () => (assertLives(), scopeIn(unit ?? openSingle(this.#database, claims)))
    return Object.freeze({
      tenant: Object.freeze({ id: occasion.tenant.id, slug: occasion.tenant.slug }),
      actor: Object.freeze({ ...occasion.actor }),
      link: occasion.link ?? null,
      lang: occasion.lang,
      now,
      signal,
      log: occasion.log,
      can,
      resources: () => resourcesOf(occasion.composition, { lang: occasion.lang, can }),
      rows: <N extends string, K extends Keep>(resource: Omit<Resource<N, K>, 'points'>) =>
        rowsOf<N, K>(scope, occasion.composition, { name: resource.name, reading }),
      ...eventsOf({ tenant: occasion.tenant.id, plugin: plugin.id, now, open }),
      ...this.#tasks(frame, open),
      ask: (async (point: AnyPoint, input: unknown, key?: string) => {
        assertLives()
        return this.#questions.ask(frame, point, { input, key })
      }) as Ctx['ask'],
      ...this.#own(frame, { assertLives, can }),
      links: linksOf({ tenant: occasion.tenant.id, plugin: plugin.id, url: this.#url, now, open }),
      work: async <T>(command: (ctx: Ctx) => Promise<T>, { origin }: { origin?: string } = {}): Promise<T> => {
        assertLives()
        if (unit) throw new Error('ctx.work is for an exchange: a command is one transaction already.')
        return this.#work(frame, command, origin)
      },
      ...this.#portsOf(frame, { assertLives, can }),
      http: unit ? noHttp : httpOf(occasion, plugin, signal),
      settings: <T extends JsonObject>() => structuredClone(occasion.settings) as T,
      t: (key: string, params?: Record<string, string | number>) => translate(plugin, occasion.lang, { key, params }),
    })
  }
}
