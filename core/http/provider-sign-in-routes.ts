/** Signing in by an identity provider, and what is linked to the own account. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Departure } from '../access/provider-sign-in.ts'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { sessionCookie } from './caller.ts'
import { redirectUriOf } from './provider-routes.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'
import { placeOf, setCookie } from './session-routes.ts'

/** What finds providers for somebody who is not signed in. */
export const LOOK_BODY = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: { email: { type: 'string', maxLength: 254 }, organisation: { type: 'string', maxLength: 63 } },
}
/** What begins a sign-in. */
export const BEGIN_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    returnTo: { type: 'string', maxLength: 2000, description: 'A path of this address to go on at.' },
    invitation: { type: 'string', maxLength: 200 },
  },
}
/** What links an account of a provider. */
export const LINK_BODY = {
  type: 'object',
  required: ['provider', 'current'],
  additionalProperties: false,
  properties: { provider: { type: 'string', maxLength: 36 }, current: { type: 'string', maxLength: 1000 } },
}
const TEN_MINUTES = 600

type AtId = { Params: { id: string } }

const flowCookie = (isSecure: boolean) => (isSecure ? '__Host-weft_flow' : 'weft_flow')

/** Sent back by the browser when it comes from the provider, which is another site: so it is not `strict`. */
function sendDeparture(services: Services, reply: FastifyReply, { url, browser }: Departure): FastifyReply {
  const { isSecure } = services
  reply.setCookie(flowCookie(isSecure), browser, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure,
    maxAge: TEN_MINUTES,
  })
  return reply.send({ url })
}

/** @throws Problem 403 `forbidden` for a key */
function ownerOf(request: FastifyRequest) {
  const { identity } = callerOf(request)
  if (identity.kind !== 'user') throw new Problem(403, 'forbidden')
  return { tenant: identity.tenant.id, user: identity.user.id }
}

function registerLinked(app: FastifyInstance, services: Services): void {
  const { providers, identities, providerSignIn, sessions } = services
  const config = { access: 'self' }
  const path = '/api/account/identities'

  app.get(path, { config }, async (request) => {
    const { tenant, user } = ownerOf(request)
    const known = await providers.list(tenant)
    const nameOf = (issuer: string) => known.find((each) => each.issuer === issuer)?.name ?? issuer
    const linked = await identities.list(tenant, user)
    return {
      items: linked.map(({ issuer, ...each }) => ({ ...each, provider: nameOf(issuer) })),
      providers: known.map(({ id, name }) => ({ id, name })),
    }
  })

  // A session that somebody left open is not enough to get a way in that lasts.
  app.post(path, { config }, async (request, reply) => {
    assertFits(LINK_BODY, request.body)
    const { provider, current } = request.body as { provider: string; current: string }
    const { identity } = callerOf(request)
    await sessions.confirm(identity, { current, network: request.ip })
    const place = { network: request.ip, redirectOf: (id: string) => redirectUriOf(request, services, id) }
    return sendDeparture(services, reply, await providerSignIn.beginLinking(identity, provider, place))
  })

  app.delete<AtId>(`${path}/:id`, { config }, async (request, reply) => {
    const { tenant, user } = ownerOf(request)
    await identities.remove(tenant, user, request.params.id)
    return reply.code(204).send()
  })
}

export function registerProviderSignIn(app: FastifyInstance, services: Services): void {
  const { providerSignIn, sessions, isSecure } = services
  registerLinked(app, services)

  app.post('/api/session/providers', { config: { access: 'public' } }, async (request) => {
    assertFits(LOOK_BODY, request.body)
    const asked = request.body as { email?: string; organisation?: string }
    return { items: await providerSignIn.look(asked, request.ip) }
  })

  app.post<AtId>('/api/session/providers/:id', { config: { access: 'public' } }, async (request, reply) => {
    assertFits(BEGIN_BODY, request.body)
    const place = { network: request.ip, redirectOf: (id: string) => redirectUriOf(request, services, id) }
    const purpose = request.body as { returnTo?: string; invitation?: string }
    return sendDeparture(services, reply, await providerSignIn.begin(request.params.id, purpose, place))
  })

  // Opened by the browser itself, so that whatever it ends with is a page.
  app.get<AtId>('/api/session/providers/:id/callback', { config: { access: 'public' } }, async (request, reply) => {
    const token = request.cookies[sessionCookie(isSecure)]
    const back = {
      query: request.url.slice(request.url.indexOf('?') + 1),
      browser: request.cookies[flowCookie(isSecure)] ?? '',
      identity: token ? await sessions.authenticate(token) : null,
    }
    const { path, signedIn, code } = await providerSignIn.finish(request.params.id, back, placeOf(request))
    reply.clearCookie(flowCookie(isSecure), { path: '/', secure: isSecure })
    if (signedIn) setCookie(services, reply, signedIn.token)
    // Behind the `#` nothing is sent to a server.
    return reply.redirect(code === null ? path : `${path}#provider=${code}`, 303)
  })
}
