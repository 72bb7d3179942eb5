/** Ways to an identity provider and back: each of one browser, for one provider, once, and for ten minutes. */
import { randomBytes } from 'node:crypto'
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import { networkOf } from './account.ts'
import type { Journey } from './openid.ts'
import type { Provider } from './providers.ts'
import { createToken, hashToken, isToken } from './token.ts'

const LIFE = `interval '10 minutes'`
/** Open at once from one network: asking writes a row, and nobody is to fill the database by asking. */
const MAX_OPEN = 100
const MAX_PATH = 2_000
const MAX_STATE = 200
/** A local path in the one way in which every browser reads it: no second slash, backslash, space or control sign. */
const LOCAL = /^\/(?![/\\])[^\\\s\p{C}]*$/u

/** Who comes back, beside what the protocol needs. */
export interface FlowPurpose {
  /** Where the browser goes on, a path of our own. */
  readonly returnTo: string
  /** The hash of the token of an invitation that was opened. */
  readonly invitation: Buffer | null
  /** Who links an account of the provider to the own one, and by which session. */
  readonly linking: { readonly user: string; readonly sessionHash: Buffer } | null
}

export interface Flow extends FlowPurpose, Journey {
  readonly issuer: string
}

interface FlowRow extends Journey {
  readonly issuer: string
  readonly returnTo: string
  readonly invitation: Buffer | null
  readonly user: string | null
  readonly sessionHash: Buffer | null
}

const createWord = () => randomBytes(32).toString('base64url')

/** @throws Problem 400 `invalid` for what could lead to another site, or to an act */
export function assertLocalPath(path: string): string {
  const isLocal = path.length <= MAX_PATH && path.isWellFormed() && LOCAL.test(path)
  // As a browser reads it, once it has taken `..` away.
  const url = isLocal ? URL.parse(path, 'http://weft.invalid') : null
  const isOurs = url !== null && url.host === 'weft.invalid' && !/^\/(\/|api(\/|$))/i.test(url.pathname)
  if (!isOurs) throw new Problem(400, 'invalid', [{ path: '/returnTo', code: 'pattern' }])
  return path
}

export class Flows {
  readonly #database: Pick<Database, 'door'>

  constructor(database: Pick<Database, 'door'>) {
    this.#database = database
  }

  /**
   * @returns what the browser keeps, what the provider gives back, and what the protocol needs
   * @throws Problem 429 `too_many_attempts`
   */
  async begin(
    provider: Pick<Provider, 'id' | 'issuer'>,
    { returnTo, invitation, linking }: FlowPurpose,
    { redirectUri, network }: { redirectUri: string; network: string },
  ): Promise<{ browser: string; state: string; journey: Journey }> {
    const [browser, state] = [createToken('flow'), createWord()]
    const journey = { redirectUri, nonce: createWord(), verifier: createWord() }
    const ids = [hashToken(state), hashToken(browser), provider.id, provider.issuer]
    const way = [redirectUri, journey.nonce, journey.verifier, returnTo]
    const who = [invitation, linking?.user ?? null, linking?.sessionHash ?? null, networkOf(network)]
    const values = [...ids, ...way, ...who]
    const { rowCount } = await this.#database.door({
      text: `with over as (delete from kernel.sign_in_flows where expires_at < now())
        insert into kernel.sign_in_flows (state_hash, browser_hash, provider_id, issuer, redirect_uri, nonce, verifier, return_to,
          invitation, user_id, session_hash, network, expires_at)
        select $1::bytea, $2::bytea, $3::uuid, $4, $5, $6, $7, $8, $9::bytea, $10::uuid, $11::bytea, $12, now() + ${LIFE}
        where (select count(*) from kernel.sign_in_flows where network = $12 and expires_at > now()) < ${MAX_OPEN}`,
      values,
    })
    if (rowCount !== 1) throw new Problem(429, 'too_many_attempts')
    return { browser, state, journey }
  }

  /** Takes it away: it is nobody's a second time. @returns null where there is none of this browser and provider */
  async take(provider: string, state: string, browser: string): Promise<Flow | null> {
    if (!isUuid(provider) || state.length > MAX_STATE || !isToken('flow', browser)) return null
    const { rows } = await this.#database.door<FlowRow>({
      text: `delete from kernel.sign_in_flows where state_hash = $1 and browser_hash = $2 and provider_id = $3 and expires_at > now()
        returning issuer, redirect_uri as "redirectUri", nonce, verifier, return_to as "returnTo", invitation,
          user_id as user, session_hash as "sessionHash"`,
      values: [hashToken(state), hashToken(browser), provider],
    })
    if (!rows[0]) return null
    const { user, sessionHash, ...flow } = rows[0]
    return { ...flow, linking: user !== null && sessionHash !== null ? { user, sessionHash } : null }
  }
}
