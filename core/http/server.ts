/** The web server: gate, caller, routes, errors. */
import { randomUUID } from 'node:crypto'
import fastifyCookie from '@fastify/cookie'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { Problem } from '../contract.ts'
import type { KnownAct } from './acts.ts'
import { registerActing } from './acting-routes.ts'
import { registerAccount } from './account-routes.ts'
import { registerAggregate } from './aggregate-routes.ts'
import { registerAccessLog } from './access-log.ts'
import { registerAdministration } from './admin-routes.ts'
import { type Caller, demand, readCaller } from './caller.ts'
import { registerChanges } from './change-routes.ts'
import { closeConnections } from './closing.ts'
import { registerDeliveries } from './delivery-routes.ts'
import { handleError, handleUnknown } from './errors.ts'
import { registerFiles } from './file-routes.ts'
import { assertQueryString, readBody, readQueryString } from './gate.ts'
import { registerFeeds } from './feed-routes.ts'
import { Guests } from './guests.ts'
import { registerHealth } from './health-routes.ts'
import { Lasting } from './lasting.ts'
import { registerLinks } from './link-routes.ts'
import { registerLists } from './list-routes.ts'
import { registerMailbox } from './mailbox-routes.ts'
import { registerKeys } from './key-routes.ts'
import { registerNotifications } from './notification-routes.ts'
import { registerOpenApi } from './openapi-routes.ts'
import { registerMembers } from './member-routes.ts'
import { registerRights } from './role-routes.ts'
import { registerMerge } from './merge-routes.ts'
import { registerPrivacy } from './privacy-routes.ts'
import { registerMetrics } from './metrics-routes.ts'
import { registerPasskeys } from './passkey-routes.ts'
import { registerProviders } from './provider-routes.ts'
import { registerProviderSignIn } from './provider-sign-in-routes.ts'
import { registerPluginRoutes } from './plugin-routes.ts'
import { Rates } from './rates.ts'
import { assertParameters, type Declared } from './request.ts'
import { registerProposals } from './proposal-routes.ts'
import { registerResource } from './resource-routes.ts'
import { readScriptHashes, registerComposition, registerScreen } from './screen-routes.ts'
import { assertOrigin, joinNeeds, policiesOf, setSecurityHeaders } from './security.ts'
import { registerRetention } from './retention-routes.ts'
import { registerSecrets } from './secret-routes.ts'
import { boundBody } from './patience.ts'
import type { Services } from './services.ts'
import { MAX_MESSAGE } from './json-socket.ts'
import { registerBatch, registerTasks } from './task-routes.ts'
import { registerSession } from './session-routes.ts'
import { HEARTBEAT_MS } from './streams.ts'

const BODY_BYTES = 1024 * 1024
/** How long an upload may take to arrive; any other body is bounded by a hook. */
const UPLOAD_MS = 3_600_000
const JSON_TYPES = ['application/json', 'application/merge-patch+json']

/** @param mark gives an answer the headers that every answer bears */
function createApp(level: string, mark: (reply: FastifyReply) => void): FastifyInstance {
  return Fastify({
    logger: { level },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    requestTimeout: UPLOAD_MS,
    connectionTimeout: 60_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    // Others answer in its place only when it takes no more connections.
    return503OnClosing: false,
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

interface Door {
  readonly services: Services
  readonly rates: Rates
}

/** A signed-in caller, its plugin switched on and its right are asked before the body is read. */
async function admit({ services, rates }: Door, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { access, plugin, guest } = request.routeOptions.config
  if (guest) {
    request.guest = await guest(request, reply)
    return assertParameters(request)
  }
  if (request.is404 || access === 'public') return
  const caller = await readCaller(services, request)
  request.caller = caller
  const { tenant, keyId, user } = caller.identity
  rates.countMember({ tenant: tenant.id, member: keyId ?? user.id }, caller.state.quotas.requests)
  if (plugin !== undefined && !caller.state.enabled.has(plugin)) throw new Problem(404, 'not_found')
  if (access === 'self') assertSelf(caller)
  else if (access !== undefined && access !== 'session') demand(caller, access)
  assertParameters(request)
  if (!['GET', 'HEAD'].includes(request.method)) await services.acting.note(caller.identity, request.id)
}

/** Of one's own account nobody disposes but oneself: no key, and nobody who acts as somebody else. */
function assertSelf({ identity }: Caller): void {
  if (identity.acting) throw new Problem(403, 'acting')
  if (identity.kind !== 'user') throw new Problem(403, 'forbidden')
}

/** What the kernel itself answers. */
async function registerKernel(
  app: FastifyInstance,
  services: Services,
  { acts, heartbeatMs }: { acts: ReadonlyMap<string, KnownAct>; heartbeatMs: number },
): Promise<void> {
  registerAccessLog(app)
  registerHealth(app, services)
  registerSession(app, services)
  registerActing(app, services)
  registerAdministration(app, services)
  registerAccount(app, services)
  registerPasskeys(app, services)
  registerProviders(app, services)
  registerProviderSignIn(app, services)
  registerMembers(app, services)
  registerRights(app, services)
  registerKeys(app, services)
  registerSecrets(app, services)
  await registerFiles(app, services)
  registerMailbox(app, services)
  registerNotifications(app, services)
  registerMetrics(app, services)
  registerDeliveries(app, services)
  registerTasks(app, services)
  registerLinks(app, services)
  registerLists(app, services)
  registerFeeds(app, services)
  registerRetention(app, services)
  registerChanges(app, services, heartbeatMs)
  registerProposals(app, services, acts)
  registerComposition(app, services)
  registerOpenApi(app, services)
  for (const { model } of services.compositions.whole.resources.values()) {
    registerResource(app, services, model)
    registerAggregate(app, services, model)
    if (model.keep !== 'record') continue
    registerMerge(app, services, model)
    registerPrivacy(app, services, model)
    registerBatch(app, services, model)
  }
}

/**
 * @param heartbeatMs how often the right to a stream of changes is asked for again
 * @throws Error at start for a route without access
 */
export async function buildServer(services: Services, heartbeatMs = HEARTBEAT_MS): Promise<FastifyInstance> {
  const needs = joinNeeds(services.installed.map(({ manifest }) => manifest.browser))
  const policies = policiesOf(readScriptHashes(services.screen), needs)
  const mark = (reply: FastifyReply) => setSecurityHeaders(reply, policies, services.isSecure)
  const app = createApp('warn', mark)
  acceptJson(app)
  await app.register(fastifyCookie)
  await app.register(fastifyWebsocket, { options: { maxPayload: MAX_MESSAGE } })
  app.decorateRequest('caller', null)
  app.decorateRequest('guest', null)
  app.setErrorHandler(handleError)
  closeConnections(app)
  const acts = new Map<string, KnownAct>()
  const declared = new Map<string, Declared>()
  app.decorate('declared', declared)
  app.addHook('onRoute', ({ url, method, config }) => {
    if (!config?.access) throw new Error(`The route ${url} has no access.`)
    const { act, access, plugin, isSocket = false } = config
    for (const each of [method].flat()) declared.set(`${each} ${url}`, { access, plugin: plugin ?? null, isSocket })
    if (act) acts.set(`${String(method)} ${url}`, { act, access, plugin })
  })
  const rates = new Rates()
  app.addHook('onRequest', async (request, reply) => {
    mark(reply)
    boundBody(request)
    reply.header('x-request-id', request.id)
    if (!request.url.startsWith('/api')) return
    reply.header('cache-control', 'no-store')
    assertQueryString(request.url)
    assertOrigin(request, services.config.url)
    await admit({ services, rates }, request, reply)
  })
  await registerKernel(app, services, { acts, heartbeatMs })
  const lasting = new Lasting(services.switches)
  app.addHook('preClose', () => lasting.close())
  const guests = new Guests(services, rates)
  for (const plugin of services.installed) await registerPluginRoutes(app, { services, guests, lasting, plugin })
  if (services.screen) await registerScreen(app, services, services.screen)
  else app.setNotFoundHandler(handleUnknown)
  return app
}
