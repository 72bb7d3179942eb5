/**
 * The whole contract between the kernel and a plugin, on one page.
 *
 * Seven words carry it: plugin, resource, route, event, point, feed, ctx. A plugin imports types and `define*`
 * functions from here and no running service; all power arrives as `ctx`.
 */
import type { Resources } from '../schemas/resources.ts'

// ------------------------------------------------------------------------------------------------ values

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** A JSON Schema, draft 2020-12 in the tame dialect of `schemas/dialect.json`, with the kernel's annotations. */
export type Schema = { readonly [keyword: string]: unknown }

// ------------------------------------------------------------------------------------------------ resource

/** What the type generator knows of a resource; a resource that it has not met is loosely typed. */
interface Loose {
  /** What may be written. */
  fields: Record<string, unknown>
  /** What is only read: companions of phones. */
  derived: Record<string, unknown>
  required: string
  filled: string
  sort: string
  filter: Record<string, unknown>
  extensions: Record<string, { fields: Record<string, unknown>; derived: Record<string, unknown> }>
}
type Known<N extends string> = N extends keyof Resources ? Resources[N] : Loose

/** Fields that the kernel keeps for every row. Times are ISO 8601 in UTC with milliseconds. */
export interface SystemFields {
  readonly id: string
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly createdBy: string | null
  readonly updatedBy: string | null
}

/** A row as it is read: every field is present, and null where it has no value and need not have one. */
export type Row<N extends string> = SystemFields & {
  readonly [F in keyof Known<N>['fields']]-?: F extends Known<N>['filled']
    ? NonNullable<Known<N>['fields'][F]>
    : NonNullable<Known<N>['fields'][F]> | null
} & { readonly [F in keyof Known<N>['derived']]: Known<N>['derived'][F] | null } & {
  /** A plugin that is off for the tenant has no part here. */
  readonly extensions: { readonly [P in keyof Known<N>['extensions']]?: Part<Known<N>['extensions'][P]> }
}
type Part<X> = X extends { fields: infer W; derived: infer D }
  ? { readonly [F in keyof W]?: W[F] | null } & { readonly [F in keyof D]?: D[F] | null }
  : never

type WrittenPart<X> = X extends { fields: infer W } ? { [F in keyof W]?: W[F] | null } : never
type WrittenParts<N extends string> = { [P in keyof Known<N>['extensions']]?: WrittenPart<Known<N>['extensions'][P]> }

/** What `create` takes: the schema's own fields, the required ones not optional. */
export type Input<N extends string> = {
  [F in keyof Known<N>['fields'] as F extends Known<N>['required'] ? F : never]-?: NonNullable<Known<N>['fields'][F]>
} & {
  [F in keyof Known<N>['fields'] as F extends Known<N>['required'] ? never : F]?: Known<N>['fields'][F] | null
} & { extensions?: WrittenParts<N> }

/** A merge patch (RFC 7396): null removes a value. */
export type Patch<N extends string> = {
  [F in keyof Known<N>['fields']]?: F extends Known<N>['filled'] ? Known<N>['fields'][F] : Known<N>['fields'][F] | null
} & { extensions?: WrittenParts<N> }

export type SortKey<N extends string> = Known<N>['sort'] | `-${Known<N>['sort']}`

/** Operators of the filter language; a bare value means `eq`. */
export interface Operators<V> {
  eq?: V
  ne?: V
  lt?: V
  lte?: V
  gt?: V
  gte?: V
  in?: readonly V[]
  has?: V extends readonly (infer E)[] ? E : never
  empty?: boolean
}
export type Filter<N extends string> =
  | { all: readonly Filter<N>[] }
  | { any: readonly Filter<N>[] }
  | { not: Filter<N> }
  | { [F in keyof Known<N>['filter']]?: Known<N>['filter'][F] | Operators<Known<N>['filter'][F]> }

export interface ListInput<N extends string> {
  where?: Filter<N>
  q?: string
  sort?: readonly SortKey<N>[]
  limit?: number
  after?: string
  count?: 'exact'
}
export interface Page<N extends string> {
  items: Row<N>[]
  next: string | null
  total: { value: number; exact: boolean }
}

/** Two values of a field of which the survivor's was kept. */
export interface MergeConflict {
  readonly field: string
  readonly kept: Json
  readonly other: Json
}
export interface Adoption {
  /** How many rows belong or refer to another record now. */
  readonly moved: number
}
export interface Merge extends Adoption {
  /** What `unmerge` takes. */
  readonly mergeId: string
  readonly conflicts: readonly MergeConflict[]
}

/** Typed access to one resource's rows, within the tenant, the rights and the unit of work of its `ctx`. */
export interface Rows<N extends string> {
  /** @throws Problem 404 `not_found`, 308 `merged` with the survivor's id in `errors[0].params` */
  get(id: string): Promise<Row<N>>
  /** Keyset pages: pass `next` as `after`; at most 200 rows a page. */
  list(input?: ListInput<N>): Promise<Page<N>>
  /** @throws Problem 400 `invalid`, 409 `unique`, 422 `reference` */
  create(input: Input<N>): Promise<Row<N>>
  /** Fails when the row has changed since it was read. @throws Problem 404, 412 `stale`, and those of `create` */
  update(row: Pick<SystemFields, 'id' | 'version'>, patch: Patch<N>): Promise<Row<N>>
  /** Soft: the row can be restored. @throws Problem 404, 412 */
  remove(row: Pick<SystemFields, 'id' | 'version'>): Promise<void>
  /** @throws Problem 404, 409 `unique` */
  restore(id: string): Promise<Row<N>>
  /**
   * The row `id` survives; `other` is deleted, and what belongs or refers to it follows.
   * @throws Problem 400 for the same id twice, 404, 308 `merged`, 422 `reference`
   */
  merge(id: string, other: string): Promise<Merge>
  /** @throws Problem 404, 308, 409 `changed_since` naming rows, `unmerged` or `unique`, 422 `reference` */
  unmerge(id: string, mergeId: string): Promise<Adoption>
  /**
   * Moves what belongs to any record from one record, of whatever resource, to a row of this one, as when a lead
   * becomes a client. @throws Problem 400 for the same id twice, 404, 308, 422 `reference`
   */
  adopt(from: string, to: string): Promise<Adoption>
}

export type Verb = 'read' | 'create' | 'update' | 'delete'

/**
 * A tenant-owned table described by one schema. Verbs, permissions, facts, history, merge and erasure follow.
 * `name` is the plugin's id, or `<id>.<noun>` for a further resource: route `/api/<id>/<noun>`, table `<id>__<noun>`.
 * `belongsTo` names the resource that owns each row, or `any` record; the schema then has a required `<owner>Id` or
 * `recordId` with `x-ref`.
 */
export interface Resource<N extends string = string> {
  readonly name: N
  readonly schema: Schema
  readonly belongsTo?: string
  readonly events: { readonly [K in 'created' | 'updated' | 'deleted' | 'restored']: Event<RowChange> } & {
    readonly [K in 'merged' | 'unmerged']: Event<MergeChange>
  }
}

export function defineResource<const N extends string>(definition: {
  name: N
  schema: Schema
  belongsTo?: string
}): Resource<N> {
  const event = <P = RowChange>(verb: string) => defineEvent<P>(`${definition.name}.${verb}`)
  return Object.freeze({
    ...definition,
    events: Object.freeze({
      created: event('created'),
      updated: event('updated'),
      deleted: event('deleted'),
      restored: event('restored'),
      merged: event<MergeChange>('merged'),
      unmerged: event<MergeChange>('unmerged'),
    }),
  })
}

// ------------------------------------------------------------------------------------------------ event

/** A named fact, told after commit, at least once. It carries ids and the names of changed fields, never values. */
export interface Event<P> {
  readonly name: string
  /** Only for the type checker, which sees by it what a handler of the event takes. */
  readonly payload?: (payload: P) => void
}
export type RowChange = { id: string; recordId: string | null; changed: string[] }
/** `id` is the survivor, `with` the row that was merged away. */
export type MergeChange = { id: string; recordId: string; with: string; mergeId: string }

/** `name` is `<plugin id>.<past participle>`, as in `documents.uploaded`. */
export function defineEvent<P>(name: string): Event<P> {
  return Object.freeze({ name })
}

/** When an event is told, where not right after its commit. A job is an event that a plugin schedules for itself. */
export interface Schedule {
  /** Told once at this time; a time gone by means now. */
  readonly at?: Date
  /** Told again and again: a cron line of five fields (minute, hour, day of month, month, day of week), read in `tz`. */
  readonly every?: string
  /** An IANA time zone such as `Europe/Paris`; UTC where none is given. Summer time is followed. */
  readonly tz?: string
  /** Under one key an event is scheduled once: scheduled anew, the former time and payload are replaced. */
  readonly key?: string
}

/** `fact` numbers the happening: deliveries repeat, effects are deduplicated by it. */
export interface Told<P> {
  readonly fact: string
  readonly at: string
  readonly payload: P
}

/**
 * `query` reads one snapshot; `command` is one write transaction, retried whole on a serialization failure;
 * `exchange` holds no transaction and opens short ones by `ctx.work`.
 */
export type Kind = 'query' | 'command' | 'exchange'

export interface Handler<P = unknown> {
  readonly event: Event<P>
  /** Unique in the plugin; part of the delivery's identity, so a renamed handler is a new one. */
  readonly name: string
  readonly kind: Exclude<Kind, 'query'>
  handle(ctx: Ctx, told: Told<P>): Promise<void>
}

export function defineHandler<P>(handler: Handler<P>): Handler<P> {
  return Object.freeze(handler)
}

// ------------------------------------------------------------------------------------------------ point

/**
 * `veto` asks everybody for leave, `collect` gathers all answers, `choose` asks the one plugin that bears the key.
 */
export type PointKind = 'veto' | 'collect' | 'choose'

/**
 * A typed question to other plugins. The plugin that owns it asks; those that are on for the tenant answer, in the order
 * of `requires`, then of their ids.
 */
export interface Point<In, Out, K extends PointKind = PointKind> {
  readonly name: string
  readonly kind: K
  /** `command`: asked and answered within one transaction. `exchange`: outside of any. */
  readonly within: 'command' | 'exchange'
  /** How long each answer may take, in milliseconds. */
  readonly ms: number
  /** What an answer that fails or is late means: the asking is refused, or goes on without it. */
  readonly onFailure: 'refuse' | 'skip'
  /** Only for the type checker. */
  readonly types?: { in: (input: In) => void; out: () => Out }
}

/** What a `veto` is answered: as it is, changed, or not at all. */
export type Verdict<In> =
  | { readonly is: 'ok' }
  | { readonly is: 'change'; readonly to: In }
  | { readonly is: 'refuse'; readonly code: string; readonly errors: readonly ProblemEntry[] }

export const allow = (): Verdict<never> => ({ is: 'ok' })
export const change = <In>(to: In): Verdict<In> => ({ is: 'change', to })
/** `code` is translated by the locales of the asking plugin. */
export const refuse = (code: string, errors: readonly ProblemEntry[] = []): Verdict<never> => ({
  is: 'refuse',
  code,
  errors,
})

type PointOptions<K extends PointKind> = Omit<Point<never, never, K>, 'name' | 'types'>

/** `name` is `<plugin id>.<noun>`, as in `billing.discounts`. Inputs and answers are plain JSON. */
export function definePoint<In extends Json>(
  name: string,
  options: PointOptions<'veto'>,
): Point<In, Verdict<In>, 'veto'>
export function definePoint<In extends Json, Out extends Json>(
  name: string,
  options: PointOptions<'collect'>,
): Point<In, Out, 'collect'>
export function definePoint<In extends Json, Out extends Json>(
  name: string,
  options: PointOptions<'choose'>,
): Point<In, Out, 'choose'>
export function definePoint(name: string, options: PointOptions<PointKind>): Point<never, unknown> {
  return Object.freeze({ name, ...options })
}

/** A plugin's answer to a point of its own or of a plugin that it requires. */
export interface Answer<In, Out> {
  readonly point: Point<In, Out>
  /** By which a `choose` finds it. */
  readonly key?: string
  /** @throws Problem which refuses a `veto`; any other error is a failure */
  answer(ctx: Ctx, input: In): Promise<Out>
}

export function defineAnswer<In, Out>(answer: Answer<In, Out>): Answer<In, Out> {
  return Object.freeze(answer)
}

type Asked<In, Out, K extends PointKind> = K extends 'veto' ? In : K extends 'collect' ? Out[] : Out

// ------------------------------------------------------------------------------------------------ route

export interface RouteInput {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Json
}

/**
 * What a resource does not already give. `path` is below `/api/<plugin id>`; `access` is a permission, and the boot
 * fails without it.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly access: string
  readonly kind: Kind
  readonly query?: Schema
  readonly body?: Schema
  readonly reply?: Schema
  handle(ctx: Ctx, input: RouteInput): Promise<Json | void>
}

export function defineRoute(route: Route): Route {
  return Object.freeze(route)
}

// ------------------------------------------------------------------------------------------------ plugin

/** A folder that can be deleted. Its manifest says what the host must know without running code; this is the code. */
export interface Plugin {
  readonly resources?: readonly Resource[]
  readonly routes?: readonly Route[]
  /** Of any payload: each handler's event fixes its own. */
  readonly handlers?: readonly Handler<never>[]
  readonly points?: readonly Point<never, unknown>[]
  readonly answers?: readonly Answer<never, unknown>[]
}

export function definePlugin(plugin: Plugin): Plugin {
  return Object.freeze(plugin)
}

// ------------------------------------------------------------------------------------------------ ctx

export interface Actor {
  readonly kind: 'user' | 'key' | 'system'
  readonly id: string | null
}

/** The power of plugin code for one request or one event. Revoked at the end. */
export interface Ctx {
  readonly tenant: { readonly id: string; readonly slug: string }
  readonly actor: Actor
  readonly lang: string
  /** The time of this request or event. */
  readonly now: Date
  readonly signal: AbortSignal
  readonly log: Log
  /** True where the actor's role and this plugin's `uses` both allow it. */
  can(permission: string): boolean
  rows<N extends string>(resource: Resource<N>): Rows<N>
  /**
   * Adds a named fact to the unit of work; it is told after commit, or by its schedule. What falls due while the plugin is
   * off, or while nothing runs, is told once when it is back.
   */
  emit<P extends JsonObject>(event: Event<P>, payload: P, schedule?: Schedule): Promise<void>
  /** Takes back what was scheduled under a key. @returns whether something was */
  cancel(event: Event<never>, key: string): Promise<boolean>
  /**
   * Asks a point of this plugin. A `veto` gives the input as the answers have changed it, `collect` all answers, `choose`
   * that of the key.
   * @throws Problem 409 with the code of the refusal, 409 `unanswered` for a failed answer that counts, 422 `unknown_key`
   */
  ask<In, Out, K extends PointKind>(
    point: Point<In, Out, K>,
    input: NoInfer<In>,
    ...key: K extends 'choose' ? [key: string] : []
  ): Promise<Asked<In, Out, K>>
  /** Only in an `exchange`, outside of `work`: a transaction waits for nobody. */
  readonly http: Http
  /** Only in an `exchange`: one short write transaction. */
  work<T>(command: (ctx: Ctx) => Promise<T>): Promise<T>
  /** This tenant's settings of this plugin, checked against the manifest's schema. */
  settings<T extends JsonObject>(): T
  /** A text of this plugin's locales in the actor's language. */
  t(key: string, params?: Record<string, string | number>): string
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  /** At most 5 MB. */
  readonly body?: string | Uint8Array
  /** How long all of it may take, 10,000 ms unless said. */
  readonly ms?: number
}
export interface HttpReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  text(): string
  /** @throws Problem 502 `not_json` */
  json(): Json
}

/** Calls to other systems, to the `hosts` of the manifest alone. */
export interface Http {
  /**
   * Redirects are not followed. A handler's unsafe calls bear an `Idempotency-Key` that is the same when it is told again.
   * @throws Problem 403 `host_not_declared`, `address` for what is not a public address; 502 `unreachable`, `too_large`; 504 `late`
   */
  request(url: string, request?: HttpRequest): Promise<HttpReply>
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

// ------------------------------------------------------------------------------------------------ problem

export interface ProblemEntry {
  /** A JSON Pointer into the body, or the name of a query parameter. */
  readonly path: string
  readonly code: string
  readonly params?: JsonObject
}

/** The one error type; sent as `application/problem+json` (RFC 9457) and translated by its code in the locales. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly ProblemEntry[]
  constructor(status: number, code: string, errors: readonly ProblemEntry[] = []) {
    super(errors.length ? `${code}: ${errors.map((e) => `${e.path} ${e.code}`).join(', ')}` : code)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.errors = errors
  }
}
