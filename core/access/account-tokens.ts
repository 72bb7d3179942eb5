/** Tokens that go out by mail: an invitation to an organisation, or leave to choose a new password. */
import { Problem } from '../contract.ts'
import type { Database, Transaction } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import { isAccountEmail, isAccountName } from './account.ts'
import { Attempts } from './attempts.ts'
import type { ChosenRole } from './grants.ts'
import { hashPassword } from './password.ts'
import { assertQuality } from './password-quality.ts'
import { addMembership, assertRoom } from './quotas.ts'
import { createToken, hashToken, isToken } from './token.ts'

const INVITATION_LIFE = `interval '7 days'`
const RESET_LIFE = `interval '1 hour'`
/** Asked more often, nothing more is sent: a mailbox is not to be flooded. */
const MAX_RESETS_AN_HOUR = 3
const MAX_ASKED = 5
/** How long a worker may take to send, and when it tries again. */
const LEASE = `interval '2 minutes'`

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly createdBy: { readonly id: string; readonly name: string } | null
  readonly createdAt: string
  readonly expiresAt: string
  /** Whether the mail has gone out; `reason` says why it has not. */
  readonly sent: boolean
  readonly reason: string | null
}

/** What whoever holds the token of an invitation is shown. */
export interface InvitationLook {
  readonly email: string
  readonly organisation: string
  readonly invitedBy: string | null
  /** The language of the organisation. */
  readonly language: string
  /** Whether there is an account of this address, which keeps its password. */
  readonly hasAccount: boolean
  /** Whether somebody without an account may choose a password, or has to come by an identity provider. */
  readonly passwords: boolean
  /** Identity providers of the organisation, by any of which the invitation may be accepted. */
  readonly providers: readonly { readonly id: string; readonly name: string }[]
}

/** What a worker has to send. */
export interface DueToken {
  readonly id: string
  readonly kind: 'invitation' | 'reset'
  readonly tenant: string
  readonly organisation: string
  readonly email: string
  readonly name: string | null
  readonly language: string
  readonly by: string | null
}

const INVITATION = `i.id, i.email, coalesce(i.role_id::text, i.role) as role, case when u.id is null then null else json_build_object('id', u.id, 'name', u.name) end
    as "createdBy", kernel.iso(i.created_at) as "createdAt", kernel.iso(i.expires_at) as "expiresAt",
    i.due is null as sent, i.reason`
const OPEN_INVITATION = `i.kind = 'invitation' and i.used_at is null`

const unknownToken = () => new Problem(404, 'unknown_token')

export class AccountTokens {
  readonly #database: Pick<Database, 'door' | 'directory'>
  readonly #attempts: Attempts

  constructor(database: Pick<Database, 'door' | 'directory'>) {
    this.#database = database
    this.#attempts = new Attempts(database)
  }

  /**
   * Invites an address, or once more with a new end. The mail is sent by a worker.
   * @throws Problem 400 `invalid`; 409 `unique` with path `/email` for a member, `member_quota`
   */
  async invite(tenant: string, by: string, { email, role }: { email: string; role: ChosenRole }): Promise<Invitation> {
    if (!isAccountEmail(email)) throw new Problem(400, 'invalid', [{ path: '/email', code: 'format' }])
    return this.#database.directory(async (transaction) => {
      const { rows: members } = await transaction.query({
        text: `select from kernel.memberships m join kernel.users u on u.id = m.user_id
          where m.tenant_id = $1 and lower(u.email) = lower($2)`,
        values: [tenant, email],
      })
      if (members.length > 0) throw new Problem(409, 'unique', [{ path: '/email', code: 'unique' }])
      await assertRoom(transaction, tenant, email)
      const { rows } = await transaction.query<{ id: string }>({
        text: `insert into kernel.account_tokens (kind, tenant_id, email, role, role_id, created_by, expires_at)
          values ('invitation', $1, $2, $3, $4, $5, now() + ${INVITATION_LIFE})
          on conflict (tenant_id, lower(email)) where kind = 'invitation' and used_at is null do update
          set role = excluded.role, role_id = excluded.role_id, created_by = excluded.created_by, created_at = now(), expires_at = excluded.expires_at,
            due = now(), reason = null, token_hash = null returning id`,
        values: [tenant, email, role.role, role.roleId, by],
      })
      return (await findInvitation(transaction, rows[0]!.id))!
    })
  }

  /** Those that nobody has accepted yet, expired ones too, newest first. */
  async listInvitations(tenant: string): Promise<Invitation[]> {
    const text = `select ${INVITATION} from kernel.account_tokens i left join kernel.users u on u.id = i.created_by
      where i.tenant_id = $1 and ${OPEN_INVITATION} order by i.created_at desc, i.id`
    return (await this.#database.door<Invitation>({ text, values: [tenant] })).rows
  }

  /** @throws Problem 404 `not_found` */
  async revokeInvitation(tenant: string, id: string): Promise<void> {
    const text = `delete from kernel.account_tokens i where i.tenant_id = $1 and i.id = $2 and ${OPEN_INVITATION}`
    const isGone = isUuid(id) && (await this.#database.door({ text, values: [tenant, id] })).rowCount === 1
    if (!isGone) throw new Problem(404, 'not_found')
  }

  /** @throws Problem 404 `unknown_token` for one that is unknown, used, revoked or expired */
  async look(token: string): Promise<InvitationLook> {
    const { rows } = isToken('account', token)
      ? await this.#database.door<InvitationLook>({
          text: `select i.email, t.name as organisation, b.name as "invitedBy", t.language, u.id is not null as "hasAccount",
              i.role = 'administrator' or coalesce(p.passwords, true) as passwords, coalesce(p.all, '[]') as providers
            from kernel.account_tokens i join kernel.tenants t on t.id = i.tenant_id
            left join kernel.users b on b.id = i.created_by left join kernel.users u on lower(u.email) = lower(i.email)
            cross join lateral (select bool_and(p.passwords) as passwords,
              json_agg(json_build_object('id', p.id, 'name', p.name) order by lower(p.name), p.id) as all
              from kernel.identity_providers p where p.tenant_id = i.tenant_id) p
            where i.token_hash = $1 and ${OPEN_INVITATION} and i.expires_at > now()`,
          values: [hashToken(token)],
        })
      : { rows: [] }
    if (!rows[0]) throw unknownToken()
    return rows[0]
  }

  /**
   * Makes the holder a member. An account that is there keeps its name and password, so these are for a new one.
   * @returns the address of the account
   * @throws Problem 404 `unknown_token`; 403 `provider_required`; 400 `invalid` for a missing name or a bad password
   */
  async accept(token: string, { name, password }: { name?: string; password?: string }): Promise<{ email: string }> {
    const { hasAccount, email, organisation, passwords } = await this.look(token)
    if (!passwords) throw new Problem(403, 'provider_required')
    if (!hasAccount && !isAccountName(name ?? ''))
      throw new Problem(400, 'invalid', [{ path: '/name', code: name?.trim() ? 'pattern' : 'required' }])
    if (!hasAccount)
      await assertQuality(password ?? '', { path: '/password', known: [email, name ?? '', organisation] })
    const hash = hasAccount ? '' : await hashPassword(password ?? '')
    return this.#database.directory(async (transaction) => {
      const { rows } = await transaction.query<{ tenant: string; role: string; roleId: string | null }>({
        text: `update kernel.account_tokens i set used_at = now() where i.token_hash = $1 and ${OPEN_INVITATION}
          and i.expires_at > now() returning i.tenant_id as tenant, i.role, i.role_id as "roleId"`,
        values: [hashToken(token)],
      })
      const [used] = rows
      if (!used) throw unknownToken()
      const user = await ensureAccount(transaction, { email, name: (name ?? '').trim(), hash, isNew: !hasAccount })
      await addMembership(transaction, { ...used, user })
      return { email }
    })
  }

  /**
   * Has a mail sent to the account of an address, if there is one. Nobody learns which from it.
   * @throws Problem 429 `too_many_attempts`
   */
  async requestReset(email: string, network: string): Promise<void> {
    if (!isAccountEmail(email)) return
    // A count of its own: who has asked for a new password may still sign in with the old one.
    const counted = `reset ${email}`
    await this.#attempts.inTurn(counted, network, async () => {
      await this.#attempts.fail(await this.#attempts.begin(counted, network, MAX_ASKED))
    })
    await this.#database.door({
      text: `insert into kernel.account_tokens (kind, tenant_id, user_id, expires_at)
        select 'reset', m.tenant_id, u.id, now() + ${RESET_LIFE} from kernel.users u
        cross join lateral (select tenant_id from kernel.memberships where user_id = u.id and suspended_at is null
          order by created_at, tenant_id limit 1) m
        where lower(u.email) = lower($1) and u.suspended_at is null and (select count(*) from kernel.account_tokens r
          where r.user_id = u.id and r.created_at > now() - interval '1 hour') < ${MAX_RESETS_AN_HOUR}`,
      values: [email],
    })
  }

  /**
   * A new password. Every session of the account ends, and every other leave to choose one.
   * @throws Problem 404 `unknown_token`; 400 `invalid` for a bad password
   */
  async reset(token: string, password: string): Promise<void> {
    const hashed = hashToken(token)
    const open = `token_hash = $1 and kind = 'reset' and used_at is null and expires_at > now()`
    const { rows } = isToken('account', token)
      ? await this.#database.door<{ email: string; name: string }>({
          text: `select email, name from kernel.users where id = (select user_id from kernel.account_tokens where ${open})`,
          values: [hashed],
        })
      : { rows: [] }
    if (!rows[0]) throw unknownToken()
    await assertQuality(password, { path: '/password', known: [rows[0].email, rows[0].name] })
    const { rowCount } = await this.#database.door({
      text: `with used as (update kernel.account_tokens set used_at = now() where ${open} returning user_id),
          changed as (update kernel.users u set password = $2 from used where u.id = used.user_id returning u.id),
          ended as (delete from kernel.sessions s using changed where s.user_id = changed.id),
          others as (update kernel.account_tokens o set used_at = now() from changed
            where o.user_id = changed.id and o.used_at is null and o.token_hash is distinct from $1)
        select from changed`,
      values: [hashed, await hashPassword(password)],
    })
    if (rowCount !== 1) throw unknownToken()
  }

  /** For an invitation to `tenant` that somebody accepts by another way. @throws Problem 404 `unknown_token` */
  async findInvitation(token: string, tenant: string): Promise<Buffer> {
    const hash = hashToken(token)
    const text = `select from kernel.account_tokens i where i.token_hash = $1 and i.tenant_id = $2 and ${OPEN_INVITATION}
      and i.expires_at > now()`
    const isOpen =
      isToken('account', token) && (await this.#database.door({ text, values: [hash, tenant] })).rowCount === 1
    if (!isOpen) throw unknownToken()
    return hash
  }

  /** What is to be sent now; held for two minutes, so that of several workers one sends it. */
  async take(limit: number): Promise<DueToken[]> {
    const { rows } = await this.#database.door<DueToken>({
      name: 'take_account_tokens',
      text: `with due as (select id from kernel.account_tokens where due <= now() and used_at is null and expires_at > now()
            order by due limit $1 for update skip locked),
          taken as (update kernel.account_tokens a set due = now() + ${LEASE} from due where a.id = due.id returning a.*)
        select a.id, a.kind, a.tenant_id as tenant, t.name as organisation, coalesce(u.email, a.email) as email, u.name,
          coalesce(u.language, t.language) as language, b.name as by
        from taken a join kernel.tenants t on t.id = a.tenant_id left join kernel.users u on u.id = a.user_id
        left join kernel.users b on b.id = a.created_by`,
      values: [limit],
    })
    return rows
  }

  /** Makes the token that is sent. One that was made before no longer works. */
  async issue(id: string): Promise<string> {
    const token = createToken('account')
    const text = 'update kernel.account_tokens set token_hash = $2 where id = $1'
    await this.#database.door({ text, values: [id, hashToken(token)] })
    return token
  }

  /** @param reason why it could not be sent, and is tried again; null when it has gone out */
  async settle(id: string, reason: string | null): Promise<void> {
    const text = `update kernel.account_tokens set reason = $2, due = case when $2::text is null then null else due end where id = $1`
    await this.#database.door({ text, values: [id, reason] })
  }

  /** Those that nobody can use any more. */
  async purge(): Promise<void> {
    const text = `delete from kernel.account_tokens where coalesce(used_at, expires_at) < now() - interval '30 days'`
    await this.#database.door({ text })
  }
}

async function findInvitation(transaction: Transaction, id: string): Promise<Invitation | null> {
  const text = `select ${INVITATION} from kernel.account_tokens i left join kernel.users u on u.id = i.created_by where i.id = $1`
  return (await transaction.query<Invitation>({ text, values: [id] })).rows[0] ?? null
}

/** @throws Problem 409 `conflict` when another account of the address was made meanwhile */
async function ensureAccount(
  transaction: Transaction,
  { email, name, hash, isNew }: { email: string; name: string; hash: string; isNew: boolean },
): Promise<string> {
  if (isNew) {
    const { rows } = await transaction.query<{ id: string }>({
      text: `insert into kernel.users (email, name, password) values ($1, $2, $3)
        on conflict ((lower(email))) do nothing returning id`,
      values: [email, name, hash],
    })
    if (!rows[0]) throw new Problem(409, 'unique', [{ path: '/email', code: 'unique' }])
    return rows[0].id
  }
  const text = 'select id from kernel.users where lower(email) = lower($1)'
  const { rows } = await transaction.query<{ id: string }>({ text, values: [email] })
  if (!rows[0]) throw unknownToken()
  return rows[0].id
}
