/** Signing in by an identity provider, and linking an account of one to the own. */
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import type { AccountTokens } from './account-tokens.ts'
import { isAccountEmail } from './account.ts'
import { Attempts } from './attempts.ts'
import { assertLocalPath, type Flow, type FlowPurpose, type Flows } from './flows.ts'
import { domainOf, type Identities } from './identities.ts'
import type { Identity } from './identity.ts'
import type { OpenId, Proven } from './openid.ts'
import type { Provider, ProviderChoice, Providers } from './providers.ts'
import type { Place, Sessions, SignedIn } from './sessions.ts'

/** Searches that find nothing, from one network within a quarter of an hour: names of tenants are not to be guessed. */
const MAX_MISSED = 20
const ACCOUNT = '/account'

interface Means {
  readonly database: Pick<Database, 'door'>
  readonly providers: Providers
  readonly flows: Flows
  readonly identities: Identities
  readonly openId: OpenId
  readonly sessions: Sessions
  readonly accountTokens: AccountTokens
}

/** Where the browser is sent, and what it keeps meanwhile. */
export interface Departure {
  readonly url: string
  readonly browser: string
}

/** What a browser brings back. */
export interface Return {
  /** As it came, without the question mark. */
  readonly query: string
  /** What it kept; empty where it is another one. */
  readonly browser: string
  /** Who is signed in there. */
  readonly identity: Identity | null
}

/** How it has ended: where to go on, with a session or with the code of what went wrong. */
export interface Arrival {
  readonly path: string
  readonly signedIn: SignedIn | null
  /** `linked`, or why not. */
  readonly code: string | null
}

/** Only the session that asked for it links: not one that somebody else has opened there meanwhile. */
function assertSame(linking: NonNullable<Flow['linking']>, identity: Identity | null): void {
  const isSame = identity?.sessionHash?.equals(linking.sessionHash) && identity.user.id === linking.user
  if (!isSame) throw new Problem(403, 'spent')
}

export class ProviderSignIn {
  readonly #means: Means
  readonly #attempts: Attempts

  constructor(means: Means) {
    this.#means = means
    this.#attempts = new Attempts(means.database)
  }

  /**
   * The providers by which somebody may come, by the address of a mail or the name of an organisation in addresses. Of an
   * unknown one no more is said than of one without providers.
   * @throws Problem 429 `too_many_attempts`
   */
  async look(
    { email, organisation }: { email?: string; organisation?: string },
    network: string,
  ): Promise<ProviderChoice[]> {
    const { providers } = this.#means
    const counted = 'identity providers'
    return this.#attempts.inTurn(counted, network, async () => {
      const attempt = await this.#attempts.begin(counted, network, MAX_MISSED)
      const isAddress = email !== undefined && isAccountEmail(email)
      const found = isAddress
        ? await providers.findByDomain(domainOf(email))
        : await providers.findByTenant(organisation ?? '')
      if (found.length === 0) await this.#attempts.fail(attempt)
      return found
    })
  }

  /**
   * @param redirectOf the address of the callback of a provider
   * @throws Problem 404 `not_found`, or `unknown_token` for the invitation; 400 `invalid`; 429; 502 `provider`
   */
  async begin(
    id: string,
    { returnTo = '/', invitation }: { returnTo?: string; invitation?: string },
    place: { network: string; redirectOf(id: string): string },
  ): Promise<Departure> {
    const purpose = { returnTo: assertLocalPath(returnTo), linking: null }
    const provider = await this.#find(id)
    const { accountTokens } = this.#means
    const hash = invitation === undefined ? null : await accountTokens.findInvitation(invitation, provider.tenant)
    return this.#depart(provider, { ...purpose, invitation: hash }, place)
  }

  /** @throws Problem 404 `not_found` for a provider of another tenant; 429; 502 `provider` */
  async beginLinking(
    { tenant, user, sessionHash }: Identity,
    id: string,
    place: { network: string; redirectOf(id: string): string },
  ): Promise<Departure> {
    if (!sessionHash) throw new Problem(403, 'forbidden')
    const provider = await this.#find(id)
    if (provider.tenant !== tenant.id) throw new Problem(404, 'not_found')
    const linking = { user: user.id, sessionHash }
    return this.#depart(provider, { returnTo: ACCOUNT, invitation: null, linking }, place)
  }

  async #find(id: string): Promise<Provider> {
    const provider = await this.#means.providers.open(id)
    if (!provider) throw new Problem(404, 'not_found')
    return provider
  }

  async #depart(
    provider: Provider,
    purpose: FlowPurpose,
    { network, redirectOf }: { network: string; redirectOf(id: string): string },
  ): Promise<Departure> {
    const { flows, openId } = this.#means
    const redirectUri = redirectOf(provider.id)
    const { browser, state, journey } = await flows.begin(provider, purpose, { redirectUri, network })
    return { browser, url: await openId.begin(provider, journey, state) }
  }

  /** Never throws a problem: it ends on a page, which says it. */
  async finish(id: string, back: Return, place: Place): Promise<Arrival> {
    const states = new URLSearchParams(back.query).getAll('state')
    const flow = states.length === 1 ? await this.#means.flows.take(id, states[0]!, back.browser) : null
    // Another browser, another provider, too late or a second time: it is told apart for nobody.
    if (!flow) return { path: '/', signedIn: null, code: 'spent' }
    try {
      if (flow.linking) assertSame(flow.linking, back.identity)
      const { proven, provider } = await this.#prove(id, flow, { state: states[0]!, query: back.query })
      if (flow.linking) {
        const known = { tenant: provider.tenant, issuer: proven.issuer, subject: proven.subject }
        await this.#means.identities.link(known, flow.linking.user, await proven.profile())
        return { path: ACCOUNT, signedIn: null, code: 'linked' }
      }
      const user = await this.#recognise(proven, provider, flow)
      return { path: flow.returnTo, signedIn: await this.#means.sessions.openBy(id, user, place), code: null }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const code = error.code === 'provider' ? error.errors[0]!.code : error.code
      return { path: flow.linking ? ACCOUNT : '/', signedIn: null, code }
    }
  }

  async #prove(id: string, flow: Flow, came: { state: string; query: string }) {
    const provider = await this.#means.providers.open(id)
    // It became another one while the browser was away.
    if (provider?.issuer !== flow.issuer) throw new Problem(403, 'spent')
    return { provider, proven: await this.#means.openId.finish(provider, flow, came) }
  }

  /** @throws Problem 403 `unknown_identity`; 404 `unknown_token`; 409 `identity_taken` */
  async #recognise(proven: Proven, provider: Provider, { invitation }: Flow): Promise<string> {
    const { identities } = this.#means
    const known = { tenant: provider.tenant, issuer: proven.issuer, subject: proven.subject }
    const user = await identities.find(known)
    // The invitation is somebody else's, and stays open.
    if (user !== null && invitation) throw new Problem(409, 'identity_taken')
    if (user !== null) return user
    if (invitation) return identities.accept(known, invitation, await proven.profile())
    if (provider.joinRole === null) throw new Problem(403, 'unknown_identity')
    return identities.join(known, provider, await proven.profile())
  }
}
