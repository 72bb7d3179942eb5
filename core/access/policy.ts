/** Which permissions a role has, and what is left of them for a key. */
import type { Verb } from '../contract.ts'
import type { TenantRole } from './grants.ts'
import type { Identity, Role } from './identity.ts'

export interface PermissionEntry {
  readonly name: string
  /** Null for a permission that is no verb of a resource. */
  readonly verb: Verb | null
  /** What the rows of its resource belong to. */
  readonly belongsTo: string | null
  /** Its rows are their makers' to write, and so to delete. */
  readonly isOwned?: boolean
  /** Kept from members. */
  readonly administration: boolean
  /** Kept from roles of a tenant's own, too: who may say what a role gives could give itself all. */
  readonly administratorsOnly?: boolean
}

const define = (name: string, administration: boolean): PermissionEntry => ({
  name,
  verb: null,
  belongsTo: null,
  administration,
})

/** To say which fields and values the tenant has of its own. */
export const FIELDS = 'fields.manage'

/** To edit the lists of values that fields are filled from. */
export const LISTS = 'lists.manage'

/** To say what roles give, and who is in which team. */
export const ROLES = 'roles.manage'

/** The kernel's own, beside the verbs of its resources. */
export const kernelPermissions: readonly PermissionEntry[] = [
  define('plugins.manage', true),
  define('api-keys.manage', true),
  define('deliveries.manage', true),
  define('proposals.decide', true),
  define('privacy.manage', true),
  define('mailbox.read', true),
  define('tasks.manage', true),
  define(FIELDS, true),
  define(LISTS, true),
  define('users.manage', true),
  { ...define(ROLES, true), administratorsOnly: true },
  define('users.read', false),
  define('links.manage', false),
]

/** A whole file, with all that belongs to it, is an administrator's to delete. */
const isForMembers = ({ verb, belongsTo, isOwned, administration }: PermissionEntry) =>
  !administration && !(verb === 'delete' && belongsTo === null && !isOwned)

/** What somebody has: a role of the kernel, or one of the tenant's own. `null` stands for one that is gone. */
export type Holding = Role | TenantRole | null

function isGiven(entry: PermissionEntry, holding: Holding): boolean {
  if (holding === 'administrator') return true
  if (holding === 'member') return isForMembers(entry)
  return holding !== null && !entry.administratorsOnly && holding.grants.permissions.includes(entry.name)
}

export const permissionsFor = (holding: Holding, all: readonly PermissionEntry[]): ReadonlySet<string> =>
  new Set(all.filter((entry) => isGiven(entry, holding)).map(({ name }) => name))

const wordOf = (holding: Holding): string =>
  holding === null || typeof holding === 'string' ? String(holding) : `${holding.id} ${holding.version}`

const CACHE_SIZE = 1_000
const cache = new WeakMap<readonly PermissionEntry[], Map<string, ReadonlySet<string>>>()

/**
 * What this caller may do: what its role may, and of that, for a key, what the key was given. Kept per list of entries,
 * so pass the same array for the same plugins.
 */
export function effective(
  holding: Holding,
  keyPermissions: Identity['keyPermissions'],
  all: readonly PermissionEntry[],
): ReadonlySet<string> {
  const known = cache.get(all) ?? new Map<string, ReadonlySet<string>>()
  cache.set(all, known)
  const key = [wordOf(holding), ...(keyPermissions ?? ['*'])].join(' ')
  const met = known.get(key)
  if (met) return met
  const held = permissionsFor(holding, all)
  const permissions = keyPermissions ? held.intersection(new Set(keyPermissions)) : held
  known.set(key, permissions)
  if (known.size > CACHE_SIZE) known.delete(known.keys().next().value as string)
  return permissions
}
