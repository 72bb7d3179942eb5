/** What concerns people by themselves, as PostgreSQL tells it with the commit: a kind and whose it is, never what it is. */
import type { Database } from '../data/database.ts'

/** What one may have to fetch again: what oneself was told, tasks, proposals, failed deliveries. */
export const SIGNALS = ['notified', 'task', 'approvals', 'deliveries'] as const
export type Signal = (typeof SIGNALS)[number]

export interface Concern {
  readonly signal: Signal
  readonly tenant: string
  /** Null for what is nobody's own. */
  readonly user: string | null
}

export interface Listeners {
  tell(concern: Concern): void
  /** Something may have been missed. */
  gap(): void
  report(error: unknown): void
}

const CHANNEL = 'weft_people'
/** A database that is away is asked again. */
const AGAIN_MS = 5_000

function readConcern(payload: string): Concern | null {
  const [name, tenant, user = null] = payload.split(' ')
  const signal = SIGNALS.find((each) => each === name)
  return signal && tenant ? { signal, tenant, user } : null
}

export class PeopleWatch {
  readonly #database: Pick<Database, 'listen'>
  readonly #listeners: Listeners
  #listening: Promise<() => Promise<void>> | null = null
  #again: NodeJS.Timeout | undefined
  #isEnded = false

  constructor(database: Pick<Database, 'listen'>, listeners: Listeners) {
    this.#database = database
    this.#listeners = listeners
  }

  /** Called for each new listener: a server without any holds no connection for it. */
  start(): void {
    if (this.#listening || this.#isEnded) return
    const message = (payload: string) => {
      const concern = readConcern(payload)
      if (concern) this.#listeners.tell(concern)
    }
    this.#listening = this.#database.listen(CHANNEL, { message, gap: () => this.#listeners.gap() })
    this.#listening.catch((error) => {
      this.#listening = null
      this.#again = setTimeout(() => this.start(), AGAIN_MS).unref()
      this.#listeners.report(error)
    })
  }

  async stop(): Promise<void> {
    this.#isEnded = true
    clearTimeout(this.#again)
    const stopListening = await this.#listening?.catch(() => null)
    await stopListening?.()
  }
}
