/** Sign in, who am I, change of tenant, sign out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Identity } from '../access/identity.ts'
import type { Credentials } from '../access/sessions.ts'
import { assertFits } from '../resource/validate.ts'
import { sessionCookie } from './caller.ts'
import type { Services } from './services.ts'
import { callerOf } from './request.ts'

const SIGN_IN = {
  type: 'object',
  required: ['email', 'password'],
  additionalProperties: false,
  properties: {
    email: { type: 'string', maxLength: 254 },
    password: { type: 'string', maxLength: 1000 },
    code: { type: 'string', minLength: 1, maxLength: 40 },
  },
}
const CHANGE = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: { tenant: { type: 'string', maxLength: 63 }, language: { type: 'string', enum: ['en', 'fr'] } },
}

export async function describeSession(services: Services, identity: Identity) {
  const { user, tenant, role, roleId, acting } = identity
  const { id, name, email, language } = user
  return {
    user: { id, name, email, language },
    tenant: { slug: tenant.slug, name: tenant.name, language: tenant.language },
    tenants: await services.sessions.membershipsOf(identity),
    role: roleId ?? role,
    ...(acting ? { actingBy: acting.by } : {}),
  }
}

export const placeOf = ({ ip, headers }: FastifyRequest) => ({ network: ip, agent: headers['user-agent'] ?? null })

export function setCookie(services: Services, reply: FastifyReply, token: string): void {
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
    const { token, identity } = await sessions.signIn({ ...(request.body as Credentials), ...placeOf(request) })
    setCookie(services, reply, token)
    return reply.send(await describeSession(services, identity))
  })

  app.get('/api/session', { config: { access: 'session' } }, async (request) =>
    describeSession(services, callerOf(request).identity),
  )

  app.patch('/api/session', { config: { access: 'self' } }, async (request, reply) => {
    assertFits(CHANGE, request.body)
    const { tenant, language } = request.body as { tenant?: string; language?: 'en' | 'fr' }
    const { identity } = callerOf(request)
    if (language !== undefined) {
      await sessions.setLanguage(identity, language)
      return describeSession(services, { ...identity, user: { ...identity.user, language } })
    }
    const changed = await sessions.switchTenant(identity, tenant as string)
    setCookie(services, reply, changed.token)
    return describeSession(services, changed.identity)
  })

  app.delete('/api/session', { config: { access: 'session' } }, async (request, reply) => {
    const { sessionHash } = callerOf(request).identity
    if (sessionHash) await sessions.signOut(sessionHash)
    reply.clearCookie(sessionCookie(services.isSecure), { path: '/', secure: services.isSecure })
    return reply.code(204).header('clear-site-data', '"cache"').send()
  })
}
