/** What changed in the caller's tenant: page by page, or as it happens. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import { type Follower, readChanges, readPosition, writePosition } from '../work/changes.ts'
import { readLimit } from '../work/query.ts'
import { followerOf, readCallerAgain } from './caller.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'
import type { Services } from './services.ts'
import { Streams } from './streams.ts'

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

/** An answer without an end is not for those who say that they want another kind. */
function assertAccepts({ headers }: FastifyRequest): void {
  if (/text\/(event-stream|\*)|\*\/\*/.test(headers.accept ?? '*/*')) return
  throw new Problem(406, 'not_acceptable', [{ path: 'Accept', code: 'media_type' }])
}

/** A browser that comes back says how far it came; a first visit begins now. */
async function readResumption(follower: Follower, request: FastifyRequest) {
  const header = request.headers['last-event-id']
  if (header === undefined) return readPosition(follower, new Map(pairsOf(request)).get('after') ?? 'now')
  if (typeof header === 'string' && header !== 'now') {
    const position = await readPosition(follower, header).catch(() => null)
    if (position) return position
  }
  throw new Problem(400, 'invalid_cursor', [{ path: 'Last-Event-ID', code: 'cursor' }])
}

/** @param heartbeatMs how often the streams say that they are still there, and their right is asked for again */
export function registerChanges(app: FastifyInstance, services: Services, heartbeatMs: number): void {
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
  registerStream(app, services, heartbeatMs)
}

function registerStream(app: FastifyInstance, services: Services, heartbeatMs: number): void {
  const report = (error: unknown) => app.log.warn({ err: error }, 'stream failed')
  const { database, switches } = services
  const streams = new Streams({ database, switches, heartbeatMs, report })
  app.addHook('preClose', () => streams.close())

  // Asked for its head alone, a stream would be opened for nobody.
  const options = { config: { access: 'session', query: ['after'] }, exposeHeadRoute: false }
  app.get('/api/stream', options, async (request, reply) => {
    assertAccepts(request)
    const { identity } = callerOf(request)
    const follower = followerOf(services, callerOf(request))
    const position = await readResumption(follower, request)
    streams.assertRoom(identity.user.id)
    reply.hijack().headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      // Its end is the end of the connection: a server that closes waits for none that is kept alive.
      connection: 'close',
    })
    reply.raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders)
    const admit = async () => followerOf(services, await readCallerAgain(services, request))
    const owner = { tenant: identity.tenant.id, user: identity.user.id }
    streams.open(reply.raw, { owner, listener: { admit, report }, follower, position })
  })
}
