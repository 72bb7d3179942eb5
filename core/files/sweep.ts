/** Removes what nobody can ask for any more: bytes without a row, uploads that nobody claimed or answered for, files erased or removed long ago. */
import type { Database } from '../data/database.ts'
import type { Spool } from './spool.ts'
import type { FilePlace, Store } from './store.ts'

const BATCH = 500
const DAY_MS = 24 * 3_600_000
/** Rows whose bytes go first, so that a sweep which is ended goes on. */
const OUTLIVED = `select tenant_id as tenant, id from kernel.files where state = 'erased' or deleted_at < now() - interval '30 days'
  or (state in ('scanning', 'staged') and created_at < now() - interval '1 day') limit ${BATCH}`

export interface Sweeping {
  readonly database: Pick<Database, 'door'>
  readonly store: Store
  readonly spool: Spool
}

/** @param before what is younger may belong to an upload that still runs */
export async function sweepFiles(
  { database, store, spool }: Sweeping,
  before = new Date(Date.now() - DAY_MS),
): Promise<void> {
  await spool.sweep(before)
  await purgeFiles({ database, store })
  let batch: FilePlace[] = []
  for await (const { at, tenant, id } of store.list()) {
    if (at >= before) continue
    batch.push({ tenant, id })
    if (batch.length < BATCH) continue
    await removeOrphans(database, store, batch)
    batch = []
  }
  await removeOrphans(database, store, batch)
}

/** What the rows say is over: it asks the store for nothing but to remove. */
export async function purgeFiles({ database, store }: Pick<Sweeping, 'database' | 'store'>): Promise<void> {
  for (;;) {
    const { rows } = await database.door<FilePlace>({ text: OUTLIVED })
    for (const place of rows) {
      await store.remove(place)
      await database.door({
        text: 'delete from kernel.files where tenant_id = $1 and id = $2',
        values: [place.tenant, place.id],
      })
    }
    if (rows.length < BATCH) return
  }
}

async function removeOrphans(
  database: Pick<Database, 'door'>,
  store: Store,
  places: readonly FilePlace[],
): Promise<void> {
  if (places.length === 0) return
  const { rows } = await database.door<FilePlace>({
    text: `select p.tenant, p.id from unnest($1::uuid[], $2::uuid[]) as p (tenant, id)
      where not exists (select from kernel.files f where f.tenant_id = p.tenant and f.id = p.id)`,
    values: [places.map(({ tenant }) => tenant), places.map(({ id }) => id)],
  })
  for (const place of rows) await store.remove(place)
}
