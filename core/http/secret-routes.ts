/** What a tenant entrusts to a plugin: written here, never read back. */
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { claimsOf } from './caller.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

const VALUE = {
  type: 'object',
  required: ['value'],
  additionalProperties: false,
  properties: { value: { type: 'string', minLength: 1, maxLength: 10_000 } },
}
interface Place {
  Params: { id: string; name: string }
}

export function registerSecrets(app: FastifyInstance, { installed, secrets }: Services): void {
  const config = { access: 'plugins.manage' }
  const assertDeclared = ({ id, name }: Place['Params']) => {
    const plugin = installed.find((each) => each.id === id)
    if (!plugin?.manifest.secrets.includes(name)) throw new Problem(404, 'not_found')
  }

  app.put<Place>('/api/plugins/:id/secrets/:name', { config }, async (request, reply) => {
    const { id, name } = request.params
    assertDeclared(request.params)
    assertFits(VALUE, request.body)
    await secrets.set(claimsOf(callerOf(request), null), id, name, (request.body as { value: string }).value)
    return reply.code(204).send()
  })

  app.delete<Place>('/api/plugins/:id/secrets/:name', { config }, async (request, reply) => {
    const { id, name } = request.params
    assertDeclared(request.params)
    await secrets.remove(claimsOf(callerOf(request), null), id, name)
    return reply.code(204).send()
  })
}
