/** The links of a tenant, page by page, for the people who look after what is shared. */
import { Problem } from '../contract.ts'
import type { Query, Result } from '../data/database.ts'
import { type CursorKey, readCursor, writeCursor } from '../resource/cursor.ts'
import { Parameters } from '../resource/filter.ts'
import { compileGuards, type Ruled } from '../resource/guard.ts'

/** One link as it is listed: neither its token nor what it carries. */
export interface ListedLink {
  readonly id: string
  readonly plugin: string
  readonly name: string
  readonly subject: string | null
  /** Of the subject. */
  readonly resource: string | null
  readonly hasPassword: boolean
  readonly expiresAt: string | null
  readonly usesLeft: number | null
  readonly usedCount: number
  readonly usedAt: string | null
  readonly revokedAt: string | null
  readonly createdBy: string | null
  readonly createdAt: string
}

export interface LinkQuery {
  readonly tenant: string
  /** Those that are asked for, among those that are on. */
  readonly plugins: readonly string[]
  /** Of whose records the caller may know. */
  readonly resources: readonly string[]
  readonly ruled: readonly Ruled[]
  /** `open`: what still opens something; `over`: what was revoked, is used up or past its time. */
  readonly state: string
  readonly after: string | null
  readonly limit: number
  readonly cursorKey: CursorKey
}

const OPEN =
  'l.revoked_at is null and (l.expires_at is null or l.expires_at > now()) and l.uses_left is distinct from 0'
const STATES: Readonly<Record<string, string>> = { open: OPEN, over: `not (${OPEN})` }
const LAST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

/**
 * Newest first. Whom a record is shared with is told to those alone who may read it.
 * @throws Problem 400 `invalid_cursor`, `invalid_query` for an unknown state
 */
export async function listAllLinks(
  read: (query: Query) => Promise<Result<ListedLink>>,
  { tenant, plugins, resources, ruled, state, after, limit, cursorKey }: LinkQuery,
): Promise<{ items: readonly ListedLink[]; next: string | null }> {
  const asked = STATES[state]
  if (asked === undefined) throw new Problem(400, 'invalid_query', [{ path: 'state', code: 'enum' }])
  const scope = `links ${tenant} ${state} ${plugins.toSorted().join()}`
  const [at, id] = after === null ? LAST : readCursor(cursorKey, scope, after)
  const parameters = new Parameters(tenant)
  parameters.values.push(plugins, at, id, resources, limit + 1)
  const met = compileGuards(ruled, parameters, { resource: 'r.resource', id: 'r.id' })
  const { rows } = await read({
    text: `select l.id, l.plugin, l.name, l.subject, r.resource, l.has_password as "hasPassword",
        kernel.iso(l.expires_at) as "expiresAt", l.uses_left as "usesLeft", l.used_count as "usedCount",
        kernel.iso(l.used_at) as "usedAt", kernel.iso(l.revoked_at) as "revokedAt", l.created_by as "createdBy",
        kernel.iso(l.created_at) as "createdAt"
      from kernel.links l left join kernel.records r on r.tenant_id = l.tenant_id and r.id = l.subject
      where l.tenant_id = $1::uuid and l.plugin = any($2::text[]) and ${asked}
        and (l.created_at, l.id) < ($3::timestamptz, $4::uuid)
        and (l.subject is null or r.resource = any($5::text[]))${met}
      order by l.created_at desc, l.id desc limit $6`,
    values: parameters.values,
  })
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  return { items, next: last ? writeCursor(cursorKey, scope, [last.createdAt, last.id]) : null }
}
