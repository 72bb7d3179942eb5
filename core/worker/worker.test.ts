import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { openKernel } from '../kernel.ts'

let h: Harness
beforeAll(async () => {
  h = await openHarness({ worker: true })
})
afterAll(() => h?.close())

interface DeliveryRow {
  id: string
  handler: string
  state: string
  attempts: number
  reason: string | null
}

const deliveriesOf = (row: string) =>
  h.database.query<DeliveryRow>(
    `select d.id, d.handler, d.state, d.attempts, d.reason from kernel.deliveries d
     join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact where f.row_id = $1`,
    [row],
  )

const tasksOf = async (client: string) =>
  (await h.alice.get(`/api/tasklist?clientId=${client}`)).body.items as { title: string }[]

async function createClient(lastName: string): Promise<string> {
  return (await h.alice.post('/api/clients', { type: 'person', lastName })).body.id
}

const settled = (client: string) =>
  eventually(async () => {
    const rows = await deliveriesOf(client)
    return rows.length > 0 && rows.every(({ state }) => state === 'done' || state === 'dead') && rows
  }, 'all deliveries are settled')

test('a handler is told of a committed fact, and its effects are there once', async () => {
  const client = await createClient('Told')
  const rows = await settled(client)
  expect(rows.map(({ handler, state }) => [handler, state])).toContainEqual(['tasklist.welcome', 'done'])
  expect((await tasksOf(client)).filter(({ title }) => title === 'Welcome')).toHaveLength(1)
})

const setDelivery = (id: string | undefined, changes: string) =>
  h.database.query(`update kernel.deliveries set ${changes} where id = $1`, [id])
const welcomeOf = async (client: string) =>
  (await settled(client)).find(({ handler }) => handler === 'tasklist.welcome')

test('a delivery handed over again by hand or by a lost lease has its effects once', async () => {
  const client = await createClient('Twice')
  const row = await welcomeOf(client)
  await setDelivery(row?.id, `state = 'waiting', due = now()`)
  expect((await welcomeOf(client))?.state).toBe('done')
  await setDelivery(row?.id, `state = 'queued', leased_until = now() - interval '1 minute'`)
  expect((await welcomeOf(client))?.state).toBe('done')
  expect(await tasksOf(client)).toHaveLength(1)
})

test('a delivery that was lost before its effects is told again after its lease', async () => {
  const client = await createClient('Lost')
  const row = await welcomeOf(client)
  await setDelivery(row?.id, `state = 'queued', told_at = null, leased_until = now() - interval '1 minute'`)
  await eventually(async () => (await tasksOf(client)).length === 2, 'it is taken up after its lease')
  expect((await welcomeOf(client))?.state).toBe('done')
})

test('what a transaction took back is told to nobody', async () => {
  const client = await createClient('Rolled back')
  await settled(client)
  expect((await h.alice.post('/api/tasklist/fail', { clientId: client })).status).toBe(409)
  expect(
    await h.database.query(`select 1 from kernel.facts where record_id = $1 and after ->> 'title' = 'half'`, [client]),
  ).toEqual([])
})

test('two workers tell each of many facts once', async () => {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  try {
    await other.worker.start()
    const clients = await Promise.all(Array.from({ length: 40 }, (_, i) => createClient(`Crowd ${i}`)))
    for (const client of clients) await settled(client)
    for (const client of clients) expect(await tasksOf(client)).toHaveLength(1)
  } finally {
    await other.close()
  }
})

describe('a handler that fails', () => {
  const flakyOf = async (client: string) =>
    (await deliveriesOf(client)).find(({ handler }) => handler === 'probe.flaky')
  let client: string
  beforeAll(async () => {
    client = await createClient('Flaky')
    await h.alice.patch(`/api/clients/${client}`, { source: 'fail' }, 1)
  })

  test('is tried again later and later, and is dead with its reason after the eighth time', async () => {
    for (let attempt = 1; attempt <= 8; attempt++) {
      const row = await eventually(async () => {
        const found = await flakyOf(client)
        return found && found.state !== 'queued' && found.attempts === attempt && found
      }, `attempt ${attempt} has failed`)
      expect(row).toMatchObject({ state: attempt < 8 ? 'waiting' : 'dead', reason: 'the other side is away' })
      const [pause] = await h.database.query<{ seconds: number }>(
        `select extract(epoch from due - updated_at)::float8 as seconds from kernel.deliveries where id = $1`,
        [row.id],
      )
      expect(pause?.seconds).toBe(2 ** (attempt - 1))
      if (attempt < 8) await setDelivery(row.id, 'due = now()')
    }
  })

  test('is shown to administrators with its reason, and to nobody else', async () => {
    const { items, next } = (await h.alice.get('/api/deliveries')).body
    expect([items.length, next]).toEqual([1, null])
    expect(items[0]).toMatchObject({
      id: (await flakyOf(client))?.id,
      handler: 'probe.flaky',
      event: 'clients.updated',
      recordId: client,
      state: 'dead',
      attempts: 8,
      reason: 'the other side is away',
    })
    expect((await h.bob.get('/api/deliveries')).body).toEqual({ items: [], next: null })
    const member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
    expect((await member.get('/api/deliveries')).status).toBe(403)
    expect((await h.bob.post(`/api/deliveries/${items[0].id}/retry`)).status).toBe(404)
    expect((await h.alice.get('/api/deliveries?limit=0')).status).toBe(400)
    expect((await h.alice.get('/api/deliveries?after=x')).status).toBe(400)
  })

  test('is told once more when a person revives it, and the others were told all along', async () => {
    const { body } = await h.alice.get(`/api/clients/${client}`)
    await h.alice.patch(`/api/clients/${client}`, { source: 'press' }, body.version)
    const retry = `/api/deliveries/${(await flakyOf(client))?.id}/retry`
    expect((await h.alice.post(retry)).body).toMatchObject({ state: 'waiting', attempts: 0 })
    await eventually(async () => (await flakyOf(client))?.state === 'done', 'it is done')
    expect((await flakyOf(client))?.reason).toBeNull()
    expect((await h.alice.get('/api/deliveries')).body.items).toEqual([])
    const again = await h.alice.post(retry)
    expect([again.status, again.body.code]).toEqual([409, 'not_dead'])
    expect(await tasksOf(client)).toHaveLength(1)
  })
})

test('a named fact reaches a handler outside of a transaction', async () => {
  const { body } = await h.alice.get('/api/clients?sort=createdAt&limit=1')
  await h.alice.post('/api/tasklist/close')
  await eventually(async () => {
    const { body: now } = await h.alice.get(`/api/clients/${body.items[0].id}`)
    return now.notes?.startsWith('closed ')
  }, 'the note is written')
})

test('a handler of a plugin that is off for the tenant is not told', async () => {
  const off = async (id: string): Promise<void> => {
    const reply = await h.alice.patch(`/api/plugins/${id}`, { enabled: false })
    for (const { params } of reply.status === 409 ? reply.body.errors : []) await off(params.plugin)
    if (reply.status === 409) await off(id)
  }
  await off('tasklist')
  const silent = await createClient('Silent')
  const other = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Other' })).body.id
  await settled(other)
  expect((await deliveriesOf(silent)).filter(({ handler }) => handler.startsWith('tasklist.'))).toEqual([])
})
