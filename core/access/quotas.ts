/** How much of a server a tenant may take; set by whoever runs it. */
import { Problem } from '../contract.ts'
import type { Database, Run, Transaction } from '../data/database.ts'

export interface Quotas {
  /** A minute, of each process that serves. */
  readonly requests: number
  readonly members: number
  /** Bytes. */
  readonly files: number
}

const COLUMNS = { requests: 'request_quota', members: 'member_quota', files: 'file_quota' } as const

/** What none can be below. */
export const LEAST: Quotas = { requests: 60, members: 1, files: 0 }

const SELECTED = Object.entries(COLUMNS).map(([name, column]) => `${column}::float8 as ${name}`)

/** @throws Problem 404 `not_found` */
export async function readQuotas(run: Run, tenant: string): Promise<Quotas> {
  const text = `select ${SELECTED.join(', ')} from kernel.tenants where id = $1`
  const { rows } = await run<Quotas>({ name: 'tenant_quotas', text, values: [tenant] })
  if (!rows[0]) throw new Problem(404, 'not_found')
  return rows[0]
}

/** Changes those that are given; every process hears of it at once. @returns all as they are now; null for no such tenant */
export async function setQuotas(
  database: Pick<Database, 'door'>,
  slug: string,
  change: Partial<Quotas>,
): Promise<Quotas | null> {
  const given = Object.entries(change) as [keyof Quotas, number][]
  const sets = ['slug = slug', ...given.map(([name], i) => `${COLUMNS[name]} = $${i + 2}`)]
  const { rows } = await database.door<Quotas>({
    text: `with changed as (update kernel.tenants set ${sets.join(', ')} where slug = $1 returning *)
      select ${SELECTED.join(', ')}, pg_notify('weft_plugins', id::text)::text as told from changed`,
    values: [slug, ...given.map(([, value]) => value)],
  })
  const [row] = rows
  return row ? { requests: row.requests, members: row.members, files: row.files } : null
}

const COUNT = `select t.member_quota as most,
    (select count(*) from kernel.memberships m where m.tenant_id = t.id)::int as members,
    (select count(*) from kernel.account_tokens a where a.tenant_id = t.id and a.kind = 'invitation' and a.used_at is null
      and a.expires_at > now() and lower(a.email) <> lower($2))::int as invited
  from kernel.tenants t where t.id = $1`

/**
 * One more member, or one more who is invited; what others add at the same time waits.
 * @param invited the address of an invitation, which is counted beside all that are open
 * @throws Problem 409 `member_quota`
 */
export async function assertRoom(transaction: Transaction, tenant: string, invited: string | null): Promise<void> {
  await transaction.query({ text: 'select from kernel.tenants where id = $1 for no key update', values: [tenant] })
  type Row = { most: number; members: number; invited: number }
  const { rows } = await transaction.query<Row>({ text: COUNT, values: [tenant, invited] })
  const [found] = rows
  if (!found) throw new Problem(404, 'not_found')
  const taken = found.members + (invited === null ? 0 : found.invited)
  if (taken < found.most) return
  throw new Problem(409, 'member_quota', [{ path: '', code: 'member_quota', params: { most: found.most } }])
}

/** A membership, where there is none yet. @throws Problem 409 `member_quota` */
export async function addMembership(
  transaction: Transaction,
  { tenant, user, role, roleId }: { tenant: string; user: string; role: string; roleId: string | null },
): Promise<void> {
  const { rows } = await transaction.query({
    text: 'select from kernel.memberships where tenant_id = $1 and user_id = $2',
    values: [tenant, user],
  })
  if (rows.length > 0) return
  await assertRoom(transaction, tenant, null)
  await transaction.query({
    text: 'insert into kernel.memberships (tenant_id, user_id, role, role_id) values ($1, $2, $3, $4) on conflict do nothing',
    values: [tenant, user, role, roleId],
  })
}
