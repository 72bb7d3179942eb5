/** Clears away what nobody can ask for any more: old answers, done deliveries, expired sessions. */
import type { Sessions } from '../access/sessions.ts'
import type { Database } from '../data/database.ts'

const EVERY_MS = 10 * 60_000
const STATEMENTS = [
  // A key is honoured for a day at least.
  `delete from kernel.answers where created_at < now() - interval '25 hours'`,
  `delete from kernel.deliveries where state = 'done' and updated_at < now() - interval '30 days'`,
]

async function keepHouse(database: Database, sessions: Sessions): Promise<void> {
  await sessions.purge()
  for (const text of STATEMENTS) await database.door({ text })
}

/** Begins now and comes round every ten minutes. @returns what ends it */
export function startHousekeeping(
  database: Database,
  sessions: Sessions,
  report: (error: unknown) => void,
): () => void {
  const round = () => void keepHouse(database, sessions).catch(report)
  const timer = setInterval(round, EVERY_MS)
  round()
  return () => clearInterval(timer)
}
