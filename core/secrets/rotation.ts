/** Encrypts every secret anew with a new key, beside running processes. Ended in the middle, it goes on when run again. */
import type { Claims } from '../data/context.ts'
import type { Database, TenantTransaction } from '../data/database.ts'
import type { DataKeys } from './keys.ts'
import type { SecretRow, Secrets } from './secrets.ts'

const BATCH = 100
/** No transaction that still chose an older key lasts so long. */
const SUPERSEDED = `interval '1 minute'`

interface Means {
  readonly database: Database
  readonly keys: DataKeys
  readonly secrets: Secrets
  /** Rows of one transaction, 100 unless said. */
  readonly batch?: number
}

/** @returns how many secrets were encrypted anew */
export async function rotateSecrets(means: Means): Promise<number> {
  const { database } = means
  const key = await beginRotation(means)
  const { rows: clock } = await database.door<{ now: string }>({ text: 'select now()::text as now' })
  const { rows: tenants } = await database.door<{ id: string }>({ text: 'select id from kernel.tenants order by id' })
  let count = 0
  for (const { id } of tenants) {
    for (;;) {
      const done = await database.transaction(claimsFor(id), 'write', (transaction) =>
        encryptBatch(means, transaction, { tenant: id, key }),
      )
      count += done
      if (done === 0) break
    }
  }
  await database.door({ text: 'update kernel.secret_keys set swept_at = now() where id = $1', values: [key] })
  // A key that was superseded before the sweep began cannot have been chosen since: nothing is encrypted with it.
  await database.door({
    text: `delete from kernel.secret_keys k where id < $1 and exists (select from kernel.secret_keys later
      where later.id > k.id and later.created_at < $2::timestamptz - ${SUPERSEDED})`,
    values: [key, clock[0]!.now],
  })
  return count
}

/** The id of the key to encrypt with: that of the rotation that was broken off, or of a new one. */
async function beginRotation({ database, keys }: Means): Promise<string> {
  const { rows } = await database.door<{ id: string; is_swept: boolean }>({
    text: 'select id::text, swept_at is not null as is_swept from kernel.secret_keys order by secret_keys.id desc limit 1',
  })
  const [newest] = rows
  // With another WEFT_SECRET the newest key does not open, and no other one may follow it.
  await keys.current()
  return newest && !newest.is_swept ? newest.id : (await keys.create(false)).id
}

const claimsFor = (tenant: string): Claims => ({
  tenant,
  actorKind: 'system',
  actor: null,
  plugin: null,
  request: null,
  origin: null,
  task: null,
  at: null,
})

async function encryptBatch(
  { secrets, batch = BATCH }: Means,
  transaction: TenantTransaction,
  { tenant, key }: { tenant: string; key: string },
): Promise<number> {
  const { rows } = await transaction.query<SecretRow>({
    text: `select plugin, name, key_id::text, nonce, ciphertext, tag from kernel.secrets
      where tenant_id = $1 and key_id < $2 order by plugin, name limit $3 for update`,
    values: [tenant, key, batch],
  })
  for (const row of rows) {
    const place = { tenant, plugin: row.plugin, name: row.name }
    const sealed = await secrets.encrypt(place, await secrets.decrypt(place, row))
    await transaction.query({
      text: `update kernel.secrets set key_id = $4, nonce = $5, ciphertext = $6, tag = $7
        where tenant_id = $1 and plugin = $2 and name = $3`,
      values: [tenant, row.plugin, row.name, sealed.key_id, sealed.nonce, sealed.ciphertext, sealed.tag],
    })
  }
  return rows.length
}
