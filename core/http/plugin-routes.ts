/** Routes that plugins bring beside the verbs of their resources. */
import type { WebSocket } from '@fastify/websocket'
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type Ctx,
  type Json,
  Problem,
  type RawReply,
  type Route,
  type RouteInput,
  type Schema,
  type Socket,
} from '../contract.ts'
import { addressOf } from '../host/addresses.ts'
import type { Installed } from '../host/manifest.ts'
import { powersOf } from '../host/powers.ts'
import { settingsOf } from '../host/settings.ts'
import { assertFits } from '../resource/validate.ts'
import type { Occasion, Precheck, Task } from '../work/context.ts'
import { useLink } from '../work/links.ts'
import type { Joined } from '../work/unit.ts'
import type { Act, Asked, Done } from './acts.ts'
import { type Asker, askerFor, occasionOf, requestLog } from './asker.ts'
import { askerOf, type Guests, readmit } from './guests.ts'
import { JsonSocket } from './json-socket.ts'
import type { Lasting, Life } from './lasting.ts'
import { formatFor, Sending } from './plugin-stream.ts'
import { acceptRaw, describeRaw, readRaw } from './raw.ts'
import { pairsOf } from './request.ts'
import type { Services } from './services.ts'
import { sendDone, serveAct } from './serving.ts'

interface Place {
  readonly services: Services
  readonly guests: Guests
  readonly lasting: Lasting
  readonly plugin: Installed
}

type Input = RouteInput<never>
/** The plugin's code, whatever it gives. */
type Handle = (ctx: Ctx, input: Input, socket?: Socket) => Promise<unknown>

/** What a call of a route needs beside the asker: in an act, of the request that decided on it. */
interface Call {
  readonly id: string
  readonly log: FastifyRequest['log']
  /** The transaction in which a command runs, where it does not open one of its own. */
  readonly unit?: Joined
}

function readJson({ body: schema }: Route, body: Json): Json {
  if (schema) assertFits(schema as Schema, body)
  else if (body !== null) throw new Problem(400, 'invalid', [{ path: '', code: 'unknown' }])
  return body
}

function readAskedInput(route: Route, { params: given, query, body }: Omit<Asked, 'version'>): Input {
  if (route.query) assertFits(route.query, query)
  const { tenant: _tenant, token: _token, ...params } = given
  return { params, query, body: readJson(route, body) } as unknown as Input
}

function readInput(route: Route, request: FastifyRequest, reply: FastifyReply): Input {
  const params = request.params as Record<string, string>
  const query = Object.fromEntries(pairsOf(request))
  if (route.body !== 'raw') return readAskedInput(route, { params, query, body: (request.body ?? null) as Json })
  if (route.query) assertFits(route.query, query)
  const body = readRaw(route, request, reply)
  const { tenant: _tenant, token: _token, ...named } = params
  return { params: named, query, body } as unknown as Input
}

class PluginRoute {
  readonly #place: Place
  readonly #route: Route

  constructor(place: Place, route: Route) {
    this.#place = place
    this.#route = route
  }

  /** Counts a use of the link: with the effect of a command, and before all other code. */
  async #precheckFor({ link, tenant }: Asker, occasion: Occasion): Promise<Precheck | undefined> {
    const { counts, method, kind } = this.#route
    if (!link || !(counts ?? method !== 'GET')) return undefined
    const precheck: Precheck = (transaction) => useLink(transaction, link.id)
    if (kind === 'command') return precheck
    const claims = {
      tenant: tenant.id,
      actorKind: occasion.actor.kind,
      actor: occasion.actor.id,
      plugin: this.#place.plugin.id,
      request: occasion.request,
      origin: null,
      task: null,
      at: null,
    }
    await this.#place.services.database.transaction(claims, 'write', precheck)
    return undefined
  }

  #occasionOf(asker: Asker, call: Call): Occasion {
    const { services, plugin } = this.#place
    const logOf = (id: string) => services.logBudget.bound(id, requestLog(call, asker.tenant.id, id))
    const settings = settingsOf(plugin, asker.state)
    return occasionOf(asker, { request: call.id, settings, log: logOf(plugin.id), logOf })
  }

  async #run<T>(
    asker: Asker,
    call: Call,
    task: Omit<Task<T>, 'kind' | 'precheck' | 'unit'>,
    begun: (task: string) => void = () => {},
  ): Promise<T> {
    const occasion = { ...this.#occasionOf(asker, call), begun }
    const precheck = await this.#precheckFor(asker, occasion)
    const { services, guests, plugin } = this.#place
    const { kind } = this.#route
    const powers = powersOf(plugin, asker.state)
    const { unit } = call
    const within = { ...(precheck ? { precheck } : {}), ...(unit ? { unit } : {}) }
    const run = () => services.contexts.run(occasion, powers, { kind, ...task, ...within })
    // They would wait for each other in the database, each with a connection in its hand.
    return precheck && asker.link ? guests.turns.run(asker.link.id, run) : run()
  }

  get #handle(): Handle {
    return this.#route.handle.bind(this.#route) as unknown as Handle
  }

  async #do(asker: Asker, call: Call, input: Input): Promise<Done> {
    let task: string | null = null
    const code = (ctx: Ctx) => this.#handle(ctx, input)
    const result = (await this.#run(asker, call, { code }, (id) => void (task = id))) as Json | undefined
    if (task !== null) {
      const headers = { location: `/api/tasks/${String(task)}` }
      return { status: 202, headers, body: JSON.stringify(result ?? { task }) }
    }
    return result === undefined
      ? { status: 204, headers: {}, body: null }
      : { status: 200, headers: {}, body: JSON.stringify(result) }
  }

  /** Only what is one transaction can be undone as a whole, and done again; only for one who is known, and told later. */
  get act(): Act | null {
    const { kind, body, access, reply } = this.#route
    const isGuests = access === 'link' || access === 'public'
    if (kind !== 'command' || body === 'raw' || typeof reply === 'string' || isGuests) return null
    return (caller, asked) => {
      const { request: id, log, unit } = caller
      const input = readAskedInput(this.#route, asked)
      return this.#do(askerFor(caller), { id, log, ...(unit ? { unit } : {}) }, input)
    }
  }

  /** Of a route that is no act: what is held there is refused. */
  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const done = await this.#do(askerOf(request), request, readInput(this.#route, request, reply))
    if (done.status === 202) this.#place.services.wake()
    return sendDone(reply, done)
  }

  #open(request: FastifyRequest): Life {
    const { services, guests, lasting, plugin } = this.#place
    const { tenant, owner } = askerOf(request)
    const target = { plugin: plugin.id, route: this.#route }
    const recheck = () => readmit(services, guests, target, request)
    return lasting.open({ tenant: tenant.id, owner, recheck })
  }

  async send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const format = this.#route.reply === 'stream' ? formatFor(request) : null
    const input = readInput(this.#route, request, reply)
    const life = this.#open(request)
    const sending = new Sending<never>(reply, life)
    const code = async (ctx: Ctx): Promise<RawReply | null> => {
      const given = await this.#handle(ctx, input)
      if (format) await sending.pump(given as AsyncIterable<never>, format as never)
      else if ((given as RawReply).bytes instanceof Uint8Array) return given as RawReply
      else await this.#sendBytes(sending, given as RawReply)
      return null
    }
    try {
      const whole = await this.#run(askerOf(request), request, { life: life.signal, code })
      if (whole) return await reply.headers(describeRaw(whole)).send(Buffer.from(whole.bytes as Uint8Array))
      sending.end()
      return reply
    } catch (error) {
      if (!sending.end(error)) throw error
      if (!(error instanceof Problem)) request.log.error({ err: error, request: request.id }, 'stream failed')
      return reply
    } finally {
      this.#place.lasting.leave(life)
    }
  }

  #sendBytes(sending: Sending<never>, given: RawReply): Promise<void> {
    const format = { headers: describeRaw(given), write: (piece: Uint8Array) => piece }
    return sending.pump(given.bytes as AsyncIterable<never>, format)
  }

  /** What an upgrade would be refused for is told before it. */
  assertOpenable(request: FastifyRequest, reply: FastifyReply): void {
    readInput(this.#route, request, reply)
    const { tenant, owner } = askerOf(request)
    this.#place.lasting.assertRoom({ tenant: tenant.id, owner })
  }

  async talk(ws: WebSocket, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    let life: Life | null = null
    const socket = new JsonSocket(ws, () => life?.end(new Problem(400, 'aborted')))
    try {
      life = this.#open(request)
      const input = readInput(this.#route, request, reply)
      const code = (ctx: Ctx) => this.#handle(ctx, input, socket)
      await this.#run(askerOf(request), request, { life: life.signal, code })
      socket.close()
    } catch (error) {
      if (!(error instanceof Problem)) request.log.error({ err: error, request: request.id }, 'socket failed')
      socket.fail(error)
    } finally {
      if (life) this.#place.lasting.leave(life)
    }
  }
}

function configOf({ guests, plugin }: Place, route: Route): FastifyContextConfig {
  const config = {
    access: route.access,
    plugin: plugin.id,
    query: Object.keys((route.query?.properties ?? {}) as object),
    isSocket: route.reply === 'socket',
  }
  if (route.access !== 'link' && route.access !== 'public') return config
  const target = { plugin: plugin.id, route }
  const guest = async (request: FastifyRequest, reply: FastifyReply) => {
    guests.mark(route, reply)
    return guests.admit(target, request)
  }
  return { ...config, guest }
}

/** A browser asks first whether another site's page may send JSON. */
function registerPreflight(app: FastifyInstance, url: string, routes: readonly Route[]): void {
  const methods = routes.map(({ method }) => method).join(', ')
  app.options(url, { config: { access: 'public', query: 'own' } }, (_request, reply) =>
    reply
      .headers({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': methods,
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '600',
        'cross-origin-resource-policy': 'cross-origin',
      })
      .code(204)
      .send(),
  )
}

function registerRoute(app: FastifyInstance, place: Place, route: Route): void {
  const made = new PluginRoute(place, route)
  const url = addressOf(place.plugin.id, route)
  const config = configOf(place, route)
  // Who only looks at an address, as a scanner of mail does, neither runs code nor uses up a link.
  const exposeHeadRoute = route.access !== 'link' && typeof route.reply !== 'string'
  const common = { method: route.method, url, config, exposeHeadRoute }
  if (route.reply === 'socket') {
    app.route({
      ...common,
      preHandler: async (request, reply) => {
        if (request.headers.upgrade === undefined) throw new Problem(426, 'upgrade_required')
        made.assertOpenable(request, reply)
      },
      handler: async () => {
        throw new Problem(426, 'upgrade_required')
      },
      wsHandler: (ws, request) => void made.talk(ws, request, null as never),
    })
    return
  }
  const { act } = made
  if (act) {
    app.route({ ...common, config: { ...config, act }, handler: serveAct(place.services) })
    return
  }
  const handler = typeof route.reply === 'string' ? made.send.bind(made) : made.answer.bind(made)
  app.route({ ...common, handler })
}

export async function registerPluginRoutes(app: FastifyInstance, place: Place): Promise<void> {
  const routes = place.plugin.plugin.routes ?? []
  for (const route of routes.filter(({ body }) => body !== 'raw')) registerRoute(app, place, route)
  const raw = routes.filter(({ body }) => body === 'raw')
  if (raw.length > 0)
    await app.register(async (child) => {
      acceptRaw(child)
      for (const route of raw) registerRoute(child, place, route)
    })
  const open = Map.groupBy(
    routes.filter(({ origins }) => origins === 'any'),
    (route) => addressOf(place.plugin.id, route),
  )
  for (const [url, group] of open) registerPreflight(app, url, group)
}
