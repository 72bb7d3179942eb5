/** Whoever walks the changes misses nothing, and is told nothing that is not theirs to know. */
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Harness, openHarness, untilOvertaken, type Visitor } from '../../tests/support/harness.ts'
import type { Change } from '../facts/changes.ts'

let h: Harness
let start: string
beforeAll(async () => {
  h = await openHarness()
})
beforeEach(async () => {
  await untilOvertaken(h.database)
  start = (await h.alice.get('/api/changes?after=now')).body.next
})
afterAll(() => h?.close())

const create = async (lastName: string, visitor = h.alice) =>
  (await visitor.post('/api/clients', { type: 'person', lastName })).body as { id: string; version: number }

/** Facts of alice's tenant as they are, without a row that has changed. */
const insertFacts = ({ event = 'clients.updated', row, count = 1 }: { event?: string; row: string; count?: number }) =>
  h.database.query(
    `insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, actor_kind)
     select $1::uuid, now(), $2, 'clients', $3::uuid, $3::uuid, 'system' from generate_series(1, $4::integer)`,
    [h.tenants.alice, event, row, count],
  )

/** All changes after a cursor, in pages of `limit`. */
async function walk(visitor: Visitor, after: string, more = '&limit=3'): Promise<{ items: Change[]; next: string }> {
  const items: Change[] = []
  for (let next = after; ;) {
    const { status, body } = await visitor.get(`/api/changes?after=${next}${more}`)
    expect(status).toBe(200)
    if (body.items.length === 0) return { items, next: body.next }
    items.push(...body.items)
    next = body.next
  }
}
async function told(visitor = h.alice, more?: string): Promise<Change[]> {
  await untilOvertaken(h.database)
  return (await walk(visitor, start, more)).items
}

test('a change tells ids and names of fields, and no value', async () => {
  const { id } = await create('Secretive')
  await h.alice.patch(`/api/clients/${id}`, { firstName: 'Hidden', extensions: { probe: { visits: 3 } } }, 1)
  const [created, updated, ...others] = await told()
  const me = (await h.alice.get('/api/session')).body.user.id
  const common = { resource: 'clients', rowId: id, recordId: id, deleted: false, plugin: null }
  const actor = { kind: 'user', id: me }
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  expect(created).toEqual({ ...common, id: expect.any(String), at, event: 'clients.created', changed: [], actor })
  expect(updated).toEqual({
    ...common,
    id: expect.any(String),
    at,
    event: 'clients.updated',
    changed: ['firstName', 'extensions.probe.visits'],
    actor,
  })
  expect(others).toEqual([])
  expect(JSON.stringify([created, updated])).not.toMatch(/Secretive|Hidden/)
})

test('a deleted row is a tombstone, and a restored one no longer', async () => {
  const { id } = await create('Mortal')
  await h.alice.remove(`/api/clients/${id}`, 1)
  await h.alice.post(`/api/clients/${id}/restore`)
  expect((await told()).map(({ event, deleted, changed }) => [event, deleted, changed])).toEqual([
    ['clients.created', false, []],
    ['clients.deleted', true, []],
    ['clients.restored', false, []],
  ])
  await insertFacts({ event: 'clients.erased', row: id })
  expect((await told()).at(-1)).toMatchObject({ event: 'clients.erased', rowId: id, deleted: true })
})

test('without a cursor it begins at the oldest fact, and the walk ends with a cursor to go on from', async () => {
  const { id } = await create('Late')
  const { body } = await h.bob.get('/api/changes')
  expect(body.items).toEqual([])
  await create('First', h.bob)
  await untilOvertaken(h.database)
  const first = await h.bob.get(`/api/changes?after=${body.next}`)
  expect(first.body.items).toHaveLength(1)
  expect((await h.bob.get('/api/changes')).body.items).toEqual(first.body.items)
  expect((await h.bob.get(`/api/changes?after=${first.body.next}`)).body.items).toEqual([])
  expect((await h.alice.get('/api/changes?limit=1')).body.items).toHaveLength(1)
  expect((await told()).map(({ rowId }) => rowId)).toContain(id)
})

test('a transaction that began earlier and commits later is not missed', async () => {
  const owner = new Client({ connectionString: h.database.ownerUrl })
  await owner.connect()
  const insert = (row: string) =>
    owner.query(
      `insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, actor_kind)
       values ($1, now(), 'clients.updated', 'clients', $2, $2, 'system')`,
      [h.tenants.alice, row],
    )
  const slow = '00000000-0000-4000-8000-000000000001'
  try {
    await owner.query('begin')
    await insert(slow)
    const { id } = await create('Overtaking')
    const early = await walk(h.alice, start)
    expect(early.items).toEqual([])
    const { body } = await h.alice.get('/api/changes?after=now')
    await owner.query('commit')
    await untilOvertaken(h.database)
    const late = await walk(h.alice, early.next)
    expect(late.items.map(({ rowId }) => rowId)).toEqual([slow, id])
    expect((await walk(h.alice, body.next)).items.map(({ rowId }) => rowId)).toContain(slow)
  } finally {
    await owner.end()
  }
})

test('a client that polls while many write is told of each change once', async () => {
  const writing = Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const ids: string[] = []
      for (let n = 0; n < 8; n++) ids.push((await create(`Writer ${i} ${n}`)).id)
      return ids
    }),
  )
  let isWriting = true
  const written = writing.finally(() => (isWriting = false))
  const seen: string[] = []
  let next = start
  for (let isLast = false; !isLast;) {
    isLast = !isWriting
    if (isLast) await untilOvertaken(h.database)
    const page = await walk(h.alice, next, '&limit=5')
    seen.push(...page.items.map(({ rowId }) => rowId as string))
    next = page.next
  }
  expect(seen.sort()).toEqual((await written).flat().sort())
})

describe('rights', () => {
  const restricted = async (permissions: string[]): Promise<Visitor> => {
    const { key } = (await h.alice.post('/api/api-keys', { name: 'narrow', permissions })).body
    const headers = { authorization: `Bearer ${key}` }
    const visitor = h.anonymous()
    return { ...visitor, get: (url) => visitor.call('GET', url, { headers }) }
  }

  test('another tenant is told nothing, and cannot use the cursor', async () => {
    const mine = await h.bob.get('/api/changes?after=now')
    await create('Foreign')
    await untilOvertaken(h.database)
    expect((await walk(h.bob, mine.body.next)).items).toEqual([])
    const reply = await h.bob.get(`/api/changes?after=${start}`)
    expect([reply.status, reply.body.code, reply.body.errors]).toEqual([
      400,
      'invalid_cursor',
      [{ path: 'after', code: 'cursor' }],
    ])
    expect((await h.bob.get('/api/changes')).text).not.toContain('Foreign')
  })

  test('who may not read a resource is not told of its rows', async () => {
    const { id } = await create('Private')
    await h.alice.post('/api/tasklist', { clientId: id, title: 'Told' })
    const reader = await restricted(['tasklist.read'])
    expect((await told(reader)).map(({ resource, recordId }) => [resource, recordId])).toEqual([['tasklist', id]])
    const reply = await reader.get('/api/changes?resource=clients')
    expect([reply.status, reply.body.errors]).toEqual([
      400,
      [{ path: 'resource', code: 'unknown', params: { name: 'clients' } }],
    ])
    expect(await told(await restricted(['users.read']))).toEqual([])
  })

  test('a plugin that is off is not told of, and its fields are not named', async () => {
    await h.alice.post('/api/tasklist/close')
    await untilOvertaken(h.database)
    start = (await h.alice.get('/api/changes?after=now')).body.next
    const { id } = await create('Switched')
    await h.alice.post('/api/tasklist', { clientId: id, title: 'Task' })
    await h.alice.patch(`/api/clients/${id}`, { notes: 'x', extensions: { probe: { visits: 1 } } }, 1)
    await h.alice.post('/api/tasklist/close')
    const on = await told()
    expect(on.map(({ event }) => event)).toEqual([
      'clients.created',
      'tasklist.created',
      'clients.updated',
      'tasklist.updated',
      'tasklist.closed',
    ])
    expect(on.at(-1)).toMatchObject({ resource: null, rowId: null, changed: [], deleted: false, plugin: 'tasklist' })
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    await h.alice.patch('/api/plugins/tasklist', { enabled: false })
    const off = await told()
    expect(off.map(({ event, changed }) => [event, changed])).toEqual([
      ['clients.created', []],
      ['clients.updated', ['notes']],
    ])
    expect((await h.alice.get('/api/changes?resource=tasklist')).status).toBe(400)
    await h.alice.patch('/api/plugins/tasklist', { enabled: true })
    await h.alice.patch('/api/plugins/probe', { enabled: true })
  })

  test('a named fact is told to who has some permission of its plugin', async () => {
    await h.alice.post('/api/tasklist/close')
    expect((await told(await restricted(['tasklist.close']))).map(({ event }) => event)).toEqual(['tasklist.closed'])
    expect(await told(await restricted(['clients.read']))).toEqual([])
  })
})

test('resource keeps to some resources, and an empty page is the end also behind many that are not told', async () => {
  const { id } = await create('Owner')
  await insertFacts({ row: id, count: 12_000 })
  await h.alice.post('/api/tasklist', { clientId: id, title: 'Behind' })
  await untilOvertaken(h.database)
  const page = await h.alice.get(`/api/changes?after=${start}&resource=tasklist`)
  expect(page.body.items.map(({ event }: Change) => event)).toEqual(['tasklist.created'])
  expect(await told(h.alice, '&resource=clients,tasklist&limit=200')).toHaveLength(12_002)
})

test.each([
  ['limit=0', 'invalid_query', 'limit', 'range'],
  ['limit=201', 'invalid_query', 'limit', 'range'],
  ['resource=nobody', 'invalid_query', 'resource', 'unknown'],
  ['resource=', 'invalid_query', 'resource', 'unknown'],
  ['stray=1', 'invalid_query', 'stray', 'unknown'],
  ['limit=1&limit=2', 'invalid_query', 'limit', 'repeated'],
  ['after=', 'invalid_cursor', 'after', 'cursor'],
  ['after=eyJhIjoxfQ', 'invalid_cursor', 'after', 'cursor'],
])('%s is refused', async (query, code, path, entry) => {
  const reply = await h.alice.get(`/api/changes?${query}`)
  expect([reply.status, reply.body.code, reply.body.errors[0].path, reply.body.errors[0].code]).toEqual([
    400,
    code,
    path,
    entry,
  ])
})

test('the cursor of a list is none of the changes', async () => {
  await create('One')
  await create('Two')
  const list = await h.alice.get('/api/clients?limit=1')
  expect((await h.alice.get(`/api/changes?after=${list.body.next}`)).status).toBe(400)
  expect((await h.anonymous().get('/api/changes')).status).toBe(401)
})
