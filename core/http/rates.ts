/** How often may be asked: counted in this process, over a minute that slides. */
import { Problem } from '../contract.ts'

const WINDOW_MS = 60_000
/** How many counts are kept: more strangers than this within a minute share what is left. */
const MAX_COUNTS = 100_000

/** By strangers a minute: from one network, and of one tenant by all. */
const STRANGERS = { network: { safe: 600, unsafe: 60 }, tenant: { safe: 60_000, unsafe: 60_000 } }

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

  /** A stranger's. @throws Problem 429 `too_many_requests`; its `retryAfter` says how many seconds to wait */
  count(of: keyof typeof STRANGERS, key: string, isSafe: boolean): void {
    const kind = isSafe ? 'safe' : 'unsafe'
    this.#count(`${of} ${kind}`, key, STRANGERS[of][kind])
  }

  /**
   * A member's or a key's. One alone has half of what its tenant has, so that a program run wild shuts nobody else out.
   * @param quota of the tenant, requests a minute
   * @throws Problem 429 `too_many_requests`
   */
  countMember({ tenant, member }: { tenant: string; member: string }, quota: number): void {
    this.#count('member', `${tenant} ${member}`, Math.ceil(quota / 2))
    this.#count('members', tenant, quota)
  }

  #count(group: string, key: string, limit: number): void {
    const now = performance.now()
    this.#turn(now)
    const own = `${group} ${key}`
    const name = this.#present.has(own) || this.#present.size < MAX_COUNTS ? own : group
    const share = 1 - (now % WINDOW_MS) / WINDOW_MS
    const past = this.#past.get(name) ?? 0
    const present = this.#present.get(name) ?? 0
    if (present + past * share >= limit) throw tooMany(present >= limit ? share * WINDOW_MS : (share * WINDOW_MS) / 4)
    this.#present.set(name, present + 1)
  }
}

function tooMany(waitMs: number): Problem {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1_000))
  return new Problem(429, 'too_many_requests', [{ path: '', code: 'too_many_requests', params: { retryAfter } }])
}
