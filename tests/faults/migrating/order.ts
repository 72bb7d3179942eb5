/** An order to the process that migrates, held up in its middle by what it needs, and killed there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Client } from 'pg'
import { programEnvironment } from '../../../core/config.ts'
import type { Migrated, MigrateOrders, Ordered } from '../../../core/host/preparation.ts'
import type { TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/harness.ts'

const SCRIPT = join(import.meta.dirname, '../../../core/migrate.ts')
export const WAITING = `select a.pid from pg_stat_activity a where a.datname = current_database()
  and a.application_name = 'weft migrate' and a.wait_event_type = 'Lock'`

export interface Order {
  kill(): Promise<void>
  /** What it answers. */
  readonly ended: Promise<Migrated & { readonly fault?: string }>
}

export function begin(orders: MigrateOrders): Order {
  const child = spawn(process.execPath, [SCRIPT], { env: programEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => (text += bytes))
  const ended = once(child, 'close').then(() => JSON.parse(text || '{}'))
  const ordered: Ordered = { ...orders, orderer: process.pid }
  child.stdin.end(JSON.stringify(ordered))
  return {
    ended,
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** Holds what a statement takes until the work is done, which is given the number of who holds it. */
export async function holding<T>(
  { ownerUrl }: TestDatabase,
  statement: string,
  work: (holder: number) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    const { rows } = await client.query('select pg_backend_pid() as pid')
    await client.query('begin')
    await client.query(statement)
    return await work(rows[0].pid)
  } finally {
    await client.end()
  }
}

/** Kills it when it needs what the statement holds. PostgreSQL has ended all of it when this ends. */
export async function killAt(database: TestDatabase, statement: string, orders: MigrateOrders): Promise<void> {
  await holding(database, statement, async (holder) => {
    const order = begin(orders)
    const ended = order.ended.then((answer) => Promise.reject(new Error(`It ended: ${JSON.stringify(answer)}`)))
    ended.catch(() => {})
    // It may wait for others before, and for a moment alone.
    const held = `${WAITING} and $1 = any(pg_blocking_pids(a.pid))`
    const isHeldUp = async () => (await database.query(held, [holder])).length > 0
    await Promise.race([ended, eventually(isHeldUp, 'it is held up', 60_000)])
    await order.kill()
  })
  const text = `select from pg_stat_activity where datname = current_database() and application_name = 'weft migrate'`
  await eventually(async () => (await database.query(text)).length === 0, 'nothing of it goes on', 30_000)
}
