import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'

let h: Harness
let client: { id: string; version: number }
const url = () => `/api/clients/${client.id}`
const person = (notes: string, more: object = {}) => ({ type: 'person', lastName: 'Asked', notes, ...more })

beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())
beforeEach(async () => {
  client = (await h.alice.post('/api/clients', person('as it was'))).body
})
afterEach(() => vi.restoreAllMocks())

const titles = async () =>
  ((await h.alice.get(`/api/tasklist?clientId=${client.id}`)).body.items as { title: string }[]).map((t) => t.title)
const unanswered = [{ path: '', code: 'unanswered', params: { plugin: 'probe' } }]

describe('a creation', () => {
  test('may be changed, with the defaults in sight', async () => {
    const { status, body } = await h.alice.post('/api/clients', person('probe: change'))
    expect([status, body.notes, body.lastName]).toEqual([201, 'was active', 'Asked'])
  })

  test.each([
    ['refuse', 'not_this_one', [{ path: '/notes', code: 'not_this_one' }]],
    ['bad change', 'unanswered', unanswered],
    ['stranger', 'unanswered', unanswered],
    ['no body', 'unanswered', unanswered],
    ['no verdict', 'unanswered', unanswered],
    ['break', 'unanswered', unanswered],
    ['sleep', 'unanswered', unanswered],
  ])('answered by %s is a 409, and nothing is written', async (mark, code, errors) => {
    const { status, body } = await h.alice.post('/api/clients', person(`probe: ${mark}`))
    expect([status, body.code, body.errors]).toEqual([409, code, errors])
    const { items } = (await h.alice.get('/api/clients?limit=200')).body
    expect((items as { notes: string }[]).filter(({ notes }) => notes === `probe: ${mark}`)).toEqual([])
  })

  test('names in the log the plugin whose change does not fit, and why', async () => {
    const log: unknown[] = []
    const { contexts } = h.kernel.services
    const rowAskingOf = contexts.rowAskingOf.bind(contexts)
    vi.spyOn(contexts, 'rowAskingOf').mockImplementation((occasion) =>
      rowAskingOf({ ...occasion, log: { ...occasion.log, warn: (_message, fields) => log.push(fields) } }),
    )
    await h.alice.post('/api/clients', person('probe: bad change'))
    expect(log).toHaveLength(1)
    const [fields] = log as [{ by: string; point: string; err: Error }]
    expect([fields.by, fields.point]).toEqual(['probe', 'clients.creating'])
    expect(fields.err.message).toContain('/notes type')
  })

  test('keeps its answer for its idempotency key', async () => {
    const send = () => h.alice.post('/api/clients', person('probe: change'), { 'idempotency-key': 'asked-once' })
    const [first, second] = [await send(), await send()]
    expect([first.status, second.status, second.headers['idempotency-replayed']]).toEqual([201, 201, 'true'])
    expect(second.text).toBe(first.text)
    const together = () =>
      h.alice.post('/api/clients', person('probe: change'), { 'idempotency-key': 'asked-together' })
    const made = await Promise.all([together(), together(), together()])
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1)
  })

  test('that fails the schema is told so before anybody is asked', async () => {
    const { status, body } = await h.alice.post('/api/clients', { type: 'person', notes: 'probe: refuse' })
    expect([status, body.errors]).toEqual([400, [{ path: '/lastName', code: 'required' }]])
  })
})

describe('a change', () => {
  test('may be changed, with the row as it is in sight, and may not be turned on another row', async () => {
    const changed = await h.alice.patch(url(), { notes: 'probe: change' }, 1)
    expect(changed.body).toMatchObject({ notes: 'after as it was', source: 'changed', version: 2 })
    const other = await h.alice.patch(url(), { notes: 'probe: other row' }, 2)
    expect(other.body).toMatchObject({ id: client.id, notes: 'still this one', version: 3 })
  })

  test.each([
    ['refuse', 'not_now'],
    ['bad change', 'unanswered'],
  ])('answered by %s is a 409, and the row stays', async (mark, code) => {
    const { status, body } = await h.alice.patch(url(), { notes: `probe: ${mark}` }, 1)
    expect([status, body.code]).toEqual([409, code])
    expect((await h.alice.get(url())).body).toMatchObject({ notes: 'as it was', version: 1 })
  })

  test('of a stale version or an unknown row is told so as ever', async () => {
    await h.alice.patch(url(), { notes: 'other' }, 1)
    expect((await h.alice.patch(url(), { notes: 'probe: refuse' }, 1)).status).toBe(412)
    expect((await h.bob.patch(url(), { notes: 'probe: refuse' }, 2)).status).toBe(404)
  })
})

describe('a deletion', () => {
  test('may be refused, and cannot be changed', async () => {
    for (const [notes, code] of [
      ['probe: keep', 'kept'],
      ['probe: change it', 'unanswered'],
    ]) {
      const { id } = (await h.alice.post('/api/clients', person(notes as string))).body
      const { status, body } = await h.alice.remove(`/api/clients/${id}`, 1)
      expect([status, body.code]).toEqual([409, code])
      expect((await h.alice.get(`/api/clients/${id}`)).status).toBe(200)
    }
    expect((await h.alice.remove(url(), 1)).status).toBe(204)
  })
})

describe('a merge', () => {
  test('may be refused, and is otherwise done and undone as ever', async () => {
    const kept = (await h.alice.post('/api/clients', person('probe: keep'))).body.id
    const refused = await h.alice.post(`${url()}/merge`, { with: kept })
    expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
      409,
      'apart',
      [{ path: '/with', code: 'apart' }],
    ])
    const other = (await h.alice.post('/api/clients', person('plain'))).body.id
    const merged = await h.alice.post(`${url()}/merge`, { with: other })
    expect(merged.status).toBe(200)
    expect((await h.alice.post(`${url()}/unmerge`, { mergeId: merged.body.mergeId })).status).toBe(200)
    expect((await h.alice.post(`${url()}/merge`, { with: client.id.replace(/^./, 'x') })).status).toBe(400)
  })
})

describe('rows that plugins write', () => {
  test('are asked about like any other', async () => {
    await h.alice.post('/api/tasklist/add', { clientId: client.id, title: 'shout it' })
    expect((await h.alice.post('/api/tasklist/add', { clientId: client.id, title: 'never this' })).body.code).toBe(
      'never',
    )
    expect(await titles()).toEqual(['SHOUTED'])
  })

  test('at the same time within one command do not undo each other', async () => {
    const { body } = await h.alice.post('/api/probe/together', { clientId: client.id })
    expect(body).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect((await titles()).toSorted()).toEqual(['SHOUTED', 'SHOUTED', 'one', 'two'])
    const facts = await h.database.query<{ plugin: string }>(
      `select distinct plugin from kernel.facts where record_id = $1 and resource = 'tasklist'`,
      [client.id],
    )
    expect(facts).toEqual([{ plugin: 'probe' }])
  })

  test('of the resource that is asked about are refused to an answer', async () => {
    const { status, body } = await h.alice.post('/api/tasklist', { clientId: client.id, title: 'recurse' })
    expect([status, body.code, body.errors]).toEqual([409, 'unanswered', unanswered])
    expect(await titles()).toEqual([])
  })
})

describe('what an answer writes', () => {
  const facts = () =>
    h.database.query<{ resource: string; plugin: string | null; actor_kind: string }>(
      `select resource, plugin, actor_kind from kernel.facts where record_id = $1 and event <> 'clients.created' order by id`,
      [client.id],
    )

  test('is said to be its plugin’s, and what follows is not', async () => {
    expect((await h.alice.patch(url(), { notes: 'probe: write' }, 1)).status).toBe(200)
    expect(await facts()).toEqual([
      { resource: 'tasklist', plugin: 'probe', actor_kind: 'user' },
      { resource: 'clients', plugin: null, actor_kind: 'user' },
    ])
  })

  test('is undone with it when it breaks', async () => {
    expect((await h.alice.patch(url(), { notes: 'probe: write and break' }, 1)).status).toBe(409)
    expect(await facts()).toEqual([])
  })
})

describe('where nobody answers', () => {
  test('a write is one statement in a flight of its own', async () => {
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    await h.alice.patch('/api/plugins/tasklist', { enabled: false })
    const transaction = vi.spyOn(h.kernel.services.database, 'transaction')
    const once = vi.spyOn(h.kernel.services.database, 'once')
    const made = await h.alice.post('/api/clients', person('probe: refuse'))
    expect(made.status).toBe(201)
    expect((await h.alice.patch(`/api/clients/${made.body.id}`, { notes: 'probe: break' }, 1)).status).toBe(200)
    expect((await h.alice.remove(`/api/clients/${made.body.id}`, 2)).status).toBe(204)
    expect(transaction).not.toHaveBeenCalled()
    expect(once).toHaveBeenCalledTimes(3)
    // Another tenant asks its own plugins.
    expect((await h.bob.post('/api/clients', person('probe: refuse'))).status).toBe(409)
    await h.alice.patch('/api/plugins/tasklist', { enabled: true })
    await h.alice.patch('/api/plugins/probe', { enabled: true })
    expect((await h.alice.post('/api/clients', person('probe: refuse'))).status).toBe(409)
  })
})
