/** Who asks: the identity behind a cookie or a key, the plugins of its tenant, and what it may do. */
import type { FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import type { Identity } from '../access/identity.ts'
import { effective, type PermissionEntry } from '../access/policy.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { Follower } from '../work/changes.ts'
import type { Composed, Composition } from '../work/composition.ts'
import { Merges } from '../work/merge.ts'
import type { Scope } from '../work/scope.ts'
import { openSingle, type Unit } from '../work/unit.ts'
import { Verbs } from '../work/verbs.ts'
import type { Services } from './services.ts'

/** One request's caller. */
export interface Caller {
  readonly identity: Identity
  readonly state: TenantState
  readonly composition: Composition
  readonly permissions: ReadonlySet<string>
  readonly now: Date
  readonly request: string
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

const entries = new WeakMap<Composition, PermissionEntry[]>()

/** The permissions that the kernel and a tenant's enabled plugins know; one array for each set of plugins. */
function permissionEntries(services: Services, composition: Composition): PermissionEntry[] {
  const known = entries.get(composition)
  if (known) return known
  const made = services.permissions.filter(({ plugin }) => plugin === null || composition.plugins.has(plugin))
  entries.set(composition, made)
  return made
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
  const state = await services.switches.of(identity.tenant.id)
  const composition = services.compositions.of(state.enabled)
  return {
    identity,
    state,
    composition,
    permissions: effective(identity, permissionEntries(services, composition)),
    now: new Date(),
    request: request.id,
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

function scopeOf(services: Services, caller: Caller, unit: Unit): Scope {
  const { tenant } = caller.identity
  return {
    tenant: tenant.id,
    country: tenant.country,
    now: caller.now,
    cursorKey: services.cursorKey,
    unit,
    can: (permission) => caller.permissions.has(permission),
    isMember: (user) => services.isMember(tenant.id, user),
  }
}

export function mergesOf(services: Services, caller: Caller, resource: string): Merges {
  const composed = findComposed(caller, resource)
  const unit = openSingle(services.database, claimsOf(caller, null))
  return new Merges(scopeOf(services, caller, unit), composed)
}

export function verbsOf(services: Services, caller: Caller, resource: string): Verbs {
  const composed = findComposed(caller, resource)
  const unit = openSingle(services.database, claimsOf(caller, null))
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
    plugins: [...new Set(held.flatMap(({ plugin }) => plugin ?? []))],
  }
}
