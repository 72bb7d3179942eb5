/** One's own account: sessions, the password, and what comes by mail. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

const password = { type: 'string', maxLength: 1000 }
const token = { type: 'string', maxLength: 200 }
const text = { type: 'string', maxLength: 200 }
const exact = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const CHANGE = exact({ current: password, password })
const CURRENT = exact({ current: password })
const CODE = exact({ code: { type: 'string', maxLength: 40 } })
const ASK = exact({ email: { type: 'string', maxLength: 254 } })
const RESET = exact({ token, password })
const LOOK = exact({ token })
const ACCEPT = exact({ token, name: text, password }, ['token'])

/** For who is signed in. */
function registerOwn(app: FastifyInstance, { sessions }: Services): void {
  app.get('/api/sessions', { config: { access: 'self' } }, async (request) => ({
    items: await sessions.list(callerOf(request).identity),
  }))

  app.delete('/api/sessions', { config: { access: 'self' } }, async (request, reply) => {
    await sessions.endOthers(callerOf(request).identity)
    return reply.code(204).send()
  })

  app.delete<{ Params: { id: string } }>(
    '/api/sessions/:id',
    { config: { access: 'self' } },
    async (request, reply) => {
      await sessions.end(callerOf(request).identity, request.params.id)
      return reply.code(204).send()
    },
  )

  app.put('/api/account/password', { config: { access: 'self' } }, async (request, reply) => {
    assertFits(CHANGE, request.body)
    const body = request.body as { current: string; password: string }
    await sessions.changePassword(callerOf(request).identity, { ...body, network: request.ip })
    return reply.code(204).send()
  })
}

/** Each step that a stolen session must not take asks for the password. */
function registerSecondFactor(app: FastifyInstance, { sessions, secondFactor }: Services): void {
  const config = { access: 'self' }
  const path = '/api/account/second-factor'
  const confirmed = async (request: FastifyRequest) => {
    assertFits(CURRENT, request.body)
    const { identity } = callerOf(request)
    await sessions.confirm(identity, { current: (request.body as { current: string }).current, network: request.ip })
    return identity.user
  }

  app.get(path, { config }, async (request) => {
    return secondFactor.of(callerOf(request).identity.user.id)
  })

  app.post(path, { config }, async (request, reply) =>
    reply.code(201).send(await secondFactor.begin(await confirmed(request))),
  )

  app.post(`${path}/confirm`, { config }, async (request) => {
    assertFits(CODE, request.body)
    const { user } = callerOf(request).identity
    return { recoveryCodes: await secondFactor.confirm(user, (request.body as { code: string }).code) }
  })

  app.post(`${path}/recovery-codes`, { config }, async (request) => {
    const { id } = await confirmed(request)
    if (!(await secondFactor.of(id)).on) throw new Problem(409, 'second_factor_off')
    return { recoveryCodes: await secondFactor.renew(id) }
  })

  app.post(`${path}/disable`, { config }, async (request, reply) => {
    await secondFactor.remove((await confirmed(request)).id)
    return reply.code(204).send()
  })
}

export function registerAccount(app: FastifyInstance, services: Services): void {
  const { accountTokens } = services
  registerOwn(app, services)
  registerSecondFactor(app, services)

  app.post('/api/password-resets', { config: { access: 'public' } }, async (request, reply) => {
    assertFits(ASK, request.body)
    await accountTokens.requestReset((request.body as { email: string }).email, request.ip)
    return reply.code(202).send({})
  })

  app.post('/api/password-resets/redeem', { config: { access: 'public' } }, async (request, reply) => {
    assertFits(RESET, request.body)
    const body = request.body as { token: string; password: string }
    await accountTokens.reset(body.token, body.password)
    return reply.code(204).send()
  })

  // The token stands in the body: addresses are written into logs.
  app.post('/api/invitations/look', { config: { access: 'public' } }, async (request) => {
    assertFits(LOOK, request.body)
    return accountTokens.look((request.body as { token: string }).token)
  })

  app.post('/api/invitations/accept', { config: { access: 'public' } }, async (request) => {
    assertFits(ACCEPT, request.body)
    const { token: given, ...person } = request.body as { token: string; name?: string; password?: string }
    return accountTokens.accept(given, person)
  })
}
