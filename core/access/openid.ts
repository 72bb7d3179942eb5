/** What is said with an identity provider: OpenID Connect 1.0, authorization code flow with PKCE (RFC 7636). */
import { createHash } from 'node:crypto'
import type { Configuration, CustomFetch, IDToken, ServerMetadata } from 'openid-client'
import { Problem } from '../contract.ts'

/** Signed by a key that the provider alone has: with HS256 whoever knows the client secret could sign, with none anybody. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')
const SCOPE = 'openid email profile'
const TIMEOUT_SECONDS = 10
/** For clocks that differ. */
const TOLERANCE_SECONDS = 30
const MAX_SUBJECT = 255

/** As whom a tenant is known to its provider. */
export interface OpenIdClient {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** What is kept of a way to the provider, to know it again. */
export interface Journey {
  readonly redirectUri: string
  readonly nonce: string
  readonly verifier: string
}

export interface Profile {
  readonly name: string | null
  readonly email: string | null
  /** Whether the provider says that it has seen the person read mail there. */
  readonly isVerified: boolean
}

export interface Proven {
  readonly issuer: string
  readonly subject: string
  /** Asked of the provider where its token says nothing of it. */
  profile(): Promise<Profile>
}

/** Why a provider cannot be used, for people to mend. */
export type Unusable = 'address' | 'late' | 'unreachable' | 'metadata' | 'issuer' | 'endpoints' | 'algorithms'

/** A tenth of a second of a start that nobody need wait for whose tenants have no provider. */
const load = () => import('openid-client')

const refuse = (reason: string) => new Problem(502, 'provider', [{ path: '', code: reason }])

/** A problem of the call itself stands below what the library makes of it. */
function reasonOf(error: unknown): Unusable {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (!(each instanceof Problem)) continue
    if (each.status === 403) return 'address'
    return each.code === 'late' ? 'late' : 'unreachable'
  }
  return (error as { code?: string }).code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' ? 'issuer' : 'metadata'
}

/** RS256 where the provider names none (OpenID Connect Discovery 1.0, section 3, would have it named). */
const asymmetric = (named: readonly string[] | undefined) =>
  (named ?? ['RS256']).filter((name) => ALGORITHMS.includes(name))

function faultOf(metadata: ServerMetadata, issuer: string): Unusable | null {
  // The library lets some vendors speak for other issuers than the one that was asked.
  if (new URL(metadata.issuer).href !== new URL(issuer).href) return 'issuer'
  const { authorization_endpoint: authorization, token_endpoint: token, jwks_uri: keys } = metadata
  if (!authorization || !token || !keys) return 'endpoints'
  return asymmetric(metadata.id_token_signing_alg_values_supported).length > 0 ? null : 'algorithms'
}

const isPlain = (text: string) => text !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text)
const textOf = (value: unknown) => (typeof value === 'string' && isPlain(value.trim()) ? value.trim() : null)

const profileOf = (claims: Partial<IDToken>): Profile => ({
  name: textOf(claims.name) ?? textOf([claims.given_name, claims.family_name].filter(Boolean).join(' ')),
  email: textOf(claims.email),
  // Only the word of the standard counts: some say 'true' of what they never looked at.
  isVerified: claims.email_verified === true,
})

export class OpenId {
  readonly #fetch: CustomFetch
  readonly #isLocal: boolean

  /** @param isLocal whether providers without TLS may be called, as those of tests */
  constructor(fetch: CustomFetch, isLocal: boolean) {
    this.#fetch = fetch
    this.#isLocal = isLocal
  }

  /** @throws Problem 502 `provider` with the reason */
  async #discover({ issuer, clientId, clientSecret }: OpenIdClient): Promise<Configuration> {
    const library = await load()
    const found = await library
      .discovery(new URL(issuer), clientId, undefined, library.None(), {
        [library.customFetch]: this.#fetch,
        timeout: TIMEOUT_SECONDS,
        ...(this.#isLocal ? { execute: [library.allowInsecureRequests] } : {}),
      })
      .catch((error: unknown) => {
        throw refuse(reasonOf(error))
      })
    const told: ServerMetadata = found.serverMetadata()
    const fault = faultOf(told, issuer)
    if (fault) throw refuse(fault)
    const metadata = {
      ...told,
      id_token_signing_alg_values_supported: asymmetric(told.id_token_signing_alg_values_supported),
      userinfo_signing_alg_values_supported: asymmetric(told.userinfo_signing_alg_values_supported),
    }
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const prove = methods.includes('client_secret_basic') ? library.ClientSecretBasic : library.ClientSecretPost
    const tolerance = { [library.clockTolerance]: TOLERANCE_SECONDS }
    const configuration = new library.Configuration(metadata, clientId, tolerance, prove(clientSecret))
    configuration[library.customFetch] = this.#fetch
    configuration.timeout = TIMEOUT_SECONDS
    if (this.#isLocal) library.allowInsecureRequests(configuration)
    // Without it a token that came over TLS would be believed unsigned.
    library.enableNonRepudiationChecks(configuration)
    return configuration
  }

  /** @returns null for a provider that can be used */
  async test(client: OpenIdClient): Promise<Unusable | null> {
    try {
      await this.#discover(client)
      return null
    } catch (error) {
      if (error instanceof Problem && error.code === 'provider') return error.errors[0]!.code as Unusable
      throw error
    }
  }

  /** @returns where the browser is sent @throws Problem 502 `provider` with the reason */
  async begin(client: OpenIdClient, { redirectUri, nonce, verifier }: Journey, state: string): Promise<string> {
    const configuration = await this.#discover(client)
    const { buildAuthorizationUrl } = await load()
    try {
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: SCOPE,
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }).href
    } catch {
      // An address of another kind than https would be opened by our own page.
      throw refuse('endpoints')
    }
  }

  /**
   * Redeems the code of a callback, and proves what the provider says: by its signature, issuer, audience, time and nonce.
   * @param query of the callback, as it came
   * @throws Problem 502 `provider` with the reason
   */
  async finish(
    client: OpenIdClient,
    journey: Journey,
    { state, query }: { state: string; query: string },
  ): Promise<Proven> {
    const configuration = await this.#discover(client)
    const library = await load()
    const tokens = await library
      .authorizationCodeGrant(configuration, new URL(`${journey.redirectUri}?${query}`), {
        pkceCodeVerifier: journey.verifier,
        expectedNonce: journey.nonce,
        expectedState: state,
        idTokenExpected: true,
      })
      .catch((error: unknown) => {
        throw refuse((error as { error?: string }).error === 'access_denied' ? 'denied' : 'refused')
      })
    const claims = tokens.claims()!
    if (!isPlain(claims.sub) || claims.sub.length > MAX_SUBJECT) throw refuse('refused')
    const ask = async () => {
      const hasMore = claims.email === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
      if (!hasMore) return profileOf(claims)
      return profileOf(await library.fetchUserInfo(configuration, tokens.access_token, claims.sub))
    }
    return {
      issuer: claims.iss,
      subject: claims.sub,
      profile: () =>
        ask().catch(() => {
          throw refuse('refused')
        }),
    }
  }
}
