/** Acting as a member. */
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'
import { describeSession, placeOf, setCookie } from './session-routes.ts'

const BEGIN = {
  type: 'object',
  required: ['user'],
  additionalProperties: false,
  properties: { user: { type: 'string', maxLength: 40 } },
}

export function registerActing(app: FastifyInstance, services: Services): void {
  const { acting } = services

  app.get('/api/acting-sessions', { config: { access: 'users.manage' } }, async (request) => ({
    items: await acting.list(callerOf(request).identity.tenant.id),
  }))

  app.post('/api/session/acting', { config: { access: 'users.manage' } }, async (request, reply) => {
    assertFits(BEGIN, request.body)
    const { user } = request.body as { user: string }
    const { identity } = callerOf(request)
    if (user === identity.user.id) throw new Problem(409, 'oneself')
    const begun = await acting.begin(identity, user, placeOf(request))
    setCookie(services, reply, begun.token)
    return describeSession(services, begun.identity)
  })

  app.delete('/api/session/acting', { config: { access: 'session' } }, async (request, reply) => {
    const back = await acting.end(callerOf(request).identity)
    setCookie(services, reply, back.token)
    return describeSession(services, back.identity)
  })
}
