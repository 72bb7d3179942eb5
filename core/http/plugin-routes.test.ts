import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'

let h: Harness
let clientId: string
let member: Visitor

beforeAll(async () => {
  h = await openHarness()
  clientId = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Routes' })).body.id
  for (const title of ['one', 'two']) await h.alice.post('/api/tasklist', { clientId, title })
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
})
afterAll(() => h?.close())

/** With the plugins that require it, which the refusal names. */
async function switchOff(id: string): Promise<void> {
  const reply = await h.alice.patch(`/api/plugins/${id}`, { enabled: false })
  if (reply.status === 200) return
  for (const { params } of reply.body.errors) await switchOff(params.plugin)
  expect((await h.alice.patch(`/api/plugins/${id}`, { enabled: false })).status).toBe(200)
}

test('a query reads one snapshot of its own tenant', async () => {
  expect((await h.alice.get('/api/tasklist/open')).body).toEqual({ open: 2 })
  expect((await h.bob.get('/api/tasklist/open')).body).toEqual({ open: 0 })
})

test('a command that refuses leaves nothing behind', async () => {
  const refused = await h.alice.post('/api/tasklist/fail', { clientId })
  expect(refused.status).toBe(409)
  expect(refused.body.code).toBe('halfway')
  expect((await h.alice.get('/api/tasklist?title=half')).status).toBe(400)
  expect((await h.alice.get('/api/tasklist/open')).body).toEqual({ open: 2 })
})

test('a body that does not fit the schema of the route is refused with its path', async () => {
  const refused = await h.alice.post('/api/tasklist/fail', { client: clientId })
  expect(refused.status).toBe(400)
  expect(refused.body.errors).toContainEqual({ path: '/clientId', code: 'required' })
  expect((await h.alice.post('/api/tasklist/close', { stray: 1 })).status).toBe(400)
  expect((await h.alice.get('/api/tasklist/open?stray=1')).status).toBe(400)
})

test('a command changes every row in one transaction and tells one fact', async () => {
  expect((await member.post('/api/tasklist/close')).body).toEqual({ closed: 2 })
  expect((await h.alice.get('/api/tasklist/open')).body).toEqual({ open: 0 })
  const facts = await h.database.query<{ xid: string; event: string }>(
    `select xid::text, event from kernel.facts where event in ('tasklist.updated', 'tasklist.closed') order by facts.id`,
  )
  expect(facts.map(({ event }) => event)).toEqual(['tasklist.updated', 'tasklist.updated', 'tasklist.closed'])
  expect(new Set(facts.map(({ xid }) => xid)).size).toBe(1)
})

test('a route without a session is refused, and one of a plugin that is off is not there', async () => {
  expect((await h.anonymous().get('/api/tasklist/open')).status).toBe(401)
  await switchOff('tasklist')
  const gone = await h.alice.get('/api/tasklist/open')
  expect(gone.status).toBe(404)
  expect(gone.text).toBe((await h.alice.get('/api/nothing')).text)
  expect((await h.bob.get('/api/tasklist/open')).status).toBe(200)
  for (const id of ['tasklist', 'probe']) await h.alice.patch(`/api/plugins/${id}`, { enabled: true })
})

test('a key has no more than it was given', async () => {
  const { body } = await h.alice.post('/api/api-keys', { name: 'reader', permissions: ['tasklist.read'] })
  const as = { headers: { authorization: `Bearer ${body.key}`, origin: 'http://elsewhere.example' } }
  const anonymous = h.anonymous()
  expect((await anonymous.call('GET', '/api/tasklist', as)).status).toBe(200)
  expect((await anonymous.call('GET', '/api/clients', as)).status).toBe(403)
  expect((await anonymous.call('POST', '/api/tasklist/close', as)).status).toBe(403)
})

test('what a plugin sees of its call is the caller, the text of its language and its settings', async () => {
  const { body } = await member.get('/api/probe/look/here?name=Zo%C3%A9')
  expect(body).toEqual({
    word: 'here',
    greeting: 'Hello Zoé',
    // What the member may and the manifest's `uses` holds.
    held: ['clients.read', 'tasklist.create'],
    settings: { tone: 'calm' },
    actor: 'user',
    tenant: 'alice',
  })
  await member.patch('/api/session', { language: 'fr' })
  expect((await member.get('/api/probe/look/here')).body.greeting).toBe('Bonjour you')
  expect((await member.get('/api/probe/look/here?name=a&name=b')).status).toBe(400)
  expect((await member.get('/api/probe/look/here?other=a')).status).toBe(400)
})

test('a query cannot write', async () => {
  const { body } = await h.alice.post('/api/probe/write-in-query', { clientId })
  expect(body).toMatch(/read-only|forbidden/)
  expect((await h.alice.get('/api/tasklist?q=never')).body.items).toEqual([])
})

test('an exchange holds no transaction: each work in it is one of its own', async () => {
  const { body, status } = await h.alice.post('/api/probe/exchange', { clientId })
  expect(status).toBe(200)
  expect(body.outside).toMatch(/ctx\.work/)
  expect(body.failed).toBe('the second fails')
  expect((await h.alice.get(`/api/tasklist/${body.task}`)).body.title).toBe('first')
  expect((await h.alice.get('/api/tasklist?q=second')).body.items).toEqual([])
  expect((await h.alice.post('/api/probe/nest')).body).toMatch(/one transaction already/)
})

test('a plugin touches only what its manifest uses, whoever calls it', async () => {
  const before = (await h.alice.get('/api/clients?count=exact')).body.total.value
  const [create, remove] = [
    await h.alice.post('/api/probe/beyond/create'),
    await h.alice.post('/api/probe/beyond/remove', { clientId }),
  ]
  expect([create.status, create.body.code, remove.status]).toEqual([403, 'forbidden', 403])
  expect((await h.alice.get('/api/clients?count=exact')).body.total.value).toBe(before)
})

test('a ctx kept beyond its call is of no use, and neither is what was taken from it', async () => {
  expect((await h.alice.post('/api/probe/keep')).body).toBe(1)
  const { body } = await h.bob.post('/api/probe/use-kept')
  for (const [part, message] of Object.entries(body)) expect(message, part).toMatch(/revoked|is over/)
})

test('a plugin has no more rights than its caller', async () => {
  const { body } = await h.alice.post('/api/api-keys', { name: 'prober', permissions: ['probe.run', 'clients.read'] })
  const as = { authorization: `Bearer ${body.key}` }
  const refused = await h.anonymous().call('POST', '/api/probe/exchange', { body: { clientId }, headers: as })
  expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
  expect((await h.anonymous().call('GET', '/api/probe/look/here', { headers: as })).body).toMatchObject({
    held: ['clients.read'],
    actor: 'key',
  })
})

test('an exchange calls only hosts of its manifest, at public addresses, and never within a transaction', async () => {
  expect((await h.alice.post('/api/probe/call-out')).body).toEqual({
    declared: 'address',
    literal: 'address',
    undeclared: 'host_not_declared',
    within: 'ctx.http is for an exchange, outside of ctx.work: a transaction waits for nobody.',
  })
})
