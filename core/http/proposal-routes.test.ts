import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'

let h: Harness
let carla: Visitor
let members = 0
beforeAll(async () => {
  h = await openHarness({ worker: true })
  carla = await addMember()
})
afterAll(() => h?.close())

const addMember = () => h.addMember(h.tenants.alice, `member${++members}@test.example`, 'member')
const person = (notes: string, lastName = 'Held') => ({ type: 'person', lastName, notes })
const add = async (notes = 'plain') => (await h.alice.post('/api/clients', person(notes))).body as { id: string }
const holdPatch = async (by: Visitor, id: string, notes = 'probe: hold') => {
  const reply = await by.patch(`/api/clients/${id}`, { notes }, 1)
  expect(reply.status).toBe(202)
  return reply.body.proposal as { id: string; code: string }
}
const approve = (id: string, by = h.alice) => by.post(`/api/proposals/${id}/approve`)
const client = async (id: string) => (await h.alice.get(`/api/clients/${id}`)).body
const countFacts = async (id: string) =>
  (await h.database.query<{ n: number }>('select count(*)::int as n from kernel.facts where row_id = $1', [id]))[0]?.n

describe('a held write', () => {
  test('is answered 202 with its proposal, and is not done', async () => {
    const { status, headers, body } = await carla.post('/api/clients', person('probe: hold', 'Morel'))
    expect(status).toBe(202)
    expect(headers.location).toBe(`/api/proposals/${body.proposal.id}`)
    expect(headers.etag).toBeUndefined()
    expect(body.proposal).toMatchObject({
      state: 'waiting',
      code: 'new_client',
      errors: [{ path: '', code: 'new_client', params: { of: 'Morel' } }],
      plugin: 'probe',
      point: 'clients.creating',
      resource: 'clients',
      rowId: null,
      method: 'POST',
      route: '/api/clients',
      body: { lastName: 'Morel' },
      asker: { kind: 'user' },
    })
    expect((await h.alice.get('/api/clients?q=Morel')).body.items).toEqual([])
    expect((await carla.get(headers.location as string)).body).toEqual(body.proposal)
  })

  test('is done as its asker once it is approved', async () => {
    const { body } = await carla.post('/api/clients', person('probe: hold', 'Approved'))
    const approved = await approve(body.proposal.id)
    expect(approved.body).toMatchObject({ state: 'approved', decidedBy: { name: 'alice' } })
    const row = await client(approved.body.rowId)
    expect([row.lastName, row.createdBy]).toEqual(['Approved', body.proposal.asker.id])
    const { items } = (await h.alice.get(`/api/clients/${row.id}/history`)).body
    const told = items.map((item: { event: string; actor: { name: string } | null }) => [item.event, item.actor?.name])
    expect(told).toContainEqual(['proposals.approved', 'alice'])
    expect(told).toContainEqual(['clients.created', 'member1@test.example'])
  })

  test.each([
    ['change', (id: string) => h.alice.patch(`/api/clients/${id}`, { notes: 'probe: hold' }, 1)],
    ['deletion', (id: string) => h.alice.remove(`/api/clients/${id}`, 1)],
    ['merge', async (id: string) => h.alice.post(`/api/clients/${id}/merge`, { with: (await add()).id })],
  ])('may be a %s, with the id of its row', async (verb, ask) => {
    const id = verb === 'change' ? (await add()).id : await addMarked()
    const reply = await ask(id)
    expect([reply.status, reply.body.proposal?.rowId]).toEqual([202, id])
    const approved = await approve(reply.body.proposal.id)
    expect([approved.status, approved.body.state]).toEqual([200, 'approved'])
    if (verb === 'deletion') expect((await h.alice.get(`/api/clients/${id}`)).status).toBe(404)
    else expect((await client(id)).notes).toContain('probe: hold')
  })

  /** A row that is marked to be held, made while nobody looked. */
  async function addMarked(): Promise<string> {
    const { proposal } = (await h.alice.post('/api/clients', person('probe: hold'))).body
    return (await approve(proposal.id)).body.rowId
  }

  test('by a command of a plugin is undone as a whole and done as a whole', async () => {
    const { id } = await add()
    for (const title of ['before', 'hold closing']) await h.alice.post('/api/tasklist', { clientId: id, title })
    const open = async () => {
      const { items } = (await h.alice.get(`/api/tasklist?clientId=${id}&done=false`)).body
      // A handler adds one of its own, whenever it is told.
      return items.filter(({ title }: { title: string }) => title !== 'Welcome').length
    }
    const held = await h.alice.post('/api/tasklist/close')
    expect([held.status, held.body.proposal.route, held.body.proposal.resource]).toEqual([
      202,
      '/api/tasklist/close',
      'tasklist',
    ])
    expect(held.body.proposal.recordId).toBe(id)
    expect(await open()).toBe(2)
    expect((await approve(held.body.proposal.id)).body.state).toBe('approved')
    expect(await open()).toBe(0)
    const facts = await h.database.query(
      `select distinct plugin, actor_kind from kernel.facts where record_id = $1 and event = 'tasklist.updated'`,
      [id],
    )
    expect(facts).toEqual([{ plugin: 'tasklist', actor_kind: 'user' }])
  })

  test('is one proposal for one idempotency key', async () => {
    const { id } = await add()
    const patch = (notes = 'probe: hold') =>
      h.alice.call('PATCH', `/api/clients/${id}`, {
        body: { notes },
        headers: { 'if-match': '"1"', 'idempotency-key': 'patch-once' },
      })
    const replies = [await patch(), await patch(), ...(await Promise.all([patch(), patch()]))]
    expect(new Set(replies.map(({ status, body }) => `${status} ${body.proposal.id}`)).size).toBe(1)
    expect(replies[1]?.headers['idempotency-replayed']).toBe('true')
    expect((await patch('other')).status).toBe(422)
    const post = () => carla.post('/api/clients', person('probe: hold'), { 'idempotency-key': 'held-together' })
    const together = await Promise.all([post(), post(), post()])
    expect(together.map(({ status }) => status)).toEqual([202, 202, 202])
    expect(new Set(together.map(({ body }) => body.proposal.id)).size).toBe(1)
  })

  test('where no person waits is a refusal that names plugin and point', async () => {
    const { id } = await add()
    const outside = await h.alice.post('/api/probe/hold-outside', { clientId: id })
    expect([outside.status, outside.body]).toEqual([200, 'probe holds tasklist.creating: task'])
    await h.alice.post('/api/probe/ring', { recordId: id, word: 'hold me', at: new Date().toISOString() })
    const failed = await eventually(async () => {
      const { items } = (await h.alice.get('/api/deliveries')).body
      return items.find((item: { recordId: string }) => item.recordId === id)
    }, 'the delivery fails')
    expect(failed.reason).toBe('probe holds tasklist.creating: task')
    expect((await h.alice.get(`/api/tasklist?clientId=${id}&q=before`)).body.items).toEqual([])
  })
})

describe('a decision', () => {
  test('is made once, by the first of two', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    const replies = await Promise.all([
      approve(proposal.id),
      approve(proposal.id),
      h.alice.post(`/api/proposals/${proposal.id}/reject`, { reason: 'no' }),
    ])
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(replies.filter(({ status }) => status === 409).every(({ body }) => body.code === 'decided')).toBe(true)
    const isApproved = replies[2]?.status === 409
    expect((await client(id)).version).toBe(isApproved ? 2 : 1)
  })

  test('to reject leaves everything as it is, with its reason', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    const rejected = await h.alice.post(`/api/proposals/${proposal.id}/reject`, { reason: ' not in May ' })
    expect(rejected.body).toMatchObject({ state: 'rejected', reason: 'not in May', decidedBy: { name: 'alice' } })
    expect((await client(id)).version).toBe(1)
    expect((await carla.get(`/api/proposals/${proposal.id}`)).body.reason).toBe('not in May')
    const { items } = (await h.alice.get(`/api/clients/${id}/history`)).body
    const decision = items.find(({ event }: { event: string }) => event === 'proposals.rejected')
    expect(decision).toMatchObject({ actor: { name: 'alice' }, resource: null, changes: [] })
  })

  test('comes too late for a version that has moved on, and says so', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    await h.alice.patch(`/api/clients/${id}`, { notes: 'meanwhile' }, 1)
    const { status, body } = await approve(proposal.id)
    expect([status, body.state, body.problem]).toEqual([200, 'failed', { status: 412, code: 'stale', errors: [] }])
    expect((await client(id)).notes).toBe('meanwhile')
    expect((await approve(proposal.id)).status).toBe(409)
  })

  test('counts the rights that the asker has now', async () => {
    const { id } = await add()
    const dora = await addMember()
    const [suspended, removed] = [await holdPatch(dora, id), await holdPatch(h.alice, id)]
    await h.database.query('update kernel.users set suspended_at = now() where email = $1', [
      `member${members}@test.example`,
    ])
    expect((await approve(suspended.id)).body).toMatchObject({
      state: 'failed',
      problem: { status: 403, code: 'asker' },
    })
    // A key that could change clients, and then could not any more.
    expect((await approve(removed.id)).body.state).toBe('approved')
    const key = (await h.alice.post('/api/api-keys', { name: 'k', permissions: ['clients.read', 'clients.update'] }))
      .body
    const another = await add()
    const byKey = await h.anonymous().call('PATCH', `/api/clients/${another.id}`, {
      body: { notes: 'probe: hold' },
      headers: { authorization: `Bearer ${key.key}`, 'if-match': '"1"' },
    })
    expect([byKey.status, byKey.body.proposal.asker.kind]).toEqual([202, 'key'])
    await h.database.query(`update kernel.api_keys set permissions = '{clients.read}' where id = $1`, [key.id])
    expect((await approve(byKey.body.proposal.id)).body).toMatchObject({
      state: 'failed',
      problem: { status: 403, code: 'forbidden' },
    })
  })

  test('releases one plugin, and what a second one holds waits on', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id, 'probe: hold twice')
    expect(proposal.code).toBe('first_look')
    const first = (await approve(proposal.id)).body
    expect([first.state, first.plugin, first.code]).toEqual(['waiting', 'probe', 'second_look'])
    expect((await client(id)).version).toBe(1)
    expect((await approve(proposal.id)).body.state).toBe('approved')
    expect((await client(id)).notes).toBe('probe: hold twice')
  })

  test('performs what nobody holds any more', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    expect((await approve(proposal.id)).body.state).toBe('approved')
    await h.alice.patch('/api/plugins/probe', { enabled: true })
    expect((await client(id)).notes).toBe('probe: hold')
  })

  test('is told by events that hold no values', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    await approve(proposal.id)
    const facts = await h.database.query<{ event: string; payload: object }>(
      `select event, payload from kernel.facts where payload ->> 'id' = $1 order by id`,
      [proposal.id],
    )
    const payload = { id: proposal.id, rowId: id, recordId: id, resource: 'clients' }
    expect(facts).toEqual([
      { event: 'proposals.created', payload },
      { event: 'proposals.approved', payload },
    ])
    expect(await countFacts(id)).toBe(2)
  })
})

describe('the login of requests', () => {
  test('can neither change what was asked nor decide twice or in the name of another', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    const run = (text: string) => {
      const claims = { actorKind: 'user', actor: null, plugin: null, request: null, origin: null, task: null, at: null }
      return h.kernel.services.database.once({ tenant: h.tenants.alice, ...claims } as never, 'write', {
        text,
        values: [proposal.id],
      })
    }
    const refused = [
      `update kernel.proposals set body = '{}' where id = $1`,
      'update kernel.proposals set asker = $1 where id = $1',
      'update kernel.proposals set decided_by = $1 where id = $1',
      'delete from kernel.proposals where id = $1',
      'insert into kernel.proposals (tenant_id, asker) values ($1, $1)',
    ]
    for (const text of refused) await expect(run(text)).rejects.toMatchObject({ code: '42501' })
    await h.alice.post(`/api/proposals/${proposal.id}/reject`, {})
    const again = run(`update kernel.proposals set state = 'approved' where id = $1`)
    await expect(again).rejects.toMatchObject({ code: '42501' })
  })
})

describe('who sees what', () => {
  test('askers see their own, those who decide see all, another tenant none', async () => {
    const { id } = await add()
    const dora = await addMember()
    const proposal = await holdPatch(dora, id)
    const own = (await dora.get('/api/proposals?state=waiting')).body
    expect([own.items.map((each: { id: string }) => each.id), own.waiting]).toEqual([[proposal.id], 1])
    expect((await carla.get(`/api/proposals/${proposal.id}`)).status).toBe(404)
    expect((await h.bob.get(`/api/proposals/${proposal.id}`)).status).toBe(404)
    expect((await approve(proposal.id, h.bob)).status).toBe(404)
    expect((await h.bob.get('/api/proposals')).body).toEqual({ items: [], next: null, waiting: 0 })
    expect((await approve(proposal.id, dora)).status).toBe(403)
    expect((await dora.post(`/api/proposals/${proposal.id}/reject`, {})).status).toBe(403)
    const seen: string[] = []
    for (let after = ''; ;) {
      const page = (await h.alice.get(`/api/proposals?limit=3${after}`)).body
      seen.push(...page.items.map((each: { id: string }) => each.id))
      if (page.next === null) break
      after = `&after=${page.next}`
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toContain(proposal.id)
  })

  test('a body is hidden from those who may not read the resource', async () => {
    const { body } = await carla.post('/api/clients', person('probe: hold', 'Secret'))
    const { key } = (await h.alice.post('/api/api-keys', { name: 'decider', permissions: ['proposals.decide'] })).body
    const read = (path: string) => h.anonymous().call('GET', path, { headers: { authorization: `Bearer ${key}` } })
    for (const path of [`/api/proposals/${body.proposal.id}`, '/api/proposals?state=waiting']) {
      const { status, text } = await read(path)
      expect(status).toBe(200)
      expect(text).not.toContain('Secret')
    }
    const { body: hidden } = await read(`/api/proposals/${body.proposal.id}`)
    expect(hidden).toMatchObject({ hidden: true, body: null, query: null, code: 'new_client' })
  })

  test.each([
    ['/api/proposals?state=lost', 400],
    ['/api/proposals?after=forged', 400],
    ['/api/proposals?limit=0', 400],
    ['/api/proposals/none', 404],
  ])('%s is %i', async (path, status) => {
    expect((await h.alice.get(path)).status).toBe(status)
  })

  test('a reason too long is refused', async () => {
    const { id } = await add()
    const proposal = await holdPatch(carla, id)
    const { status } = await h.alice.post(`/api/proposals/${proposal.id}/reject`, { reason: 'x'.repeat(1001) })
    expect(status).toBe(400)
  })
})
