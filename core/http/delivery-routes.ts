/** What handlers could not be told, for the people who look after a tenant. */
import type { FastifyInstance } from 'fastify'
import type { Schema } from '../contract.ts'
import { countDead, listFailures, retryDelivery, retryHandler } from '../delivery/failures.ts'
import { assertFits } from '../resource/validate.ts'
import { readLimit } from '../work/query.ts'
import { claimsOf } from './caller.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

const access = 'deliveries.manage'
export const RETRY_BODY = {
  type: 'object',
  required: ['handler'],
  additionalProperties: false,
  properties: { handler: { type: 'string', minLength: 1, maxLength: 200 } },
} as const satisfies Schema

export function registerDeliveries(app: FastifyInstance, { database, cursorKey, wake }: Services): void {
  const config = { access, query: ['after', 'limit', 'handler', 'state'] }
  app.get('/api/deliveries', { config }, async (request) => {
    const given = new Map(pairsOf(request))
    return listFailures(database, claimsOf(callerOf(request), null), {
      after: given.get('after') ?? null,
      limit: readLimit(given.get('limit')),
      handler: given.get('handler') ?? null,
      state: given.get('state') ?? null,
      cursorKey,
    })
  })

  app.get('/api/deliveries/handlers', { config: { access } }, async (request) => ({
    items: await countDead(database, claimsOf(callerOf(request), null)),
  }))

  app.post('/api/deliveries/retry', { config: { access } }, async (request) => {
    assertFits(RETRY_BODY, request.body ?? null)
    const { handler } = request.body as { handler: string }
    const revived = await retryHandler(database, claimsOf(callerOf(request), null), handler)
    wake()
    return revived
  })

  app.post<{ Params: { id: string } }>('/api/deliveries/:id/retry', { config: { access } }, async (request) => {
    const revived = await retryDelivery(database, claimsOf(callerOf(request), null), request.params.id)
    wake()
    return revived
  })
}
