/** Who asks without a session: anybody at a public route, and who holds a link. No cookie is read for either. */
import { NO_RULES } from '../work/rules.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '../access/account.ts'
import type { Identity } from '../access/identity.ts'
import type { FoundLink, LinkTokens } from '../access/links.ts'
import { Turns } from '../access/turns.ts'
import { Problem, type Route } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import { findTenantBySlug } from '../tenancy/directory.ts'
import { readLink } from '../work/links.ts'
import { type Asker, askerFor } from './asker.ts'
import { callerOf } from './request.ts'
import { demand, readCallerAgain } from './caller.ts'
import type { Rates } from './rates.ts'
import { SAFE_METHODS } from './security.ts'
import type { Services } from './services.ts'

/** The route that is asked for, and the plugin that brings it. */
export interface Target {
  readonly plugin: string
  readonly route: Route
}

const notFound = () => new Problem(404, 'not_found')

export class Guests {
  readonly #services: Services
  readonly #links: LinkTokens
  readonly #rates: Rates
  /** Of calls that count a use of one link. */
  readonly turns = new Turns()

  constructor(services: Services, rates: Rates) {
    this.#services = services
    this.#rates = rates
    this.#links = services.links
  }

  /** Headers of every answer of the route, refusals too. */
  mark({ access, origins }: Route, reply: FastifyReply): void {
    // The address bears the token: no page that is left for another one may tell it.
    if (access === 'link') reply.headers({ 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex, nofollow' })
    if (origins === 'any')
      reply.headers({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' })
  }

  /**
   * @throws Problem 404 `not_found`, the same for whatever is missing; 401 `link_password`, 429 `too_many_requests` or
   * `too_many_attempts`
   */
  async admit(target: Target, request: FastifyRequest): Promise<Asker> {
    if (target.route.access === 'link') {
      const { found, asker } = await this.#readLink(target, request)
      const given = request.headers['weft-link-password']
      await this.#links.unlock(found, typeof given === 'string' ? decodePassword(given) : undefined, request.ip)
      return asker
    }
    const isSafe = SAFE_METHODS.has(request.method)
    this.#rates.count('network', networkOf(request.ip), isSafe)
    const asker = await this.#readPublic(target, request)
    this.#rates.count('tenant', asker.tenant.id, isSafe)
    return asker
  }

  /** Whether a guest who is still there may still be. @throws Problem 404 */
  async readmit(target: Target, request: FastifyRequest): Promise<void> {
    if (target.route.access === 'link') await this.#readLink(target, request)
    else await this.#readPublic(target, request)
  }

  async #readPublic({ plugin }: Target, request: FastifyRequest): Promise<Asker> {
    const { tenant: slug } = request.params as { tenant: string }
    const tenant = await findTenantBySlug(this.#services.database, slug)
    if (!tenant) throw notFound()
    const network = networkOf(request.ip)
    return { ...(await this.#enter(tenant, plugin)), actor: { kind: 'public', id: null }, owner: `public ${network}` }
  }

  async #readLink({ plugin, route }: Target, request: FastifyRequest): Promise<{ found: FoundLink; asker: Asker }> {
    const found = await this.#links.find(tokenOf(request))
    if (!found || found.plugin !== plugin || found.name !== route.link) throw notFound()
    const entered = await this.#enter(found.tenant, plugin)
    const claims = linkClaims(found, request.id)
    const place = { tenant: found.tenant.id, id: found.id }
    const link = await readLink((query) => this.#services.database.once(claims, 'read', query), place)
    if (!link) throw notFound()
    const actor = { kind: 'link', id: found.id } as const
    return { found, asker: { ...entered, actor, link, owner: `link ${found.id}` } }
  }

  async #enter(tenant: Identity['tenant'], plugin: string) {
    const state = await this.#services.switches.of(tenant.id)
    if (!state.enabled.has(plugin)) throw notFound()
    const composition = this.#services.compositions.of(state)
    return { tenant, lang: tenant.language, state, composition, permissions: null, rules: NO_RULES, keyId: null }
  }
}

/** Headers carry Latin letters alone: a password with others is given in percent encoding. */
function decodePassword(given: string): string {
  try {
    return decodeURIComponent(given)
  } catch {
    return given
  }
}

/** In the address, or as `Authorization: Link <token>` at the address whose token is `-`. */
function tokenOf(request: FastifyRequest): string {
  const { token } = request.params as { token: string }
  if (token !== '-') return token
  return /^Link (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
}

const linkClaims = ({ tenant, id, plugin }: FoundLink, request: string): Claims => ({
  tenant: tenant.id,
  actorKind: 'link',
  actor: id,
  plugin,
  request,
  origin: null,
  task: null,
  at: null,
})

/** The guest or the signed-in caller of a plugin's route. */
export function askerOf(request: FastifyRequest): Asker {
  if (request.guest) return request.guest
  return askerFor(callerOf(request))
}

/** Whether what still lasts may go on. @throws Problem 401, 403, 404 */
export async function readmit(
  services: Services,
  guests: Guests,
  target: Target,
  request: FastifyRequest,
): Promise<void> {
  if (request.guest) return guests.readmit(target, request)
  const caller = await readCallerAgain(services, request)
  if (caller.identity.tenant.id !== callerOf(request).identity.tenant.id) throw new Problem(401, 'unauthenticated')
  if (!caller.state.enabled.has(target.plugin)) throw notFound()
  demand(caller, target.route.access)
}
