/** Identity providers as the administrators of a tenant describe them. The client secret is written, and never read back. */
import { type KeyObject, randomUUID } from 'node:crypto'
import { Problem, type ProblemEntry } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Transaction } from '../data/database.ts'
import { join, seal, split, unseal } from '../data/sealing.ts'
import { isUuid } from '../resource/formats.ts'
import { isAccountName } from './account.ts'
import type { Role } from './identity.ts'
import type { OpenIdClient } from './openid.ts'

const MAX_PROVIDERS = 10
const MAX_TEXT = 1_000
const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/

export interface ProviderInput {
  readonly name: string
  /** `https://login.example.org` */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What addresses of its people end with. */
  readonly domains: readonly string[]
  /** As what somebody unknown of one of the domains joins; null where nobody does. */
  readonly joinRole: Role | null
  /** Whether members who are no administrators may sign in otherwise too. */
  readonly passwords: boolean
}

export interface ProviderEntry extends Omit<ProviderInput, 'clientSecret'> {
  readonly id: string
  /** How many members have linked their account. */
  readonly linked: number
  readonly createdAt: string
  readonly updatedAt: string
}

/** What a sign-in needs to know. */
export interface Provider extends OpenIdClient {
  readonly id: string
  readonly tenant: string
  readonly domains: readonly string[]
  readonly joinRole: Role | null
}

/** What somebody who is not signed in is shown. */
export interface ProviderChoice {
  readonly id: string
  readonly name: string
  readonly organisation: string
}

interface Kept {
  readonly id: string
  readonly tenant: string
  readonly issuer: string
  readonly clientId: string
  readonly secret: Buffer
  readonly domains: string[]
  readonly joinRole: Role | null
}

const ENTRY = `p.id, p.name, p.issuer, p.client_id as "clientId", p.domains, p.join_role as "joinRole", p.passwords,
  (select count(distinct i.user_id)::int from kernel.identities i where i.tenant_id = p.tenant_id and i.issuer = p.issuer) as linked,
  kernel.iso(p.created_at) as "createdAt", kernel.iso(p.updated_at) as "updatedAt"`
const CHOICE = `p.id, p.name, t.name as organisation from kernel.identity_providers p join kernel.tenants t on t.id = p.tenant_id`
/** What was linked through an issuer that the tenant no longer trusts is nobody's account any more. */
const FORGET = `delete from kernel.identities i where i.tenant_id = $1 and not exists
  (select from kernel.identity_providers p where p.tenant_id = i.tenant_id and p.issuer = i.issuer)`

/** The secret of another provider, or of another issuer, does not open here. */
const placeOf = ({ id, tenant, issuer }: { id: string; tenant: string; issuer: string }) =>
  `identity provider ${id} of ${tenant} at ${issuer}`

const notFound = () => new Problem(404, 'not_found')

export class Providers {
  readonly #database: Pick<Database, 'door' | 'directory'>
  readonly #key: KeyObject
  readonly #isLocal: boolean

  /** @param isLocal whether an issuer may be without TLS, as those of tests */
  constructor(database: Pick<Database, 'door' | 'directory'>, key: KeyObject, isLocal: boolean) {
    this.#database = database
    this.#key = key
    this.#isLocal = isLocal
  }

  /** Those of a tenant, by name. */
  async list(tenant: string): Promise<ProviderEntry[]> {
    const text = `select ${ENTRY} from kernel.identity_providers p where p.tenant_id = $1 order by lower(p.name), p.id`
    return (await this.#database.door<ProviderEntry>({ text, values: [tenant] })).rows
  }

  /** @throws Problem 404 `not_found` */
  async read(tenant: string, id: string): Promise<ProviderEntry> {
    const found = isUuid(id) && (await this.list(tenant)).find((each) => each.id === id.toLowerCase())
    if (!found) throw notFound()
    return found
  }

  /** @throws Problem 400 `invalid`; 409 `too_many` */
  async create(claims: Claims, input: ProviderInput): Promise<ProviderEntry> {
    const { tenant } = claims
    const id = randomUUID()
    const given = this.#judge(input)
    await this.#database.directory(async (transaction) => {
      await lockTenant(transaction, tenant)
      const { rows } = await transaction.query<{ count: number }>({
        text: 'select count(*)::int as count from kernel.identity_providers where tenant_id = $1',
        values: [tenant],
      })
      if (rows[0]!.count >= MAX_PROVIDERS) throw new Problem(409, 'too_many')
      await transaction.query({
        text: `insert into kernel.identity_providers
          (id, tenant_id, name, issuer, client_id, client_secret, domains, join_role, passwords)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        values: [id, tenant, ...this.#valuesOf(given, { id, tenant })],
      })
      await tell(transaction, 'created', { id, changed: Object.keys(given) })
    }, claims)
    return this.read(tenant, id)
  }

  /**
   * What is not said stays. At another issuer the secret is said anew: the old one was not entrusted to it. Sessions that
   * the provider has opened end with its issuer.
   * @throws Problem 404 `not_found`; 400 `invalid`
   */
  async change(claims: Claims, id: string, change: Partial<ProviderInput>): Promise<ProviderEntry> {
    const { tenant } = claims
    const known = await this.read(tenant, id)
    const isMoved = change.issuer !== undefined && change.issuer !== known.issuer
    if (isMoved && change.clientSecret === undefined)
      throw new Problem(400, 'invalid', [{ path: '/clientSecret', code: 'required' }])
    const given = this.#judge({ ...known, ...change, clientSecret: change.clientSecret ?? 'kept' })
    const values = this.#valuesOf(given, { id: known.id, tenant })
    if (change.clientSecret === undefined) values[3] = null
    await this.#database.directory(async (transaction) => {
      await lockTenant(transaction, tenant)
      const { rowCount } = await transaction.query({
        text: `update kernel.identity_providers set name = $3, issuer = $4, client_id = $5,
          client_secret = coalesce($6, client_secret), domains = $7,
          join_role = $8, passwords = $9, updated_at = now() where id = $1 and tenant_id = $2 and issuer = $10`,
        values: [known.id, tenant, ...values, known.issuer],
      })
      if (rowCount !== 1) throw notFound()
      if (isMoved) {
        const ended = 'delete from kernel.sessions where provider_id = $1'
        await transaction.query({ text: ended, values: [known.id] })
        await transaction.query({ text: FORGET, values: [tenant] })
      }
      await tell(transaction, 'changed', { id: known.id, changed: Object.keys(change) })
    }, claims)
    return this.read(tenant, id)
  }

  /** Sessions that it has opened end, and what was linked through it is forgotten. @throws Problem 404 `not_found` */
  async remove(claims: Claims, id: string): Promise<void> {
    if (!isUuid(id)) throw notFound()
    await this.#database.directory(async (transaction) => {
      const { rowCount } = await transaction.query({
        text: 'delete from kernel.identity_providers where id = $1 and tenant_id = $2',
        values: [id, claims.tenant],
      })
      if (rowCount !== 1) throw notFound()
      await transaction.query({ text: FORGET, values: [claims.tenant] })
      await tell(transaction, 'removed', { id, changed: [] })
    }, claims)
  }

  /** @returns null for one that is not there */
  async open(id: string): Promise<Provider | null> {
    if (!isUuid(id)) return null
    const { rows } = await this.#database.door<Kept>({
      text: `select id, tenant_id as tenant, issuer, client_id as "clientId", client_secret as secret, domains,
        join_role as "joinRole" from kernel.identity_providers where id = $1`,
      values: [id],
    })
    if (!rows[0]) return null
    const { secret, ...kept } = rows[0]
    return { ...kept, clientSecret: unseal(this.#key, placeOf(kept), split(secret)).toString() }
  }

  /** By how an address of a mail ends, never by the address: nobody learns who has an account. */
  async findByDomain(domain: string): Promise<ProviderChoice[]> {
    const text = `select ${CHOICE} where p.domains @> array[$1] order by lower(p.name), p.id`
    return (await this.#database.door<ProviderChoice>({ text, values: [domain] })).rows
  }

  async findByTenant(slug: string): Promise<ProviderChoice[]> {
    const text = `select ${CHOICE} where t.slug = $1 order by lower(p.name), p.id`
    return (await this.#database.door<ProviderChoice>({ text, values: [slug] })).rows
  }

  #valuesOf(input: ProviderInput, { id, tenant }: { id: string; tenant: string }): unknown[] {
    const { name, issuer, clientId, clientSecret, domains, joinRole, passwords } = input
    const sealed = join(seal(this.#key, placeOf({ id, tenant, issuer }), Buffer.from(clientSecret)))
    return [name, issuer, clientId, sealed, domains, joinRole, passwords]
  }

  /** @throws Problem 400 `invalid` */
  #judge(input: ProviderInput): ProviderInput {
    const domains = [...new Set(input.domains.map((each) => each.trim().toLowerCase()))]
    const isText = (text: string) => text.trim() !== '' && text.length <= MAX_TEXT && !/\p{Cc}/u.test(text)
    const rules: [boolean, ProblemEntry][] = [
      [isAccountName(input.name), { path: '/name', code: 'pattern' }],
      [this.#isIssuer(input.issuer), { path: '/issuer', code: 'format' }],
      [isText(input.clientId), { path: '/clientId', code: 'pattern' }],
      [isText(input.clientSecret), { path: '/clientSecret', code: 'pattern' }],
      ...domains.map((domain, i): [boolean, ProblemEntry] => [
        DOMAIN.test(domain),
        { path: `/domains/${i}`, code: 'format' },
      ]),
      // Everybody whom a public provider knows would join.
      [input.joinRole === null || domains.length > 0, { path: '/domains', code: 'required' }],
    ]
    const errors = rules.filter(([holds]) => !holds).map(([, error]) => error)
    if (errors.length > 0) throw new Problem(400, 'invalid', errors)
    const { issuer, clientSecret, joinRole, passwords } = input
    return {
      name: input.name.trim(),
      issuer,
      clientId: input.clientId.trim(),
      clientSecret,
      domains,
      joinRole,
      passwords,
    }
  }

  #isIssuer(text: string): boolean {
    const url = URL.parse(text)
    if (url === null || text.length > MAX_TEXT) return false
    const isSafe = url.protocol === 'https:' || (this.#isLocal && url.protocol === 'http:')
    return (
      isSafe && !url.username && !url.password && !text.includes('?') && !text.includes('#') && text.trim() === text
    )
  }
}

const lockTenant = (transaction: Transaction, tenant: string) =>
  transaction.query({ text: 'select from kernel.tenants where id = $1 for no key update', values: [tenant] })

/** A fact names what was changed, and never a value. */
const tell = (transaction: Transaction, what: string, payload: { id: string; changed: readonly string[] }) =>
  transaction.query({
    text: 'select kernel.emit($1, $2)',
    values: [`identity-providers.${what}`, JSON.stringify(payload)],
  })
