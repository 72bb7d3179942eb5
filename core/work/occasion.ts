/** For whom and where plugin code runs, and what it may do there. */
import type { Actor, Ctx, JsonObject, Kind, Link, Log } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Transaction } from '../data/database.ts'
import type { Answerer } from './asking.ts'
import type { Composition } from './composition.ts'
import { isPublicAddress, openHttp } from './outbound.ts'
import { NO_RULES, type Rules } from './rules.ts'
import type { Telling } from './telling.ts'
import type { Joined } from './unit.ts'

/** What a `ctx` needs to know of the plugin whose code it serves. */
export interface PluginPowers {
  readonly id: string
  /** Permissions that the plugin's code may use: its own, and those of its manifest's `uses`. */
  readonly permissions: ReadonlySet<string>
  readonly locales: { readonly [language: string]: JsonObject }
  /** Whom its code may call. */
  readonly hosts: readonly string[]
  /** Names of what tenants entrust to it. */
  readonly secrets: readonly string[]
  /** Whether it lets tenants give a resource fields. */
  opens(resource: string): boolean
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
  /** Which rows the actor meets. */
  readonly rules: Rules
  readonly settings: JsonObject
  readonly request: string
  /** What outbound calls bear, so that the other side knows them when they are made again; null where they are not. */
  readonly idempotencyKey: string | null
  readonly log: Log
  /** The log of another plugin that answers. */
  logOf?(plugin: string): Log
  /** Holds that a person has approved. */
  readonly released?: ReadonlySet<string>
  /** The API key of a request. */
  readonly keyId?: string | null
  /** Where a handler is told an event: its tasks. */
  readonly telling?: Telling
  /** Hears of the task that a route has begun. */
  readonly begun?: (task: string) => void
  /** By which the caller came. */
  readonly link?: Link
}

/** What the system itself has plugin code do, with no rights but the plugin's own. */
interface SystemWork extends Pick<Occasion, 'composition' | 'settings' | 'request'> {
  readonly tenant: Occasion['tenant'] & { readonly language: string }
  readonly report: (message: string, fields: Record<string, unknown>) => void
  /** What each line of its log bears. */
  readonly marks: Readonly<Record<string, unknown>>
}

export function systemOccasion({ tenant, composition, settings, request, report, marks }: SystemWork): Occasion {
  const say = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    report(message, { level, ...marks, tenant: tenant.id, ...fields })
  return {
    tenant,
    actor: { kind: 'system', id: null },
    lang: tenant.language,
    composition,
    permissions: null,
    rules: NO_RULES,
    settings,
    request,
    idempotencyKey: null,
    log: { info: say('info'), warn: say('warn'), error: say('error') },
  }
}

/** Looks first in each transaction that may write, and refuses it by throwing. */
export type Precheck = (transaction: Transaction) => Promise<void>

/** One run of plugin code. */
export interface Task<T> {
  readonly kind: Kind
  readonly code: (ctx: Ctx) => Promise<T>
  /** Joins a command's transaction, so that what the kernel notes of the run is committed with its effects or not at all. */
  readonly finish?: (transaction: Transaction, result: T) => Promise<void>
  readonly precheck?: Precheck
  /** The transaction in which a command runs, where it does not open one of its own. */
  readonly unit?: Joined
  /** Of an exchange without a deadline: it ends with this. */
  readonly life?: AbortSignal
}

export interface Frame {
  readonly occasion: Occasion
  readonly plugin: PluginPowers
  readonly signal: AbortSignal
  readonly unit: Joined | null
  readonly claims: Claims
  readonly precheck?: Precheck | undefined
  /** Resources whose points are being answered, or the point of files. */
  readonly closed?: ReadonlySet<string>
  /** The file that is being asked about. */
  readonly scanned?: string
}

export function translate(
  { locales }: PluginPowers,
  lang: string,
  { key, params = {} }: { key: string; params: Record<string, string | number> | undefined },
): string {
  const text = locales[lang]?.[key] ?? locales.en?.[key] ?? key
  return String(text).replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => String(params[name] ?? whole))
}

/** A plugin that uses `*` uses every resource; what is no verb of a resource it must name. */
export function isWithinUses({ permissions }: PluginPowers, { resources }: Composition, permission: string): boolean {
  if (permissions.has(permission)) return true
  const dot = permission.lastIndexOf('.')
  return permissions.has(`*${permission.slice(dot)}`) && resources.has(permission.slice(0, dot))
}

/** @throws Error for what is no name of a system */
export function readOrigin(origin: string | undefined): string | null {
  if (origin === undefined) return null
  if (/^[a-z][\w.-]{0,39}$/.test(origin)) return origin
  throw new Error(`An origin is the name of another system, as 'hubspot', and not ${JSON.stringify(origin)}.`)
}

/** @param plugin whose code acts; null for the kernel's own verbs */
export function claimsOf({ tenant, actor, request }: Occasion, plugin: PluginPowers | null): Claims {
  return {
    tenant: tenant.id,
    actorKind: actor.kind,
    actor: actor.id,
    plugin: plugin?.id ?? null,
    request,
    origin: null,
    task: null,
    at: null,
  }
}

export const httpOf = ({ idempotencyKey }: Occasion, { hosts }: PluginPowers, signal: AbortSignal) =>
  openHttp({ hosts, key: idempotencyKey, signal, isAllowed: isPublicAddress })
