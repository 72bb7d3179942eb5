/** What handlers could not be told, for the people who look after a tenant. */
import type { FastifyInstance } from 'fastify'
import { listFailures, retryDelivery } from '../delivery/failures.ts'
import { readLimit } from '../work/query.ts'
import { claimsOf } from './caller.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

const access = 'deliveries.manage'

export function registerDeliveries(app: FastifyInstance, { database, cursorKey, wake }: Services): void {
  app.get('/api/deliveries', { config: { access, query: ['after', 'limit'] } }, async (request) => {
    const given = new Map(pairsOf(request))
    const page = { after: given.get('after') ?? null, limit: readLimit(given.get('limit')), cursorKey }
    return listFailures(database, claimsOf(callerOf(request), null), page)
  })

  app.post<{ Params: { id: string } }>('/api/deliveries/:id/retry', { config: { access } }, async (request) => {
    const revived = await retryDelivery(database, claimsOf(callerOf(request), null), request.params.id)
    wake()
    return revived
  })
}
