/** What administrators change of their members. An organisation keeps one administrator who can sign in. */
import type { ChosenRole } from '../access/grants.ts'
import { ENDED } from '../access/sessions.ts'
import { Problem } from '../contract.ts'
import type { Database, Transaction } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'

export interface MemberChange {
  readonly role?: ChosenRole
  /** In this organisation alone. */
  readonly suspended?: boolean
}

type Directory = Pick<Database, 'directory'>

/**
 * Ends the member's sessions here, so that nothing goes on under the rights of before.
 * @throws Problem 404 `not_found`; 409 `last_administrator`
 */
export async function changeMember(
  database: Directory,
  { tenant, user }: { tenant: string; user: string },
  change: MemberChange,
): Promise<void> {
  await inTurn(database, tenant, async (transaction) => {
    const { rowCount } = await transaction.query({
      text: `update kernel.memberships set role = coalesce($3, role), role_id = case when $3::text is null then role_id else $5::uuid end, suspended_at = case $4::boolean when true then
          coalesce(suspended_at, now()) when false then null else suspended_at end
        where tenant_id = $1 and user_id = $2`,
      values: [
        tenant,
        assertId(user),
        change.role?.role ?? null,
        change.suspended ?? null,
        change.role?.roleId ?? null,
      ],
    })
    if (rowCount !== 1) throw new Problem(404, 'not_found')
    await endSessions(transaction, tenant, user)
  })
}

/** The rows that the member made stay. Its sessions and API keys here end. @throws as changeMember */
export async function removeMember(
  database: Directory,
  { tenant, user }: { tenant: string; user: string },
): Promise<void> {
  await inTurn(database, tenant, async (transaction) => {
    const text = 'delete from kernel.memberships where tenant_id = $1 and user_id = $2'
    const { rowCount } = await transaction.query({ text, values: [tenant, assertId(user)] })
    if (rowCount !== 1) throw new Problem(404, 'not_found')
  })
}

function assertId(user: string): string {
  if (!isUuid(user)) throw new Problem(404, 'not_found')
  return user
}

async function endSessions(transaction: Transaction, tenant: string, user: string): Promise<void> {
  const text = `update kernel.sessions set ${ENDED} where tenant_id = $1 and user_id = $2 and expires_at > now()`
  await transaction.query({ text, values: [tenant, user] })
}

/** One change after the other: of two administrators who remove each other at once one stays. */
async function inTurn(
  database: Directory,
  tenant: string,
  change: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  await database.directory(async (transaction) => {
    await transaction.query({ text: 'select from kernel.tenants where id = $1 for no key update', values: [tenant] })
    await change(transaction)
    const { rows } = await transaction.query({
      text: `select from kernel.memberships m join kernel.users u on u.id = m.user_id and u.suspended_at is null
        where m.tenant_id = $1 and m.role = 'administrator' and m.suspended_at is null limit 1`,
      values: [tenant],
    })
    if (rows.length === 0) throw new Problem(409, 'last_administrator')
  })
}

/**
 * The account of somebody who is a member elsewhere too is not one organisation's to change.
 * @throws Problem 404 `not_found`; 409 `member_elsewhere`
 */
export async function assertOwnMember(
  database: Pick<Database, 'door'>,
  { tenant, user }: { tenant: string; user: string },
): Promise<void> {
  const text = 'select tenant_id = $1 as here from kernel.memberships where user_id = $2'
  const { rows } = await database.door<{ here: boolean }>({ text, values: [tenant, assertId(user)] })
  if (!rows.some(({ here }) => here)) throw new Problem(404, 'not_found')
  if (rows.length > 1) throw new Problem(409, 'member_elsewhere')
}
