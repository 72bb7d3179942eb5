/** How often strangers may ask: counted in this process, over a minute that slides. */
import { Problem } from '../contract.ts'

const WINDOW_MS = 60_000
/** How many counts are kept: more strangers than this within a minute share what is left. */
const MAX_COUNTS = 100_000

/** Asked a minute by one network, and of one tenant by all. */
const LIMITS = { network: { safe: 600, unsafe: 60 }, tenant: { safe: 60_000, unsafe: 60_000 } }

export class Rates {
  #at = 0
  #past = new Map<string, number>()
  #present = new Map<string, number>()

  #turn(now: number): void {
    const at = Math.floor(now / WINDOW_MS)
    if (at === this.#at) return
    this.#past = at === this.#at + 1 ? this.#present : new Map()
    this.#present = new Map()
    this.#at = at
  }

  /** @throws Problem 429 `too_many_requests`; its `retryAfter` says how many seconds to wait */
  count(of: keyof typeof LIMITS, key: string, isSafe: boolean): void {
    const now = performance.now()
    this.#turn(now)
    const kind = isSafe ? 'safe' : 'unsafe'
    const own = `${of} ${kind} ${key}`
    const name = this.#present.has(own) || this.#present.size < MAX_COUNTS ? own : `${of} ${kind}`
    const share = 1 - (now % WINDOW_MS) / WINDOW_MS
    const past = this.#past.get(name) ?? 0
    const present = this.#present.get(name) ?? 0
    const limit = LIMITS[of][kind]
    if (present + past * share >= limit) throw tooMany(present >= limit ? share * WINDOW_MS : (share * WINDOW_MS) / 4)
    this.#present.set(name, present + 1)
  }
}

function tooMany(waitMs: number): Problem {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1_000))
  return new Problem(429, 'too_many_requests', [{ path: '', code: 'too_many_requests', params: { retryAfter } }])
}
