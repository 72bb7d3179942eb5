/** Which permissions a role has, and what is left of them for a key. */
import type { Verb } from '../contract.ts'
import type { Identity, Role } from './identity.ts'

export interface PermissionEntry {
  readonly name: string
  /** Null for a permission that is no verb of a resource. */
  readonly verb: Verb | null
  /** What the rows of its resource belong to. */
  readonly belongsTo: string | null
  /** Kept from members. */
  readonly administration: boolean
}

const define = (name: string, administration: boolean): PermissionEntry => ({
  name,
  verb: null,
  belongsTo: null,
  administration,
})

/** The kernel's own, beside the verbs of its resources. */
export const kernelPermissions: readonly PermissionEntry[] = [
  define('plugins.manage', true),
  define('api-keys.manage', true),
  define('deliveries.manage', true),
  define('users.read', false),
]

/** A whole file, with all that belongs to it, is an administrator's to delete. */
const isForMembers = ({ verb, belongsTo, administration }: PermissionEntry) =>
  !administration && !(verb === 'delete' && belongsTo === null)

export function permissionsFor(role: Role, all: readonly PermissionEntry[]): ReadonlySet<string> {
  const held = role === 'administrator' ? all : all.filter(isForMembers)
  return new Set(held.map(({ name }) => name))
}

const CACHE_SIZE = 1_000
const cache = new WeakMap<readonly PermissionEntry[], Map<string, ReadonlySet<string>>>()

/**
 * What this caller may do: what its role may, and of that, for a key, what the key was given. Kept per list of entries,
 * so pass the same array for the same plugins.
 */
export function effective({ role, keyPermissions }: Identity, all: readonly PermissionEntry[]): ReadonlySet<string> {
  const known = cache.get(all) ?? new Map<string, ReadonlySet<string>>()
  cache.set(all, known)
  const key = keyPermissions ? `${role} ${keyPermissions.join(' ')}` : role
  const met = known.get(key)
  if (met) return met
  const held = permissionsFor(role, all)
  const permissions = keyPermissions ? held.intersection(new Set(keyPermissions)) : held
  known.set(key, permissions)
  if (known.size > CACHE_SIZE) known.delete(known.keys().next().value as string)
  return permissions
}
