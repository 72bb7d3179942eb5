/** Access pack and erasure, asked like any client does, and looked for in every table. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'
import { listTables } from '../../tests/support/tables.ts'

const isThere = areShipped('couple', 'interactions')
const CANARY = 'Kanarienvogel'
const PHONE = '06 39 98 17 23'

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

const person = {
  type: 'couple',
  firstName: CANARY,
  lastName: `${CANARY} de Nantes`,
  email: `${CANARY}.${randomUUID()}@example.com`.toLowerCase(),
  phone: PHONE,
  notes: `${CANARY} sings`,
  source: 'fair',
  tags: ['vip'],
  extensions: { couple: { firstName: CANARY, lastName: CANARY, phone: PHONE } },
}

const create = async (more: object = {}, headers: Record<string, string> = {}) => {
  const made = await h.alice.post('/api/clients', { ...person, ...more }, headers)
  expect(made.status, made.text).toBe(201)
  return made.body
}

/** Where a text still stands, as `table: column`. */
async function traces(text: string): Promise<string[]> {
  const found: string[] = []
  for (const table of await listTables(h.database.query)) {
    const rows = await h.database.query<{ key: string }>(
      `select distinct e.key from ${table} t, jsonb_each(to_jsonb(t)) e where e.value::text ilike '%' || $1 || '%'`,
      [text],
    )
    found.push(...rows.map(({ key }) => `${table}: ${key}`))
  }
  return found
}

/** Everything that is kept in rows and facts of a tenant, without what a schema calls personal. */
async function impersonal(tenant: string): Promise<unknown> {
  const fields = await h.database.query<{ table: string; resource: string; path: string[] }>(
    'select "table", resource, path from kernel.personal_fields',
  )
  const without = (of: readonly string[][]) => of.map((path) => ` #- '{${path.join(',')}}'`).join('')
  const images = []
  for (const table of new Set(fields.map((field) => field.table))) {
    const paths = fields.filter((field) => field.table === table).map(({ path }) => path)
    images.push(
      await h.database.query(
        `select (to_jsonb(t) - '{version,updated_at,updated_by,search_text,deleted_at}'::text[])${without(paths)} as row
         from ${table} t where tenant_id = $1 order by id`,
        [tenant],
      ),
    )
  }
  return images
}

/** Writes of this client that others hold: one waits, one was decided, one is known by its key. */
async function holdWrites(id: string): Promise<{ waiting: string; failed: string; added: string }> {
  const { version } = (await h.alice.get(`/api/clients/${id}`)).body
  const held = { lastName: `${CANARY} held`, phone: PHONE, notes: 'probe: hold', extensions: person.extensions }
  const hold = async (headers: Record<string, string> = {}) => {
    const reply = await h.alice.call('PATCH', `/api/clients/${id}`, {
      body: held,
      headers: { 'if-match': `"${version}"`, ...headers },
    })
    expect(reply.status, reply.text).toBe(202)
    return reply.body.proposal.id as string
  }
  const [waiting, failed] = [await hold({ 'idempotency-key': randomUUID() }), await hold()]
  await h.alice.patch(`/api/clients/${id}`, { notes: `${CANARY} moved on` }, version)
  expect((await h.alice.post(`/api/proposals/${failed}/approve`)).body.state).toBe('failed')
  // By a route of a plugin, which may spell the person in any way.
  const added = await h.alice.post('/api/tasklist/add', { clientId: id, title: 'hold me' })
  expect(added.body.proposal, added.text).toMatchObject({ recordId: id, body: { title: 'hold me' } })
  return { waiting, failed, added: added.body.proposal.id }
}

test.skipIf(!isThere)('erasure leaves no trace of a person, and nothing else is lost', async () => {
  const keep = await create({
    firstName: 'Other',
    lastName: 'Person',
    email: 'other@example.com',
    notes: 'stays',
    phone: '01 40 20 50 50',
    extensions: {},
  })
  const key = randomUUID()
  const one = await create({}, { 'idempotency-key': key })
  const two = await create({ email: `second.${person.email}` })
  const note = { recordId: two.id, type: 'note', title: CANARY, text: `${CANARY} called` }
  expect((await h.alice.post('/api/interactions', note)).status).toBe(201)
  const deleted = (await h.alice.post('/api/interactions', note)).body
  expect((await h.alice.remove(`/api/interactions/${deleted.id}`, deleted.version)).status).toBe(204)
  await h.alice.patch(`/api/clients/${one.id}`, { lastName: `${CANARY} again` }, one.version)
  expect((await h.alice.post(`/api/clients/${one.id}/merge`, { with: two.id })).status).toBe(200)
  const { waiting, failed, added } = await holdWrites(one.id)
  expect((await traces(CANARY)).length).toBeGreaterThan(3)
  const before = await impersonal(h.tenants.alice)

  const erased = await h.alice.post(`/api/clients/${one.id}/erase`)
  expect([erased.status, erased.body.rows], erased.text).toEqual([200, 4])
  expect(erased.body.facts).toBeGreaterThan(4)
  expect(await traces(CANARY)).toEqual([])
  expect(await traces('39981723')).toEqual([])
  expect(await impersonal(h.tenants.alice)).toEqual(before)
  expect((await h.alice.get(`/api/proposals/${waiting}`)).body).toMatchObject({ state: 'waiting', rowId: one.id })
  expect((await h.alice.get(`/api/proposals/${failed}`)).body).toMatchObject({
    state: 'failed',
    problem: { status: 412, errors: [] },
  })
  expect((await h.alice.get(`/api/proposals/${added}`)).body.body).toBeNull()
  const late = await h.alice.post(`/api/proposals/${waiting}/approve`)
  expect([late.body.state, late.body.problem?.status]).toEqual(['failed', 404])
  expect((await h.alice.get(`/api/clients/${keep.id}`)).body).toMatchObject({ lastName: 'Person', notes: 'stays' })

  expect((await h.alice.get(`/api/clients/${one.id}`)).status).toBe(404)
  const restored = await h.alice.post(`/api/clients/${one.id}/restore`)
  expect([restored.status, restored.body.code]).toEqual([409, 'erased'])
  // The request that made the person does not make them again.
  const again = await h.alice.post('/api/clients', person, { 'idempotency-key': key })
  expect([again.status, again.body.id, again.body.lastName]).toEqual([201, one.id, null])
  const told = await h.database.query<{ record_id: string }>(
    `select record_id from kernel.facts where event = 'clients.erased'`,
  )
  expect(told).toEqual([{ record_id: one.id }])
  const second = await h.alice.post(`/api/clients/${one.id}/erase`)
  expect([second.status, second.body.rows]).toEqual([200, 0])
})

test('a record that was deleted before can be erased; one that is not there cannot', async () => {
  const made = await create({ email: 'gone@example.com' })
  await h.alice.remove(`/api/clients/${made.id}`, made.version)
  expect((await h.alice.post(`/api/clients/${made.id}/erase`)).status).toBe(200)
  expect((await h.alice.post(`/api/clients/${randomUUID()}/erase`)).status).toBe(404)
  expect((await h.alice.post('/api/clients/none/erase')).status).toBe(404)
})

test.skipIf(!isThere)('an access pack holds every row of a person and how it came about', async () => {
  const made = await create({ email: 'pack@example.com' })
  const note = { recordId: made.id, type: 'note', title: 'Met', text: 'in May' }
  await h.alice.post('/api/interactions', note)
  const gone = (await h.alice.post('/api/interactions', { ...note, title: 'Deleted' })).body
  await h.alice.remove(`/api/interactions/${gone.id}`, gone.version)
  await h.alice.patch('/api/plugins/couple', { enabled: false })
  await h.alice.patch('/api/plugins/interactions', { enabled: false })
  const reply = await h.alice.get(`/api/clients/${made.id}/access-pack`)
  await h.alice.patch('/api/plugins/interactions', { enabled: true })
  await h.alice.patch('/api/plugins/couple', { enabled: true })
  expect(reply.status, reply.text).toBe(200)
  expect(reply.headers['content-disposition']).toContain(made.id)
  expect(reply.body).toMatchObject({ subject: { resource: 'clients', id: made.id }, isWhole: true })
  expect(reply.body.rows.clients).toMatchObject([
    { email: 'pack@example.com', extensions: { couple: { lastName: CANARY } } },
  ])
  expect(reply.body.rows.interactions.map((row: { title: string }) => row.title).sort()).toEqual(['Deleted', 'Met'])
  expect(reply.body.history.map((entry: { event: string }) => entry.event).sort()).toEqual([
    'clients.created',
    'interactions.created',
    'interactions.created',
    'interactions.deleted',
  ])
})

test('an access pack tells of writes about the person that wait for somebody', async () => {
  const made = await create({ email: 'held@example.com' })
  const patch = { notes: 'probe: hold' }
  const held = await h.alice.patch(`/api/clients/${made.id}`, patch, made.version)
  expect(held.status, held.text).toBe(202)
  const { body } = await h.alice.get(`/api/clients/${made.id}/access-pack`)
  expect(body).toMatchObject({
    held: [{ state: 'waiting', method: 'PATCH', rowId: made.id, body: patch, resource: 'clients' }],
    isWhole: true,
  })
})

test('only those who may, and never of another tenant', async () => {
  const made = await create({ email: 'mine@example.com' })
  const member = await h.addMember(h.tenants.alice, 'privacy-member@test.example', 'member')
  for (const path of ['erase', 'access-pack']) {
    const method = path === 'erase' ? 'POST' : 'GET'
    expect((await member.call(method, `/api/clients/${made.id}/${path}`)).status).toBe(403)
    expect((await h.bob.call(method, `/api/clients/${made.id}/${path}`)).status).toBe(404)
  }
  expect((await h.alice.get(`/api/clients/${made.id}`)).body.lastName).toBe(person.lastName)
})

test('a history that a tenant does not keep is forgotten, that of others stays', async () => {
  const made = await create({ email: 'old@example.com' })
  const foreign = await h.bob.post('/api/clients', { type: 'person', lastName: 'Old' })
  const old = `update kernel.facts set written_at = now() - interval '13 months' where row_id = any($1)`
  await h.database.query(old, [[made.id, foreign.body.id]])
  await h.database.query('update kernel.relay set xid = pg_current_xact_id()')
  await h.database.query(`update kernel.tenants set history_months = 12 where slug = 'alice'`)
  const { forgetFacts } = await import('../facts/retention.ts')
  await forgetFacts(h.kernel.services.database)
  const left = await h.database.query('select row_id from kernel.facts where row_id = any($1)', [
    [made.id, foreign.body.id],
  ])
  expect(left).toEqual([{ row_id: foreign.body.id }])
})
