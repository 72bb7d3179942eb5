/**
 * Whose account somebody of an identity provider is. Told by issuer and subject alone: an address of a mail may be given to
 * somebody else, and each provider says of it what it likes.
 */
import { Problem } from '../contract.ts'
import type { Database, Transaction } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import { isAccountEmail, isAccountName } from './account.ts'
import type { ChosenRole } from './grants.ts'
import type { Profile, Proven } from './openid.ts'
import type { Provider } from './providers.ts'
import { addMembership } from './quotas.ts'

export interface IdentityEntry {
  readonly id: string
  readonly issuer: string
  /** As the provider called the person when it was linked. */
  readonly label: string | null
  readonly createdAt: string
  readonly usedAt: string | null
}

/** Somebody of a provider, in one tenant. */
type Known = Pick<Proven, 'issuer' | 'subject'> & { readonly tenant: string }

const MAX_NAME = 200

const isTaken = () => new Problem(409, 'identity_taken')
/** One answer for whoever is not let in: it does not say whether there is an account. */
const isUnknown = () => new Problem(403, 'unknown_identity')

const labelOf = ({ email, name }: Profile) => (email ?? name)?.slice(0, MAX_NAME) ?? null

function nameFor({ name, email }: Profile, fallback: string): string {
  const given = name?.slice(0, MAX_NAME)
  return given && isAccountName(given) ? given : (email ?? fallback).slice(0, MAX_NAME)
}

async function keep(transaction: Transaction, known: Known, { user, label }: { user: string; label: string | null }) {
  const { rowCount } = await transaction.query({
    text: `insert into kernel.identities (tenant_id, user_id, issuer, subject, label, used_at) values ($1, $2, $3, $4, $5, now())
      on conflict (tenant_id, issuer, subject) do nothing`,
    values: [known.tenant, user, known.issuer, known.subject, label],
  })
  if (rowCount !== 1) throw isTaken()
}

/** An account without a password. @returns null where there is one of the address already */
async function createAccount(transaction: Transaction, email: string, name: string): Promise<string | null> {
  const { rows } = await transaction.query<{ id: string }>({
    text: `insert into kernel.users (email, name) values ($1, $2) on conflict ((lower(email))) do nothing returning id`,
    values: [email, name],
  })
  return rows[0]?.id ?? null
}

export class Identities {
  readonly #database: Pick<Database, 'door' | 'directory'>

  constructor(database: Pick<Database, 'door' | 'directory'>) {
    this.#database = database
  }

  /** Of one's own, in the tenant where one is signed in. */
  async list(tenant: string, user: string): Promise<IdentityEntry[]> {
    const text = `select id, issuer, label, kernel.iso(created_at) as "createdAt", kernel.iso(used_at) as "usedAt"
      from kernel.identities where tenant_id = $1 and user_id = $2 order by created_at desc, id`
    return (await this.#database.door<IdentityEntry>({ text, values: [tenant, user] })).rows
  }

  /** Sessions that were opened by it stay, as those of a passkey do. @throws Problem 404 `not_found` */
  async remove(tenant: string, user: string, id: string): Promise<void> {
    const text = 'delete from kernel.identities where tenant_id = $1 and user_id = $2 and id = $3'
    const isGone = isUuid(id) && (await this.#database.door({ text, values: [tenant, user, id] })).rowCount === 1
    if (!isGone) throw new Problem(404, 'not_found')
  }

  /** @returns whose it is, or null */
  async find({ tenant, issuer, subject }: Known): Promise<string | null> {
    const { rows } = await this.#database.door<{ user: string }>({
      text: `update kernel.identities set used_at = now() where tenant_id = $1 and issuer = $2 and subject = $3
        returning user_id as user`,
      values: [tenant, issuer, subject],
    })
    return rows[0]?.user ?? null
  }

  /** For a user who is signed in and wants it. @throws Problem 409 `identity_taken` for one that is somebody's already */
  async link(known: Known, user: string, profile: Profile): Promise<void> {
    await this.#database.directory((transaction) => keep(transaction, known, { user, label: labelOf(profile) }))
  }

  /**
   * Whoever has the token of an invitation has read the mail that it was sent by: the account of that address is linked, or
   * made.
   * @throws Problem 404 `unknown_token` for one that was used meanwhile; 409 `identity_taken`
   */
  async accept(known: Known, invitation: Buffer, profile: Profile): Promise<string> {
    return this.#database.directory(async (transaction) => {
      const { rows } = await transaction.query<{ email: string } & ChosenRole>({
        text: `update kernel.account_tokens set used_at = now() where token_hash = $1 and tenant_id = $2 and kind = 'invitation'
          and used_at is null and expires_at > now() returning email, role, role_id as "roleId"`,
        values: [invitation, known.tenant],
      })
      const [used] = rows
      if (!used) throw new Problem(404, 'unknown_token')
      const made = await createAccount(transaction, used.email, nameFor(profile, used.email))
      const user = made ?? (await findAccount(transaction, used.email))
      await addMembership(transaction, { tenant: known.tenant, user, role: used.role, roleId: used.roleId })
      await keep(transaction, known, { user, label: labelOf(profile) })
      return user
    })
  }

  /**
   * Makes an account for somebody unknown, of a domain whose people join by themselves. One that is there is never taken:
   * its owner links it, signed in.
   * @throws Problem 403 `unknown_identity`
   */
  async join(
    known: Known,
    { domains, joinRole }: Pick<Provider, 'domains' | 'joinRole'>,
    profile: Profile,
  ): Promise<string> {
    const { email, isVerified } = profile
    const isWelcome = email !== null && isVerified && isAccountEmail(email) && domains.includes(domainOf(email))
    if (!isWelcome || joinRole === null) throw isUnknown()
    return this.#database.directory(async (transaction) => {
      const user = await createAccount(transaction, email, nameFor(profile, email))
      if (user === null) throw isUnknown()
      await addMembership(transaction, { tenant: known.tenant, user, role: joinRole, roleId: null })
      await keep(transaction, known, { user, label: labelOf(profile) })
      return user
    })
  }
}

/** What an address of a mail ends with, as domains are kept. */
export const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

async function findAccount(transaction: Transaction, email: string): Promise<string> {
  const text = 'select id from kernel.users where lower(email) = lower($1)'
  return (await transaction.query<{ id: string }>({ text, values: [email] })).rows[0]!.id
}
