/** What a process says of itself to whoever looks after it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fixtures } from '../../tests/support/fixtures.ts'
import { eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { pluginFolders } from '../../tests/support/settings.ts'

const fixtures = new Fixtures()
let h: Harness
beforeAll(async () => {
  const permissions = { 'counter.run': { en: 'Run', fr: 'Lancer' } }
  const server = `export default { routes: [{ method: 'POST', path: '/run', access: 'counter.run', kind: 'query',
    handle: async (ctx, { query }) => { if (query.fail) throw new Error('no'); ctx.log.info('ran') }, query: { type: 'object', properties: { fail: { type: 'string' } } } }] }`
  const meter = fixtures.write('counter', { server, manifest: { permissions } })
  h = await openHarness({ plugins: [...pluginFolders, meter], worker: true })
})
afterAll(async () => {
  await h?.close()
  fixtures.remove()
})

const ready = async () => h.anonymous().get('/health/ready')
const checksOf = async () => (await ready()).body.checks

test('a process that lacks nothing is ready, and says what it has looked at', async () => {
  expect(await ready()).toMatchObject({
    status: 200,
    body: {
      status: 'ready',
      checks: {
        database: { status: 'ok' },
        migrations: { status: 'ok', pending: 0 },
        worker: { status: 'ok' },
        queue: { status: 'ok' },
        plugins: { status: 'ok', quarantined: 0, suspended: 0 },
      },
    },
  })
})

test('a suspended plugin, a pending migration and a worker that is behind are each named, and it serves on', async () => {
  const { guard } = h.kernel.services
  const { id } = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Reason' })).body
  await eventually(
    async () => (await h.alice.get(`/api/tasklist?clientId=${id}`)).body.items.length > 0,
    'the client is greeted, and nothing waits for the suspended plugin',
  )
  for (let i = 0; i < 20; i++) guard.fail('tasklist', new Error('secret detail'))
  await h.database.query(`delete from kernel.migrations where plugin = 'tasklist' and name = '0002_filters'`)
  await h.database.query(
    `insert into kernel.deliveries (tenant_id, handler, fact, state, due, leased_until)
      select tenant_id, 'tasklist.none', id, 'queued', now() - interval '5 minutes', now() + interval '5 minutes'
      from kernel.facts order by id desc limit 1 on conflict do nothing`,
  )
  const reply = await eventually(async () => {
    const said = await ready()
    return said.body.checks.worker.status === 'degraded' && said
  }, 'the lag is seen')
  expect(reply).toMatchObject({
    status: 200,
    body: { status: 'degraded', checks: { migrations: { status: 'degraded', pending: 1 }, plugins: { suspended: 1 } } },
  })
  expect(reply.body.checks.worker.lagSeconds).toBeGreaterThan(200)
  expect(reply.text).not.toMatch(/secret|tasklist|postgres/)
  guard.resume('tasklist')
  expect((await checksOf()).plugins.status).toBe('ok')
})

test('migrations of the kernel that are pending make it unavailable', async () => {
  await h.database.query(`delete from kernel.migrations where plugin = 'kernel' and name = '0013_host'`)
  expect(await ready()).toMatchObject({
    status: 503,
    body: { status: 'unavailable', checks: { migrations: { status: 'down' } } },
  })
})

test('calls, failures and times of each plugin are counted, for administrators', async () => {
  await h.alice.post('/api/counter/run')
  await h.alice.post('/api/counter/run?fail=1')
  const { body } = await h.alice.get('/api/plugins/metrics')
  const meter = body.items.find(({ id }: { id: string }) => id === 'counter')
  expect(meter).toMatchObject({ calls: 2, errors: 1, suspended: false, waiting: 0, lagSeconds: 0 })
  expect(meter.maxMs).toBeGreaterThanOrEqual(meter.meanMs)
  const member = await h.addMember(h.tenants.alice, 'member@meter.example', 'member')
  expect((await member.get('/api/plugins/metrics')).status).toBe(403)
  const lag = ({ items }: { items: { id: string; waiting: number }[] }) =>
    items.find(({ id }) => id === 'tasklist')?.waiting
  expect(lag((await h.alice.get('/api/plugins/metrics')).body)).toBeGreaterThanOrEqual(1)
  expect(lag((await h.bob.get('/api/plugins/metrics')).body)).toBe(0)
})
