/** Streams and sockets of plugins that are open in this process: how many there may be, and when they end. */
import { Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import type { Switches } from '../tenancy/switches.ts'

/** At once, of one user, link or network, and of one tenant. */
const MAX_OWNED = 8
const MAX_TENANT = 500
/** How often the right to each is asked for again. All at once, so that one statement reads all sessions. */
const RECHECK_MS = 1_000

interface Owned {
  readonly tenant: string
  readonly owner: string
  /** @throws Problem when the right has ended */
  recheck(): Promise<void>
}

/** One of them. Its signal ends with the reason. */
export class Life {
  readonly #controller = new AbortController()
  readonly owned: Owned
  #isAsking = false

  constructor(owned: Owned) {
    this.owned = owned
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(reason: Problem): void {
    this.#controller.abort(reason)
  }

  async recheck(): Promise<void> {
    if (this.#isAsking || this.signal.aborted) return
    this.#isAsking = true
    try {
      await this.owned.recheck()
    } catch (error) {
      const problem = problemOf(error)
      // A database that is away is asked again.
      if (problem instanceof Problem && problem.status < 500) this.end(problem)
    } finally {
      this.#isAsking = false
    }
  }
}

export class Lasting {
  readonly #lives = new Set<Life>()
  readonly #unwatch: () => void
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(switches: Pick<Switches, 'watch'>) {
    this.#unwatch = switches.watch((tenant) => this.#recheck(tenant))
  }

  #recheck(tenant: string | null): void {
    for (const life of this.#lives) if (tenant === null || life.owned.tenant === tenant) void life.recheck()
  }

  /** @throws Problem 429 `too_many_streams`, 503 `interrupted` when the server ends */
  assertRoom({ tenant, owner }: Pick<Owned, 'tenant' | 'owner'>): void {
    if (this.#isClosed) throw new Problem(503, 'interrupted')
    const all = [...this.#lives].map(({ owned }) => owned).filter((owned) => owned.tenant === tenant)
    const own = all.filter((owned) => owned.owner === owner)
    if (own.length >= MAX_OWNED || all.length >= MAX_TENANT) throw new Problem(429, 'too_many_streams')
  }

  /** @throws Problem as `assertRoom` */
  open(owned: Owned): Life {
    this.assertRoom(owned)
    const life = new Life(owned)
    this.#lives.add(life)
    this.#timer ??= setInterval(() => this.#recheck(null), RECHECK_MS).unref()
    return life
  }

  leave(life: Life): void {
    this.#lives.delete(life)
    if (this.#lives.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unwatch()
    clearInterval(this.#timer)
    for (const life of this.#lives) life.end(new Problem(503, 'interrupted'))
  }
}
