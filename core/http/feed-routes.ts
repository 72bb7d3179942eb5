/** What plugins keep running, for the people who look after a tenant. */
import type { FastifyInstance } from 'fastify'
import { listFeeds } from '../delivery/feeds.ts'
import { readLimit } from '../work/query.ts'
import { claimsOf } from './caller.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

export function registerFeeds(app: FastifyInstance, { database, cursorKey }: Services): void {
  const config = { access: 'deliveries.manage', query: ['after', 'limit'] }
  app.get('/api/feeds', { config }, async (request) => {
    const caller = callerOf(request)
    const given = new Map(pairsOf(request))
    return listFeeds(database, claimsOf(caller, null), {
      plugins: [...caller.composition.plugins],
      after: given.get('after') ?? null,
      limit: readLimit(given.get('limit')),
      cursorKey,
    })
  })
}
