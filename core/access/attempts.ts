/** The sign-in limit: ten failures for one account from one network within a quarter of an hour. */
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { networkOf } from './account.ts'
import { Turns } from './turns.ts'

const LIMIT = 10
const WINDOW = `interval '15 minutes'`

export interface Attempt {
  /** Says for which account and network without naming them; kept in the database. */
  readonly subject: Buffer
  readonly user: { readonly id: string; readonly password: string } | null
}

interface AttemptRow {
  subject: Buffer
  wait: number | null
  id: string | null
  password: string | null
}

/**
 * The database alone folds the e-mail, for the account and for the count: were it folded twice, by two rules, a letter
 * that they fold differently would buy the same account a second count.
 */
const BEGIN = `select a.subject, u.id, u.password,
    (select greatest(1, ceil(extract(epoch from f.at + ${WINDOW} - now())))::int from kernel.sign_in_failures f
      where f.subject = a.subject and f.at > now() - ${WINDOW} order by f.at desc offset $3::int - 1 limit 1) as wait
  from (select sha256(convert_to(lower($1) || '|' || $2, 'UTF8')) as subject) a
  left join kernel.users u on lower(u.email) = lower($1)`

export class Attempts {
  readonly #database: Pick<Database, 'door'>
  readonly #turns = new Turns()

  constructor(database: Pick<Database, 'door'>) {
    this.#database = database
  }

  /**
   * Runs the attempts on one account from one network one after the other: sent all at once, each would find none of
   * the others' failures.
   */
  async inTurn<T>(email: string, network: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(`${email.toLowerCase()}|${networkOf(network)}`, work)
  }

  /** @throws Problem 429 `too_many_attempts` after `limit` failures; its `retryAfter` says how many seconds to wait */
  async begin(email: string, network: string, limit = LIMIT): Promise<Attempt> {
    const values = [email, networkOf(network), limit]
    const { rows } = await this.#database.door<AttemptRow>({ name: 'weft_attempt', text: BEGIN, values })
    const { subject, wait, id, password } = rows[0]!
    if (wait !== null) {
      throw new Problem(429, 'too_many_attempts', [
        { path: '', code: 'too_many_attempts', params: { retryAfter: wait } },
      ])
    }
    return { subject, user: id === null || password === null ? null : { id, password } }
  }

  async fail({ subject }: Attempt): Promise<void> {
    await this.#database.door({ text: 'insert into kernel.sign_in_failures (subject) values ($1)', values: [subject] })
  }

  async purge(): Promise<void> {
    await this.#database.door({ text: `delete from kernel.sign_in_failures where at <= now() - ${WINDOW}` })
  }
}
