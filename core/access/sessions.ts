/** Sessions: opaque tokens, looked up on every request, so that signing out or suspending a user holds at once. */
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import { isAccountEmail } from './account.ts'
import { Attempts } from './attempts.ts'
import { type Identity, identityColumns, identityJoins, type IdentityRow, toIdentity } from './identity.ts'
import { TokenLookup } from './lookup.ts'
import { dummyHash, hashPassword, verifyPassword } from './password.ts'
import { assertQuality } from './password-quality.ts'
import type { SecondFactor } from './second-factor.ts'
import { createToken, hashToken, isToken } from './token.ts'

const IDLE = `interval '24 hours'`
const LIFE = `interval '30 days'`
/** Over whatever the clock says next: `now()` is rounded to milliseconds, upwards too, and may be set back. */
export const ENDED = `expires_at = '-infinity'`
/** How old `used_at` may be before a request renews it. */
const STALE = `interval '1 minute'`

const ACTING_BY = `case when s.acting_id is not null then (select json_build_object('id', b.id, 'name', b.name)
    from kernel.acting_sessions a join kernel.users b on b.id = a.by_id where a.id = s.acting_id) end as acting_by`
/** Whoever acts as somebody else has a session of its own that is good, and may still. */
const IS_STILL_ADMINISTRATOR = `exists (select from kernel.sessions p
    join kernel.users pu on pu.id = p.user_id and pu.suspended_at is null
    join kernel.memberships pm on pm.tenant_id = p.tenant_id and pm.user_id = p.user_id and pm.suspended_at is null
    where p.id = s.parent and p.tenant_id = s.tenant_id and p.expires_at > now() and pm.role = 'administrator'
      and m.role <> 'administrator')`

const LOOKUP = {
  name: 'weft_session',
  find: `select s.token_hash, ${identityColumns}, s.provider_id is not null as is_bound,
      s.used_at < now() - ${STALE} as is_stale, s.acting_id, ${ACTING_BY}
    from kernel.sessions s ${identityJoins}
    where s.token_hash = any($1::bytea[]) and s.expires_at > now() and s.used_at > now() - ${IDLE}
      and (s.acting_id is null or ${IS_STILL_ADMINISTRATOR})`,
  touch: `update kernel.sessions set used_at = now()
    where token_hash = any($1::bytea[]) and used_at < now() - ${STALE}`,
}

/**
 * Whether a membership `m` may be entered by a password or a passkey: an organisation may want its members to come by its
 * identity provider alone. Administrators always may, for a provider can break.
 */
const LOCAL = `(m.role = 'administrator' or not exists (select from kernel.identity_providers p
  where p.tenant_id = m.tenant_id and not p.passwords))`

/** In the tenant last worked in, else the one that the user joined first; the failures before are forgiven. */
const OPEN = `with chosen as (
    select m.tenant_id, m.user_id from kernel.memberships m
    join kernel.users u on u.id = m.user_id and u.suspended_at is null
    left join lateral (select max(s.used_at) as at from kernel.sessions s
      where s.user_id = m.user_id and s.tenant_id = m.tenant_id) used on true
    where m.user_id = $2 and m.suspended_at is null and ${LOCAL} order by used.at desc nulls last, m.created_at, m.tenant_id limit 1
  ), forgiven as (
    delete from kernel.sign_in_failures where subject = $3 and exists (select from chosen)
  )
  insert into kernel.sessions (token_hash, user_id, tenant_id, expires_at, network, agent)
  select $1::bytea, user_id, tenant_id, now() + ${LIFE}, $4, $5 from chosen`

/** A provider opens the tenant that trusts it, and no other one of the same user. */
const OPEN_BY = `insert into kernel.sessions (token_hash, user_id, tenant_id, expires_at, network, agent, provider_id)
  select $1::bytea, m.user_id, m.tenant_id, now() + ${LIFE}, $3, $4, p.id from kernel.identity_providers p
  join kernel.memberships m on m.tenant_id = p.tenant_id and m.user_id = $2 and m.suspended_at is null
  join kernel.users u on u.id = m.user_id and u.suspended_at is null where p.id = $5`

/** The new session ends when the old one would have: switching to and fro does not prolong it. */
const SWITCH = `with target as (
    select m.tenant_id, m.user_id from kernel.memberships m join kernel.tenants t on t.id = m.tenant_id
    where m.user_id = $3 and t.slug = $4 and m.suspended_at is null and ${LOCAL}
  ), old as (
    delete from kernel.sessions s using target where s.token_hash = $2 and s.user_id = target.user_id and s.provider_id is null
    returning target.tenant_id, s.user_id, s.expires_at, s.network, s.agent
  )
  insert into kernel.sessions (token_hash, user_id, tenant_id, expires_at, network, agent)
  select $1::bytea, user_id, tenant_id, expires_at, network, agent from old`

/** What a session `o` reaches of its user's others: one that a provider has opened, those of its tenant. */
const OF_OWNER = '(o.provider_id is null or o.tenant_id = s.tenant_id)'

type SessionRow = IdentityRow & {
  token_hash: Buffer
  is_stale: boolean
  is_bound: boolean
  acting_id: string | null
  acting_by: { id: string; name: string } | null
}

/** From where somebody asks. */
export interface Place {
  /** The IP address. */
  readonly network: string
  /** What the browser calls itself, where it does. */
  readonly agent?: string | null
}

export interface Credentials {
  readonly email: string
  readonly password: string
  /** Of the second factor, where there is one. */
  readonly code?: string
}

/** A session as its owner sees it. */
export interface SessionEntry {
  readonly id: string
  readonly current: boolean
  readonly tenant: { readonly slug: string; readonly name: string }
  readonly network: string | null
  readonly agent: string | null
  readonly createdAt: string
  readonly usedAt: string
}

const MAX_AGENT = 300
/** Whose failures are forgiven where no password was tried. */
const NOBODY = Buffer.alloc(0)

export interface SignedIn {
  readonly token: string
  readonly identity: Identity
}

/** Who the sessions belong to, and which one asks. */
function ownerOf({ user, sessionHash }: Identity): [user: string, session: Buffer] {
  if (!sessionHash) throw new Problem(403, 'forbidden')
  return [user.id, sessionHash]
}

const identityOf = (row: SessionRow | null, sessionHash: Buffer): Identity | null =>
  row &&
  toIdentity(row, {
    kind: 'user',
    sessionHash,
    keyPermissions: null,
    // Who acts as somebody else has no business in that one's other organisations.
    ...(row.is_bound || row.acting_id ? { isBound: true } : {}),
    ...(row.acting_id && row.acting_by ? { acting: { id: row.acting_id, by: row.acting_by } } : {}),
  })

export class Sessions {
  readonly #database: Pick<Database, 'door'>
  readonly #lookup: TokenLookup<SessionRow>
  readonly #attempts: Attempts
  readonly #secondFactor: Pick<SecondFactor, 'of' | 'check'>
  readonly #verify: typeof verifyPassword

  constructor(
    database: Pick<Database, 'door'>,
    secondFactor: Pick<SecondFactor, 'of' | 'check'>,
    verify: typeof verifyPassword = verifyPassword,
  ) {
    this.#database = database
    this.#secondFactor = secondFactor
    this.#verify = verify
    this.#lookup = new TokenLookup(database, LOOKUP)
    this.#attempts = new Attempts(database)
  }

  /**
   * @throws Problem 401 `credentials`, or `provider_required` where the organisation wants its identity provider used, or `second_factor` with path `/code` where a code is asked for (`required`) or
   *   wrong (`wrong_code`); 429 `too_many_attempts` after ten failures, with `retryAfter` in its params
   */
  async signIn({ email, password, code, ...place }: Credentials & Place): Promise<SignedIn> {
    const { network } = place
    // Nobody is called so, and everybody can see it: there is nothing to hide and nothing to count.
    if (!isAccountEmail(email)) throw new Problem(401, 'credentials')
    return this.#attempts.inTurn(email, network, async () => {
      const attempt = await this.#attempts.begin(email, network)
      const { user, subject } = attempt
      const isRight = await this.#verify(user?.password ?? dummyHash, password)
      const refusal = user && isRight ? await this.#askFurther(user.id, code) : new Problem(401, 'credentials')
      const opened = user && !refusal ? await this.#open(user.id, subject, place) : null
      if (opened) return opened
      if (user && !refusal && (await this.#isMember(user.id))) throw new Problem(401, 'provider_required')
      // Who has the password and not yet the code has made no mistake.
      if (refusal?.code !== 'second_factor' || code !== undefined) await this.#attempts.fail(attempt)
      throw refusal ?? new Problem(401, 'credentials')
    })
  }

  /**
   * For a user who has proved to be that one by other means than a password.
   * @throws Problem 401 `credentials` for a user who is suspended or a member of nothing; `provider_required`
   */
  async open(user: string, place: Place): Promise<SignedIn> {
    const opened = await this.#open(user, NOBODY, place)
    if (!opened) throw new Problem(401, (await this.#isMember(user)) ? 'provider_required' : 'credentials')
    return opened
  }

  /**
   * For a user whom an identity provider has named; in its tenant, and for no other one.
   * @throws Problem 401 `credentials` for a user who is suspended, there or everywhere
   */
  async openBy(provider: string, user: string, { network, agent }: Place): Promise<SignedIn> {
    const token = createToken('session')
    const values = [hashToken(token), user, network, agent?.slice(0, MAX_AGENT) ?? null, provider]
    await this.#database.door({ text: OPEN_BY, values })
    const opened = await this.#read(token)
    if (!opened) throw new Problem(401, 'credentials')
    return opened
  }

  async #isMember(user: string): Promise<boolean> {
    const text = `select from kernel.memberships m join kernel.users u on u.id = m.user_id
      where m.user_id = $1 and m.suspended_at is null and u.suspended_at is null limit 1`
    return (await this.#database.door({ text, values: [user] })).rowCount === 1
  }

  /** @returns why the password is not enough, or null */
  async #askFurther(user: string, code: string | undefined): Promise<Problem | null> {
    if (!(await this.#secondFactor.of(user)).on) return null
    if (code === undefined) return new Problem(401, 'second_factor', [{ path: '/code', code: 'required' }])
    try {
      await this.#secondFactor.check(user, code)
      return null
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 403) throw error
      return new Problem(401, error.code, error.errors)
    }
  }

  /** @returns null for a user who is suspended, or a member of nothing that a password opens */
  async #open(user: string, subject: Buffer, { network, agent }: Place): Promise<SignedIn | null> {
    const token = createToken('session')
    const values = [hashToken(token), user, subject, network, agent?.slice(0, MAX_AGENT) ?? null]
    await this.#database.door({ text: OPEN, values })
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
      // Whoever leaves while acting as somebody else leaves altogether.
      text: `update kernel.sessions set ${ENDED} where token_hash = $1
          or id = (select parent from kernel.sessions where token_hash = $1)`,
      values: [hash],
    })
  }

  /** Those of the same user that are still good, the last used first; for one of a provider, in its tenant alone. @throws Problem 403 `forbidden` for a key */
  async list(identity: Identity): Promise<SessionEntry[]> {
    const text = `select s.id, s.token_hash = $2 as current, json_build_object('slug', t.slug, 'name', t.name) as tenant,
        s.network, s.agent, kernel.iso(s.created_at) as "createdAt", kernel.iso(s.used_at) as "usedAt"
      from kernel.sessions s join kernel.tenants t on t.id = s.tenant_id join kernel.sessions o on o.token_hash = $2
      where ${OF_OWNER} and s.user_id = $1 and s.acting_id is null and s.expires_at > now()
        and s.used_at > now() - ${IDLE} order by s.used_at desc, s.id`
    return (await this.#database.door<SessionEntry>({ text, values: ownerOf(identity) })).rows
  }

  /** @throws Problem 404 `not_found`; 403 `forbidden` for a key */
  async end(identity: Identity, id: string): Promise<void> {
    const text = `update kernel.sessions s set ${ENDED} from kernel.sessions o
      where ${OF_OWNER} and o.token_hash = $2 and s.id = $3 and s.user_id = $1 and s.expires_at > now()`
    const isEnded =
      isUuid(id) && (await this.#database.door({ text, values: [...ownerOf(identity), id] })).rowCount === 1
    if (!isEnded) throw new Problem(404, 'not_found')
  }

  /** Ends every session of the same user but this one. @throws Problem 403 `forbidden` for a key */
  async endOthers(identity: Identity): Promise<void> {
    const text = `update kernel.sessions s set ${ENDED} from kernel.sessions o
      where ${OF_OWNER} and o.token_hash = $2 and s.user_id = $1 and s.token_hash <> $2 and s.expires_at > now()`
    await this.#database.door({ text, values: ownerOf(identity) })
  }

  /**
   * Proves that whoever has the session also knows the password, before what a stolen session must not do.
   * @throws Problem 403 `credentials` with path `/current` for a wrong password, and `forbidden` for a key; 429
   *   `too_many_attempts`
   */
  async confirm(identity: Identity, { current, network }: { current: string; network: string }): Promise<void> {
    ownerOf(identity)
    const { email } = identity.user
    await this.#attempts.inTurn(email, network, async () => {
      const attempt = await this.#attempts.begin(email, network)
      if (await this.#verify(attempt.user?.password ?? dummyHash, current)) return
      await this.#attempts.fail(attempt)
      throw new Problem(403, 'credentials', [{ path: '/current', code: 'credentials' }])
    })
  }

  /**
   * Ends every other session of the user, and every leave to choose a password.
   * @throws as confirm; Problem 400 `invalid` for a bad new one
   */
  async changePassword(
    identity: Identity,
    { current, password, network }: { current: string; password: string; network: string },
  ): Promise<void> {
    const { user, tenant } = identity
    const owner = ownerOf(identity)
    await this.confirm(identity, { current, network })
    await assertQuality(password, { path: '/password', known: [user.email, user.name, tenant.name] })
    await this.#database.door({
      text: `with changed as (update kernel.users set password = $3 where id = $1 returning id),
          tokens as (update kernel.account_tokens a set used_at = now() from changed
            where a.user_id = changed.id and a.used_at is null)
        update kernel.sessions s set ${ENDED} from changed
        where s.user_id = changed.id and s.token_hash <> $2 and s.expires_at > now()`,
      values: [...owner, await hashPassword(password)],
    })
  }

  async setLanguage({ user }: Identity, language: 'en' | 'fr'): Promise<void> {
    await this.#database.door({
      text: 'update kernel.users set language = $2 where id = $1',
      values: [user.id, language],
    })
  }

  /** The tenants that a caller may switch to, by name. */
  async membershipsOf({ user, sessionHash }: Identity): Promise<{ slug: string; name: string }[]> {
    const text = `select t.slug, t.name from kernel.memberships m join kernel.tenants t on t.id = m.tenant_id
      left join kernel.sessions s on s.token_hash = $2
      where m.user_id = $1 and m.suspended_at is null
        and case when s.provider_id is null then ${LOCAL} or m.tenant_id = s.tenant_id else m.tenant_id = s.tenant_id end
      order by lower(t.name), t.slug`
    const { rows } = await this.#database.door<{ slug: string; name: string }>({
      name: 'weft_memberships',
      text,
      values: [user.id, sessionHash],
    })
    return rows
  }

  /** Ended ones stay until their thirty days are over: they say in which tenant the user last worked. */
  async purge(): Promise<void> {
    await this.#database.door({ text: `delete from kernel.sessions where created_at <= now() - ${LIFE}` })
    await this.#attempts.purge()
  }
}
