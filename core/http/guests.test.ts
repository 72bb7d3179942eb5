/** Routes that need no session: public ones, and those of links. */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildServer } from './server.ts'
import { startHousekeeping } from '../worker/housekeeping.ts'
import {
  eventually,
  type Harness,
  openHarness,
  type Reply,
  type Visitor,
  untilOvertaken,
} from '../../tests/support/harness.ts'

let h: Harness
let visitor: Visitor
let client: string
let member: Visitor

beforeAll(async () => {
  h = await openHarness()
  visitor = h.anonymous()
  client = await createClient('Shared')
  await h.bob.post('/api/clients', { type: 'person', lastName: 'Theirs' })
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
})
afterAll(() => h?.close())

const createClient = async (lastName: string): Promise<string> =>
  (await h.alice.post('/api/clients', { type: 'person', lastName })).body.id
const share = async (options: object = { subject: client }): Promise<{ id: string; url: string; token: string }> =>
  (await h.alice.post('/api/probe/share', options)).body
const at = (token: string, path: string) => `/api/link/${token}/probe${path}`
const tasksOf = async (id = client) =>
  (await h.alice.get(`/api/tasklist?clientId=${id}&limit=200`)).body.items as { id: string; title: string }[]
const unknown = async () => (await visitor.get('/api/nothing')).text
/** The one answer for whatever is not there. */
async function expectGone(reply: Reply): Promise<void> {
  expect([reply.status, reply.text]).toEqual([404, await unknown()])
}
async function switched(id: string, work: () => Promise<void>): Promise<void> {
  expect((await h.alice.patch(`/api/plugins/${id}`, { enabled: false })).status).toBe(200)
  try {
    await work()
  } finally {
    expect((await h.alice.patch(`/api/plugins/${id}`, { enabled: true })).status).toBe(200)
  }
}

describe('a public route', () => {
  test('is asked by anybody, for the tenant of its address, with the rights of the plugin alone', async () => {
    const expected = { actor: { kind: 'public', id: null }, link: null, held: ['clients.read', 'tasklist.create'] }
    const ours = await visitor.get('/api/public/alice/probe/who')
    expect(ours.body).toEqual({ ...expected, tenant: 'alice', clients: ['Shared'] })
    expect((await visitor.get('/api/public/bob/probe/who')).body).toEqual({
      ...expected,
      tenant: 'bob',
      clients: ['Theirs'],
    })
  })

  test("gives a signed-in browser's cookie and a key no power", async () => {
    const { key } = (await h.bob.post('/api/api-keys', { name: 'any' })).body
    const plain = (await visitor.get('/api/public/alice/probe/who')).body
    expect((await h.bob.get('/api/public/alice/probe/who')).body).toEqual(plain)
    const headers = { authorization: `Bearer ${key}` }
    expect((await visitor.call('GET', '/api/public/alice/probe/who', { headers })).body).toEqual(plain)
  })

  test('of an unknown tenant, of a plugin that is off, or that is none, is the same 404', async () => {
    for (const slug of ['nobody', h.tenants.alice, 'ALICE', '%00', 'alice%2f'])
      await expectGone(await visitor.get(`/api/public/${slug}/probe/who`))
    await expectGone(await visitor.get('/api/public/alice/probe/nothing'))
    await expectGone(await visitor.get('/api/public/alice/probe/look/x'))
    await expectGone(await h.alice.get('/api/probe/who'))
    await switched('probe', async () => {
      await expectGone(await visitor.get('/api/public/alice/probe/who'))
      expect((await visitor.get('/api/public/bob/probe/who')).status).toBe(200)
    })
  })

  test('writes facts of the kind `public`', async () => {
    const made = await visitor.post('/api/public/alice/probe/form', { title: 'from the form' })
    expect(made.status).toBe(200)
    const facts = await h.database.query(
      `select actor_kind, actor, plugin, tenant_id from kernel.facts where row_id = $1`,
      [made.body.id],
    )
    expect(facts).toEqual([{ actor_kind: 'public', actor: null, plugin: 'probe', tenant_id: h.tenants.alice }])
    await untilOvertaken(h.database)
    const changes = await h.alice.get('/api/changes?limit=200')
    expect(changes.body.items.at(-1).actor).toEqual({ kind: 'public', id: null })
  })

  test('is refused what others hold: nobody would be there to be told', async () => {
    const held = await visitor.post('/api/public/alice/probe/form', { title: 'hold me' })
    expect([held.status, held.body.code]).toEqual([409, 'held'])
    expect(await h.database.query('select 1 from kernel.proposals')).toEqual([])
    const { items } = (await h.alice.get('/api/tasklist?limit=200')).body
    expect(items.filter(({ title }: { title: string }) => title === 'hold me')).toEqual([])
  })

  test('is open to pages of other sites only where it says so', async () => {
    const headers = { origin: 'https://planner.example' }
    const sent = await visitor.call('POST', '/api/public/alice/probe/form', { body: { title: 'elsewhere' }, headers })
    expect([sent.status, sent.headers['access-control-allow-origin']]).toEqual([200, '*'])
    const asked = await visitor.call('OPTIONS', '/api/public/alice/probe/form', { headers })
    expect([asked.status, asked.headers['access-control-allow-methods']]).toEqual([204, 'POST'])
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined()
    const closed = await visitor.call('GET', '/api/public/alice/probe/who', { headers })
    expect(closed.headers['access-control-allow-origin']).toBeUndefined()
    expect((await visitor.call('OPTIONS', '/api/public/alice/probe/who', { headers })).status).toBe(404)
  })

  test('refuses a body that does not fit, and a parameter that it does not know', async () => {
    expect((await visitor.post('/api/public/alice/probe/form', { name: 'x' })).status).toBe(400)
    expect((await visitor.get('/api/public/alice/probe/who?stray=1')).body.code).toBe('invalid_query')
  })

  test('is asked sixty times a minute by one network, and not by another one because of it', async () => {
    const ask = (remoteAddress: string) =>
      h.app.inject({ method: 'POST', url: '/api/public/bob/probe/form', payload: {}, remoteAddress })
    const asked = await Promise.all(Array.from({ length: 70 }, (_, i) => ask(`2001:db8:1:2::${i.toString(16)}`)))
    const refused = asked.filter(({ statusCode }) => statusCode === 429)
    expect(refused.length).toBeGreaterThanOrEqual(10)
    expect(asked.filter(({ statusCode }) => statusCode === 400).length).toBeGreaterThanOrEqual(30)
    expect(Number(refused[0]!.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused[0]!.json().code).toBe('too_many_requests')
    expect((await ask('2001:db8:1:3::1')).statusCode).toBe(400)
    const read = await h.app.inject({ url: '/api/public/bob/probe/who', remoteAddress: '2001:db8:1:2::1' })
    expect(read.statusCode).toBe(200)
  })
})

describe('a link', () => {
  test('opens its routes in its tenant, as what it is', async () => {
    const { id, url, token } = await share()
    expect(url).toBe(at(token, '/shared'))
    const expected = {
      link: { id, name: 'share', subject: client, data: { note: 'for you' } },
      actor: { kind: 'link', id },
    }
    const opened = await visitor.get(url)
    expect([opened.status, opened.body]).toEqual([200, expected])
    expect(opened.headers['referrer-policy']).toBe('no-referrer')
    expect(opened.headers['x-robots-tag']).toContain('noindex')
    const headers = { authorization: `Link ${token}` }
    expect((await visitor.call('GET', at('-', '/shared'), { headers })).body).toEqual(expected)
    expect((await h.bob.get(url)).body).toEqual(expected)
  })

  test('leaves a hash and no token, and facts of its kind', async () => {
    const { id, token } = await share()
    const made = await visitor.post(at(token, '/shared/comment'), { title: 'seen' })
    expect(made.status).toBe(200)
    const facts = await h.database.query('select actor_kind, actor from kernel.facts where row_id = $1', [made.body.id])
    expect(facts).toEqual([{ actor_kind: 'link', actor: id }])
    expect((await h.alice.get(`/api/tasklist/${made.body.id}`)).body).toMatchObject({
      createdBy: null,
      updatedBy: null,
    })
    const [entry] = (await h.alice.get(`/api/clients/${client}/history`)).body.items
    expect(entry).toMatchObject({ rowId: made.body.id, actor: null, actorKind: 'link' })
    const [kept] = await h.database.query<{ row: string }>('select l::text as row from kernel.links l where id = $1', [
      id,
    ])
    expect(kept!.row).not.toContain(token)
  })

  test('is the same 404 when it is unknown, of another name or plugin, over, revoked or its plugin off', async () => {
    const { id, token } = await share()
    for (const wrong of ['-', 'x', `wfl_${randomBytes(32).toString('base64url')}`, token.slice(0, -1)])
      await expectGone(await visitor.get(at(wrong, '/shared')))
    await expectGone(await visitor.get(at(token, '/other')))
    await expectGone(await visitor.get(`/api/link/${token}/tasklist/open`))
    expect((await visitor.call('HEAD', at(token, '/shared'))).status).toBe(404)
    await switched('probe', async () => expectGone(await visitor.get(at(token, '/shared'))))
    await h.database.query(`update kernel.links set expires_at = now() - interval '1 second' where id = $1`, [id])
    await expectGone(await visitor.get(at(token, '/shared')))
    const second = await share()
    expect((await h.bob.post(`/api/probe/unshare/${second.id}`)).body).toBe(false)
    expect((await visitor.get(second.url)).status).toBe(200)
    expect((await h.alice.post(`/api/probe/unshare/${second.id}`)).body).toBe(true)
    expect((await h.alice.post(`/api/probe/unshare/${second.id}`)).body).toBe(false)
    await expectGone(await visitor.get(second.url))
  })

  test('is not there when its unit of work is undone, nor for a subject that is not', async () => {
    const [before] = await h.database.query<{ n: string }>('select count(*) as n from kernel.links')
    expect((await h.alice.post('/api/probe/share', { subject: client, fails: true })).status).toBe(409)
    const { items } = (await h.bob.get('/api/clients')).body
    for (const subject of [items[0].id, 'x'])
      expect((await h.alice.post('/api/probe/share', { subject })).body.code).toBe('reference')
    expect((await h.alice.post('/api/probe/share', { ms: -1 })).status).toBe(400)
    expect((await h.alice.post('/api/probe/share', { uses: 0 })).status).toBe(400)
    expect((await h.alice.post('/api/probe/share', { password: 'short' })).status).toBe(400)
    expect(await h.database.query('select count(*) as n from kernel.links')).toEqual([before])
  })

  test('is dead while its subject is deleted, and follows it through a merge and back', async () => {
    const [kept, other] = [await createClient('Kept'), await createClient('Other')]
    const { id, url } = await share({ subject: other })
    const subject = async () => (await visitor.get(url)).body.link?.subject
    const merged = await h.alice.post(`/api/clients/${kept}/merge`, { with: other })
    expect(await subject()).toBe(kept)
    expect((await h.alice.get(`/api/probe/shares/${kept}`)).body).toMatchObject([{ id }])
    expect((await h.alice.get(`/api/links?subject=${kept}`)).body.items).toMatchObject([{ id, subject: kept }])
    await h.alice.post(`/api/clients/${kept}/unmerge`, { mergeId: merged.body.mergeId })
    expect(await subject()).toBe(other)
    const { version } = (await h.alice.get(`/api/clients/${other}`)).body
    await h.alice.remove(`/api/clients/${other}`, version)
    await expectGone(await visitor.get(url))
    await h.alice.post(`/api/clients/${other}/restore`)
    expect(await subject()).toBe(other)
  })
})

describe('the uses of a link', () => {
  const left = async (id: string) =>
    (
      await h.database.query<{ uses_left: number; used_count: number }>(
        'select uses_left, used_count from kernel.links where id = $1',
        [id],
      )
    )[0]

  test('are exact when fifty come at once, and each has its effect', async () => {
    const subject = await createClient('Busy')
    const { id, token } = await share({ subject, uses: 3 })
    // Several servers: within one the calls of a link take their turn before the database.
    const servers = await Promise.all(Array.from({ length: 5 }, () => buildServer(h.kernel.services)))
    for (const server of servers) await server.listen({ port: 0, host: '127.0.0.1' })
    const ports = servers.map(({ server }) => (server.address() as AddressInfo).port)
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        fetch(`http://127.0.0.1:${ports[i % 5]}${at(token, '/shared/comment')}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ title: `use ${i}` }),
        }).then(({ status }) => status),
      ),
    )
    await Promise.all(servers.map((server) => server.close()))
    expect(replies.filter((status) => status === 200)).toHaveLength(3)
    expect(replies.filter((status) => status === 404)).toHaveLength(47)
    expect(await tasksOf(subject)).toHaveLength(3)
    expect(await left(id)).toEqual({ uses_left: 0, used_count: 3 })
  })

  test('are not counted when the effect is undone, and before an exchange', async () => {
    const { id, token } = await share({ subject: client, uses: 2 })
    expect((await visitor.post(at(token, '/shared/comment'), { title: 'x', fails: true })).status).toBe(409)
    expect((await visitor.post(at(token, '/shared/comment'), { stray: 1 })).status).toBe(400)
    expect(await left(id)).toEqual({ uses_left: 2, used_count: 0 })
    expect((await visitor.post(at(token, '/shared/call'))).body).toBe('share')
    expect(await left(id)).toEqual({ uses_left: 1, used_count: 1 })
    expect((await visitor.post(at(token, '/shared/comment'), { title: 'last' })).status).toBe(200)
    await expectGone(await visitor.post(at(token, '/shared/call')))
  })

  test('are not spent by looking, unless the route says so', async () => {
    const { id, token } = await share({ subject: client, uses: 1 })
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'GET']) await visitor.call(method, at(token, '/shared'))
    await visitor.call('HEAD', at(token, '/shared-once'))
    expect(await left(id)).toEqual({ uses_left: 1, used_count: 0 })
    expect((await visitor.get(at(token, '/shared-once'))).body).toBe(id)
    await expectGone(await visitor.get(at(token, '/shared-once')))
    await expectGone(await visitor.get(at(token, '/shared')))
  })
})

test('the password of a link is asked for, and guesses are bounded for a link and a network', async () => {
  const { id, token } = await share({ subject: client, uses: 1, password: 'päss wörd' })
  const ask = (password?: string, remoteAddress = '192.0.2.1') =>
    h.app.inject({
      url: at(token, '/shared'),
      remoteAddress,
      headers: password === undefined ? {} : { 'weft-link-password': encodeURIComponent(password) },
    })
  expect([(await ask()).statusCode, (await ask()).json().code]).toEqual([401, 'link_password'])
  expect((await ask('päss wörd')).statusCode).toBe(200)
  const guesses = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(`guess number ${i}`)))
  expect(guesses.filter(({ statusCode }) => statusCode === 401)).toHaveLength(10)
  const refused = guesses.find(({ statusCode }) => statusCode === 429)!
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await ask('päss wörd')).statusCode).toBe(429)
  expect((await ask('päss wörd', '198.51.100.1')).statusCode).toBe(200)
  const [kept] = await h.database.query<{ password: string }>('select password from kernel.links where id = $1', [id])
  expect(kept!.password).toMatch(/^\$argon2id\$/)
})

test('people see and revoke the links of a record of their own tenant', async () => {
  const subject = await createClient('Listed')
  const { id, url } = await share({ subject, uses: 5, password: 'long enough' })
  const listed = await member.get(`/api/links?subject=${subject}`)
  expect(listed.body.items).toMatchObject([{ id, plugin: 'probe', name: 'share', subject, usesLeft: 5, usedCount: 0 }])
  expect(Object.keys(listed.body.items[0])).not.toContain('data')
  expect((await h.bob.get(`/api/links?subject=${subject}`)).body.items).toEqual([])
  const whole = await member.get('/api/links?plugin=probe')
  const [shown] = whole.body.items
  expect(shown).toMatchObject({ id, subject, resource: 'clients', hasPassword: true, usesLeft: 5, revokedAt: null })
  expect(['data', 'password', 'token'].filter((name) => name in shown)).toEqual([])
  expect((await member.get('/api/links?plugin=tasklist')).body).toEqual({ items: [], next: null })
  for (const query of ['?state=lost', '?limit=0', '?after=x', `?subject=${subject}&state=open`])
    expect([query, (await member.get(`/api/links${query}`)).status]).toEqual([query, 400])
  expect((await h.bob.remove(`/api/links/${id}`)).status).toBe(404)
  const { key } = (await h.alice.post('/api/api-keys', { name: 'narrow', permissions: ['links.manage'] })).body
  const narrow = { headers: { authorization: `Bearer ${key}` } }
  expect((await visitor.call('GET', `/api/links?subject=${subject}`, narrow)).body.items).toEqual([])
  const unread = (await visitor.call('GET', '/api/links?limit=200', narrow)).body.items
  expect(unread.filter((link: { subject: string | null }) => link.subject !== null)).toEqual([])
  expect((await h.bob.get('/api/links')).body.items.map((link: { id: string }) => link.id)).not.toContain(id)
  await switched('probe', async () => {
    expect((await member.get(`/api/links?subject=${subject}`)).body.items).toEqual([])
  })
  expect((await member.remove(`/api/links/${id}`)).status).toBe(204)
  expect((await member.remove(`/api/links/${id}`)).status).toBe(404)
  const over = (await member.get('/api/links?state=over&limit=200')).body.items
  expect(over.find((link: { id: string }) => link.id === id).revokedAt).not.toBeNull()
  await expectGone(await visitor.get(url))
  await eventually(
    async () => (await member.get(`/api/links?subject=${subject}`)).body.items.length === 0,
    'it is gone',
  )
})

test('links of a tenant are walked page by page', async () => {
  for (let i = 0; i < 5; i++) await share()
  const ids: string[] = []
  for (let after = ''; ;) {
    const { body } = await member.get(`/api/links?limit=2${after}`)
    ids.push(...body.items.map(({ id }: { id: string }) => id))
    if (body.next === null) break
    after = `&after=${body.next}`
  }
  const whole = (await member.get('/api/links?limit=200')).body.items.map(({ id }: { id: string }) => id)
  expect(ids).toEqual(whole)
  expect(new Set(ids).size).toBe(ids.length)
})

test('what is over for ninety days is cleared away, and nothing else', async () => {
  const [old, past, endless] = [await share(), await share(), await share()]
  const end = (id: string, days: number) =>
    h.database.query(`update kernel.links set expires_at = now() - make_interval(days => $2) where id = $1`, [id, days])
  await end(old.id, 91)
  await end(past.id, 89)
  await h.database.query('update kernel.links set expires_at = null where id = $1', [endless.id])
  const house = h.kernel.services as unknown as Parameters<typeof startHousekeeping>[0]
  const faults: unknown[] = []
  const stop = startHousekeeping(house, (error) => faults.push(error))
  const left = async () => {
    const ids = [old.id, past.id, endless.id]
    const rows = await h.database.query<{ id: string }>('select id from kernel.links where id = any($1)', [ids])
    return rows.map(({ id }) => id).sort()
  }
  await eventually(async () => (await left()).length < 3, 'the old one is cleared away')
  stop()
  expect(await left()).toEqual([past.id, endless.id].sort())
  expect(faults).toEqual([])
  expect((await visitor.get(endless.url)).status).toBe(200)
})
