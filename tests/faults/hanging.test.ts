/** Plugin code that never comes back, wherever it is called: it is given up after its time, and holds no connection beyond it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { Fixtures } from '../support/fixtures.ts'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { SECRET } from '../support/settings.ts'

/** As many as the pool of tenants' rows has, so that each that is kept would be missed. */
const CONNECTIONS = 8

const SERVER = `import { defineAnswer, defineEvent, defineFeed, defineHandler, definePlugin, defineRoute } from 'weft'
import { clients } from 'weft/client'
const never = () => new Promise(() => {})
const read = (ctx) => ctx.rows(clients).list({ limit: 1 })
const stuck = defineEvent('stuck.told')
const hang = async (ctx) => { await read(ctx); return never() }
const route = (kind, handle = hang) => defineRoute({ method: 'POST', path: '/' + kind, access: 'stuck.run', kind, handle })
const tell = defineRoute({ method: 'POST', path: '/tell', access: 'stuck.run', kind: 'command', handle: (ctx) => ctx.emit(stuck, {}) })
const work = route('exchange', (ctx) => ctx.work(hang))
const onStuck = defineHandler({ event: stuck, name: 'stuck', kind: 'command', handle: hang })
const onCreating = defineAnswer({ point: clients.points.creating, answer: (ctx, input) => input.lastName === 'Hang' ? hang(ctx) : { ok: true } })
const deaf = defineFeed({ name: 'deaf', keys: async () => ['one'], run: never })
export default definePlugin({ routes: [route('query'), route('command'), work, tell], handlers: [onStuck], answers: [onCreating], feeds: [deaf] })
`

const fixtures = new Fixtures()
let h: Harness
beforeAll(async () => {
  const manifest = { permissions: { 'stuck.run': { en: 'Run', fr: 'Lancer' } }, uses: { clients: ['read'] } }
  const plugins = [fixtures.write('stuck', { server: SERVER, manifest })]
  const { described, faults } = await describePlugins(plugins)
  expect(faults).toEqual([])
  const prepare = ({ ownerUrl }: { ownerUrl: string }) => migrateDatabase({ ownerUrl, secret: SECRET, described })
  h = await openHarness({ plugins, worker: true, prepare, config: { databaseConnections: 12 } })
})
afterAll(async () => {
  await h?.close()
  fixtures.remove()
})

const KINDS = ['query', 'command', 'exchange', 'veto']
/** The call or its transaction is ended first; a veto is no more waited for. */
const ENDS = ['504 deadline', '503 timeout', '409 unanswered']

test('each is given up in its time, and every connection is there again', async () => {
  expect((await h.alice.post('/api/stuck/tell')).status).toBe(204)
  const calls = Array.from({ length: CONNECTIONS }, (_, i) => {
    const kind = KINDS[i % KINDS.length]
    if (kind === 'veto') return h.alice.post('/api/clients', { type: 'person', lastName: 'Hang' })
    return h.alice.post(`/api/stuck/${kind}`)
  })
  const answers = await Promise.all(calls)
  const ends = answers.map(({ status, body }) => `${status} ${body.code}`)
  expect(ends.filter((end) => !ENDS.includes(end))).toEqual([])
  expect(ends.filter((end) => end === '409 unanswered')).toHaveLength(CONNECTIONS / KINDS.length)
  const delivery = await eventually(async () => {
    const [row] = await h.database.query<{ attempts: number; reason: string | null }>(
      `select attempts, reason from kernel.deliveries where handler = 'stuck.stuck' and attempts > 0`,
    )
    return row
  }, 'the handler is given up for now')
  expect(delivery.reason).toMatch(/deadline|timeout/)
  const all = await Promise.all(Array.from({ length: CONNECTIONS }, () => h.alice.get('/api/clients')))
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  // Whoever works is in a transaction for moments; what hangs would be in one for good.
  const isFree = async () => {
    const left = await h.database.query(
      `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    )
    return left.length === 0
  }
  await eventually(isFree, 'no transaction is left open', 3_000)
})

test('a feed that does not listen to its end is over all the same', async () => {
  const workers = async () => {
    const rows = await h.database.query<{ worker: string | null }>(
      `select worker from kernel.feeds where feed = 'deaf' and tenant_id = $1`,
      [h.tenants.alice],
    )
    return rows.filter(({ worker }) => worker !== null).length
  }
  await eventually(async () => (await workers()) === 1, 'it runs')
  expect((await h.alice.patch('/api/plugins/stuck', { enabled: false })).status).toBe(200)
  await eventually(async () => (await workers()) === 0, 'its lease is given back')
})
