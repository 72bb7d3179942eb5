/** API keys of a tenant. */
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

const KEY = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    permissions: { type: 'array', items: { type: 'string', maxLength: 120 }, maxItems: 500, uniqueItems: true },
    expiresAt: { type: ['string', 'null'], format: 'date-time' },
  },
}

export function registerKeys(app: FastifyInstance, services: Services): void {
  const { keys } = services

  app.get('/api/api-keys', { config: { access: 'api-keys.manage' } }, async (request) => ({
    items: await keys.list(callerOf(request).identity.tenant.id),
  }))

  app.post('/api/api-keys', { config: { access: 'api-keys.manage' } }, async (request, reply) => {
    assertFits(KEY, request.body)
    const { identity, permissions } = callerOf(request)
    // A key would outlive the hour, and speak for the member alone.
    if (identity.acting) throw new Problem(403, 'acting')
    const body = request.body as { name: string; permissions?: string[]; expiresAt?: string | null }
    return reply.code(201).send(await keys.create(identity, body, permissions))
  })

  app.delete<{ Params: { id: string } }>(
    '/api/api-keys/:id',
    { config: { access: 'api-keys.manage' } },
    async (request, reply) => {
      await keys.revoke(callerOf(request).identity, request.params.id)
      return reply.code(204).send()
    },
  )
}
