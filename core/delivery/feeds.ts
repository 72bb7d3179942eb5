/** The leases of feeds: who runs what, and how it goes. */
import type { Claims } from '../data/context.ts'
import type { Database, Transaction } from '../data/database.ts'
import { Problem } from '../contract.ts'
import { type CursorKey, readCursor, writeCursor } from '../resource/cursor.ts'

/** One key of one feed of one tenant. */
export interface FeedKey {
  readonly tenant: string
  readonly plugin: string
  readonly feed: string
  readonly key: string
}

export interface Lease extends FeedKey {
  readonly fence: string
  /** Runs in a row that ended by themselves. */
  readonly failures: number
}

export interface FeedEntry {
  readonly plugin: string
  readonly feed: string
  readonly key: string
  readonly state: 'running' | 'waiting'
  readonly since: string
  /** When it is run again, of one that waits. */
  readonly due: string
  readonly restarts: number
  /** Which worker runs it; null for one that waits. */
  readonly worker: string | null
  readonly lastError: string | null
}

type Door = Pick<Database, 'door'>

const PLACE = 'tenant_id = $1 and plugin = $2 and feed = $3'

/** Enters the keys that a feed has now, and takes out those that it has no more. */
export async function enterKeys(
  database: Door,
  { tenant, plugin, feed }: Omit<FeedKey, 'key'>,
  keys: readonly string[],
): Promise<void> {
  const values = [tenant, plugin, feed, keys]
  await database.door({ text: `delete from kernel.feeds where ${PLACE} and key <> all($4::text[])`, values })
  if (keys.length === 0) return
  await database.door({
    text: `insert into kernel.feeds (tenant_id, plugin, feed, key) select $1, $2, $3, unnest($4::text[]) on conflict do nothing`,
    values,
  })
}

/** Takes what nobody runs. Those that a frozen worker still holds open are left for later. */
export async function claimFeeds(
  database: Door,
  { worker, feeds, limit, leaseMs }: { worker: string; feeds: readonly string[]; limit: number; leaseMs: number },
): Promise<Lease[]> {
  const { rows } = await database.door<Lease>({
    name: 'claim_feeds',
    text: `update kernel.feeds set worker = $1, fence = nextval('kernel.feed_fences'), state = 'running', since = now(),
        leased_until = now() + make_interval(secs => $4)
      where (tenant_id, plugin, feed, key) in (select tenant_id, plugin, feed, key from kernel.feeds f
        where plugin || '.' || feed = any($2::text[]) and due <= now() and (worker is null or leased_until < now())
          and not exists (select from kernel.tenant_plugins p
            where p.tenant_id = f.tenant_id and p.plugin = f.plugin and not p.enabled)
        order by due limit $3 for update skip locked)
      returning tenant_id as tenant, plugin, feed, key, fence::text, failures`,
    values: [worker, feeds, limit, leaseMs / 1_000],
  })
  return rows
}

/** @returns the fences of the leases that still hold */
export async function renewFeeds(
  database: Door,
  { worker, fences, leaseMs }: { worker: string; fences: readonly string[]; leaseMs: number },
): Promise<ReadonlySet<string>> {
  const { rows } = await database.door<{ fence: string }>({
    name: 'renew_feeds',
    text: `update kernel.feeds set leased_until = now() + make_interval(secs => $3)
      where worker = $1 and fence = any($2::bigint[]) returning fence::text`,
    values: [worker, fences, leaseMs / 1_000],
  })
  return new Set(rows.map(({ fence }) => fence))
}

/** How a run ended: by itself, with the reason, or at the wish of the kernel. */
export interface Ending {
  readonly reason: string | null
  readonly failures: number
  readonly waitMs: number
}

/** Gives a lease back; one that is lost already stays lost. */
export async function releaseFeed(
  database: Door,
  { worker, fence }: { worker: string; fence: string },
  ending: Ending | null,
): Promise<void> {
  const place = 'worker = $1 and fence = $2'
  const freed = `state = 'waiting', worker = null, leased_until = null, since = now()`
  if (!ending) {
    await database.door({ text: `update kernel.feeds set ${freed} where ${place}`, values: [worker, fence] })
    return
  }
  await database.door({
    text: `update kernel.feeds set ${freed}, reason = $3, failures = $4, restarts = restarts + 1,
      due = now() + make_interval(secs => $5) where ${place}`,
    values: [worker, fence, ending.reason, ending.failures, ending.waitMs / 1_000],
  })
}

/** Refuses the transaction of one who has lost the lease, and keeps it while the transaction lasts. @throws Problem 409 `fenced` */
export async function holdFeed(transaction: Transaction, worker: string, { feed, key, fence }: Lease): Promise<void> {
  const { rows } = await transaction.query<{ held: boolean }>({
    text: 'select kernel.hold_feed($1, $2, $3, $4) as held',
    values: [feed, key, worker, fence],
  })
  if (!rows[0]?.held) throw new Problem(409, 'fenced')
}

const FIRST = ['', '', '']

/** What a tenant's plugins keep running, by plugin, feed and key. @throws Problem 400 `invalid_cursor` */
export async function listFeeds(
  database: Pick<Database, 'once'>,
  claims: Claims,
  page: { plugins: readonly string[]; after: string | null; limit: number; cursorKey: CursorKey },
): Promise<{ items: readonly FeedEntry[]; next: string | null }> {
  const scope = `feeds ${claims.tenant}`
  const after = page.after === null ? FIRST : readCursor(page.cursorKey, scope, page.after)
  const { rows } = await database.once<FeedEntry>(claims, 'read', {
    name: 'list_feeds',
    text: `select plugin, feed, key, state, kernel.iso(since) as since, kernel.iso(due) as due, restarts, worker,
        reason as "lastError" from kernel.feeds where tenant_id = $1 and plugin = any($2::text[])
        and (plugin, feed, key) > ($3, $4, $5) order by plugin, feed, key limit $6`,
    values: [claims.tenant, page.plugins, ...after, page.limit + 1],
  })
  const items = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, next: last ? writeCursor(page.cursorKey, scope, [last.plugin, last.feed, last.key]) : null }
}
