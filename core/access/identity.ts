/** Who asks, and for which tenant. */

export type Role = 'administrator' | 'member'

export interface Identity {
  readonly tenant: {
    readonly id: string
    readonly slug: string
    readonly name: string
    readonly language: string
    readonly country: string | null
  }
  /** `language` is null where the user has chosen none: the tenant's then holds. */
  readonly user: {
    readonly id: string
    readonly name: string
    readonly email: string
    readonly language: string | null
  }
  readonly role: Role
  /** Of a member, the role of the tenant's own that it has instead of what members have. */
  readonly roleId: string | null
  readonly kind: 'user' | 'key'
  /** Who really sits there, where an administrator acts as the user. */
  readonly acting?: { readonly id: string; readonly by: { readonly id: string; readonly name: string } } | undefined
  /** Null for a key. */
  readonly sessionHash: Buffer | null
  /** What the key was given; null for a session, which has all that its role has. */
  readonly keyPermissions: readonly string[] | null
  /** Only of a key. */
  readonly keyId?: string
  /** Only of a session that an identity provider has opened: what is of the whole account is not for it. */
  readonly isBound?: true
}

/** One row of `identityColumns`. */
export interface IdentityRow {
  tenant_id: string
  slug: string
  tenant_name: string
  tenant_language: string
  country: string | null
  user_id: string
  user_name: string
  email: string
  user_language: string | null
  role: Role
  role_id: string | null
}

/** For statements that call tenants `t`, users `u` and memberships `m`. */
export const identityColumns = `t.id as tenant_id, t.slug, t.name as tenant_name, t.language as tenant_language,
  t.country, u.id as user_id, u.name as user_name, u.email, u.language as user_language, m.role, m.role_id`

/** Joins to a session or key `s`. One of a user or membership that is suspended, or of nobody's, is not found. */
export const identityJoins = `join kernel.tenants t on t.id = s.tenant_id
  join kernel.users u on u.id = s.user_id and u.suspended_at is null
  join kernel.memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id and m.suspended_at is null`

type Means = Pick<Identity, 'kind' | 'sessionHash' | 'keyPermissions' | 'keyId' | 'isBound' | 'acting'>

export function toIdentity(row: IdentityRow, means: Means): Identity {
  return {
    tenant: {
      id: row.tenant_id,
      slug: row.slug,
      name: row.tenant_name,
      language: row.tenant_language,
      country: row.country,
    },
    user: { id: row.user_id, name: row.user_name, email: row.email, language: row.user_language },
    role: row.role,
    roleId: row.role_id,
    ...means,
  }
}
