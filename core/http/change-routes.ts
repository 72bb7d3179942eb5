/** What changed in the caller's tenant, page by page. */
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract.ts'
import { type Follower, readChanges, readPosition, writePosition } from '../work/changes.ts'
import { readLimit } from '../work/query.ts'
import { followerOf } from './caller.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'
import type { Services } from './services.ts'

/** `resource=clients,interactions`: of these alone, and of no named facts. */
function narrow(follower: Follower, text: string | undefined): Follower {
  if (text === undefined) return follower
  const resources = text.split(',').map((name) => {
    const found = follower.resources.get(name)
    if (!found) throw new Problem(400, 'invalid_query', [{ path: 'resource', code: 'unknown', params: { name } }])
    return [name, found] as const
  })
  return { ...follower, resources: new Map(resources), plugins: [] }
}

export function registerChanges(app: FastifyInstance, services: Services): void {
  const config = { access: 'session', query: ['after', 'limit', 'resource'] }
  app.get('/api/changes', { config }, async (request, reply) => {
    const query = new Map(pairsOf(request))
    const limit = readLimit(query.get('limit'))
    const follower = narrow(followerOf(services, callerOf(request)), query.get('resource'))
    const after = await readPosition(follower, query.get('after'))
    const isPresent = query.get('after') === 'now'
    const { items, end } = isPresent ? { items: [], end: after } : await readChanges(follower, after, limit)
    const next = writePosition(services.cursorKey, follower.tenant, end)
    return sendJson(reply, JSON.stringify({ items: items.map(({ change }) => change), next }))
  })
}
