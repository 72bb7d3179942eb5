/**
 * The whole contract between the kernel and a plugin, on one page. What passes between them is in `contract-values.ts`.
 *
 * Seven words carry it: plugin, resource, route, event, point, feed, ctx. A plugin imports types and `define*`
 * functions from here and no running service; all power arrives as `ctx`.
 */
import type {
  AggregateInput,
  Filter,
  Group,
  Known,
  Measure,
  SortKey,
  StreamInput,
  SystemFields,
} from './contract-filter.ts'
import type { Fields, FileInfo, Files, Lists, Mailer, Notify, SecretReader } from './contract-ports.ts'
import type {
  Http,
  Json,
  JsonObject,
  Link,
  LinkEntry,
  LinkOptions,
  Log,
  RawBody,
  RawReply,
  Schema,
  Socket,
  Verdict,
} from './contract-values.ts'

export type * from './contract-filter.ts'
export type * from './contract-ports.ts'

export * from './contract-values.ts'

// ------------------------------------------------------------------------------------------------ resource

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
  /** Of more rows than one transaction can move: the task that moves them; `moved` counts none of them yet. */
  readonly task?: string
}
export interface Merge extends Adoption {
  /** What `unmerge` takes. */
  readonly mergeId: string
  readonly conflicts: readonly MergeConflict[]
}

export interface ErasureReport {
  /** How many rows, and how many facts, have lost values. */
  readonly rows: number
  readonly facts: number
}

export interface AccessPack {
  readonly subject: { readonly resource: string; readonly id: string }
  readonly at: string
  /** By resource. Rows of plugins that are gone bear the names of their columns. */
  readonly rows: { readonly [resource: string]: readonly JsonObject[] }
  /** Newest first. */
  readonly history: readonly {
    readonly at: string
    readonly event: string
    readonly resource: string | null
    readonly rowId: string | null
    readonly actor: { readonly kind: string; readonly id: string | null }
    readonly changes: readonly { readonly field: string; readonly before: Json; readonly after: Json }[]
  }[]
  /** Writes about it that wait for a person or have waited, newest first. */
  readonly held: readonly {
    readonly at: string
    readonly state: string
    readonly method: string
    readonly route: string
    readonly resource: string | null
    readonly rowId: string | null
    readonly query: { readonly [name: string]: string }
    readonly body: Json
    readonly code: string
    readonly reason: string | null
  }[]
  /** Those that belong to it; the bytes of each are at `/api/files/{id}`. */
  readonly files: readonly (FileInfo & { readonly plugin: string })[]
  /** Those whose sender said that they are about it. */
  readonly mails: readonly {
    readonly at: string
    readonly plugin: string
    readonly to: readonly string[]
    readonly subject: string
    /** Null where a mail server has it. */
    readonly text: string | null
    readonly state: string
  }[]
  /** What members were told of it. */
  readonly notices: readonly {
    readonly at: string
    readonly plugin: string
    readonly key: string
    readonly params: JsonObject
  }[]
  readonly links: readonly {
    readonly at: string
    readonly plugin: string
    readonly name: string
    readonly data: JsonObject
  }[]
  /** False where there is more of anything but rows than is told. */
  readonly isWhole: boolean
}

/** Typed access to one resource's rows, within the tenant, the rights and the unit of work of its `ctx`. */
export interface Rows<N extends string> {
  /**
   * With `lock`, in a command, nobody else changes the row before the command ends; who comes second waits, and reads what
   * the first has written. It needs the right to update the row.
   * @throws Problem 404 `not_found`, 308 `merged` with the survivor's id in `errors[0].params`; with `lock` 403
   */
  get(id: string, options?: { readonly lock?: true }): Promise<Row<N>>
  /** Keyset pages: pass `next` as `after`; at most 200 rows a page. */
  list(input?: ListInput<N>): Promise<Page<N>>
  /**
   * Every row of a list, as `for await` asks for them; a page at most is held. Within a query all rows are of one
   * snapshot, and a command also sees what it has written. An exchange has no transaction: each page is as of its own
   * reading, so that a row whose sort value changes meanwhile may be missed or met twice; by `createdAt` none is.
   * @throws Problem 400; an Error when the ctx is over
   */
  stream(input?: StreamInput<N>): AsyncIterable<Row<N>>
  /**
   * Groups of rows and what is counted of them; `more` where there are groups beyond the limit.
   * @throws Problem 400 naming what cannot be grouped or counted, 503 `timeout` after five seconds
   */
  aggregate<const V extends Record<string, Measure<N>>>(
    input: AggregateInput<N, V>,
  ): Promise<{ items: Group<V>[]; more: boolean }>
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
   * @throws Problem 400 for the same id twice, 404, 308 `merged`, 409 `moving`, 422 `reference`
   */
  merge(id: string, other: string): Promise<Merge>
  /** @throws Problem 404, 308, 409 `changed_since` naming rows, `unmerged`, `moving` or `unique`, 422 `reference` */
  unmerge(id: string, mergeId: string): Promise<Adoption>
  /**
   * Moves what belongs to any record from one record, of whatever resource, to a row of this one, as when a lead
   * becomes a client. @throws Problem 400 for the same id twice, 404, 308, 409 `moving`, 422 `reference`
   */
  adopt(from: string, to: string): Promise<Adoption>
  /**
   * Blanks every value that a schema calls personal, in the record, in those merged into it and in what belongs to them,
   * and in all that tells of them; the record is deleted and cannot be restored. Told as `erased`. Needs `privacy.manage`.
   * @throws Problem 404, 308 `merged`
   */
  erase(id: string): Promise<ErasureReport>
  /**
   * All that is kept of the record: its rows, also deleted ones and those of plugins that are off or gone, and its
   * history. Needs `privacy.manage`. @throws Problem 404, 308 `merged`
   */
  accessPack(id: string): Promise<AccessPack>
}

/** Many rows entered at once, where they are no records. */
interface Appending<N extends string> {
  /**
   * Enters at most 1,000 rows by one statement: all of them, or none.
   * @returns their ids, in the order of `inputs`
   * @throws Problem as `create`, each path led by the place in the list, as `/3/value`; 400 `too_many`
   */
  append(inputs: readonly Input<N>[]): Promise<string[]>
}
type Reading = 'get' | 'list' | 'stream' | 'aggregate'
/** Rows of a log: entered and read. */
export type LogRows<N extends string> = Pick<Rows<N>, Reading | 'create'> & Appending<N>
/** Staging rows. What `remove` takes away is gone. */
export type ScratchRows<N extends string> = Pick<Rows<N>, Reading | 'create' | 'update' | 'remove'> & Appending<N>
export type RowsOf<N extends string, K extends Keep> = K extends 'record'
  ? Rows<N>
  : K extends 'log'
    ? LogRows<N>
    : ScratchRows<N>

export type Verb = 'read' | 'create' | 'update' | 'delete'

/**
 * How rows are kept. A `record` has facts, history, merge and erasure. A `log` is telemetry: rows are entered and read,
 * and swept away when they are old. `scratch` rows are staged: written and deleted for good. Neither tells events, and no
 * row refers to one; both follow their owner in merges, erasures and access packs.
 */
export type Keep = 'record' | 'log' | 'scratch'
/** Whole days from the entry of a row until it is swept away, 3,660 at most. */
export type Retention = { readonly days: number }

/**
 * A tenant-owned table described by one schema. Verbs, permissions, facts, history, merge and erasure follow.
 * `name` is the plugin's id, or `<id>.<noun>` for a further resource: route `/api/<id>/<noun>`, table `<id>__<noun>`.
 * `belongsTo` names the resource that owns each row, or `any` record; the schema then has a required `<owner>Id` or
 * `recordId` with `x-ref`.
 */
export interface Resource<N extends string = string, K extends Keep = 'record'> {
  readonly name: N
  readonly schema: Schema
  readonly belongsTo?: string
  readonly rule?: RowRule
  readonly keep: K
  readonly retention?: Retention
  /** A resource that is no record tells nothing, and nobody is asked about its rows. */
  readonly events: K extends 'record' ? RecordEvents : Readonly<Record<never, never>>
  readonly points: K extends 'record' ? RowPoints<N> : Readonly<Record<never, never>>
}
/** A resource, however its rows are kept. */
export type AnyResource<N extends string = string> = Omit<Resource<N, Keep>, 'points'>

type Veto<In> = Point<In, Verdict<In>, 'veto'>

/**
 * Asked before each write of a row, whoever writes, in its transaction; an answer may take 500 ms, and one that fails
 * refuses the write. A plugin answers those of its own resources, of plugins that it requires, and of resources that its
 * manifest uses or extends. `body` (defaults given) and `patch` may be changed and are then checked again; the rest may
 * not. An answer writes no rows of the resource that is asked about.
 */
export interface RowPoints<N extends string> {
  readonly creating: Veto<{ body: Input<N> }>
  /** `row` as it is now. */
  readonly updating: Veto<{ id: string; row: Row<N>; patch: Patch<N> }>
  readonly deleting: Veto<{ id: string; row: Row<N> }>
  /** `id` survives. */
  readonly merging: Veto<{ id: string; with: string }>
}

export type RecordEvents = { readonly [V in 'created' | 'updated' | 'deleted' | 'restored']: Event<RowChange> } & {
  readonly [V in 'merged' | 'unmerged']: Event<MergeChange>
} & {
  readonly erased: Event<Erasure>
}

/**
 * Which of the rows somebody meets, as filters over the resource's own fields in which `me` is who asks: rows outside of
 * `read` are unknown on every path, and rows outside of `write` are only read. Administrators write what they read.
 */
export interface RowRule {
  readonly read?: object
  readonly write?: object
}

interface Definition<N extends string> {
  name: N
  schema: Schema
  belongsTo?: string
  rule?: { read?: Filter<N>; write?: Filter<N> }
}

export function defineResource<const N extends string>(definition: Definition<N> & { keep?: 'record' }): Resource<N>
export function defineResource<const N extends string, const K extends Exclude<Keep, 'record'>>(
  definition: Definition<N> & { keep: K; retention: Retention },
): Resource<N, K>
export function defineResource(definition: Definition<string> & { keep?: Keep; retention?: Retention }): AnyResource {
  const { name, keep = 'record' } = definition
  const event = <P = RowChange>(verb: string) => defineEvent<P>(`${name}.${verb}`)
  const events: RecordEvents = {
    created: event('created'),
    updated: event('updated'),
    deleted: event('deleted'),
    restored: event('restored'),
    merged: event<MergeChange>('merged'),
    unmerged: event<MergeChange>('unmerged'),
    erased: event<Erasure>('erased'),
  }
  const point = (verb: string) =>
    definePoint<never>(`${name}.${verb}`, { kind: 'veto', within: 'command', ms: 500, onFailure: 'refuse' })
  const points = {
    creating: point('creating'),
    updating: point('updating'),
    deleting: point('deleting'),
    merging: point('merging'),
  }
  const isRecord = keep === 'record'
  return Object.freeze({
    ...definition,
    keep,
    events: Object.freeze(isRecord ? events : {}),
    points: Object.freeze(isRecord ? points : {}),
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

/** `recordId` is the record that it is about, where one is known. */
export type ProposalChange = { id: string; recordId: string | null; resource: string | null; rowId: string | null }
/** The record whose personal values are gone: whoever holds bytes or copies outside of the rows erases them now. */
export type Erasure = { id: string; recordId: string }

/** `name` is `<plugin id>.<past participle>`, as in `documents.uploaded`. */
export function defineEvent<P>(name: string): Event<P> {
  return Object.freeze({ name })
}

/**
 * What becomes of a write that a plugin holds. `held`: approved, and now held by another plugin. `failed`: approved, and
 * no longer possible.
 */
export const proposals = Object.freeze({
  created: defineEvent<ProposalChange>('proposals.created'),
  held: defineEvent<ProposalChange>('proposals.held'),
  approved: defineEvent<ProposalChange>('proposals.approved'),
  rejected: defineEvent<ProposalChange>('proposals.rejected'),
  failed: defineEvent<ProposalChange>('proposals.failed'),
})

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

/** Every event of every plugin and resource, but for what the handler's own plugin has done. Needs `uses` of `*`. */
export const anyEvent: Event<JsonObject> = defineEvent('*')

/** `fact` numbers the happening: deliveries repeat, effects are deduplicated by it. */
export interface Told<P> {
  readonly fact: string
  readonly event: string
  /** From which other system the change came; null for a change made here. */
  readonly origin: string | null
  /** SHA-256 of all that the fact keeps, in hex, for handlers of `anyEvent`; an erasure changes it. */
  readonly digest: string | null
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

/** A file whose bytes are there, and which nobody has yet. */
export type StoringFile = {
  id: string
  /** Whose it becomes. */
  plugin: string
  name: string
  type: string
  bytes: number
  sha256: string
  recordId: string | null
}

/**
 * Asked of each file before anybody may have it, outside of any transaction; any plugin may answer. An answer reads the
 * bytes by `ctx.files.open`. A file that is refused is removed, and so is one that would be held or is not answered for.
 */
export const storing = definePoint<StoringFile>('files.storing', {
  kind: 'veto',
  within: 'exchange',
  ms: 30_000,
  onFailure: 'refuse',
})

/** Somebody of whose rights is asked: never an administrator, who must be able to switch the plugin off. */
export type RightsHolder = {
  userId: string
  /** `member`, or the id of a role of the tenant's own. */
  role: string
  /** Ids of the teams. */
  teams: string[]
}

/** Rows of one's own, rows of one's teams, or those that a filter finds. */
export type RowTerm = 'own' | 'team' | JsonObject

/** Rows that fit one of the terms. */
export type RowGrant = 'all' | RowTerm[]

/** Read and not written, or not even read. */
export type FieldGrant = 'read' | 'masked'

/** What is taken from somebody, in the words of a tenant's roles. There is no word that gives. */
export type Narrowing = {
  /** Permissions that are withdrawn, by name. */
  permissions?: string[]
  /** By resource: these rows alone. What may be written is what may be read where nothing is said. */
  rows?: Record<string, { read: RowGrant; write?: RowGrant }>
  /** By resource and field. */
  fields?: Record<string, Record<string, FieldGrant>>
}

/**
 * Asked of each member and each key before it does anything, outside of any transaction; any plugin may answer. Answers are kept for
 * two seconds. Each takes away and none gives: rows must fit all of them and the role. While one fails, nobody but
 * administrators gets in.
 */
export const narrowing = definePoint<RightsHolder, Narrowing>('rights.narrowing', {
  kind: 'collect',
  within: 'exchange',
  ms: 1_000,
  onFailure: 'refuse',
})

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

export type RouteBody = Schema | 'raw'
export type RouteReply = Schema | 'raw' | 'stream' | 'socket'

export interface RouteInput<B extends RouteBody = Schema> {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: B extends 'raw' ? RawBody : Json
}
type Replied<R extends RouteReply> = R extends 'raw'
  ? Promise<RawReply>
  : R extends 'stream'
    ? AsyncIterable<Json> | Promise<AsyncIterable<Json>>
    : R extends 'socket'
      ? Promise<void>
      : Promise<Json | void>

/**
 * What a resource does not already give. `path` is below `/api/<plugin id>`. The boot fails without `access`:
 * - a permission: for who has it;
 * - `link`: for who holds a link of the name `link`, at `/api/link/<token>/<plugin id><path>`. The code has the rights of
 *   the plugin itself: its own permissions and its manifest's `uses`;
 * - `public`: for everybody, at `/api/public/<tenant slug>/<plugin id><path>`, with the same rights of the plugin. Unsafe
 *   methods 60 a minute for each network, safe ones 600; cookies are not read.
 */
export interface Route<B extends RouteBody = RouteBody, R extends RouteReply = RouteReply> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly access: string
  /** Only an `exchange` may take or give what is not JSON. */
  readonly kind: Kind
  readonly query?: Schema
  readonly body?: B
  /** Of a `raw` body: its greatest length in bytes. */
  readonly maxBytes?: number
  /** Of a `raw` body: media types that are taken, as `text/csv` or `image/*`. */
  readonly types?: readonly string[]
  /**
   * `stream` sends each value as a server-sent event, or as a line of NDJSON, as the client accepts. `socket` is a
   * WebSocket. Both live on until one side ends them, the plugin is switched off or the caller's right ends.
   */
  readonly reply?: R
  /** Of `link` access: the name of the links that open it. */
  readonly link?: string
  /**
   * Of `link` access: whether a call is one of the link's uses. Calls of unsafe methods are, unless said otherwise: those
   * who only look, as scanners of mail do, spend nothing. `HEAD` is not answered.
   */
  readonly counts?: boolean
  /** Of `public` access: pages of other sites may call it, too. */
  readonly origins?: 'any'
  handle(ctx: Ctx, input: RouteInput<B>, ...socket: R extends 'socket' ? [socket: Socket] : []): Replied<R>
}

export function defineRoute<B extends RouteBody = Schema, R extends RouteReply = Schema>(route: Route<B, R>): Route {
  return Object.freeze(route) as unknown as Route
}

// ------------------------------------------------------------------------------------------------ link

/** The links of this plugin: bearer tokens of which the database keeps a hash. Part of the unit of work. */
export interface Links {
  /**
   * `to` is a route with `link` access or the name of such routes. The token is told this once.
   * @throws Problem 400 `invalid`, 422 `reference` where the subject is no living record
   */
  create(to: Route | string, options: LinkOptions): Promise<{ id: string; url: string; token: string }>
  /** @returns whether there was such a link that was not revoked before */
  revoke(id: string): Promise<boolean>
  /** Those of a record that are neither revoked nor over, newest first, at most 200. */
  list(of: { subject: string }): Promise<LinkEntry[]>
}

// ------------------------------------------------------------------------------------------------ feed

/** What outlives a request: a subscription, a mailbox that is watched, a stream of changes. */
export interface Feed {
  /** Unique in the plugin. */
  readonly name: string
  /**
   * What to run for this tenant, one run for each key: at most 100 keys of at most 200 characters. A query; asked every
   * minute, and when the tenant's plugins are switched or set.
   */
  keys(ctx: Ctx): Promise<readonly string[]>
  /**
   * An exchange that lives until `signal` ends it: the plugin is switched off or set anew, the key is gone, the worker
   * stops or has lost its lease. One worker at a time runs a key; of one that has lost its lease, `ctx.work` is refused
   * with Problem 409 `fenced`. When it returns or throws, it is run again after 1 second, then twice as long, to 5 minutes.
   */
  run(ctx: Ctx, signal: AbortSignal, key: string): Promise<void>
}

export function defineFeed(feed: Feed): Feed {
  return Object.freeze(feed)
}

// ------------------------------------------------------------------------------------------------ plugin

/** A folder that can be deleted. Its manifest says what the host must know without running code; this is the code. */
export interface Plugin {
  readonly resources?: readonly AnyResource[]
  readonly routes?: readonly Route[]
  /** Of any payload: each handler's event fixes its own. */
  readonly handlers?: readonly Handler<never>[]
  readonly points?: readonly Point<never, unknown>[]
  readonly answers?: readonly Answer<never, unknown>[]
  readonly feeds?: readonly Feed[]
}

export function definePlugin(plugin: Plugin): Plugin {
  return Object.freeze(plugin)
}

// ------------------------------------------------------------------------------------------------ ctx

/** `public` is anybody, without an id; the id of a `link` is that of the link. */
export interface Actor {
  readonly kind: 'user' | 'key' | 'system' | 'public' | 'link'
  readonly id: string | null
}

/** The power of plugin code for one request or one event. Revoked at the end. */
export interface Ctx {
  readonly tenant: { readonly id: string; readonly slug: string }
  readonly actor: Actor
  /** By which the caller came; null where it is no link. */
  readonly link: Link | null
  readonly lang: string
  /** The time of this request or event. */
  readonly now: Date
  readonly signal: AbortSignal
  readonly log: Log
  /** True where the actor's role and this plugin's `uses` both allow it. */
  can(permission: string): boolean
  rows<N extends string, K extends Keep>(resource: Omit<Resource<N, K>, 'points'>): RowsOf<N, K>
  /** What this plugin may read here, each with the schema that the tenant's plugins compose. */
  resources(): readonly AnyResource[]
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
  readonly links: Links
  /** Only in an `exchange`, outside of `work`: a transaction waits for nobody. */
  readonly http: Http
  /**
   * Only in an `exchange`: one short write transaction. What it changes bears the `origin`, the name of another system, so
   * that what came from there is not sent back to it.
   */
  work<T>(command: (ctx: Ctx) => Promise<T>, options?: { origin?: string }): Promise<T>
  /**
   * Only in an `exchange` that is told an event: the task of this telling, with its progress, to be cancelled and undone.
   * Told again after a break, it is the same one, and goes on from its state. It is done when the handler returns.
   * @throws Problem 409 `cancelled` or `ended`
   */
  task(task: NewTask): Promise<Task>
  /**
   * Emits an event whose handler opens the task by `ctx.task` under the same name, in the name of this actor. The route
   * that began it answers 202 with the task's address. @returns its id
   */
  begin<P extends JsonObject>(event: Event<P>, payload: P, task: NewTask): Promise<string>
  readonly files: Files
  readonly mail: Mailer
  readonly notify: Notify
  /** Fields that the tenant itself gives resources, where the manifest says `"extends": { "<resource>": "tenant" }`. */
  readonly fields: Fields
  readonly lists: Lists
  /** What the tenant has entrusted to this plugin; names are those of the manifest's `secrets`. */
  readonly secrets: SecretReader
  /** This tenant's settings of this plugin, checked against the manifest's schema. */
  settings<T extends JsonObject>(): T
  /** A text of this plugin's locales in the actor's language. */
  t(key: string, params?: Record<string, string | number>): string
}

// ------------------------------------------------------------------------------------------------ task

/**
 * `name` is a task's of this plugin, which a text `task.<name>` of its locales says to people; `total` is how many steps or
 * rows there are, where that is known.
 */
export type NewTask = { readonly name: string; readonly total?: number }

/** What failed within a task that goes on: the row's `id`, and in `path` a JSON Pointer to the field at fault. */
export type TaskFailure = { readonly id: string | null; readonly code: string; readonly path?: string }

/** What one step adds; `state` is where to go on from here, and of what failed the first hundred are kept. */
export type TaskProgress = { state?: JsonObject; done?: number; failed?: readonly TaskFailure[]; total?: number }

/** Long work in short steps, of any length: it is handed on from run to run, and no step is lost or done twice. */
export interface Task {
  readonly id: string
  /** As the last committed step left it, `{}` at first. */
  readonly state: JsonObject
  /**
   * One short write transaction: its changes and its progress are committed together. Let what it throws pass: it ends
   * the run, and the next run goes on from `state`.
   * @throws Problem 409 `cancelled`
   */
  step(work: (ctx: Ctx, state: JsonObject) => Promise<TaskProgress>): Promise<void>
}
