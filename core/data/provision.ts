/** Prepares a database for migrations: logins, extensions, the kernel's schema. Runs with DATABASE_OWNER_URL. */
import type { Client } from 'pg'
import { StartFault } from '../fault.ts'
import type { RoleNames } from '../resource/derived.ts'
import { contextKeyOf, ensureRoles, fingerprintOf } from './roles.ts'

const EXTENSIONS = ['pg_trgm', 'unaccent', 'btree_gin', 'pgcrypto']

/** Every transaction is bounded, and branches of a keyset union keep their order. */
const SETTINGS = {
  timezone: 'UTC',
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '10s',
  enable_parallel_append: 'off',
  jit: 'off',
}

async function assertSecret(client: Client, secret: string): Promise<void> {
  const { rows } = await client.query(`select to_regclass('kernel.installation') as installed`)
  if (!rows[0].installed) return
  const found = await client.query('select fingerprint from kernel.installation')
  if (found.rows[0] && found.rows[0].fingerprint !== fingerprintOf(secret)) {
    throw new StartFault('WEFT_SECRET is not the secret that this database was made with.')
  }
}

async function ensureExtensions(client: Client): Promise<void> {
  for (const name of EXTENSIONS) {
    const { rowCount } = await client.query('select 1 from pg_extension where extname = $1', [name])
    if (rowCount) continue
    try {
      await client.query(`create extension if not exists ${name} with schema public`)
    } catch (error) {
      throw new StartFault(`The PostgreSQL extension ${name} cannot be installed: ${(error as Error).message}.`)
    }
  }
}

async function grantOwner(client: Client, roles: RoleNames, visitor: string | undefined): Promise<void> {
  const { rows } = await client.query('select current_database() as name')
  const database = client.escapeIdentifier(rows[0].name)
  await client.query(`grant ${roles.owner} to current_user`)
  // The owner of the tables hands the read views to the reader.
  await client.query(`grant ${roles.reader} to ${roles.owner}`)
  await client.query(`revoke connect, temporary on database ${database} from public`)
  await client.query(`grant connect, create on database ${database} to ${roles.owner}`)
  await client.query(`grant connect on database ${database} to ${roles.app}, ${roles.door}`)
  if (visitor) await client.query(`grant connect on database ${database} to ${client.escapeIdentifier(visitor)}`)
  // BullMQ gathers a batch in a temporary table. Plugin code never meets this login.
  await client.query(`grant temporary on database ${database} to ${roles.door}`)
  await client.query(`revoke create on schema public from public`)
  await client.query(`grant usage, create on schema public to ${roles.owner} with grant option`)
  await client.query(`grant usage on schema public to ${roles.app}, ${roles.door}, ${roles.reader}`)
  await client.query(`create schema if not exists kernel authorization ${roles.owner}`)
  for (const login of [roles.app, roles.door]) {
    for (const [name, value] of Object.entries(SETTINGS)) {
      await client.query(`alter role ${login} in database ${database} set ${name} = '${value}'`)
    }
  }
}

/** Idempotent. @throws StartFault for a missing right, a missing extension or the secret of another installation */
export async function provision(client: Client, secret: string, visitor?: string): Promise<RoleNames> {
  await assertSecret(client, secret)
  const roles = await ensureRoles(client, secret)
  await client.query(`select pg_advisory_lock(hashtext('weft provision'))`)
  try {
    await ensureExtensions(client)
    await grantOwner(client, roles, visitor)
  } finally {
    await client.query(`select pg_advisory_unlock(hashtext('weft provision'))`)
  }
  return roles
}

/** Marks the database with the secret's fingerprint and gives it the key that checks tenant contexts. */
export async function install(client: Client, secret: string): Promise<void> {
  await client.query(
    `insert into kernel.installation (fingerprint, context_key) values ($1, $2) on conflict (singleton) do nothing`,
    [fingerprintOf(secret), contextKeyOf(secret)],
  )
}
