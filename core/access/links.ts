/** Whose a link is, and whether its password was given. */
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { Attempts } from './attempts.ts'
import type { Identity } from './identity.ts'
import { verifyPassword } from './password.ts'
import { hashToken, isToken } from './token.ts'

/** Wrong passwords in a quarter of an hour, from one network and from all. */
const LIMITS = { network: 10, all: 100 }

export interface FoundLink {
  readonly tenant: Identity['tenant']
  readonly id: string
  readonly plugin: string
  readonly name: string
  /** Its hash; null where none is asked for. */
  readonly password: string | null
}

type LinkRow = Omit<FoundLink, 'tenant'> & { tenant_id: string } & Omit<FoundLink['tenant'], 'id' | 'name'> & {
    tenant_name: string
  }

const FIND = `select l.id, l.plugin, l.name, l.password, t.id as tenant_id, t.slug, t.name as tenant_name, t.language, t.country
  from kernel.links l join kernel.tenants t on t.id = l.tenant_id
  where l.token_hash = $1 and l.revoked_at is null and (l.expires_at is null or l.expires_at > now())
    and l.uses_left is distinct from 0`

export class LinkTokens {
  readonly #database: Pick<Database, 'door'>
  readonly #attempts: Attempts

  constructor(database: Pick<Database, 'door'>) {
    this.#database = database
    this.#attempts = new Attempts(database)
  }

  /** @returns null for a token that is unknown, revoked, used up or over */
  async find(token: string): Promise<FoundLink | null> {
    if (!isToken('link', token)) return null
    const query = { name: 'find_link', text: FIND, values: [hashToken(token)] }
    const [row] = (await this.#database.door<LinkRow>(query)).rows
    if (!row) return null
    const { tenant_id, slug, tenant_name, language, country, ...link } = row
    return { ...link, tenant: { id: tenant_id, slug, name: tenant_name, language, country } }
  }

  /**
   * `network` is the caller's IP address.
   * @throws Problem 401 `link_password` without the right one; 429 `too_many_attempts` after ten wrong ones from a network
   */
  async unlock({ id, password }: FoundLink, given: string | undefined, network: string): Promise<void> {
    if (password === null) return
    if (given === undefined) throw new Problem(401, 'link_password')
    const subject = `link ${id}`
    // Guesses from everywhere wait for one another: counted apart, many networks at once would pass the bound of all.
    await this.#attempts.inTurn(subject, '', async () => {
      const all = await this.#attempts.begin(subject, '', LIMITS.all)
      const own = await this.#attempts.begin(subject, network, LIMITS.network)
      if (await verifyPassword(password, given)) return
      await this.#attempts.fail(all)
      await this.#attempts.fail(own)
      throw new Problem(401, 'link_password')
    })
  }
}
