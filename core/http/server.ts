/** The web server: gate, caller, routes, errors. */
import { randomUUID } from 'node:crypto'
import fastifyCookie from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { Problem } from '../contract.ts'
import { registerAdministration } from './admin-routes.ts'
import { demand, readCaller } from './caller.ts'
import { registerChanges } from './change-routes.ts'
import { registerDeliveries } from './delivery-routes.ts'
import { handleError, handleUnknown } from './errors.ts'
import { assertQueryString, readBody, readQueryString } from './gate.ts'
import { registerHealth } from './health-routes.ts'
import { registerOpenApi } from './openapi-routes.ts'
import { registerMerge } from './merge-routes.ts'
import { registerPluginRoutes } from './plugin-routes.ts'
import { assertParameters } from './request.ts'
import { registerResource } from './resource-routes.ts'
import { readScriptHashes, registerComposition, registerScreen } from './screen-routes.ts'
import { assertOrigin, policyOf, setSecurityHeaders } from './security.ts'
import type { Services } from './services.ts'
import { registerSession } from './session-routes.ts'
import { HEARTBEAT_MS } from './streams.ts'

const BODY_BYTES = 1024 * 1024
const JSON_TYPES = ['application/json', 'application/merge-patch+json']

/** @param mark gives an answer the headers that every answer bears */
function createApp(level: string, mark: (reply: FastifyReply) => void): FastifyInstance {
  return Fastify({
    logger: { level },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200, querystringParser: readQueryString as never },
    // What no route ever sees, as an address that cannot be decoded: no hook is asked.
    frameworkErrors: ((error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      mark(reply)
      return handleError(error, request, reply)
    }) as never,
    http: { headersTimeout: 10_000 },
  })
}

function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(JSON_TYPES, { parseAs: 'buffer' }, (_request, bytes, done) => {
    try {
      done(null, readBody(bytes as Buffer))
    } catch (error) {
      done(error as Error)
    }
  })
}

/** A signed-in caller, its plugin switched on and its right are asked before the body is read. */
async function admit(services: Services, request: FastifyRequest): Promise<void> {
  const { access, plugin } = request.routeOptions.config
  if (request.is404 || access === 'public') return
  const caller = await readCaller(services, request)
  request.caller = caller
  if (plugin !== undefined && !caller.state.enabled.has(plugin)) throw new Problem(404, 'not_found')
  if (access !== undefined && access !== 'session') demand(caller, access)
  assertParameters(request)
}

/**
 * @param heartbeatMs how often the right to a stream of changes is asked for again
 * @throws Error at start for a route without access
 */
export async function buildServer(services: Services, heartbeatMs = HEARTBEAT_MS): Promise<FastifyInstance> {
  const policy = policyOf(readScriptHashes(services.screen))
  const mark = (reply: FastifyReply) => setSecurityHeaders(reply, policy, services.isSecure)
  const app = createApp('warn', mark)
  acceptJson(app)
  await app.register(fastifyCookie)
  app.decorateRequest('caller', null)
  app.setErrorHandler(handleError)
  app.addHook('onRoute', ({ url, config }) => {
    if (!config?.access) throw new Error(`The route ${url} has no access.`)
  })
  app.addHook('onRequest', async (request, reply) => {
    mark(reply)
    reply.header('x-request-id', request.id)
    if (!request.url.startsWith('/api')) return
    reply.header('cache-control', 'no-store')
    assertQueryString(request.url)
    assertOrigin(request, services.config.url)
    await admit(services, request)
  })
  registerHealth(app, services)
  registerSession(app, services)
  registerAdministration(app, services)
  registerDeliveries(app, services)
  registerChanges(app, services, heartbeatMs)
  registerComposition(app, services)
  registerOpenApi(app, services)
  for (const { model } of services.compositions.whole.resources.values()) {
    registerResource(app, services, model)
    registerMerge(app, services, model)
  }
  for (const plugin of services.installed) registerPluginRoutes(app, services, plugin)
  if (services.screen) await registerScreen(app, services, services.screen)
  else app.setNotFoundHandler(handleUnknown)
  return app
}
