/** Plugins that may not be loaded, because they have brought a process down more than once. */
import type { Database } from '../data/database.ts'
import type { Cause } from '../data/schemas.ts'

export interface Quarantine {
  readonly plugin: string
  readonly reason: Cause
}

/** Told to every process of the installation when its plugins are to be loaded anew. */
export const HOST_CHANNEL = 'weft_host'

export async function readQuarantine(database: Database): Promise<Quarantine[]> {
  const text = 'select plugin, reason from kernel.quarantine where until is null or until > now()'
  return (await database.door<Quarantine>({ text })).rows
}

/** It holds until a person lifts it. */
export async function enterQuarantine(database: Database, { plugin, reason }: Quarantine): Promise<void> {
  await database.door({
    text: `insert into kernel.quarantine (plugin, reason) values ($1, $2)
      on conflict (plugin) do update set reason = excluded.reason, since = now(), until = null`,
    values: [plugin, JSON.stringify(reason)],
  })
}

/** Every process loads its plugins anew. @returns whether the plugin was in quarantine */
export async function liftQuarantine(database: Database, plugin: string): Promise<boolean> {
  const text = 'delete from kernel.quarantine where plugin = $1'
  const { rowCount } = await database.door({ text, values: [plugin] })
  if (rowCount === 0) return false
  await database.door({ text: 'select pg_notify($1, $2)', values: [HOST_CHANNEL, plugin] })
  return true
}
