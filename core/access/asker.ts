/** Who asked for something earlier, with the rights of now. */
import type { Database } from '../data/database.ts'
import { type Identity, identityColumns, identityJoins, type IdentityRow, toIdentity } from './identity.ts'

export interface Asker {
  readonly tenant: string
  readonly user: string
  /** Null for a user who was signed in. */
  readonly key: string | null
}

const USER = `select ${identityColumns} from (select $1::uuid as tenant_id, $2::uuid as user_id) s ${identityJoins}`
const KEY = `select ${identityColumns}, s.permissions from kernel.api_keys s ${identityJoins}
  where s.tenant_id = $1 and s.user_id = $2 and s.id = $3 and s.revoked_at is null
  and (s.expires_at is null or s.expires_at > now())`

/** @returns null for one who is suspended or no member any more, or whose key has ended */
export async function findAsker(database: Pick<Database, 'door'>, asker: Asker): Promise<Identity | null> {
  const { tenant, user, key } = asker
  if (key === null) {
    const { rows } = await database.door<IdentityRow>({ name: 'weft_asker', text: USER, values: [tenant, user] })
    return rows[0] ? toIdentity(rows[0], { kind: 'user', sessionHash: null, keyPermissions: null }) : null
  }
  const query = { name: 'weft_asking_key', text: KEY, values: [tenant, user, key] }
  const row = (await database.door<IdentityRow & { permissions: string[] }>(query)).rows[0]
  return row ? toIdentity(row, { kind: 'key', sessionHash: null, keyPermissions: row.permissions, keyId: key }) : null
}
