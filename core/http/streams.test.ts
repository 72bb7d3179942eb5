/** Server-sent events over a real connection. */
import { get as request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, untilOvertaken, type Visitor } from '../../tests/support/harness.ts'
import type { Change } from '../facts/changes.ts'
import { buildServer } from './server.ts'

interface Event {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

interface Heard {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  text(): string
  changes(): Change[]
  count(event: string): number
  /** Where a browser would go on. */
  lastId(): string
  isEnded(): boolean
  close(): void
}

let h: Harness
let app: FastifyInstance
const opened: Heard[] = []

async function serve(): Promise<FastifyInstance> {
  const server = await buildServer(h.kernel.services, 200)
  await server.listen({ port: 0, host: '127.0.0.1' })
  return server
}
beforeAll(async () => {
  h = await openHarness()
  app = await serve()
})
// A stream that begins now is told what has not been overtaken before.
beforeEach(() => untilOvertaken(h.database))
afterEach(() => opened.splice(0).forEach((heard) => heard.close()))
afterAll(async () => {
  await app?.close()
  await h?.close()
})

const readEvents = (text: string): Event[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))))

/** Opens a stream as a browser does. */
function listen(cookie: string, headers: Record<string, string> = {}, path = '/api/stream', on = app): Promise<Heard> {
  const { port } = on.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const options = { port, path, agent: false, headers: { accept: 'text/event-stream', cookie, ...headers } } as const
    const asked = request(options, (reply) => {
      let text = ''
      let ended = false
      const end = () => (ended = true)
      reply.on('data', (piece) => (text += piece)).on('error', end)
      reply.on('close', end)
      const events = () => readEvents(text)
      const heard: Heard = {
        status: reply.statusCode ?? 0,
        headers: reply.headers,
        text: () => text,
        changes: () => events().flatMap(({ event, data }) => (event === 'change' ? JSON.parse(data!) : [])),
        count: (name) => events().filter(({ event }) => event === name).length,
        lastId: () => events().findLast(({ id }) => id !== undefined)?.id ?? '',
        isEnded: () => ended,
        close: () => asked.destroy(),
      }
      opened.push(heard)
      resolve(heard)
    })
    asked.on('error', reject)
  })
}

const create = async (lastName: string, visitor: Visitor = h.alice): Promise<string> =>
  (await visitor.post('/api/clients', { type: 'person', lastName })).body.id
const rowsOf = (heard: Heard) => heard.changes().map(({ rowId }) => rowId)
const isTold = (heard: Heard, id: string) => eventually(async () => rowsOf(heard).includes(id), `told of ${id}`, 25_000)
const isOver = (heard: Heard, why: string) => eventually(async () => heard.isEnded(), `the stream ends: ${why}`, 25_000)

let members = 0
const member = (role: 'administrator' | 'member' = 'member') =>
  h.addMember(h.tenants.alice, `streaming-${++members}@test.example`, role)

test('a change arrives as it happens, the same as it is told page by page', async () => {
  const heard = await listen(h.alice.cookie)
  expect([heard.status, heard.headers['content-type'], heard.headers['cache-control']]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'no-store',
  ])
  expect(heard.headers['x-content-type-options']).toBe('nosniff')
  await eventually(async () => heard.lastId(), 'it says where it begins')
  const start = heard.lastId()
  const id = await create('Streamed')
  await isTold(heard, id)
  await h.alice.remove(`/api/clients/${id}`, 1)
  await eventually(async () => heard.changes().length === 2, 'the tombstone', 25_000)
  const paged = await h.alice.get(`/api/changes?after=${start}`)
  expect(heard.changes()).toEqual(paged.body.items)
  expect(heard.text()).not.toContain('Streamed')
  await eventually(async () => heard.text().includes(': still here\n'), 'a heartbeat')
})

test('taken up again after a break, each change is told once', async () => {
  const first = await listen(h.alice.cookie)
  await eventually(async () => first.lastId(), 'it says where it begins')
  first.close()
  const whileAway = [await create('Away 1'), await create('Away 2')]
  const second = await listen(h.alice.cookie, { 'last-event-id': first.lastId() })
  await isTold(second, whileAway[1]!)
  expect(rowsOf(second)).toEqual(whileAway)
  second.close()
  const later = await create('Away 3')
  const third = await listen(h.alice.cookie, {}, `/api/stream?after=${second.lastId()}`)
  await isTold(third, later)
  expect(rowsOf(third)).toEqual([later])
})

test('what lies far behind is caught up with in its order', async () => {
  const { body } = await h.alice.get('/api/changes?after=now')
  await h.database.query(
    `insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, actor_kind)
     select $1::uuid, now(), 'clients.updated', 'clients', md5('far' || i)::uuid, null, 'system' from generate_series(1, 1500) i`,
    [h.tenants.alice],
  )
  const heard = await listen(h.alice.cookie, { 'last-event-id': body.next })
  await eventually(async () => heard.changes().length >= 1_500, 'all are told', 25_000)
  const ids = heard.changes().map(({ id }) => Number(id))
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
})

describe('rights', () => {
  test('another tenant, a missing permission and a plugin that is off keep a change untold', async () => {
    const key = (await h.alice.post('/api/api-keys', { name: 'narrow', permissions: ['users.read'] })).body.key
    const [mine, theirs, narrow] = await Promise.all([
      listen(h.alice.cookie),
      listen(h.bob.cookie),
      listen('', { authorization: `Bearer ${key}` }),
    ])
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    await h.alice.patch('/api/plugins/tasklist', { enabled: false })
    const id = await create('Mine')
    await h.database.query(
      `insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, actor_kind)
       values ($1, now(), 'tasklist.created', 'tasklist', $2, $2, 'system')`,
      [h.tenants.alice, id],
    )
    const [foreign, last] = [await create('Theirs', h.bob), await create('Last')]
    await isTold(mine, last)
    await isTold(theirs, foreign)
    expect(rowsOf(mine)).toEqual([id, last])
    expect(rowsOf(theirs)).toEqual([foreign])
    expect(narrow.changes()).toEqual([])
    await h.alice.patch('/api/plugins/tasklist', { enabled: true })
    await h.alice.patch('/api/plugins/probe', { enabled: true })
    await eventually(async () => mine.count('composition') >= 4, 'each switch is told')
    expect(theirs.count('composition')).toBe(0)
  })

  test('a right that is taken away holds for the next change', async () => {
    const visitor = await member()
    const heard = await listen(visitor.cookie)
    const id = await create('Readable')
    await isTold(heard, id)
    await h.database.query(
      `delete from kernel.memberships where user_id = (select id from kernel.users where email = $1)`,
      [`streaming-${members}@test.example`],
    )
    const hidden = await create('Hidden')
    await isOver(heard, 'nobody is a member any more')
    expect(rowsOf(heard)).not.toContain(hidden)
  })

  test('signing out ends the stream, though nothing happens', async () => {
    const visitor = await member()
    const heard = await listen(visitor.cookie)
    await visitor.remove('/api/session')
    await isOver(heard, 'signed out')
  })

  test('suspending a user and revoking a key end their streams before they are told more', async () => {
    const visitor = await member('administrator')
    const { id, key } = (await h.alice.post('/api/api-keys', { name: 'short', permissions: ['clients.read'] })).body
    const heard = [await listen(visitor.cookie), await listen('', { authorization: `Bearer ${key}` })]
    await h.database.query('update kernel.users set suspended_at = now() where email = $1', [
      `streaming-${members}@test.example`,
    ])
    await h.alice.remove(`/api/api-keys/${id}`)
    const client = await create('Untold')
    for (const each of heard) await isOver(each, 'no longer allowed')
    expect(heard.flatMap(rowsOf)).not.toContain(client)
  })

  test('to listen is no use of a session', async () => {
    const visitor = await member()
    const heard = await listen(visitor.cookie)
    const where = `from kernel.sessions s join kernel.users u on u.id = s.user_id and u.email = $1`
    const email = `streaming-${members}@test.example`
    await h.database.query(
      `update kernel.sessions set used_at = now() - interval '1 hour' where token_hash in (select s.token_hash ${where})`,
      [email],
    )
    const before = heard.text().split(': still here').length
    await eventually(async () => heard.text().split(': still here').length > before + 2, 'it was asked again')
    const text = `select s.used_at < now() - interval '50 minutes' as is_idle ${where}`
    expect(await h.database.query(text, [email])).toEqual([{ is_idle: true }])
  })
})

describe('what concerns people', () => {
  /** The plugin of the tests tells somebody something. */
  async function notice(email: string): Promise<void> {
    const [user] = await h.database.query<{ id: string }>('select id from kernel.users where email = $1', [email])
    const body = { to: [user!.id], key: 'called', params: { who: 'Ada', times: 3 } }
    const told = await h.alice.post('/api/probe/notify/command', body)
    expect(told.status, told.text).toBe(200)
  }
  const isCounted = (heard: Heard, signal: string, count: number) =>
    eventually(async () => heard.count(signal) >= count, `${count} ${signal}`, 25_000)

  test('is told to those alone whom it concerns, and without what it is', async () => {
    const people = [await member(), await member(), await member('administrator')] as const
    const [, first, second] = ['', 2, 1].map((ago) => `streaming-${members - Number(ago)}@test.example`) as string[]
    const warm = await listen(h.alice.cookie)
    await eventually(
      async () => (await notice('alice@test.example'), warm.count('notified') > 0),
      'it is listened',
      25_000,
    )
    const [one, two, boss, foreign] = (await Promise.all([...people, h.bob].map(({ cookie }) => listen(cookie)))) as [
      Heard,
      Heard,
      Heard,
      Heard,
    ]

    await notice(first!)
    await isCounted(one, 'notified', 1)
    await notice(second!)
    await isCounted(two, 'notified', 1)
    expect([one, two, boss, foreign].map((each) => each.count('notified'))).toEqual([1, 1, 0, 0])

    const id = await create('Counted')
    const begun = await people[0].post('/api/clients/batch', { ids: [id], update: { notes: 'seen' } })
    expect(begun.status, begun.text).toBe(202)
    await Promise.all([isCounted(one, 'task', 1), isCounted(boss, 'task', 1)])
    await notice(second!)
    await isCounted(two, 'notified', 2)
    expect([two.count('task'), foreign.count('task')]).toEqual([0, 0])

    await h.database.query(
      `insert into kernel.deliveries (tenant_id, handler, fact) select $1, 'probe.gone', max(id) from kernel.facts where tenant_id = $1`,
      [h.tenants.alice],
    )
    await h.database.query(`update kernel.deliveries set state = 'dead' where handler = 'probe.gone'`)
    await isCounted(boss, 'deliveries', 1)
    await notice(second!)
    await isCounted(two, 'notified', 3)
    expect([one, two, foreign].map((each) => each.count('deliveries'))).toEqual([0, 0, 0])
    expect(one.text()).not.toContain('Ada')
  })

  test('a right that is taken away holds for it too', async () => {
    const visitor = await member('administrator')
    const email = `streaming-${members}@test.example`
    const heard = await listen(visitor.cookie)
    await h.database.query(
      `update kernel.memberships set role = 'member' where user_id = (select id from kernel.users where email = $1)`,
      [email],
    )
    await h.database.query(`update kernel.deliveries set state = 'waiting' where handler = 'probe.gone'`)
    await notice(email)
    await isCounted(heard, 'notified', 1)
    expect(heard.count('deliveries')).toBe(0)
  })
})

test('the ninth stream of a user is refused until one of them ends', async () => {
  const visitor = await member()
  const eight = await Promise.all(Array.from({ length: 8 }, () => listen(visitor.cookie)))
  expect(eight.map(({ status }) => status)).toEqual(Array(8).fill(200))
  const ninth = await listen(visitor.cookie)
  expect(ninth.status).toBe(429)
  expect(ninth.headers['content-type']).toContain('application/problem+json')
  await eventually(async () => ninth.text().includes('"too_many_streams"'), 'it says why')
  expect((await listen((await member()).cookie)).status).toBe(200)
  eight[0]!.close()
  await eventually(async () => (await listen(visitor.cookie)).status === 200, 'there is room again')
})

test('a stream outlives the loss of every connection of the database', async () => {
  const heard = await listen(h.alice.cookie)
  await eventually(async () => heard.lastId(), 'it has begun')
  await h.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'weft %'`,
  )
  const id = await eventually(async () => create('After the loss').catch(() => null), 'the server is back')
  await isTold(heard, id)
  expect(rowsOf(heard)).toEqual([id])
})

test('a server that closes ends its streams at once', async () => {
  const other = await serve()
  const visitor = await member()
  const heard = await Promise.all(Array.from({ length: 3 }, () => listen(visitor.cookie, {}, '/api/stream', other)))
  await eventually(async () => heard.every((each) => each.lastId()), 'all have begun')
  const before = Date.now()
  await other.close()
  expect(Date.now() - before).toBeLessThan(3_000)
  for (const each of heard) await isOver(each, 'closed')
})

test.each([
  ['?after=nonsense', {}, { status: 400, code: 'invalid_cursor', path: 'after' }],
  ['', { 'last-event-id': 'nonsense' }, { status: 400, code: 'invalid_cursor', path: 'Last-Event-ID' }],
  ['?limit=1', {}, { status: 400, code: 'invalid_query', path: 'limit' }],
  ['', { accept: 'application/json' }, { status: 406, code: 'not_acceptable', path: 'Accept' }],
])('%s with the headers %o is refused', async (query, headers, expected) => {
  const given = { accept: 'text/event-stream', ...headers }
  const { status, body } = await h.alice.call('GET', `/api/stream${query}`, { headers: given })
  expect({ status, code: body.code, path: body.errors[0].path }).toEqual(expected)
})

test('the cursor of another tenant and nobody at all are refused', async () => {
  const { body } = await h.bob.get('/api/changes?after=now')
  expect((await listen(h.alice.cookie, { 'last-event-id': body.next })).status).toBe(400)
  expect((await listen('')).status).toBe(401)
  expect((await h.alice.call('HEAD', '/api/stream', { headers: { accept: '*/*' } })).status).toBe(404)
})
