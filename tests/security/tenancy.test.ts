/** Every route, asked by one tenant for what belongs to another. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness, type Reply } from '../support/harness.ts'
import { hashOfTenant } from './tenant.ts'
import { type ApiRoute, listRoutes } from './routes.ts'

let h: Harness
let routes: ApiRoute[]
/** Ids of rows, users and keys of the other tenant. */
let foreign: string[]
let before: string
let attempts = 0

const SECRET_WORD = 'Quetzalcoatl'

beforeAll(async () => {
  h = await openHarness()
  const client = await h.bob.post('/api/clients', {
    type: 'couple',
    lastName: SECRET_WORD,
    email: 'quetzal@example.com',
    tags: [SECRET_WORD],
    extensions: { couple: { lastName: SECRET_WORD } },
  })
  const interaction = await h.bob.post('/api/interactions', {
    recordId: client.body.id,
    type: 'note',
    title: SECRET_WORD,
  })
  const task = await h.bob.post('/api/tasklist', { clientId: client.body.id, title: SECRET_WORD })
  const key = await h.bob.post('/api/api-keys', { name: SECRET_WORD })
  const users = await h.bob.get('/api/users')
  foreign = [client, interaction, task, key].map(({ body }) => body.id as string).concat(users.body.items[0].id)
  routes = await listRoutes(h)
  before = await hashOfTenant(h.database, h.tenants.bob)
})
afterAll(() => h?.close())

async function attempt(
  method: string,
  url: string,
  call: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  attempts++
  const reply = await h.alice.call(method, url, call)
  expect(reply.status, `${method} ${url}`).toBeLessThan(500)
  expect(reply.text, `${method} ${url}`).not.toContain(SECRET_WORD)
  return reply
}

const fill = (path: string, id: string) => path.replace(/\{id\}/, id)
const versioned = { 'if-match': '"1"' }

/** What is the same for two requests that are answered alike. */
function headersOf({ headers }: Reply): Record<string, string> {
  const { 'x-request-id': _, date: __, ...same } = headers
  return same
}

interface Attempt {
  readonly query?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Ways to ask for one row: those that need a look at it and those that do not. */
function callsOf(method: string): Attempt[] {
  if (method === 'GET')
    return [{}, { query: '?include=interactions' }, { query: '?after=1' }, { headers: { 'x-tenant': 'bob' } }]
  if (method === 'DELETE') return [{ headers: versioned }, { headers: { 'if-match': '"2"' } }, {}]
  const bodies = [
    {},
    { notes: 'x' },
    { phone: '06 12 34 56 78' },
    { title: 'x' },
    { enabled: false },
    { extensions: { couple: { lastName: 'x' } } },
  ]
  const changes = bodies.map((body) => ({ body, headers: versioned }))
  return [...changes, { body: {}, headers: { ...versioned, 'idempotency-key': 'shared' } }, { body: {} }]
}

test('an id of another tenant in the path answers like an id that never was', async () => {
  for (const { method, path } of routes.filter((route) => route.path.includes('{id}'))) {
    const calls = callsOf(method)
    for (const id of foreign) {
      for (const { query = '', ...call } of calls) {
        const reply = await attempt(method, fill(path, id) + query, call)
        const control = await attempt(method, fill(path, randomUUID()) + query, call)
        expect([reply.status, reply.text], `${method} ${path}${query}`).toEqual([control.status, control.text])
        expect(headersOf(reply), `${method} ${path}${query}`).toEqual(headersOf(control))
      }
    }
  }
}, 120_000)

test('an id of another tenant in a body is refused as a reference that is not there', async () => {
  for (const { method, path, references } of routes.filter((route) => route.references.length > 0)) {
    for (const id of foreign) {
      for (const { name, sample } of references) {
        const url = fill(path, randomUUID())
        const reply = await attempt(method, url, { body: { ...sample, [name]: id }, headers: versioned })
        expect([404, 422], `${method} ${url} ${name}`).toContain(reply.status)
      }
    }
  }
})

test('an own row cannot be made to refer to what is another tenant’s', async () => {
  const client = await h.alice.post('/api/clients', { type: 'person', lastName: 'Own' })
  const changes = routes.filter(({ method, references }) => method === 'PATCH' && references.length > 0)
  expect(changes.length).toBeGreaterThan(2)
  for (const { path, references } of changes) {
    const owners = references.filter(({ name }) => ['recordId', 'clientId'].includes(name))
    const own = Object.fromEntries(owners.map(({ name }) => [name, client.body.id]))
    const row = await h.alice.post(path.replace('/{id}', ''), { ...references[0]?.sample, ...own })
    expect(row.status, path).toBe(201)
    const url = fill(path, row.body.id)
    for (const id of foreign) {
      for (const { name } of references) {
        const reply = await attempt('PATCH', url, { body: { [name]: id }, headers: versioned })
        expect([reply.status, reply.body.code, reply.body.errors[0].path], `${url} ${name}`).toEqual([
          422,
          'reference',
          `/${name}`,
        ])
      }
    }
    expect((await h.alice.get(url)).body).toEqual(row.body)
    expect((await h.alice.remove(url, 1)).status, url).toBe(204)
  }
  expect((await h.alice.remove(`/api/clients/${client.body.id}`, 1)).status).toBe(204)
})

test('fields that say whose a row is cannot be written', async () => {
  const strangers = ['tenantId', 'tenant_id', 'organizationId', 'id', 'createdBy', 'version', 'deletedAt', 'derived']
  for (const { path } of routes.filter(({ method, isResource }) => method === 'POST' && isResource)) {
    for (const name of strangers) {
      const reply = await attempt('POST', path, { body: { type: 'person', lastName: 'x', [name]: h.tenants.bob } })
      expect(reply.status).toBe(400)
    }
  }
})

test('no filter, search, sort, include or cursor brings rows of another tenant', async () => {
  const lists = routes.filter(({ method, isList }) => method === 'GET' && isList)
  const bobs = await h.bob.get('/api/clients?limit=1')
  await h.bob.post('/api/clients', { type: 'person', lastName: 'Second' })
  const cursor = (await h.bob.get('/api/clients?limit=1')).body.next ?? bobs.body.next
  before = await hashOfTenant(h.database, h.tenants.bob)
  for (const { path, filters } of lists) {
    const queries = [
      `q=${SECRET_WORD}`,
      `q=${SECRET_WORD.slice(0, 2)}`,
      `count=exact&q=${SECRET_WORD.toLowerCase()}`,
      'count=exact',
      'include=interactions',
      'include=tasklist,interactions',
      `after=${cursor}`,
      `tenantId=${h.tenants.bob}`,
      `tenant_id=${h.tenants.bob}`,
      `filter=${encodeURIComponent(JSON.stringify({ some: { interactions: { type: 'note' } } }))}`,
      `filter=${encodeURIComponent(JSON.stringify({ not: { some: { interactions: { type: 'call-in' } } } }))}`,
      ...filters.flatMap((name) => [...foreign, SECRET_WORD].map((value) => `${name}=${value}`)),
      ...filters.map((name) => `filter=${encodeURIComponent(JSON.stringify({ not: { [name]: { empty: true } } }))}`),
    ]
    for (const query of queries) {
      const reply = await attempt('GET', `${path}?${query}`)
      if (reply.status === 200) expect(reply.body.items, `${path}?${query}`).toEqual([])
    }
  }
})

test('a tenant cannot be chosen by header, by query or without a membership', async () => {
  for (const headers of [{ 'x-tenant': 'bob' }, { 'x-tenant-id': h.tenants.bob }, { host: 'bob.localhost' }]) {
    const reply = await attempt('GET', '/api/clients', { headers: headers as unknown as Record<string, string> })
    if (reply.status === 200) expect(reply.body.items).toEqual([])
  }
  const reply = await attempt('PATCH', '/api/session', { body: { tenant: 'bob' } })
  expect(reply.status).toBe(404)
})

test('an idempotency key of another tenant is a new one', async () => {
  const body = { type: 'person', lastName: 'Keyed' }
  const theirs = await h.bob.post('/api/clients', body, { 'idempotency-key': 'shared' })
  before = await hashOfTenant(h.database, h.tenants.bob)
  const ours = await h.alice.post('/api/clients', body, { 'idempotency-key': 'shared' })
  expect(ours.status).toBe(201)
  expect(ours.body.id).not.toBe(theirs.body.id)
  await h.alice.remove(`/api/clients/${ours.body.id}`, 1)
})

test('a unique value of another tenant is free', async () => {
  const reply = await h.alice.post('/api/clients', { type: 'person', lastName: 'Free', email: 'quetzal@example.com' })
  expect(reply.status).toBe(201)
  await h.alice.remove(`/api/clients/${reply.body.id}`, 1)
})

test('after all of more than a thousand attempts no row of the other tenant has changed', async () => {
  expect(await hashOfTenant(h.database, h.tenants.bob)).toBe(before)
  expect(attempts).toBeGreaterThan(1_000)
})
