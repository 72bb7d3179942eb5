/** The directory: tenants, users and who is a member of what. */
import { isAccountEmail, isAccountName } from '../access/account.ts'
import { assertPassword, hashPassword } from '../access/password.ts'
import { Problem, type ProblemEntry } from '../contract.ts'
import type { Database, Transaction } from '../data/database.ts'
import { formats, isUuid } from '../resource/formats.ts'

const SLUG = /^[a-z0-9](-?[a-z0-9])*$/
const MAX_SLUG = 63
/** Names that an address, a host or a log already uses. */
const RESERVED = new Set(
  `about account accounts admin api app assets auth billing blog cdn dashboard docs health help host i18n kernel
  link links localhost login logout mail metrics null open plugins portal public root session settings share
  sign-in sign-out signup static status support system tenant tenants undefined user users weft www`.split(/\s+/),
)

export interface Tenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly language: string
  readonly country: string | null
}

export interface TenantInput {
  readonly slug: string
  readonly name: string
  readonly language: string
  readonly country?: string | null
  readonly admin: {
    readonly email: string
    readonly name: string
    readonly password: string
    /** Gives the password also to a user who is there already, and ends that user's sessions. */
    readonly replacesPassword?: boolean
  }
}

export interface CreatedTenant {
  readonly tenant: Tenant
  /** `isNew` is false for a user who was there before, and who then keeps name and password. */
  readonly user: { readonly id: string; readonly email: string; readonly name: string; readonly isNew: boolean }
}

export interface Member {
  readonly id: string
  readonly name: string
  readonly email: string
  /** One of the kernel's, or the id of one of the tenant's own. */
  readonly role: string
  /** In this organisation or everywhere. */
  readonly suspended: boolean
}

type Door = Pick<Database, 'door'>

/**
 * A tenant and its administrator. Every installed plugin is on: only those switched off are written down.
 * @throws Problem 400 `invalid`; 409 `unique` with path `/slug`
 */
export async function createTenant(database: Pick<Database, 'directory'>, input: TenantInput): Promise<CreatedTenant> {
  assertTenant(input)
  // Before the transaction begins: a hash takes long, and a transaction may be run again.
  const hash = await hashPassword(input.admin.password)
  return database.directory(async (transaction) => {
    const tenant = await insertTenant(transaction, input)
    const user = await ensureUser(transaction, input.admin, hash)
    const text = `insert into kernel.memberships (tenant_id, user_id, role) values ($1, $2, 'administrator')`
    await transaction.query({ text, values: [tenant.id, user.id] })
    return { tenant, user }
  })
}

/** @throws Problem 400 `invalid` for what no tenant may be */
export function assertTenant(input: TenantInput): void {
  const errors = findFaults(input)
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
  assertPassword(input.admin.password, '/admin/password')
}

function findFaults({ slug, name, language, country, admin }: TenantInput): ProblemEntry[] {
  const isTaken = RESERVED.has(slug) || isUuid(slug)
  const rules: [boolean, string, string][] = [
    [SLUG.test(slug) && slug.length <= MAX_SLUG, '/slug', 'pattern'],
    // A slug shaped like an id could not be told from one.
    [!isTaken, '/slug', 'reserved'],
    [isAccountName(name), '/name', 'pattern'],
    [formats['language']!(language), '/language', 'format'],
    [country == null || formats['country']!(country), '/country', 'format'],
    [isAccountEmail(admin.email), '/admin/email', 'format'],
    [isAccountName(admin.name), '/admin/name', 'pattern'],
  ]
  return rules.filter(([holds]) => !holds).map(([, path, code]) => ({ path, code }))
}

async function insertTenant(transaction: Transaction, { slug, name, language, country }: TenantInput): Promise<Tenant> {
  const { rows } = await transaction.query<Tenant>({
    text: `insert into kernel.tenants (slug, name, language, country) values ($1, $2, $3, $4)
      on conflict (slug) do nothing returning id, slug, name, language, country`,
    values: [slug, name.trim(), language, country ?? null],
  })
  if (!rows[0]) throw new Problem(409, 'unique', [{ path: '/slug', code: 'unique' }])
  return rows[0]
}

async function ensureUser(
  transaction: Transaction,
  admin: TenantInput['admin'],
  hash: string,
): Promise<CreatedTenant['user']> {
  const { rows: made } = await transaction.query<{ id: string }>({
    text: `insert into kernel.users (email, name, password) values ($1, $2, $3)
      on conflict ((lower(email))) do nothing returning id`,
    values: [admin.email, admin.name.trim(), hash],
  })
  if (!made[0] && admin.replacesPassword) await replacePassword(transaction, admin.email, hash)
  const text = 'select id, email, name from kernel.users where lower(email) = lower($1)'
  const { rows } = await transaction.query<Omit<CreatedTenant['user'], 'isNew'>>({ text, values: [admin.email] })
  return { ...rows[0]!, isNew: made.length > 0 }
}

async function replacePassword(transaction: Transaction, email: string, hash: string): Promise<void> {
  await transaction.query({
    text: `with changed as (update kernel.users set password = $2 where lower(email) = lower($1) returning id)
      delete from kernel.sessions where user_id in (select id from changed)`,
    values: [email, hash],
  })
}

export async function findTenant(database: Door, idOrSlug: string): Promise<Tenant | null> {
  const column = isUuid(idOrSlug) ? 'id' : 'slug'
  const text = `select id, slug, name, language, country from kernel.tenants where ${column} = $1`
  return (await database.door<Tenant>({ text, values: [idOrSlug] })).rows[0] ?? null
}

/** As addresses of public routes name it: an id is no slug there. */
export async function findTenantBySlug(database: Door, slug: string): Promise<Tenant | null> {
  if (!SLUG.test(slug)) return null
  const text = 'select id, slug, name, language, country from kernel.tenants where slug = $1'
  return (await database.door<Tenant>({ name: 'tenant_by_slug', text, values: [slug] })).rows[0] ?? null
}

/** By name; suspended users too, who are members all the same. */
export async function listMembers(database: Door, tenant: string): Promise<Member[]> {
  const text = `select u.id, u.name, u.email, coalesce(m.role_id::text, m.role) as role,
      coalesce(m.suspended_at, u.suspended_at) is not null as suspended from kernel.memberships m join kernel.users u on u.id = m.user_id
    where m.tenant_id = $1 order by lower(u.name), u.id`
  return (await database.door<Member>({ name: 'weft_members', text, values: [tenant] })).rows
}

export async function isMember(database: Door, tenant: string, user: string): Promise<boolean> {
  if (!isUuid(user)) return false
  const text = 'select 1 from kernel.memberships where tenant_id = $1 and user_id = $2'
  return (await database.door({ name: 'weft_member', text, values: [tenant, user] })).rows.length > 0
}

/** Names of members by id; an id of no member of this tenant is left out. */
export async function namesOf(database: Door, tenant: string, ids: readonly string[]): Promise<Map<string, string>> {
  const asked = [...new Set(ids)].filter(isUuid)
  if (asked.length === 0) return new Map()
  const text = `select u.id, u.name from kernel.memberships m join kernel.users u on u.id = m.user_id
    where m.tenant_id = $1 and m.user_id = any ($2::uuid[])`
  const { rows } = await database.door<{ id: string; name: string }>({
    name: 'weft_names',
    text,
    values: [tenant, asked],
  })
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** Where a member is reached, and in which language; null for nobody, and for who is suspended. */
export async function findReader(
  database: Door,
  tenant: string,
  user: string,
): Promise<{ name: string; email: string; language: string } | null> {
  const { rows } = await database.door<{ name: string; email: string; language: string }>({
    name: 'weft_reader',
    text: `select u.name, u.email, coalesce(u.language, t.language) as language from kernel.memberships m
      join kernel.users u on u.id = m.user_id join kernel.tenants t on t.id = m.tenant_id
      where m.tenant_id = $1 and m.user_id = $2 and m.suspended_at is null and u.suspended_at is null`,
    values: [tenant, user],
  })
  return rows[0] ?? null
}

export async function countTenants(database: Door): Promise<number> {
  const { rows } = await database.door<{ count: number }>({ text: 'select count(*)::int as count from kernel.tenants' })
  return rows[0]!.count
}
