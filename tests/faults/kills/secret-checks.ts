/** What tenants have entrusted opens to what it was, whatever became of its rotations. */
import { DataKeys } from '../../../core/secrets/keys.ts'
import { type SecretRow, Secrets } from '../../../core/secrets/secrets.ts'
import { openDatabase } from '../../../core/data/database.ts'
import { wrappingKeyOf } from '../../../core/data/roles.ts'
import { SECRET } from '../../support/settings.ts'
import type { Finding } from './finding.ts'
import type { Ledger } from './ledger.ts'
import { type Stage, valueOf } from './stage.ts'

type Row = SecretRow & { tenant: string; slug: string; is_old: boolean }

export async function findSecrets({ query, ownerUrl }: Stage, ledger: Ledger): Promise<Finding[]> {
  const rows = await query<Row>(
    `select s.tenant_id as tenant, t.slug, s.plugin, s.name, s.key_id::text, s.nonce, s.ciphertext, s.tag,
        s.key_id < (select max(id) from kernel.secret_keys) as is_old
      from kernel.secrets s join kernel.tenants t on t.id = s.tenant_id order by t.slug, s.name`,
  )
  const { database } = await openDatabase(ownerUrl, SECRET, 2)
  try {
    const secrets = new Secrets(database, new DataKeys(database, wrappingKeyOf(SECRET)))
    const broken: unknown[] = []
    for (const row of rows) {
      const expected = ledger.secrets.get(`${row.slug} ${row.name}`) ?? valueOf(row.name)
      const found = await secrets.decrypt(row, row).then(String, (error: Error) => error)
      if (found !== expected) broken.push({ slug: row.slug, name: row.name, expected, found: String(found) })
    }
    const lost = [...ledger.secrets.keys()].filter(
      (place) => !rows.some(({ slug, name }) => `${slug} ${name}` === place),
    )
    return [
      {
        promise: 'a secret opens to what was last entrusted',
        tried: rows.length + ledger.entrusted,
        broken: [...broken, ...lost],
      },
      {
        promise: 'a rotation that was killed is brought to its end by the next one',
        tried: ledger.cutRotations,
        broken: rows.filter(({ is_old }) => is_old).map(({ slug, name, key_id }) => ({ slug, name, key_id })),
      },
    ]
  } finally {
    await database.close()
  }
}
