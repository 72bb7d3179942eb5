/** Asks for the indexes of fields that tenants define: soon after a change, and now and then in case one was not made. */
import type { Database } from '../data/database.ts'
import { isIndexWanting } from '../data/field-indexes.ts'
import type { Switches } from '../tenancy/switches.ts'

const SOON_MS = 200
const AGAIN_MS = 10 * 60_000

interface Watching {
  readonly database: Database
  readonly switches: Pick<Switches, 'watch'>
  readonly report: (error: unknown) => void
}

/** @param ask is called where there is an index to make or to drop @returns what ends it */
export function watchIndexes({ database, switches, report }: Watching, ask: () => void): () => void {
  let soon: NodeJS.Timeout | undefined
  const look = () => {
    soon = undefined
    isIndexWanting((query) => database.door(query)).then((isWanting) => isWanting && ask(), report)
  }
  const unwatch = switches.watch(() => {
    soon ??= setTimeout(look, SOON_MS)
  })
  const again = setInterval(look, AGAIN_MS)
  look()
  return () => {
    unwatch()
    clearTimeout(soon)
    clearInterval(again)
  }
}
