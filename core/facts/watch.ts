/** One reader of new facts for all who follow them in this process: it tells whose facts are new, and not which. */
import type { Database } from '../data/database.ts'
import { compilePresent, type Position } from './changes.ts'

const POLL_MS = 1_000
const MAX_LOOKED = 10_000

const LOOK = `with fresh as (select xid, id, tenant_id from kernel.facts
    where (xid, id) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
    order by facts.xid, facts.id limit ${MAX_LOOKED})
  select (select array_agg(distinct tenant_id::text) from fresh) as tenants, xid::text, id::text
  from fresh order by fresh.xid desc, fresh.id desc limit 1`

export interface Followers {
  isEmpty(): boolean
  /** `tenants` have new facts; null where any of them may have. */
  tell(tenants: readonly string[] | null): void
  report(error: unknown): void
}

export class FactWatch {
  readonly #database: Pick<Database, 'directory' | 'door' | 'listen'>
  readonly #followers: Followers
  /** Null while nobody follows: then it is not known how far was looked. */
  #position: Position | null = null
  #timer: NodeJS.Timeout | undefined
  #listening: Promise<() => Promise<void>> | null = null
  #turning: Promise<void> | null = null
  #again = false
  #ended = false

  constructor(database: Pick<Database, 'directory' | 'door' | 'listen'>, followers: Followers) {
    this.#database = database
    this.#followers = followers
  }

  /** Called for each new follower, so that a server without any costs the database nothing. */
  start(): void {
    const wake = () => this.#wake()
    this.#timer ??= setInterval(wake, POLL_MS)
    // Being told is only quicker than looking.
    this.#listening ??= this.#database.listen('weft_facts', { message: wake, gap: wake })
    this.#listening.catch(() => (this.#listening = null))
    wake()
  }

  #wake(): void {
    if (this.#ended) return
    this.#again = true
    this.#turning ??= this.#turn().finally(() => (this.#turning = null))
  }

  async #turn(): Promise<void> {
    while (this.#again && !this.#ended) {
      this.#again = false
      await this.#look().catch((error) => this.#followers.report(error))
    }
  }

  async #look(): Promise<void> {
    if (this.#followers.isEmpty()) return void (this.#position = null)
    if (!this.#position) {
      const { rows } = await this.#database.door<Position>(compilePresent())
      this.#position = rows[0] ?? null
      return this.#followers.tell(null)
    }
    const { xid, id } = this.#position
    const query = { name: 'watch_facts', text: LOOK, values: [xid, id] }
    const [found] = await this.#database.directory(async (transaction) => {
      // Read in the order of the index: behind a bulk all that is left would be sorted for each look.
      await transaction.query({ text: 'set local enable_sort = off' })
      return (await transaction.query<Position & { tenants: string[] }>(query)).rows
    })
    if (!found) return
    this.#position = { xid: found.xid, id: found.id }
    this.#again = true
    this.#followers.tell(found.tenants)
  }

  async stop(): Promise<void> {
    this.#ended = true
    clearInterval(this.#timer)
    const stopListening = await this.#listening?.catch(() => null)
    await stopListening?.()
    await this.#turning
  }
}
