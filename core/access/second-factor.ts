/** A second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for whoever has lost it. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { generateSecret, generateURI, verify } from 'otplib'
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { join, seal, split, unseal } from '../data/sealing.ts'
import { Attempts } from './attempts.ts'
import { hashToken } from './token.ts'

const ISSUER = 'Weft'
const TOTP = /^\d{6}$/
/** One step to either side, for clocks that differ (RFC 6238, section 5.2). */
const TOLERANCE_SECONDS = 30
const RECOVERY_CODES = 10
/** 80 bits in base 32, without letters that are read as digits. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'
const RECOVERY = /^[a-z2-9]{16}$/
/** Wrong codes of one account within a quarter of an hour, from wherever they come: of a million codes three work. */
const MAX_WRONG = 20
const ANYWHERE = '0.0.0.0'

export interface FactorState {
  readonly on: boolean
  /** Since when, RFC 3339. */
  readonly since: string | null
  readonly recoveryCodesLeft: number
}

type Owner = { readonly id: string; readonly email: string }

const placeOf = (user: string) => `authenticator ${user}`
/** People type them with dashes and capitals. */
const readRecovery = (code: string) => code.toLowerCase().replace(/[\s-]+/g, '')
const writeRecovery = (code: string) => code.replace(/(.{4})(?=.)/g, '$1-')

function createRecovery(): string {
  return Array.from(randomBytes(16), (byte) => LETTERS[byte % LETTERS.length]).join('')
}

const wrong = (path: string) => new Problem(403, 'second_factor', [{ path, code: 'wrong_code' }])

export class SecondFactor {
  readonly #database: Pick<Database, 'door' | 'now'>
  readonly #key: KeyObject
  readonly #attempts: Attempts

  /** `key` encrypts what the codes are made of. */
  constructor(database: Pick<Database, 'door' | 'now'>, key: KeyObject) {
    this.#database = database
    this.#key = key
    this.#attempts = new Attempts(database)
  }

  async of(user: string): Promise<FactorState> {
    const { rows } = await this.#database.door<FactorState>({
      name: 'weft_factor',
      text: `select a.confirmed_at is not null as "on", kernel.iso(a.confirmed_at) as since,
          (select count(*)::int from kernel.recovery_codes c where c.user_id = $1 and c.used_at is null) as "recoveryCodesLeft"
        from (select 1) one left join kernel.authenticators a on a.user_id = $1`,
      values: [user],
    })
    const state = rows[0]!
    return state.on ? state : { on: false, since: null, recoveryCodesLeft: 0 }
  }

  /**
   * A new secret for the app, which counts once a first code of it has come.
   * @returns the secret in base 32, and the address that a QR code of it holds
   * @throws Problem 409 `second_factor_on`
   */
  async begin({ id, email }: Owner): Promise<{ secret: string; uri: string }> {
    const secret = generateSecret()
    const { rowCount } = await this.#database.door({
      text: `insert into kernel.authenticators as a (user_id, secret) values ($1, $2) on conflict (user_id) do update
        set secret = excluded.secret, created_at = now(), last_step = 0 where a.confirmed_at is null`,
      values: [id, join(seal(this.#key, placeOf(id), Buffer.from(secret)))],
    })
    if (rowCount !== 1) throw new Problem(409, 'second_factor_on')
    return { secret, uri: generateURI({ issuer: ISSUER, label: email, secret }) }
  }

  /**
   * From now on a code is asked for. Every other session of the user stays: it was opened by the same person.
   * @returns recovery codes, shown once
   * @throws Problem 403 `second_factor` with path `/code`; 409 `second_factor_on`, or `not_begun`
   */
  async confirm({ id }: Owner, code: string): Promise<string[]> {
    if ((await this.of(id)).on) throw new Problem(409, 'second_factor_on')
    const secret = await this.#read(id)
    if (secret === null) throw new Problem(409, 'not_begun')
    await this.#count(id, async () => this.#takeStep(id, code, secret))
    const confirm = 'update kernel.authenticators set confirmed_at = now() where user_id = $1 and confirmed_at is null'
    if ((await this.#database.door({ text: confirm, values: [id] })).rowCount !== 1)
      throw new Problem(409, 'second_factor_on')
    return this.renew(id)
  }

  /** New recovery codes in place of all before. */
  async renew(user: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, createRecovery)
    await this.#database.door({
      text: `with gone as (delete from kernel.recovery_codes where user_id = $1)
        insert into kernel.recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])`,
      values: [user, codes.map(hashToken)],
    })
    return codes.map(writeRecovery)
  }

  async remove(user: string): Promise<void> {
    await this.#database.door({
      text: `with gone as (delete from kernel.recovery_codes where user_id = $1)
        delete from kernel.authenticators where user_id = $1`,
      values: [user],
    })
  }

  /**
   * A code of the app or of the paper, each of which counts once.
   * @throws Problem 403 `second_factor` with path `/code`; 429 `too_many_attempts`
   */
  async check(user: string, code: string): Promise<void> {
    await this.#count(user, async () => {
      if (!TOTP.test(code)) return this.#takeRecovery(user, readRecovery(code))
      const secret = await this.#read(user)
      return secret !== null && this.#takeStep(user, code, secret)
    })
  }

  async #count(user: string, isRight: () => Promise<boolean>): Promise<void> {
    const counted = `code ${user}`
    await this.#attempts.inTurn(counted, ANYWHERE, async () => {
      const attempt = await this.#attempts.begin(counted, ANYWHERE, MAX_WRONG)
      if (await isRight()) return
      await this.#attempts.fail(attempt)
      throw wrong('/code')
    })
  }

  async #read(user: string): Promise<string | null> {
    const text = 'select secret from kernel.authenticators where user_id = $1'
    const { rows } = await this.#database.door<{ secret: Buffer }>({ name: 'weft_authenticator', text, values: [user] })
    return rows[0] ? unseal(this.#key, placeOf(user), split(rows[0].secret)).toString() : null
  }

  async #takeStep(user: string, code: string, secret: string): Promise<boolean> {
    if (!TOTP.test(code)) return false
    const epoch = Math.floor(this.#database.now().getTime() / 1000)
    const found = await verify({ secret, token: code, epoch, epochTolerance: TOLERANCE_SECONDS })
    if (!found.valid) return false
    // Of two who send the same code at once one comes first.
    const text = 'update kernel.authenticators set last_step = $2 where user_id = $1 and last_step < $2'
    const step = (found as { timeStep: number }).timeStep
    return (await this.#database.door({ text, values: [user, step] })).rowCount === 1
  }

  async #takeRecovery(user: string, code: string): Promise<boolean> {
    if (!RECOVERY.test(code)) return false
    const text = `update kernel.recovery_codes set used_at = now()
      where user_id = $1 and code_hash = $2 and used_at is null`
    return (await this.#database.door({ text, values: [user, hashToken(code)] })).rowCount === 1
  }
}
