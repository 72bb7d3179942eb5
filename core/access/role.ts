/** What somebody is now who began something earlier: work that lasts asks again before each of its steps. */
import type { Database } from '../data/database.ts'
import type { Identity } from './identity.ts'

export interface Author {
  readonly tenant: string
  readonly user: string
  /** The API key that it was begun with; null for a session. */
  readonly key: string | null
}

/** What the rights of somebody hang on. */
export type Standing = Pick<Identity, 'role' | 'roleId' | 'keyPermissions'>

const FIND = `select m.role, m.role_id as "roleId", k.permissions as "keyPermissions" from kernel.memberships m
    join kernel.users u on u.id = m.user_id and u.suspended_at is null
    left join kernel.api_keys k on k.id = $3 and k.tenant_id = m.tenant_id and k.user_id = m.user_id
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
  where m.tenant_id = $1 and m.user_id = $2 and m.suspended_at is null and ($3::uuid is null or k.id is not null)`

/** @returns null for a user who is suspended or no member any more, and for a key that is revoked or expired */
export async function findRole(
  database: Pick<Database, 'door'>,
  { tenant, user, key }: Author,
): Promise<Standing | null> {
  type Row = Standing
  const { rows } = await database.door<Row>({ name: 'weft_role', text: FIND, values: [tenant, user, key] })
  return rows[0] ?? null
}
