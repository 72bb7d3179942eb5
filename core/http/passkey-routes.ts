/** Passkeys of one's own, and signing in with one. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Site } from '../access/passkeys.ts'
import { type JsonObject, Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'
import { describeSession, placeOf, setCookie } from './session-routes.ts'

const response = { type: 'object', required: ['id', 'response'], maxProperties: 20 }
const BEGIN = {
  type: 'object',
  additionalProperties: false,
  required: ['current'],
  properties: { current: { type: 'string', maxLength: 1000 } },
}
const ADD = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'response'],
  properties: { name: { type: 'string', minLength: 1, maxLength: 100 }, response },
}
const SIGN_IN = { type: 'object', additionalProperties: false, required: ['response'], properties: { response } }

/** The public address where one is set, else the one that was asked. */
function siteOf(request: FastifyRequest, { config }: Services): Site {
  const { origin, hostname } = new URL(config.url ?? `${request.protocol}://${request.headers.host}`)
  return { origin, host: hostname }
}

const ownerOf = (request: FastifyRequest) => callerOf(request).identity.user

export function registerPasskeys(app: FastifyInstance, services: Services): void {
  const { passkeys, sessions } = services
  const config = { access: 'self' }

  app.get('/api/account/passkeys', { config }, async (request) => ({ items: await passkeys.list(ownerOf(request).id) }))

  app.post('/api/account/passkeys/options', { config }, async (request) => {
    assertFits(BEGIN, request.body)
    const { current } = request.body as { current: string }
    await sessions.confirm(callerOf(request).identity, { current, network: request.ip })
    return passkeys.beginAdding(ownerOf(request), siteOf(request, services))
  })

  app.post('/api/account/passkeys', { config }, async (request, reply) => {
    assertFits(ADD, request.body)
    const body = request.body as { name: string; response: JsonObject }
    return reply.code(201).send(await passkeys.add(ownerOf(request), body, siteOf(request, services)))
  })

  app.delete<{ Params: { id: string } }>('/api/account/passkeys/:id', { config }, async (request, reply) => {
    const owner = ownerOf(request)
    // The provider of one organisation does not lock its people out of another.
    if (callerOf(request).identity.isBound) throw new Problem(403, 'forbidden')
    await passkeys.remove(owner.id, request.params.id)
    return reply.code(204).send()
  })

  app.post('/api/session/passkey/options', { config: { access: 'public' } }, async (request) =>
    passkeys.beginSigningIn(siteOf(request, services)),
  )

  app.post('/api/session/passkey', { config: { access: 'public' } }, async (request, reply) => {
    assertFits(SIGN_IN, request.body)
    const { response: given } = request.body as { response: JsonObject }
    const user = await passkeys.verify(given, siteOf(request, services))
    const { token, identity } = await sessions.open(user, placeOf(request))
    setCookie(services, reply, token)
    return reply.send(await describeSession(services, identity))
  })
}
