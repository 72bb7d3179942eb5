/** Sign in, who am I, change of tenant, sign out. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Identity } from '../access/identity.ts'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { sessionCookie } from './caller.ts'
import type { Services } from './services.ts'
import { callerOf } from './request.ts'

const SIGN_IN = {
  type: 'object',
  required: ['email', 'password'],
  additionalProperties: false,
  properties: { email: { type: 'string', maxLength: 254 }, password: { type: 'string', maxLength: 1000 } },
}
const CHANGE = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: { tenant: { type: 'string', maxLength: 63 }, language: { type: 'string', enum: ['en', 'fr'] } },
}

async function describe(services: Services, { user, tenant, role }: Identity) {
  const { id, name, email, language } = user
  return {
    user: { id, name, email, language },
    tenant: { slug: tenant.slug, name: tenant.name, language: tenant.language },
    tenants: await services.sessions.membershipsOf(id),
    role,
  }
}

function setCookie(services: Services, reply: FastifyReply, token: string): void {
  reply.setCookie(sessionCookie(services.isSecure), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: services.isSecure,
    maxAge: 30 * 24 * 3600,
  })
}

export function registerSession(app: FastifyInstance, services: Services): void {
  const { sessions } = services

  app.post('/api/session', { config: { access: 'public' } }, async (request, reply) => {
    assertFits(SIGN_IN, request.body)
    const { email, password } = request.body as { email: string; password: string }
    const { token, identity } = await sessions.signIn({ email, password, network: request.ip })
    setCookie(services, reply, token)
    return reply.send(await describe(services, identity))
  })

  app.get('/api/session', { config: { access: 'session' } }, async (request) =>
    describe(services, callerOf(request).identity),
  )

  app.patch('/api/session', { config: { access: 'session' } }, async (request, reply) => {
    assertFits(CHANGE, request.body)
    const { tenant, language } = request.body as { tenant?: string; language?: 'en' | 'fr' }
    const { identity } = callerOf(request)
    // A key belongs to one tenant, and has no language of its own.
    if (identity.kind !== 'user') throw new Problem(403, 'forbidden')
    if (language !== undefined) {
      await sessions.setLanguage(identity, language)
      return describe(services, { ...identity, user: { ...identity.user, language } })
    }
    const changed = await sessions.switchTenant(identity, tenant as string)
    setCookie(services, reply, changed.token)
    return describe(services, changed.identity)
  })

  app.delete('/api/session', { config: { access: 'session' } }, async (request, reply) => {
    const { sessionHash } = callerOf(request).identity
    if (sessionHash) await sessions.signOut(sessionHash)
    reply.clearCookie(sessionCookie(services.isSecure), { path: '/', secure: services.isSecure })
    return reply.code(204).header('clear-site-data', '"cache"').send()
  })
}
