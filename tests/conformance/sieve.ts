/** A plugin and a server with one hole of every kind: the kit has to find each of them. */
import type { FastifyRequest } from 'fastify'
import type { Identity } from '../../core/access/identity.ts'
import type { Author, Standing } from '../../core/access/role.ts'
import type { Path } from '../../core/commands/conformance/role-paths.ts'
import type { Server, Stage } from '../../core/commands/conformance/stage.ts'
import type { Services } from '../../core/http/services.ts'
import { NO_RULES } from '../../core/work/rules.ts'
import type { Held, Rights } from '../../core/work/rights.ts'
import { type Fixture, notesFixture } from '../support/fixtures.ts'

/** What a plugin's author may do wrong, all in one. */
const SERVER = `import { allow, defineAnswer, defineHandler, definePlugin, defineResource, defineRoute, Problem } from 'weft'
import { clients } from 'weft/client'
import schema from './schemas/sieve.json' with { type: 'json' }
const notes = defineResource({ name: 'sieve', schema, belongsTo: 'any' })
const body = { type: 'object', required: ['text'], additionalProperties: false, properties: { text: { type: 'string', maxLength: 60 } } }
let last = null
const remember = defineRoute({ method: 'POST', path: '/remember', access: 'sieve.create', kind: 'command', body,
  async handle(_ctx, input) { last = input.body.text } })
const peek = defineRoute({ method: 'GET', path: '/peek/:id', access: 'sieve.read', kind: 'query',
  async handle(ctx, input) { return ctx.rows(notes).get(input.params.id) } })
const recall = defineRoute({ method: 'GET', path: '/recall', access: 'sieve.read', kind: 'query',
  async handle() { return { last } } })
const flow = defineRoute({ method: 'GET', path: '/flow', access: 'sieve.read', kind: 'exchange', reply: 'stream',
  async *handle(ctx) {
    yield last
    yield ctx.work(async (inner) => (await inner.rows(notes).list({ sort: ['-createdAt'], limit: 200 })).items)
  } })
const late = defineRoute({ method: 'POST', path: '/late', access: 'sieve.read', kind: 'exchange',
  async handle(ctx) {
    await ctx.work((inner) => inner.rows(clients).create({ type: 'person', lastName: 'Written too early' }))
    throw new Problem(403, 'forbidden')
  } })
const copy = defineHandler({ event: notes.events.created, name: 'copy', kind: 'command',
  async handle(ctx, { payload }) {
    const { text } = await ctx.rows(notes).get(payload.id)
    await ctx.rows(clients).create({ type: 'company', companyName: text })
  } })
const twice = defineHandler({ event: notes.events.updated, name: 'twice', kind: 'exchange',
  async handle(ctx) {
    await ctx.work((inner) => inner.rows(clients).create({ type: 'person', lastName: 'Once more' }))
  } })
const onMerging = defineAnswer({ point: clients.points.merging,
  async answer(ctx, { id }) {
    const { items } = await ctx.rows(notes).list({ where: { recordId: id } })
    for (const note of items) await ctx.rows(notes).update(note, { text: 'seen in a merge' })
    return allow()
  } })
export default definePlugin({ resources: [notes], routes: [remember, recall, peek, flow, late], handlers: [copy, twice], answers: [onMerging] })
`

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['recordId', 'text'],
  properties: {
    recordId: { type: 'string', format: 'uuid', 'x-ref': 'any', 'x-filter': true },
    text: { type: 'string', maxLength: 200, 'x-search': true, 'x-personal': true },
  },
  'x-title': ['text'],
}

/** What may be kept from somebody, and be asked for in every way. */
const extension = {
  type: 'object',
  additionalProperties: false,
  properties: { mark: { type: 'string', maxLength: 60, 'x-filter': true, 'x-sort': true, 'x-search': true } },
}

export const sieve: Fixture = notesFixture('sieve', {
  server: SERVER,
  manifest: { uses: { clients: ['read', 'create'] }, extends: { sieve: 'schemas/extension.json' } },
  files: { 'schemas/sieve.json': JSON.stringify(schema), 'schemas/extension.json': JSON.stringify(extension) },
})

export type Hole =
  | 'silent strip'
  | 'broken input'
  | 'no keys'
  | 'no versions'
  | 'never off'
  | 'every key'
  | 'empty pack'
  | 'written though refused'
  | 'answers for anybody'
  | 'work without roles'
  | 'streams of anybody'

/** Which of the server's holes is open now, and on which paths it forgets the role of who asks. */
export const open: { hole: Hole | null; forgotten: readonly Path[] } = { hole: null, forgotten: [] }

/** Only what is opened differs from the service itself. */
function inPlace<T extends object>(service: T, hole: Hole, other: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(service, {
    get(target, name) {
      const given = open.hole === hole ? other[name as keyof T] : undefined
      const value = given ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The other tenant's administrator, for whom each listener is taken. */
const stranger = { token: '' }

/** Who listens, where it was forgotten to ask for the role again. */
const careless = new WeakSet<Standing>()

function doctorServices(services: Services): Services {
  const { switches, keys, rights, sessions } = services
  const everything = async (tenant: string) => {
    const state = await switches.of(tenant)
    return { ...state, enabled: new Set(services.installed.map(({ id }) => id)) }
  }
  const allOf = async (key: string) => {
    const identity = await keys.authenticate(key)
    return identity && { ...identity, keyPermissions: null }
  }
  const changed: Partial<Record<keyof Services, unknown>> = {
    switches: inPlace(switches, 'never off', { of: everything }),
    rights: inPlace(rights, 'work without roles', {
      of: async (author: Author) => withoutRole(await rights.of(author)),
      held: async (...asked: Parameters<Rights['held']>) => {
        const held = await rights.held(...asked)
        return careless.has(asked[1]) ? withoutRole(held) : held
      },
    }),
    sessions: inPlace(
      inPlace(sessions, 'work without roles', {
        recheck: async (token: string) => {
          const identity = { ...((await sessions.recheck(token)) as Identity) }
          if (open.forgotten.includes('stream')) careless.add(identity)
          return identity
        },
      }),
      'streams of anybody',
      { recheck: () => sessions.recheck(stranger.token) },
    ),
    keys: inPlace(keys, 'every key', { authenticate: allOf }),
  }
  return new Proxy(services, {
    get: (target, name) => changed[name as keyof Services] ?? Reflect.get(target, name, target),
  })
}

const TABLE = /^\/api\/sieve\/([0-9a-f-]{36})/

async function forgeVersion(request: FastifyRequest, stage: Stage): Promise<void> {
  const id = TABLE.exec(request.url)?.[1]
  if (!id || !['PATCH', 'DELETE'].includes(request.method)) return
  const [row] = await stage.query<{ version: number }>('select version from sieve__sieve where id = $1', [id])
  if (row) request.headers['if-match'] = `"${row.version}"`
}

/** By which requests a path is known; the first that fits. */
const REQUESTS: readonly (readonly [path: Path, request: RegExp])[] = [
  ['changes', /^GET \/api\/changes\?.*after=(?!now)/],
  ['include', /^GET \/api\/clients.*(include=|some)/],
  ['schema', /^GET \/api\/schemas\/sieve/],
  ['view', /^POST \/api\/views/],
  ['route', /^GET \/api\/sieve\/peek/],
  ['lasting', /^GET \/api\/sieve\/flow/],
  ['aggregate', /^GET \/api\/sieve\/aggregate/],
  ['history', /^GET .*\/history$/],
  ['pack', /^GET .*\/access-pack$/],
  ['search', /^GET \/api\/sieve\?(.*&)?q=/],
  ['sort', /^GET \/api\/sieve\?.*sort=-?extensions/],
  ['filter', /^GET \/api\/sieve\?.*(filter=|empty=)/],
  ['list', /^GET \/api\/sieve\?/],
  ['get', /^GET \/api\/sieve\/[^/?]+$/],
  ['create', /^POST \/api\/sieve$/],
  ['update', /^PATCH \/api\/sieve\//],
  ['delete', /^DELETE \/api\/sieve\//],
  ['restore', /^POST \/api\/sieve\/.*\/restore$/],
  ['merge', /^POST \/api\/sieve\/.*merge$/],
  ['erase', /^POST \/api\/sieve\/.*\/erase$/],
  ['batch', /^POST \/api\/sieve\/batch$/],
]

const withoutRole = <T extends Pick<Held, 'rules' | 'composition'>>(held: T): T => ({
  ...held,
  rules: NO_RULES,
  composition: held.composition.base ?? held.composition,
})

/** Serves a path that was forgotten without asking for the role. */
function forgetRole(request: FastifyRequest): void {
  const path = REQUESTS.find(([, known]) => known.test(`${request.method} ${request.url}`))?.[0]
  if (path && open.forgotten.includes(path) && request.caller) request.caller = withoutRole(request.caller)
}

async function writeAnyway(request: FastifyRequest, stage: Stage): Promise<void> {
  if (request.method === 'PATCH' && TABLE.test(request.url))
    await stage.query(`update kernel.users set name = name || '!' where id = $1`, [stage.own.user])
}

/** What was answered for a key, whoever may see what of it by now. */
const answers = new Map<string, string>()
const keyOf = ({ method, headers }: FastifyRequest) =>
  method === 'POST' && open.hole === 'answers for anybody'
    ? (headers['idempotency-key'] as string | undefined)
    : undefined

const KNOWN = new Set(['recordId', 'text', 'extensions'])

function doctorApp(app: Server, stage: () => Stage): void {
  app.addHook('onRequest', async (request) => {
    if (open.hole === 'no keys') delete request.headers['idempotency-key']
    if (open.hole === 'streams of anybody') stranger.token = stage().other.cookie.split('=')[1] as string
    if (open.hole === 'no versions') await forgeVersion(request, stage())
    if (open.hole === 'written though refused') await writeAnyway(request, stage())
    if (open.forgotten.length > 0) forgetRole(request)
  })
  app.addHook('preHandler', async (request, reply) => {
    const kept = answers.get(keyOf(request) ?? '')
    if (kept) return reply.type('application/json').send(kept)
    const { body } = request
    if (!request.url.startsWith('/api/sieve') || typeof body !== 'object' || body === null) return
    if (open.hole === 'silent strip')
      request.body = Object.fromEntries(Object.entries(body).filter(([name]) => KNOWN.has(name)))
    const { text } = body as { text?: string }
    if (open.hole === 'broken input' && text !== undefined) text.trim()
  })
  app.addHook('onSend', async (request, _reply, payload) => {
    const key = keyOf(request)
    if (key) answers.set(key, String(payload))
    return open.hole === 'empty pack' && request.url.endsWith('/access-pack') ? '{}' : payload
  })
}

export const doctor = { services: doctorServices, app: doctorApp }
