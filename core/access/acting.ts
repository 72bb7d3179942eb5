/** Administrators act as members, with what those may do: for an hour, seen by everybody, and never in the member's own affairs. */
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import type { Identity } from './identity.ts'
import type { Place, SignedIn } from './sessions.ts'
import { createToken, hashToken } from './token.ts'

const LIFE = `interval '1 hour'`
const LISTED = 100

/** The first statement says whether it may be: only of members who are no administrators and not suspended. */
const BEGIN = `with target as (
    select m.tenant_id, m.user_id from kernel.memberships m join kernel.users u on u.id = m.user_id and u.suspended_at is null
    where m.tenant_id = $1 and m.user_id = $2 and m.role <> 'administrator' and m.suspended_at is null
  ), begun as (
    insert into kernel.acting_sessions (tenant_id, user_id, by_id) select tenant_id, user_id, $3 from target returning id, tenant_id, user_id
  )
  insert into kernel.sessions (token_hash, user_id, tenant_id, expires_at, network, agent, acting_id, parent)
  select $4::bytea, user_id, tenant_id, now() + ${LIFE}, $5, $6, begun.id, (select id from kernel.sessions where token_hash = $7)
  from begun`

/** The old session gets another token: that of the cookie was replaced. */
const END = `with gone as (
    delete from kernel.sessions where token_hash = $1 and acting_id is not null returning acting_id, parent
  ), ended as (
    update kernel.acting_sessions a set ended_at = now() from gone where a.id = gone.acting_id
  )
  update kernel.sessions s set token_hash = $2, used_at = now() from gone where s.id = gone.parent and s.expires_at > now()`

/** A time when somebody acted as somebody else. */
export interface ActingEntry {
  readonly id: string
  readonly user: { readonly id: string; readonly name: string }
  readonly by: { readonly id: string; readonly name: string }
  readonly beganAt: string
  /** Null while it lasts. */
  readonly endedAt: string | null
}

export class Acting {
  readonly #database: Pick<Database, 'door'>
  readonly #authenticate: (token: string) => Promise<Identity | null>

  constructor(database: Pick<Database, 'door'>, authenticate: (token: string) => Promise<Identity | null>) {
    this.#database = database
    this.#authenticate = authenticate
  }

  /**
   * @throws Problem 403 `forbidden` for whoever is no administrator, a key, and whoever acts already; 404 `not_found`; 409
   *   `administrator` for one who may as much
   */
  async begin(identity: Identity, user: string, { network, agent }: Place): Promise<SignedIn> {
    const { role, sessionHash, acting, tenant } = identity
    if (role !== 'administrator' || !sessionHash || acting) throw new Problem(403, 'forbidden')
    if (!isUuid(user)) throw new Problem(404, 'not_found')
    const token = createToken('session')
    const { rowCount } = await this.#database.door({
      text: BEGIN,
      values: [tenant.id, user, identity.user.id, hashToken(token), network, agent ?? null, sessionHash],
    })
    if (rowCount !== 1) throw await this.#refusalFor(tenant.id, user)
    return this.#read(token)
  }

  async #refusalFor(tenant: string, user: string): Promise<Problem> {
    const { rows } = await this.#database.door<{ role: string }>({
      text: 'select role from kernel.memberships where tenant_id = $1 and user_id = $2',
      values: [tenant, user],
    })
    if (!rows[0]) return new Problem(404, 'not_found')
    return new Problem(409, rows[0].role === 'administrator' ? 'administrator' : 'suspended')
  }

  /** Back to one's own session. @throws Problem 409 `not_acting`; 401 `unauthenticated` where that one has ended */
  async end({ sessionHash, acting }: Identity): Promise<SignedIn> {
    if (!sessionHash || !acting) throw new Problem(409, 'not_acting')
    const token = createToken('session')
    await this.#database.door({ text: END, values: [sessionHash, hashToken(token)] })
    return this.#read(token)
  }

  async #read(token: string): Promise<SignedIn> {
    const identity = await this.#authenticate(token)
    if (!identity) throw new Problem(401, 'unauthenticated')
    return { token, identity }
  }

  /** Before a request writes: that it was not the member who did. */
  async note({ tenant, acting }: Identity, request: string): Promise<void> {
    if (!acting) return
    await this.#database.door({
      text: `insert into kernel.acting_requests (tenant_id, request, acting_id) values ($1, $2, $3) on conflict do nothing`,
      values: [tenant.id, request, acting.id],
    })
  }

  /** Who really made requests, by their ids; those of members themselves are not in it. */
  async authorsOf(tenant: string, requests: readonly string[]): Promise<Map<string, { id: string; name: string }>> {
    if (requests.length === 0) return new Map()
    const { rows } = await this.#database.door<{ request: string; id: string; name: string }>({
      text: `select r.request, u.id, u.name from kernel.acting_requests r join kernel.acting_sessions a on a.id = r.acting_id
        join kernel.users u on u.id = a.by_id where r.tenant_id = $1 and r.request = any($2::text[])`,
      values: [tenant, requests],
    })
    return new Map(rows.map(({ request, id, name }) => [request, { id, name }]))
  }

  /** The last hundred times, newest first. */
  async list(tenant: string): Promise<ActingEntry[]> {
    const text = `select a.id, json_build_object('id', u.id, 'name', u.name) as user, json_build_object('id', b.id, 'name', b.name) as by,
        kernel.iso(a.began_at) as "beganAt", kernel.iso(coalesce(a.ended_at, case when a.began_at < now() - ${LIFE} then a.began_at + ${LIFE} end)) as "endedAt"
      from kernel.acting_sessions a join kernel.users u on u.id = a.user_id join kernel.users b on b.id = a.by_id
      where a.tenant_id = $1 order by a.began_at desc, a.id limit ${LISTED}`
    return (await this.#database.door<ActingEntry>({ text, values: [tenant] })).rows
  }
}
