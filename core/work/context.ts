/** Makes the `ctx` that plugin code works with: one for each request or event, revoked at the end. */
import type {
  Actor,
  Ctx,
  Filter,
  Input,
  JsonObject,
  Kind,
  ListInput as RowsInput,
  Log,
  Page,
  Patch,
  Point,
  Resource,
  Row,
  Rows,
  SystemFields,
} from '../contract.ts'
import { Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Transaction } from '../data/database.ts'
import type { CursorKey } from '../resource/cursor.ts'
import { type Condition, readFilter } from '../resource/filter.ts'
import { readSort } from '../resource/list.ts'
import { ask, type Answerer } from './asking.ts'
import type { Composition } from './composition.ts'
import { eventsOf } from './events.ts'
import { Merges } from './merge.ts'
import type { Scope } from './scope.ts'
import { isPublicAddress, noHttp, openHttp } from './outbound.ts'
import { joinTransaction, type Unit } from './unit.ts'
import { type RowReply, Verbs } from './verbs.ts'

/** What a `ctx` needs to know of the plugin whose code it serves. */
export interface PluginPowers {
  readonly id: string
  /** Permissions that the plugin's code may use: its own, and those of its manifest's `uses`. */
  readonly permissions: ReadonlySet<string>
  readonly locales: { readonly [language: string]: JsonObject }
  /** Whom its code may call. */
  readonly hosts: readonly string[]
}

/** A plugin that answers a point, with what its own ctx needs. */
export interface Answering extends Answerer {
  readonly powers: PluginPowers
  readonly settings: JsonObject
}

/** Those that are on for a tenant and answer a point, in the order in which they are asked. */
export type FindAnswers = (tenant: string, point: string) => Promise<readonly Answering[]>

/** For whom and where plugin code runs. */
export interface Occasion {
  readonly tenant: { readonly id: string; readonly slug: string; readonly country: string | null }
  readonly actor: Actor
  readonly lang: string
  readonly composition: Composition
  /** The actor's own rights; null for the system, whose rights are the plugin's. */
  readonly permissions: ReadonlySet<string> | null
  readonly settings: JsonObject
  readonly request: string
  /** What outbound calls bear, so that the other side knows them when they are made again; null where they are not. */
  readonly idempotencyKey: string | null
  readonly log: Log
}

const MAX_ROWS = 200
const HANDLER_MS = 5_000
const EXCHANGE_MS = 60_000

export class ContextFactory {
  readonly #database: Database
  readonly #cursorKey: CursorKey
  readonly #isMember: (tenant: string, user: string) => Promise<boolean>
  readonly #wake: () => void
  readonly #findAnswers: FindAnswers
  /** Each ends one run of plugin code before its time. */
  readonly #interrupts = new Set<() => void>()

  constructor(
    database: Database,
    means: {
      cursorKey: CursorKey
      isMember: (tenant: string, user: string) => Promise<boolean>
      wake: () => void
      findAnswers: FindAnswers
    },
  ) {
    this.#database = database
    this.#cursorKey = means.cursorKey
    this.#isMember = means.isMember
    this.#wake = means.wake
    this.#findAnswers = means.findAnswers
  }

  /**
   * Runs plugin code as a query, a command or an exchange. `finish` joins a command's transaction, so that what the
   * kernel notes about the run is committed with its effects or not at all.
   * @throws Problem 504 `deadline` when the code does not end in time, 503 `interrupted` when the process ends before it
   */
  async run<T>(
    occasion: Occasion,
    plugin: PluginPowers,
    task: {
      kind: Kind
      code: (ctx: Ctx) => Promise<T>
      finish?: (transaction: Transaction, result: T) => Promise<void>
    },
  ): Promise<T> {
    const claims = claimsOf(occasion, plugin)
    if (task.kind === 'exchange')
      return this.#bounded(EXCHANGE_MS, (signal) =>
        this.#call({ occasion, plugin, signal, unit: null, claims }, task.code),
      )
    return this.#bounded(HANDLER_MS, (signal) =>
      this.#database.transaction(claims, task.kind === 'query' ? 'snapshot' : 'write', async (transaction) => {
        const result = await this.#call(
          { occasion, plugin, signal, unit: joinTransaction(transaction, claims), claims },
          task.code,
        )
        await task.finish?.(transaction, result)
        return result
      }),
    ).finally(() => task.kind === 'command' && this.#wake())
  }

  async #bounded<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const end = (status: number, code: string) => {
      controller.abort()
      reject(new Problem(status, code))
    }
    const timer = setTimeout(end, ms, 504, 'deadline')
    const interrupt = () => end(503, 'interrupted')
    this.#interrupts.add(interrupt)
    try {
      return await Promise.race([work(controller.signal), ended])
    } finally {
      clearTimeout(timer)
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
      return await code(proxy)
    } finally {
      life.isOver = true
      revoke()
    }
  }

  async #ask(
    frame: Frame,
    point: AnyPoint,
    { input, key }: { input: unknown; key: string | undefined },
  ): Promise<unknown> {
    const { occasion, plugin, unit } = frame
    const answerers = await this.#findAnswers(occasion.tenant.id, point.name)
    return ask(
      {
        plugin: plugin.id,
        unit,
        answerers,
        call: (answerer, signal, code) => {
          const { powers, settings } = answerer as Answering
          const own = AbortSignal.any([frame.signal, signal])
          return this.#call({ ...frame, occasion: { ...occasion, settings }, plugin: powers, signal: own }, code)
        },
        report: (by, err) => occasion.log.warn('answer failed', { point: point.name, by, err }),
      },
      point,
      input,
      key,
    )
  }

  #create({ occasion, plugin, signal, unit, claims }: Frame, life: Life): Ctx {
    const can = (permission: string) =>
      plugin.permissions.has(permission) && (occasion.permissions === null || occasion.permissions.has(permission))
    const now = new Date()
    const assertLives = () => {
      if (life.isOver || signal.aborted) throw new Error('This ctx is over: keep nothing of it beyond the call.')
    }
    const open = (): Unit => {
      assertLives()
      if (!unit) throw new Error('An exchange holds no transaction: use ctx.work for its short commands.')
      return unit
    }
    const scope = (): Scope => ({
      tenant: occasion.tenant.id,
      country: occasion.tenant.country,
      now,
      cursorKey: this.#cursorKey,
      unit: open(),
      can,
      isMember: (user) => this.#isMember(occasion.tenant.id, user),
    })
    return Object.freeze({
      tenant: Object.freeze({ id: occasion.tenant.id, slug: occasion.tenant.slug }),
      actor: occasion.actor,
      lang: occasion.lang,
      now,
      signal,
      log: occasion.log,
      can,
      rows: <N extends string>(resource: Resource<N>) => rowsOf<N>(scope, occasion.composition, resource.name),
      ...eventsOf({ tenant: occasion.tenant.id, plugin: plugin.id, now, open }),
      ask: (async (point: AnyPoint, input: unknown, key?: string) => {
        assertLives()
        return this.#ask({ occasion, plugin, signal, unit, claims }, point, { input, key })
      }) as Ctx['ask'],
      work: async <T>(command: (ctx: Ctx) => Promise<T>): Promise<T> => {
        assertLives()
        if (unit) throw new Error('ctx.work is for an exchange: a command is one transaction already.')
        return this.#database.transaction(claims, 'write', (transaction) =>
          this.#call({ occasion, plugin, signal, unit: joinTransaction(transaction, claims), claims }, command),
        )
      },
      http: unit ? noHttp : httpOf(occasion, plugin, signal),
      settings: <T extends JsonObject>() => structuredClone(occasion.settings) as T,
      t: (key: string, params: Record<string, string | number> = {}) => {
        const text = plugin.locales[occasion.lang]?.[key] ?? plugin.locales.en?.[key] ?? key
        return String(text).replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => String(params[name] ?? whole))
      },
    })
  }
}

interface Frame {
  readonly occasion: Occasion
  readonly plugin: PluginPowers
  readonly signal: AbortSignal
  readonly unit: Unit | null
  readonly claims: Claims
}
type Life = { isOver: boolean }
type AnyPoint = Point<unknown, unknown>

function claimsOf({ tenant, actor, request }: Occasion, plugin: PluginPowers): Claims {
  return {
    tenant: tenant.id,
    actorKind: actor.kind,
    actor: actor.id,
    plugin: plugin.id,
    request,
    origin: null,
    task: null,
    at: null,
  }
}

const httpOf = ({ idempotencyKey }: Occasion, { hosts }: PluginPowers, signal: AbortSignal) =>
  openHttp({ hosts, key: idempotencyKey, signal, isAllowed: isPublicAddress })

const rowOf = <N extends string>({ body }: RowReply) => JSON.parse(body) as Row<N>

function rowsOf<N extends string>(scope: () => Scope, composition: Composition, name: string): Rows<N> {
  const composed = composition.resources.get(name)
  if (!composed) throw new Problem(404, 'not_found')
  const verbs = () => new Verbs(scope(), composed)
  const merges = () => new Merges(scope(), composed)
  const conditions = (where: Filter<N> | undefined): Condition[] =>
    where === undefined
      ? []
      : [readFilter({ model: composed.model, children: composed.children, now: scope().now }, where)]
  return {
    get: async (id: string) => rowOf<N>(await verbs().get(id)),
    list: async (input: RowsInput<N> = {}): Promise<Page<N>> => {
      const { where, q = '', sort, limit = 50, after = null, count } = input
      const order = readSort(composed.model, sort?.join(','))
      const bounded = Math.min(Math.max(1, limit), MAX_ROWS)
      const page = await verbs().list({
        where: conditions(where),
        q,
        sort: order,
        limit: bounded,
        after,
        count: count === 'exact',
        include: [],
      })
      return { ...page, items: page.items.map((item) => JSON.parse(item) as Row<N>) }
    },
    create: async (input: Input<N>) => rowOf<N>(await verbs().create(input as unknown as JsonObject)),
    update: async (row: Pick<SystemFields, 'id' | 'version'>, patch: Patch<N>) =>
      rowOf<N>(await verbs().update({ id: row.id, version: row.version }, patch as unknown as JsonObject)),
    remove: (row: Pick<SystemFields, 'id' | 'version'>) => verbs().remove({ id: row.id, version: row.version }),
    restore: async (id: string) => rowOf<N>(await verbs().restore(id)),
    merge: async (id: string, other: string) => merges().merge(id, other),
    unmerge: async (id: string, mergeId: string) => merges().unmerge(id, mergeId),
    adopt: async (from: string, to: string) => merges().adopt(from, to),
  }
}
