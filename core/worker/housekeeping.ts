/**
 * Clears away what nobody can ask for any more: old answers, done deliveries, expired sessions and links, bytes without a
 * file, rows that are no records and older than they are kept.
 */
import type { AccountTokens } from '../access/account-tokens.ts'
import type { Sessions } from '../access/sessions.ts'
import type { Database } from '../data/database.ts'
import { forgetFacts, sweepRows } from '../facts/retention.ts'
import type { Rights } from '../work/rights.ts'
import { beginRetention } from './retention.ts'
import { purgeFiles, sweepFiles, type Sweeping } from '../files/sweep.ts'

const EVERY_MS = 10 * 60_000
/** A store that is not ours may want money for each look. */
const FILES_EVERY_MS = 3_600_000
const STATEMENTS = [
  // A key is honoured for a day at least.
  `delete from kernel.answers where created_at < now() - interval '25 hours'`,
  // Dead ones stay for as long as their facts: somebody may still have them told.
  `delete from kernel.deliveries where state = 'done' and updated_at < now() - interval '30 days'`,
  'select kernel.keep_fact_months()',
  `delete from kernel.notifications where read_at < now() - interval '90 days'`,
  `delete from kernel.mails where at < now() - interval '90 days'`,
  `delete from kernel.links where least(revoked_at, expires_at) < now() - interval '90 days'`,
]

interface House extends Sweeping {
  readonly database: Database
  readonly sessions: Sessions
  readonly accountTokens: AccountTokens
  readonly rights: Rights
}

async function keepHouse({ database, sessions, accountTokens, rights, store }: House): Promise<void> {
  await sessions.purge()
  await accountTokens.purge()
  for (const text of STATEMENTS) await database.door({ text })
  await forgetFacts(database)
  await sweepRows(database)
  await purgeFiles({ database, store })
  await beginRetention({ database, rights })
}

/** Begins now and comes round every ten minutes, and to files every hour. @returns what ends it */
export function startHousekeeping(house: House, report: (error: unknown) => void): () => void {
  const rounds: [number, () => Promise<void>][] = [
    [EVERY_MS, () => keepHouse(house)],
    [FILES_EVERY_MS, () => sweepFiles(house)],
  ]
  const timers = rounds.map(([ms, run]) => {
    const round = () => void run().catch(report)
    round()
    return setInterval(round, ms)
  })
  return () => timers.forEach((timer) => clearInterval(timer))
}
