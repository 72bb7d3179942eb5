/** `ctx.links`: bearer tokens that a plugin hands out, and what they stand for. */
import { randomUUID } from 'node:crypto'
import { hashPassword, assertPassword } from '../access/password.ts'
import { createToken, hashToken } from '../access/token.ts'
import { type Link, type LinkEntry, type LinkOptions, type Links, Problem, type Route } from '../contract.ts'
import type { Query, Transaction } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import type { Unit } from './unit.ts'

const MAX_DATA_BYTES = 4_096
const MAX_USES = 1_000_000
const MAX_LISTED = 200

interface Giver {
  readonly tenant: string
  readonly plugin: string
  /** Where this installation is reached; null where nobody has said. */
  readonly url: string | null
  readonly now: Date
  /** @throws Error where there is no transaction */
  open(): Unit
}

/** The living record that an id stands for now, by the merges since. */
const SURVIVOR = `with recursive chain as (
    select r.id, r.merged_into, r.deleted_at from kernel.records r where r.tenant_id = $1::uuid and r.id = $2::uuid
    union select r.id, r.merged_into, r.deleted_at from chain
      join kernel.records r on r.tenant_id = $1::uuid and r.id = chain.merged_into)
  select id from chain where merged_into is null and deleted_at is null`

/** A record and all that were merged into it: their links are its own now. */
const FAMILY = `with recursive family as (
    select $2::uuid as id
    union select m.merged from family join kernel.merges m on m.tenant_id = $1::uuid and m.survivor = family.id
      where m.unmerged_at is null)`

const CREATE = `insert into kernel.links (tenant_id, id, token_hash, name, subject, data, password, expires_at, uses_left)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

const LIST = `${FAMILY}
  select l.id, l.plugin, l.name, $2::text as subject, l.data, kernel.iso(l.expires_at) as "expiresAt",
    l.uses_left as "usesLeft", l.used_count as "usedCount", kernel.iso(l.used_at) as "usedAt", l.created_by as "createdBy",
    kernel.iso(l.created_at) as "createdAt"
  from kernel.links l where l.tenant_id = $1::uuid and l.subject in (select id from family) and l.plugin = any($3::text[])
    and l.revoked_at is null and (l.expires_at is null or l.expires_at > now()) and l.uses_left is distinct from 0
  order by l.created_at desc, l.id limit ${MAX_LISTED}`

const REVOKE = `update kernel.links set revoked_at = now()
  where tenant_id = $1 and id = $2 and plugin = any($3::text[]) and revoked_at is null`

const READ = `select l.name, l.subject, l.data from kernel.links l where l.tenant_id = $1 and l.id = $2`

type Read = (query: Query) => Promise<{ rows: unknown[]; rowCount: number | null }>
export type GivenLink = LinkEntry & { readonly plugin: string }

/** Links of some plugins that still open something, newest first. */
export async function listLinks(
  read: Read,
  of: { tenant: string; subject: string; plugins: readonly string[] },
): Promise<GivenLink[]> {
  if (!isUuid(of.subject)) return []
  return (await read({ text: LIST, values: [of.tenant, of.subject.toLowerCase(), of.plugins] })).rows as GivenLink[]
}

/** @returns whether there was such a link that was not revoked before */
export async function revokeLink(
  write: Read,
  of: { tenant: string; id: string; plugins: readonly string[] },
): Promise<boolean> {
  return isUuid(of.id) && (await write({ text: REVOKE, values: [of.tenant, of.id, of.plugins] })).rowCount === 1
}

/** @returns null where what the link is about is not there any more */
export async function readLink(read: Read, { tenant, id }: { tenant: string; id: string }): Promise<Link | null> {
  const [link] = (await read({ name: 'read_link', text: READ, values: [tenant, id] })).rows as Omit<Link, 'id'>[]
  if (!link) return null
  if (link.subject === null) return { id, ...link }
  const found = await read({ name: 'link_subject', text: SURVIVOR, values: [tenant, link.subject] })
  const [living] = found.rows as { id: string }[]
  return living ? { id, ...link, subject: living.id } : null
}

/** Counts one use in the transaction of its effect. @throws Problem 404 `not_found` where none is left */
export async function useLink(transaction: Transaction, id: string): Promise<void> {
  const { rows } = await transaction.query<{ used: boolean }>({
    text: 'select kernel.use_link($1) as used',
    values: [id],
  })
  if (!rows[0]?.used) throw new Problem(404, 'not_found')
}

const refuse = (path: string, code: string): never => {
  throw new Problem(400, 'invalid', [{ path, code }])
}

function assertSound({ data = {}, expiresAt, uses }: LinkOptions, now: Date): void {
  if (Buffer.byteLength(JSON.stringify(data)) > MAX_DATA_BYTES) refuse('/data', 'too_large')
  // A time that is none compares with nothing.
  if (expiresAt !== null && !(expiresAt > now)) refuse('/expiresAt', 'past')
  if (uses !== undefined && (!Number.isInteger(uses) || uses < 1 || uses > MAX_USES)) refuse('/uses', 'range')
}

function nameOf(to: Route | string): string {
  const name = typeof to === 'string' ? to : to.link
  if (!name) throw new Error('A link opens routes with `link` access, by their name.')
  return name
}

/** Without what is not to be told. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value
  return rest
}

export function linksOf({ tenant, plugin, url, now, open }: Giver): Links {
  return {
    async create(to, options) {
      const unit = open()
      assertSound(options, now)
      const { subject = null, data = {}, expiresAt, uses = null, password } = options
      if (password !== undefined) assertPassword(password)
      if (subject !== null) {
        const found = isUuid(subject) ? await unit.read({ text: SURVIVOR, values: [tenant, subject] }) : null
        if (!found?.rowCount) throw new Problem(422, 'reference', [{ path: '/subject', code: 'reference' }])
      }
      const [id, token] = [randomUUID(), createToken('link')]
      const secret = password === undefined ? null : await hashPassword(password)
      const values = [tenant, id, hashToken(token), nameOf(to), subject, JSON.stringify(data), secret, expiresAt, uses]
      await unit.write({ text: CREATE, values })
      const path = typeof to === 'string' || to.path === '/' ? '' : to.path
      return { id, token, url: `${url?.replace(/\/+$/, '') ?? ''}/api/link/${token}/${plugin}${path}` }
    },
    revoke: async (id) => revokeLink(open().write, { tenant, id, plugins: [plugin] }),
    async list({ subject }) {
      const found = await listLinks(open().read, { tenant, subject, plugins: [plugin] })
      return found.map((link) => without(link, 'plugin'))
    },
  }
}
