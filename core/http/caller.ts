/** Who asks: the identity behind a cookie or a key, the plugins of its tenant, and what it may do. */
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import type { Identity } from '../access/identity.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { Follower } from '../work/changes.ts'
import type { Composed, Composition } from '../work/composition.ts'
import type { Occasion } from '../work/context.ts'
import type { QueryCaller } from '../work/query.ts'
import { Merges } from '../work/merge.ts'
import type { Rules } from '../work/rules.ts'
import type { Scope } from '../work/scope.ts'
import { Privacy } from '../work/privacy.ts'
import { type Joined, openSingle, type Unit } from '../work/unit.ts'
import { Verbs } from '../work/verbs.ts'
import { askerFor, occasionOf, requestLog } from './asker.ts'
import type { Services } from './services.ts'

/** One request's caller. */
export interface Caller {
  readonly identity: Identity
  readonly state: TenantState
  readonly composition: Composition
  readonly permissions: ReadonlySet<string>
  /** Which rows it meets. */
  readonly rules: Rules
  readonly now: Date
  readonly request: string
  readonly log: FastifyBaseLogger
  /** The transaction in which it acts, where it does not open one of its own. */
  readonly unit?: Joined
  /** Holds that a person has approved. */
  readonly released?: ReadonlySet<string>
}

export const sessionCookie = (isSecure: boolean) => (isSecure ? '__Host-weft_session' : 'weft_session')

type Asking = 'authenticate' | 'recheck'

async function readIdentity(services: Services, request: FastifyRequest, asking: Asking): Promise<Identity | null> {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const key = /^Bearer ([\w-]{10,200})$/.exec(authorization)?.[1]
    return key ? services.keys[asking](key) : null
  }
  const token = request.cookies[sessionCookie(services.isSecure)]
  return token ? services.sessions[asking](token) : null
}

/** @throws Problem 401 `unauthenticated` */
export const readCaller = (services: Services, request: FastifyRequest): Promise<Caller> =>
  readCallerAs(services, request, 'authenticate')

/**
 * Whether the caller of a request that still lasts may still do what it does. Only to listen is no use of a session: one
 * that is left alone ends after its time.
 * @throws Problem 401 `unauthenticated`
 */
export const readCallerAgain = (services: Services, request: FastifyRequest): Promise<Caller> =>
  readCallerAs(services, request, 'recheck')

async function readCallerAs(services: Services, request: FastifyRequest, asking: Asking): Promise<Caller> {
  const identity = await readIdentity(services, request, asking)
  if (!identity) throw new Problem(401, 'unauthenticated')
  return callerFor(services, identity, request)
}

/** What somebody may do now, within a request that may be another one's. */
export async function callerFor(
  services: Services,
  identity: Identity,
  { id, log }: Pick<FastifyRequest, 'id' | 'log'>,
): Promise<Caller> {
  const state = await services.switches.of(identity.tenant.id)
  const now = services.database.now()
  return {
    identity,
    state,
    ...(await services.rights.held(identity.tenant.id, identity, { user: identity.user.id, state, now })),
    now,
    request: id,
    log,
  }
}

/** @throws Problem 403 `forbidden` */
export function demand({ permissions }: Caller, permission: string): void {
  if (!permissions.has(permission)) throw new Problem(403, 'forbidden')
}

/** @throws Problem 404 `not_found` for a resource that is not there or whose plugin is off */
export function findComposed({ composition }: Caller, resource: string): Composed {
  const composed = composition.resources.get(resource)
  if (!composed) throw new Problem(404, 'not_found')
  return composed
}

export function claimsOf({ identity, request }: Caller, plugin: string | null) {
  return {
    tenant: identity.tenant.id,
    actorKind: identity.kind,
    actor: identity.user.id,
    plugin,
    request,
    origin: null,
    task: null,
    at: null,
  } as const
}

/** For the kernel's own verbs, of which plugins are asked. */
export function ownOccasion({ logBudget }: Services, caller: Caller): Occasion {
  const { id: tenant } = caller.identity.tenant
  const logOf = (plugin: string | null) => requestLog({ id: caller.request, log: caller.log }, tenant, plugin)
  return occasionOf(askerFor(caller), {
    request: caller.request,
    settings: {},
    log: logOf(null),
    logOf: (plugin) => logBudget.bound(plugin, logOf(plugin)),
  })
}

/** For whom a query string is read. */
export const askingOf = ({ identity, permissions, now, rules }: Caller): QueryCaller => ({
  now,
  me: identity.user.id,
  can: (permission) => permissions.has(permission),
  rules,
})

export function scopeOf(services: Services, caller: Caller, unit: Unit): Scope {
  const { tenant } = caller.identity
  return {
    tenant: tenant.id,
    composition: caller.composition,
    country: tenant.country,
    now: caller.now,
    me: caller.identity.user.id,
    cursorKey: services.cursorKey,
    unit,
    points: services.contexts.rowAskingOf(ownOccasion(services, caller)),
    rules: caller.rules,
    can: (permission) => caller.permissions.has(permission),
    isMember: (user) => services.isMember(tenant.id, user),
  }
}

export function mergesOf(services: Services, caller: Caller, resource: string): Merges {
  const composed = findComposed(caller, resource)
  const unit = caller.unit ?? openSingle(services.database, claimsOf(caller, null))
  return new Merges(scopeOf(services, caller, unit), composed)
}

export function privacyOf(services: Services, caller: Caller, resource: string): Privacy {
  const { model } = findComposed(caller, resource)
  const unit = openSingle(services.database, claimsOf(caller, null))
  return new Privacy(scopeOf(services, caller, unit), model, caller.composition.whole)
}

export function verbsOf(services: Services, caller: Caller, resource: string): Verbs {
  const composed = findComposed(caller, resource)
  const unit = caller.unit ?? openSingle(services.database, claimsOf(caller, null))
  return new Verbs(scopeOf(services, caller, unit), composed)
}

/**
 * What a caller may be told of changes: of the rows that it may read, and the named facts of plugins of which it has
 * some permission. Permissions of plugins that are off are nobody's.
 */
export function followerOf(services: Services, caller: Caller): Follower {
  const { permissions, composition, identity } = caller
  const resources = [...composition.resources].filter(([name]) => permissions.has(`${name}.read`))
  const held = services.permissions.filter(({ name }) => permissions.has(name))
  return {
    tenant: identity.tenant.id,
    cursorKey: services.cursorKey,
    unit: openSingle(services.database, claimsOf(caller, null)),
    resources: new Map(resources),
    rules: caller.rules,
    plugins: [...new Set(held.flatMap(({ plugin }) => plugin ?? []))],
    can: (permission) => permissions.has(permission),
  }
}
