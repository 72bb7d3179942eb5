/**
 * Challenges that say by themselves what they are for and until when: asking for one writes nothing, so nobody can fill
 * the database by asking. One that is answered is noted, and taken no second time.
 */
import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database } from '../data/database.ts'

const LIFE_MS = 5 * 60_000
const RANDOM_BYTES = 16
const END_BYTES = 8
const HEAD = RANDOM_BYTES + END_BYTES

export class Challenges {
  readonly #database: Pick<Database, 'door' | 'now'>
  readonly #key: KeyObject

  constructor(database: Pick<Database, 'door' | 'now'>, key: KeyObject) {
    this.#database = database
    this.#key = key
  }

  /** @param purpose what it may be used for, and by whom; the answer must name the same */
  create(purpose: string, now = this.#database.now().getTime()): Buffer {
    const end = Buffer.alloc(END_BYTES)
    end.writeBigUInt64BE(BigInt(now + LIFE_MS))
    const head = Buffer.concat([randomBytes(RANDOM_BYTES), end])
    return Buffer.concat([head, this.#sign(head, purpose)])
  }

  #sign(head: Buffer, purpose: string): Buffer {
    return createHmac('sha256', this.#key).update(head).update(purpose).digest()
  }

  /** @param challenge in base 64 as addresses have it */
  isOurs(challenge: string, purpose: string, now = this.#database.now().getTime()): boolean {
    const bytes = Buffer.from(challenge, 'base64url')
    const [head, mark] = [bytes.subarray(0, HEAD), bytes.subarray(HEAD)]
    const expected = this.#sign(head, purpose)
    if (mark.length !== expected.length || !timingSafeEqual(mark, expected)) return false
    return Number(head.readBigUInt64BE(RANDOM_BYTES)) > now
  }

  /** @returns false for one that was answered before */
  async spend(challenge: string): Promise<boolean> {
    const { rowCount } = await this.#database.door({
      text: `with over as (delete from kernel.spent_challenges where expires_at < now())
        insert into kernel.spent_challenges (challenge, expires_at) values ($1, now() + interval '${LIFE_MS} milliseconds')
        on conflict do nothing`,
      values: [challenge],
    })
    return rowCount === 1
  }
}
