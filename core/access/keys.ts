/** API keys: long-lived tokens that act as the user who made them, with the permissions that they were given. */
import { type JsonObject, Problem, type ProblemEntry } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { isDateTime } from '../resource/format-dates.ts'
import { isUuid } from '../resource/formats.ts'
import { type Identity, identityColumns, identityJoins, type IdentityRow, toIdentity } from './identity.ts'
import { TokenLookup } from './lookup.ts'
import { createToken, hashToken, isToken } from './token.ts'

const MAX_NAME = 100
const STALE = `interval '1 minute'`

const LOOKUP = {
  name: 'weft_key',
  find: `select s.token_hash, s.id as key_id, ${identityColumns}, s.permissions,
      s.used_at is null or s.used_at < now() - ${STALE} as is_stale
    from kernel.api_keys s ${identityJoins}
    where s.token_hash = any($1::bytea[]) and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())`,
  touch: `update kernel.api_keys set used_at = now()
    where token_hash = any($1::bytea[]) and (used_at is null or used_at < now() - ${STALE})`,
}

const CREATE = `insert into kernel.api_keys (tenant_id, user_id, name, token_hash, permissions, expires_at)
  values ($1, $2, $3, $4, $5, $6) returning id`

const LIST = `select k.id, k.name, k.permissions, json_build_object('id', u.id, 'name', u.name) as "createdBy",
    kernel.iso(k.created_at) as "createdAt", kernel.iso(k.used_at) as "usedAt", kernel.iso(k.expires_at) as "expiresAt"
  from kernel.api_keys k join kernel.users u on u.id = k.user_id
  where k.tenant_id = $1 and k.revoked_at is null order by k.created_at desc, k.id`

export interface KeyInput {
  readonly name: string
  /** All that may be granted, where none are named. */
  readonly permissions?: readonly string[]
  /** RFC 3339. */
  readonly expiresAt?: string | null
}

/** What a list tells of a key; the key itself was shown once. */
export interface KeyRow {
  readonly id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdBy: { readonly id: string; readonly name: string }
  readonly createdAt: string
  readonly usedAt: string | null
  readonly expiresAt: string | null
}

type KeyLookupRow = IdentityRow & { key_id: string; token_hash: Buffer; permissions: string[]; is_stale: boolean }

const identityOf = (row: KeyLookupRow | null): Identity | null =>
  row && toIdentity(row, { kind: 'key', sessionHash: null, keyPermissions: row.permissions, keyId: row.key_id })

export class ApiKeys {
  readonly #database: Pick<Database, 'door' | 'now'>
  readonly #lookup: TokenLookup<KeyLookupRow>

  constructor(database: Pick<Database, 'door' | 'now'>) {
    this.#database = database
    this.#lookup = new TokenLookup(database, LOOKUP)
  }

  /**
   * `grantable` is what the caller itself may do.
   * @throws Problem 400 `invalid`: `unknown` for a permission that cannot be granted, `past` for an expiry gone by
   */
  async create(
    { tenant, user }: Identity,
    input: KeyInput,
    grantable: ReadonlySet<string>,
  ): Promise<{ id: string; key: string }> {
    const errors = findKeyFaults(input, grantable, this.#database.now())
    if (errors.length > 0) throw new Problem(400, 'invalid', errors)
    const permissions = [...new Set(input.permissions ?? grantable)].toSorted()
    const key = createToken('key')
    const values = [tenant.id, user.id, input.name.trim(), hashToken(key), permissions, input.expiresAt ?? null]
    const { rows } = await this.#database.door<{ id: string }>({ text: CREATE, values })
    return { id: rows[0]!.id, key }
  }

  /** The keys of a tenant that are not revoked, newest first; expired ones too. */
  async list(tenant: string): Promise<KeyRow[]> {
    return (await this.#database.door<KeyRow>({ text: LIST, values: [tenant] })).rows
  }

  /** @throws Problem 404 `not_found`, also for a key that is revoked already */
  async revoke({ tenant }: Identity, id: string): Promise<void> {
    const text = 'update kernel.api_keys set revoked_at = now() where id = $1 and tenant_id = $2 and revoked_at is null'
    const revoked = isUuid(id) && (await this.#database.door({ text, values: [id, tenant.id] })).rowCount === 1
    if (!revoked) throw new Problem(404, 'not_found')
  }

  /** @returns null for a key that is unknown, expired or revoked, or whose user has lost the access */
  async authenticate(key: string): Promise<Identity | null> {
    if (!isToken('key', key)) return null
    return identityOf(await this.#lookup.find(hashToken(key)))
  }

  /** Whether a key is still good, without noting a use of it. */
  async recheck(key: string): Promise<Identity | null> {
    return identityOf(await this.#lookup.look(hashToken(key)))
  }
}

function findKeyFaults(
  { name, permissions, expiresAt }: KeyInput,
  grantable: ReadonlySet<string>,
  now: Date,
): ProblemEntry[] {
  const entries: ProblemEntry[] = []
  const add = (path: string, code: string, params?: JsonObject) =>
    entries.push(params ? { path, code, params } : { path, code })
  const length = [...name.trim()].length
  if (length < 1) add('/name', 'minLength', { limit: 1 })
  if (length > MAX_NAME) add('/name', 'maxLength', { limit: MAX_NAME })
  permissions?.forEach((permission, i) => {
    if (!grantable.has(permission)) add(`/permissions/${i}`, 'unknown')
  })
  if (typeof expiresAt === 'string') {
    if (!isDateTime(expiresAt)) add('/expiresAt', 'format', { format: 'date-time' })
    else if (Date.parse(expiresAt) <= now.getTime()) add('/expiresAt', 'past')
  }
  return entries
}
