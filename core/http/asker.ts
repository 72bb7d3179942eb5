import type { Identity } from '../access/identity.ts'
import type { Actor, JsonObject, Link, Log } from '../contract.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { Composition } from '../work/composition.ts'
import type { Occasion } from '../work/context.ts'
import type { Rules } from '../work/rules.ts'

/** For whom a plugin's route is run. */
export interface Asker {
  readonly tenant: Identity['tenant']
  readonly actor: Actor
  readonly lang: string
  readonly state: TenantState
  readonly composition: Composition
  /** Null for a guest, who has the rights of the plugin itself. */
  readonly permissions: ReadonlySet<string> | null
  readonly rules: Rules
  readonly keyId: string | null
  readonly link?: Link
  /** By whom open streams and sockets are counted. */
  readonly owner: string
  /** Holds that a person has approved. */
  readonly released?: ReadonlySet<string>
}

/** Somebody signed in, or a key. */
interface Member extends Pick<Asker, 'state' | 'composition' | 'rules' | 'released'> {
  readonly identity: Identity
  readonly permissions: ReadonlySet<string>
}

export function askerFor({ identity, state, composition, permissions, rules, released }: Member): Asker {
  const { tenant, user, kind } = identity
  return {
    tenant,
    actor: { kind, id: user.id },
    lang: user.language ?? tenant.language,
    state,
    composition,
    permissions,
    rules,
    keyId: identity.keyId ?? null,
    owner: user.id,
    ...(released ? { released } : {}),
  }
}

/** The request in which something is asked for, which may be another one's. */
interface Within {
  readonly request: string
  readonly settings: JsonObject
  readonly log: Log
  logOf(plugin: string): Log
}

export function occasionOf(asker: Asker, within: Within): Occasion {
  const { tenant, actor, lang, composition, permissions, rules, keyId, link, released } = asker
  return {
    tenant,
    actor,
    lang,
    composition,
    permissions,
    rules,
    keyId,
    idempotencyKey: null,
    ...(link ? { link } : {}),
    ...(released ? { released } : {}),
    ...within,
  }
}

/** Lines of a request. @param plugin that says them; null for the kernel itself */
export function requestLog(
  {
    id,
    log,
  }: {
    readonly id: string
    readonly log: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>
  },
  tenant: string,
  plugin: string | null,
): Log {
  const marks = { request: id, tenant, ...(plugin === null ? {} : { plugin }) }
  return {
    info: (message, fields) => log.info({ ...marks, ...fields }, message),
    warn: (message, fields) => log.warn({ ...marks, ...fields }, message),
    error: (message, fields) => log.error({ ...marks, ...fields }, message),
  }
}
