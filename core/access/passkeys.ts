/** Passkeys (WebAuthn level 3): a key of a device signs in without a password, and is a second factor by itself. */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { type JsonObject, Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import type { Challenges } from './challenge.ts'

const MAX_PASSKEYS = 20
const SIGN_IN = 'sign-in'
/** EdDSA, ES256, RS256: what devices have (RFC 9053). */
const ALGORITHMS = [-8, -7, -257]

/** Where it is asked for: a passkey belongs to one site. */
export interface Site {
  /** `https://crm.example.org` */
  readonly origin: string
  /** `crm.example.org` */
  readonly host: string
}

export interface PasskeyEntry {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly usedAt: string | null
}

interface Owner {
  readonly id: string
  readonly email: string
  readonly name: string
}

interface Kept {
  readonly user_id: string
  readonly credential_id: string
  readonly public_key: Buffer
  readonly counter: string
  readonly transports: string[]
}

const ENTRY = `id, name, kernel.iso(created_at) as "createdAt", kernel.iso(used_at) as "usedAt"`
const purposeOf = (user: string) => `passkey of ${user}`
const refused = () => new Problem(400, 'invalid', [{ path: '/response', code: 'passkey' }])

/** Half a second of a start that nobody need wait for who has no passkey. */
const load = () => import('@simplewebauthn/server')

/** What the device says it was asked. */
function challengeOf({ response }: { response?: { clientDataJSON?: unknown } }): string {
  try {
    const told = JSON.parse(Buffer.from(String(response?.clientDataJSON), 'base64url').toString()) as JsonObject
    return typeof told.challenge === 'string' ? told.challenge : ''
  } catch {
    return ''
  }
}

export class Passkeys {
  readonly #database: Pick<Database, 'door'>
  readonly #challenges: Challenges

  constructor(database: Pick<Database, 'door'>, challenges: Challenges) {
    this.#database = database
    this.#challenges = challenges
  }

  async list(user: string): Promise<PasskeyEntry[]> {
    const text = `select ${ENTRY} from kernel.passkeys where user_id = $1 order by created_at desc, id`
    return (await this.#database.door<PasskeyEntry>({ text, values: [user] })).rows
  }

  /** What the browser needs to make one. @throws Problem 409 `too_many` */
  async beginAdding(owner: Owner, site: Site): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const text = 'select credential_id, transports from kernel.passkeys where user_id = $1'
    const { rows } = await this.#database.door<Pick<Kept, 'credential_id' | 'transports'>>({ text, values: [owner.id] })
    if (rows.length >= MAX_PASSKEYS) throw new Problem(409, 'too_many')
    const { generateRegistrationOptions } = await load()
    return generateRegistrationOptions({
      supportedAlgorithmIDs: ALGORITHMS,
      rpName: 'Weft',
      rpID: site.host,
      userID: new Uint8Array(Buffer.from(owner.id)),
      userName: owner.email,
      userDisplayName: owner.name,
      challenge: new Uint8Array(this.#challenges.create(purposeOf(owner.id))),
      excludeCredentials: rows.map((row) => ({ id: row.credential_id, transports: row.transports })),
      // Found without a name, and opened by a finger, a face or a code: so it is both factors.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
  }

  /** @throws Problem 400 `invalid` with path `/response`; 409 `unique` for one that is there already */
  async add(
    { id: user }: Pick<Owner, 'id'>,
    { name, response }: { name: string; response: JsonObject },
    site: Site,
  ): Promise<PasskeyEntry> {
    const given = response as unknown as RegistrationResponseJSON
    const { verifyRegistrationResponse } = await load()
    const { registrationInfo: made } = await verifyRegistrationResponse({
      supportedAlgorithmIDs: ALGORITHMS,
      response: given,
      expectedChallenge: (challenge) => this.#challenges.isOurs(challenge, purposeOf(user)),
      expectedOrigin: site.origin,
      expectedRPID: site.host,
      requireUserVerification: true,
    }).catch(() => ({ registrationInfo: null }))
    if (!made || !(await this.#challenges.spend(challengeOf(given)))) throw refused()
    const { id, publicKey, counter, transports = [] } = made.credential
    const { rows } = await this.#database.door<PasskeyEntry>({
      text: `insert into kernel.passkeys (user_id, credential_id, public_key, counter, transports, name)
        values ($1, $2, $3, $4, $5, $6) on conflict (credential_id) do nothing returning ${ENTRY}`,
      values: [user, id, Buffer.from(publicKey), counter, transports, name.trim()],
    })
    if (!rows[0]) throw new Problem(409, 'unique', [{ path: '/response', code: 'unique' }])
    return rows[0]
  }

  /** @throws Problem 404 `not_found` */
  async remove(user: string, id: string): Promise<void> {
    const text = 'delete from kernel.passkeys where user_id = $1 and id = $2'
    const isGone = isUuid(id) && (await this.#database.door({ text, values: [user, id] })).rowCount === 1
    if (!isGone) throw new Problem(404, 'not_found')
  }

  /** What the browser needs to ask for one. It names nobody: the device knows whose keys it has. */
  async beginSigningIn({ host }: Pick<Site, 'host'>): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const { generateAuthenticationOptions } = await load()
    return generateAuthenticationOptions({
      rpID: host,
      challenge: new Uint8Array(this.#challenges.create(SIGN_IN)),
      userVerification: 'required',
    })
  }

  /**
   * @returns whose the passkey is
   * @throws Problem 401 `credentials` for whatever does not prove it
   */
  async verify(response: JsonObject, site: Site): Promise<string> {
    const given = response as unknown as AuthenticationResponseJSON
    const kept = await this.#find(given.id)
    const isRight = kept !== null && (await this.#isRight(given, kept, site))
    if (!isRight) throw new Problem(401, 'credentials')
    return kept.user_id
  }

  async #find(credential: unknown): Promise<Kept | null> {
    if (typeof credential !== 'string') return null
    const text = `select user_id, credential_id, public_key, counter, transports from kernel.passkeys where credential_id = $1`
    return (await this.#database.door<Kept>({ name: 'weft_passkey', text, values: [credential] })).rows[0] ?? null
  }

  async #isRight(given: AuthenticationResponseJSON, kept: Kept, { origin, host }: Site): Promise<boolean> {
    const { verifyAuthenticationResponse } = await load()
    const verified = await verifyAuthenticationResponse({
      response: given,
      expectedChallenge: (challenge) => this.#challenges.isOurs(challenge, SIGN_IN),
      expectedOrigin: origin,
      expectedRPID: host,
      requireUserVerification: true,
      credential: {
        id: kept.credential_id,
        publicKey: new Uint8Array(kept.public_key),
        counter: Number(kept.counter),
        transports: kept.transports,
      },
    }).catch(() => null)
    if (!verified?.verified || !(await this.#challenges.spend(challengeOf(given)))) return false
    // Of two uses with one count, which a copy would make, one comes first.
    const { rowCount } = await this.#database.door({
      text: `update kernel.passkeys set counter = $2, used_at = now()
        where credential_id = $1 and (counter < $2 or ($2 = 0 and counter = 0))`,
      values: [kept.credential_id, verified.authenticationInfo.newCounter],
    })
    return rowCount === 1
  }
}
