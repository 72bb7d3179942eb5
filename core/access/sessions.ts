/** Sessions: opaque tokens, looked up on every request, so that signing out or suspending a user holds at once. */
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { isAccountEmail } from './account.ts'
import { Attempts } from './attempts.ts'
import { type Identity, identityColumns, identityJoins, type IdentityRow, toIdentity } from './identity.ts'
import { TokenLookup } from './lookup.ts'
import { dummyHash, verifyPassword } from './password.ts'
import { createToken, hashToken, isToken } from './token.ts'

const IDLE = `interval '24 hours'`
const LIFE = `interval '30 days'`
/** How old `used_at` may be before a request renews it. */
const STALE = `interval '1 minute'`

const LOOKUP = {
  name: 'weft_session',
  find: `select s.token_hash, ${identityColumns}, s.used_at < now() - ${STALE} as is_stale
    from kernel.sessions s ${identityJoins}
    where s.token_hash = any($1::bytea[]) and s.expires_at > now() and s.used_at > now() - ${IDLE}`,
  touch: `update kernel.sessions set used_at = now()
    where token_hash = any($1::bytea[]) and used_at < now() - ${STALE}`,
}

/** In the tenant last worked in, else the one that the user joined first; the failures before are forgiven. */
const OPEN = `with chosen as (
    select m.tenant_id, m.user_id from kernel.memberships m
    join kernel.users u on u.id = m.user_id and u.suspended_at is null
    left join lateral (select max(s.used_at) as at from kernel.sessions s
      where s.user_id = m.user_id and s.tenant_id = m.tenant_id) used on true
    where m.user_id = $2 order by used.at desc nulls last, m.created_at, m.tenant_id limit 1
  ), forgiven as (
    delete from kernel.sign_in_failures where subject = $3 and exists (select from chosen)
  )
  insert into kernel.sessions (token_hash, user_id, tenant_id, expires_at)
  select $1::bytea, user_id, tenant_id, now() + ${LIFE} from chosen`

/** The new session ends when the old one would have: switching to and fro does not prolong it. */
const SWITCH = `with target as (
    select m.tenant_id, m.user_id from kernel.memberships m join kernel.tenants t on t.id = m.tenant_id
    where m.user_id = $3 and t.slug = $4
  ), old as (
    delete from kernel.sessions s using target where s.token_hash = $2 and s.user_id = target.user_id
    returning target.tenant_id, s.user_id, s.expires_at
  )
  insert into kernel.sessions (token_hash, user_id, tenant_id, expires_at)
  select $1::bytea, user_id, tenant_id, expires_at from old`

type SessionRow = IdentityRow & { token_hash: Buffer; is_stale: boolean }

export interface SignedIn {
  readonly token: string
  readonly identity: Identity
}

const identityOf = (row: SessionRow | null, sessionHash: Buffer): Identity | null =>
  row && toIdentity(row, { kind: 'user', sessionHash, keyPermissions: null })

export class Sessions {
  readonly #database: Pick<Database, 'door'>
  readonly #lookup: TokenLookup<SessionRow>
  readonly #attempts: Attempts

  constructor(database: Pick<Database, 'door'>) {
    this.#database = database
    this.#lookup = new TokenLookup(database, LOOKUP)
    this.#attempts = new Attempts(database)
  }

  /**
   * `network` is the caller's IP address.
   * @throws Problem 401 `credentials`; 429 `too_many_attempts` after ten failures, with `retryAfter` in its params
   */
  async signIn({ email, password, network }: { email: string; password: string; network: string }): Promise<SignedIn> {
    // Nobody is called so, and everybody can see it: there is nothing to hide and nothing to count.
    if (!isAccountEmail(email)) throw new Problem(401, 'credentials')
    return this.#attempts.inTurn(email, network, async () => {
      const attempt = await this.#attempts.begin(email, network)
      const { user, subject } = attempt
      const isRight = await verifyPassword(user?.password ?? dummyHash, password)
      const opened = user && isRight ? await this.#open(user.id, subject) : null
      if (opened) return opened
      await this.#attempts.fail(attempt)
      throw new Problem(401, 'credentials')
    })
  }

  /** @returns null for a user who is suspended or a member of nothing */
  async #open(user: string, subject: Buffer): Promise<SignedIn | null> {
    const token = createToken('session')
    await this.#database.door({ text: OPEN, values: [hashToken(token), user, subject] })
    return this.#read(token)
  }

  async #read(token: string): Promise<SignedIn | null> {
    const identity = await this.authenticate(token)
    return identity && { token, identity }
  }

  /** @returns null for a token that is unknown, 24 hours unused or 30 days old, or whose user has lost the access */
  async authenticate(token: string): Promise<Identity | null> {
    if (!isToken('session', token)) return null
    const sessionHash = hashToken(token)
    return identityOf(await this.#lookup.find(sessionHash), sessionHash)
  }

  /** Whether a token is still good, without prolonging its session. */
  async recheck(token: string): Promise<Identity | null> {
    const sessionHash = hashToken(token)
    return identityOf(await this.#lookup.look(sessionHash), sessionHash)
  }

  /**
   * Ends the session and opens another one for a tenant of the same user.
   * @throws Problem 403 `forbidden` for a key, 404 `not_found` without a membership there
   */
  async switchTenant({ sessionHash, user }: Identity, slug: string): Promise<SignedIn> {
    if (!sessionHash) throw new Problem(403, 'forbidden')
    const token = createToken('session')
    await this.#database.door({ text: SWITCH, values: [hashToken(token), sessionHash, user.id, slug] })
    const opened = await this.#read(token)
    if (!opened) throw new Problem(404, 'not_found')
    return opened
  }

  /** The row stays for a while: it says in which tenant the user last worked. */
  async signOut(hash: Buffer): Promise<void> {
    await this.#database.door({
      text: 'update kernel.sessions set expires_at = now() where token_hash = $1',
      values: [hash],
    })
  }

  async setLanguage({ user }: Identity, language: 'en' | 'fr'): Promise<void> {
    await this.#database.door({
      text: 'update kernel.users set language = $2 where id = $1',
      values: [user.id, language],
    })
  }

  /** The tenants that a user may switch to, by name. */
  async membershipsOf(user: string): Promise<{ slug: string; name: string }[]> {
    const text = `select t.slug, t.name from kernel.memberships m join kernel.tenants t on t.id = m.tenant_id
      where m.user_id = $1 order by lower(t.name), t.slug`
    const { rows } = await this.#database.door<{ slug: string; name: string }>({
      name: 'weft_memberships',
      text,
      values: [user],
    })
    return rows
  }

  /** Ended ones stay until their thirty days are over: they say in which tenant the user last worked. */
  async purge(): Promise<void> {
    await this.#database.door({ text: `delete from kernel.sessions where created_at <= now() - ${LIFE}` })
    await this.#attempts.purge()
  }
}
