/** The database logins. Roles belong to the whole server, so each installation finds its own by a mark of its secret. */
import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import type { Client } from 'pg'
import { StartFault } from '../fault.ts'
import type { RoleNames } from '../resource/derived.ts'

const PARTS = ['owner', 'app', 'door', 'reader'] as const
type Part = (typeof PARTS)[number]

const derive = (secret: string, purpose: string) => createHmac('sha256', secret).update(`weft ${purpose}`).digest()

/** Says which secret an installation was made with, and nothing about it. */
export const fingerprintOf = (secret: string) => derive(secret, 'fingerprint').toString('hex').slice(0, 12)

/** Signs the tenant context; the database keeps a copy that no login can read. */
export const contextKeyOf = (secret: string) => derive(secret, 'context')

export const cursorKeyOf = (secret: string) => createSecretKey(derive(secret, 'cursor'))

/** Encrypts the keys that secrets of tenants are encrypted with. */
export const wrappingKeyOf = (secret: string) =>
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'weft secret keys', 32)))

/** Encrypts what the codes of second factors are made of. */
export const authenticatorKeyOf = (secret: string) =>
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'weft authenticators', 32)))

/** Encrypts what identity providers know this installation's tenants by. */
export const providerKeyOf = (secret: string) =>
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'weft identity providers', 32)))

/** Signs the challenges of passkeys. */
export const challengeKeyOf = (secret: string) => createSecretKey(derive(secret, 'challenge'))

const passwordOf = (secret: string, part: Part) => derive(secret, `login ${part}`).toString('base64url')

/** The address of the same database for one of the logins. */
export function loginUrl(
  ownerUrl: string,
  secret: string,
  login: { part: Exclude<Part, 'reader'>; roles: RoleNames },
): string {
  const url = new URL(ownerUrl)
  url.username = login.roles[login.part]
  url.password = passwordOf(secret, login.part)
  return url.href
}

/** @returns null where no migrate of this installation has made them yet */
export async function findRoles(client: Client, secret: string): Promise<RoleNames | null> {
  const { rows } = await client.query<{ rolname: string; mark: string }>(
    `select rolname, shobj_description(oid, 'pg_authid') as mark from pg_roles
     where shobj_description(oid, 'pg_authid') like $1`,
    [`weft ${fingerprintOf(secret)} %`],
  )
  const found = Object.fromEntries(rows.map(({ rolname, mark }) => [mark.split(' ')[2], rolname]))
  return PARTS.every((part) => found[part]) ? (found as unknown as RoleNames) : null
}

async function nameFor(client: Client, secret: string, part: Part): Promise<string> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [`weft_${part}`])
  // Another installation on the same server keeps the plain name: neither may log in to the other's database.
  return rowCount ? `weft_${part}_${fingerprintOf(secret)}` : `weft_${part}`
}

async function createRole(client: Client, secret: string, part: Part): Promise<void> {
  const mark = `weft ${fingerprintOf(secret)} ${part}`
  const made = await client.query(`select 1 from pg_roles where shobj_description(oid, 'pg_authid') = $1`, [mark])
  if (made.rowCount) return
  const name = await nameFor(client, secret, part)
  const login = part === 'reader' ? 'nologin' : `login password '${passwordOf(secret, part)}'`
  try {
    // One message is one transaction: a role without its mark would never be found again.
    await client.query(
      `create role ${name} nosuperuser nocreatedb nocreaterole nobypassrls ${login}; comment on role ${name} is '${mark}'`,
    )
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === '42501')
      throw new StartFault(
        `The login of DATABASE_OWNER_URL, or of DATABASE_URL where that is not set, may not create roles (${message}).`,
      )
    throw error
  }
}

/** Two first starts beside each other make the same role: the later one finds it. */
const RACES = ['42710', '23505', 'XX000']

/** Finds or makes the four roles; the passwords follow from the secret. */
export async function ensureRoles(client: Client, secret: string): Promise<RoleNames> {
  for (let attempt = 0; ; attempt++) {
    const known = await findRoles(client, secret)
    if (known) return known
    try {
      for (const part of PARTS) await createRole(client, secret, part)
    } catch (error) {
      if (attempt >= 5 || !RACES.includes((error as { code?: string }).code ?? '')) throw error
    }
  }
}
