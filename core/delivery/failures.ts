/** Deliveries that have failed: those that are tried again, and the dead ones, which a person may have tried once more. */
import { Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import { type CursorKey, readCursor, writeCursor } from '../resource/cursor.ts'
import { isUuid } from '../resource/formats.ts'

export interface Failure {
  readonly id: string
  /** `<plugin>.<handler>` */
  readonly handler: string
  readonly event: string
  readonly recordId: string | null
  /** Of the record. */
  readonly resource: string | null
  /** `dead`: it is not tried again by itself. */
  readonly state: 'waiting' | 'queued' | 'held' | 'dead'
  readonly attempts: number
  readonly reason: string | null
  /** When it is tried again; when it was last tried, of a dead one. */
  readonly due: string
  readonly updatedAt: string
}

const COLUMNS = `d.id, d.handler, f.event, f.record_id as "recordId", r.resource, d.state, d.attempts, d.reason,
  kernel.iso(d.due) as due, kernel.iso(d.updated_at) as "updatedAt"`
const FACTS = `join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact
  left join kernel.records r on r.tenant_id = d.tenant_id and r.id = f.record_id`
const FAILED = `(d.state = 'dead' or (d.attempts > 0 and d.state <> 'done'))`
/** What a list may be narrowed to. */
const STATES: Readonly<Record<string, string>> = { dead: `and d.state = 'dead'`, tried: `and d.state <> 'dead'` }

const LIST = `select ${COLUMNS} from kernel.deliveries d ${FACTS} where d.tenant_id = $1 and ${FAILED}
  and (d.updated_at, d.id) < ($2::timestamptz, $3::uuid)`
const REVIVED = `state = 'waiting', attempts = 0, due = now(), updated_at = now()`
const RETRY = `with d as (
    update kernel.deliveries set ${REVIVED} where tenant_id = $1 and id = $2 and state = 'dead' returning *
  ) select ${COLUMNS} from d ${FACTS}`
const LAST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

/** More are counted by nobody, and revived in further turns. */
const MOST_COUNTED = 10_000
const MOST_REVIVED = 5_000

const COUNT = `select handler, count(*)::int as dead from (select handler from kernel.deliveries
    where tenant_id = $1 and state = 'dead' order by handler, updated_at, id limit ${MOST_COUNTED}) counted
  group by handler order by handler`
const RETRY_ALL = `with chosen as (
    select id from kernel.deliveries where tenant_id = $1 and state = 'dead' and handler = $2
    order by updated_at, id limit ${MOST_REVIVED} for update skip locked
  ) update kernel.deliveries d set ${REVIVED} from chosen where d.tenant_id = $1 and d.id = chosen.id`

export interface FailurePage {
  readonly items: readonly Failure[]
  readonly next: string | null
}

/** Of one handler, of one state (`dead`, or `tried` again), or all; null for any. */
export interface FailureFilter {
  readonly handler: string | null
  readonly state: string | null
}

/** Newest first. @throws Problem 400 `invalid_cursor`, `invalid_query` for an unknown state */
export async function listFailures(
  database: Database,
  claims: Claims,
  page: FailureFilter & { after: string | null; limit: number; cursorKey: CursorKey },
): Promise<FailurePage> {
  const { handler, state } = page
  const asked = state === null ? '' : STATES[state]
  if (asked === undefined) throw new Problem(400, 'invalid_query', [{ path: 'state', code: 'enum' }])
  const scope = `deliveries ${claims.tenant} ${state ?? ''} ${handler ?? ''}`
  const [at, id] = page.after === null ? LAST : readCursor(page.cursorKey, scope, page.after)
  const { rows } = await database.once<Failure>(claims, 'read', {
    text: `${LIST} ${asked} ${handler === null ? '' : 'and d.handler = $5'} order by d.updated_at desc, d.id desc limit $4`,
    values: [claims.tenant, at, id, page.limit + 1, ...(handler === null ? [] : [handler])],
  })
  const items = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, next: last ? writeCursor(page.cursorKey, scope, [last.updatedAt, last.id]) : null }
}

/** How many deliveries of each handler are dead; ten thousand are counted at most. */
export async function countDead(
  database: Database,
  claims: Claims,
): Promise<readonly { handler: string; dead: number }[]> {
  const query = { name: 'count_dead', text: COUNT, values: [claims.tenant] }
  return (await database.once<{ handler: string; dead: number }>(claims, 'read', query)).rows
}

/** Has a dead delivery told again from its first attempt. @throws Problem 404 `not_found`, 409 `not_dead` */
export async function retryDelivery(database: Database, claims: Claims, id: string): Promise<Failure> {
  if (!isUuid(id)) throw new Problem(404, 'not_found')
  const values = [claims.tenant, id]
  const { rows } = await database.once<Failure>(claims, 'write', { name: 'retry_delivery', text: RETRY, values })
  if (rows[0]) return rows[0]
  const text = 'select 1 from kernel.deliveries where tenant_id = $1 and id = $2'
  const found = await database.once(claims, 'read', { text, values })
  throw found.rows.length > 0 ? new Problem(409, 'not_dead') : new Problem(404, 'not_found')
}

/**
 * Has the dead deliveries of a handler told again, the oldest first, five thousand at a time.
 * @returns how many, and whether some may be left
 */
export async function retryHandler(
  database: Database,
  claims: Claims,
  handler: string,
): Promise<{ count: number; left: boolean }> {
  const query = { name: 'retry_handler', text: RETRY_ALL, values: [claims.tenant, handler] }
  const count = (await database.once(claims, 'write', query)).rowCount ?? 0
  return { count, left: count === MOST_REVIVED }
}
