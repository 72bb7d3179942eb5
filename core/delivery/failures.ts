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
  /** `dead`: it is not tried again by itself. */
  readonly state: 'waiting' | 'queued' | 'dead'
  readonly attempts: number
  readonly reason: string | null
  /** When it is tried again; when it was last tried, of a dead one. */
  readonly due: string
  readonly updatedAt: string
}

const COLUMNS = `d.id, d.handler, f.event, f.record_id as "recordId", d.state, d.attempts, d.reason,
  kernel.iso(d.due) as due, kernel.iso(d.updated_at) as "updatedAt"`
const FROM = 'kernel.deliveries d join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact'
const FAILED = `d.attempts > 0 and d.state <> 'done'`

const LIST = `select ${COLUMNS} from ${FROM} where d.tenant_id = $1 and ${FAILED}
  and (d.updated_at, d.id) < ($2::timestamptz, $3::uuid) order by d.updated_at desc, d.id desc limit $4`
const RETRY = `with revived as (
    update kernel.deliveries set state = 'waiting', attempts = 0, due = now(), updated_at = now()
    where tenant_id = $1 and id = $2 and state = 'dead' returning *
  ) select ${COLUMNS} from ${FROM.replace('kernel.deliveries', 'revived')}`
const LAST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

export interface FailurePage {
  readonly items: readonly Failure[]
  readonly next: string | null
}

/** Newest first. @throws Problem 400 `invalid_cursor` */
export async function listFailures(
  database: Database,
  claims: Claims,
  page: { after: string | null; limit: number; cursorKey: CursorKey },
): Promise<FailurePage> {
  const scope = `deliveries ${claims.tenant}`
  const [at, id] = page.after === null ? LAST : readCursor(page.cursorKey, scope, page.after)
  const values = [claims.tenant, at, id, page.limit + 1]
  const { rows } = await database.once<Failure>(claims, 'read', { name: 'list_failures', text: LIST, values })
  const items = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, next: last ? writeCursor(page.cursorKey, scope, [last.updatedAt, last.id]) : null }
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
