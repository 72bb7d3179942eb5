/** Rules of retention through HTTP and a real worker: tried, switched on, applied once a day, cancelled, passed over. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness, type Reply } from '../../tests/support/harness.ts'
import { openKernel } from '../kernel.ts'
import { beginRetention } from './retention.ts'

const RULES = '/api/privacy/retention'
let h: Harness
beforeAll(async () => {
  h = await openHarness({ worker: true })
})
afterAll(() => h?.close())

/** Past triggers and facts. */
async function quietly(text: string, values: unknown[]): Promise<void> {
  await h.database.query('set session_replication_role = replica')
  await h.database.query(text, values)
  await h.database.query('set session_replication_role = origin')
}

/** People as clients make them, last met so many months ago. */
async function people(source: string, months: readonly number[], visitor = h.alice): Promise<string[]> {
  const ids: string[] = []
  for (const [i, ago] of months.entries()) {
    const made = await visitor.post('/api/clients', { type: 'person', lastName: `Kept ${i}`, source })
    expect(made.status, made.text).toBe(201)
    ids.push(made.body.id)
    await quietly(`update clients set created_at = now() - make_interval(months => $2) where id = $1`, [
      made.body.id,
      ago,
    ])
  }
  return ids
}

const old = (source: string) => ({ all: [{ source }, { createdAt: { lt: 'now-36m' } }] })
const make = async (body: object, visitor = h.alice) => {
  const reply = await visitor.post(RULES, body)
  expect(reply.status, reply.text).toBe(201)
  return reply.body
}
const enable = async (id: string, visitor = h.alice) => {
  const reply = await visitor.patch(`${RULES}/${id}`, { enabled: true })
  expect([reply.status, reply.body.enabled], reply.text).toEqual([200, true])
}
const ruleOf = async (id: string) =>
  (await h.alice.get(RULES)).body.items.find((rule: { id: string }) => rule.id === id)
const problemOf = ({ status, body }: Reply) => [status, body.code, body.errors?.[0]?.path]
const due = (id: string) =>
  quietly(`update kernel.retention_rules set next_run_at = now() - interval '1 minute' where id = $1`, [id])
const tasksOf = (rule: string) =>
  h.database.query<{ id: string; state: string; done: number; failed: number; total: number; reason: string | null }>(
    `select id, state, done, failed, total, reason from kernel.tasks where cursor ->> 'rule' = $1`,
    [rule],
  )
const begin = () => beginRetention(h.kernel.services)

/** Applies a rule now, by a worker. */
async function apply(id: string) {
  await due(id)
  await begin()
  const over = async () => (await tasksOf(id)).find(({ state }) => ['done', 'failed', 'cancelled'].includes(state))
  return eventually(over, `rule ${id} is applied`, 30_000)
}
const livingOf = async (ids: readonly string[]) => {
  const all = await Promise.all(ids.map((id) => h.alice.get(`/api/clients/${id}`)))
  return all.map(({ status }) => status)
}
const eventsOf = async (rule: string) =>
  (
    await h.database.query<{ event: string }>(
      `select event from kernel.facts where payload ->> 'id' = $1 order by id`,
      [rule],
    )
  ).map(({ event }) => event)

describe('a rule', () => {
  test('does what its dry run says, once a day, and every change of it is told', async () => {
    const ids = await people('erased', [40, 41, 2])
    const order = { resource: 'clients', filter: old('erased'), act: 'erase' }
    const tried = await h.alice.post(`${RULES}/dry-run`, order)
    expect(tried.status, tried.text).toBe(200)
    expect(tried.body.count).toBe(2)
    expect(tried.body.sample.map(({ id }: { id: string }) => id).sort()).toEqual(ids.slice(0, 2).sort())
    expect(tried.body.sample[0]).toHaveProperty('lastName')
    const rule = await make(order)
    expect(rule).toMatchObject({ ...order, enabled: false, nextRunAt: null, lastRunAt: null })
    expect((await h.alice.post(`${RULES}/${rule.id}/dry-run`)).body).toEqual(tried.body)
    await due(rule.id)
    expect(await begin()).toBe(0)

    await enable(rule.id)
    const wait = Date.parse((await ruleOf(rule.id)).nextRunAt) - Date.now()
    expect(wait).toBeGreaterThan(50 * 60_000)
    expect(await begin()).toBe(0)
    expect(await apply(rule.id)).toMatchObject({ state: 'done', done: 2, failed: 0, total: 2 })
    expect(await livingOf(ids)).toEqual([404, 404, 200])
    const rows = await h.database.query<{ last_name: string | null }>('select last_name from clients where id = $1', [
      ids[0],
    ])
    expect(rows[0]?.last_name ?? '').toBe('')
    expect(await ruleOf(rule.id)).toMatchObject({ lastCount: 2, lastReason: null })
    expect(Date.parse((await ruleOf(rule.id)).nextRunAt)).toBeGreaterThan(Date.now() + 23 * 3_600_000)
    expect(await begin()).toBe(0)
    const told = await h.database.query(
      `select record_id from kernel.facts where event = 'clients.erased' and record_id = any($1) and row_id is null`,
      [ids],
    )
    expect(told).toHaveLength(2)
    const [task] = await tasksOf(rule.id)
    const kinds = ['retention', 'batch'].map(async (kind) => (await h.alice.get(`/api/tasks?kind=${kind}`)).body.items)
    expect((await Promise.all(kinds)).map(([one]) => one?.id)).toEqual([task!.id, undefined])
    expect((await h.alice.get(`/api/tasks/${task!.id}`)).body).toMatchObject({
      name: 'retention.erase',
      undoable: false,
    })
    expect(problemOf(await h.alice.post(`/api/tasks/${task!.id}`, { undo: true }))[1]).toBe('not_undoable')
    expect((await h.alice.remove(`${RULES}/${rule.id}`)).status).toBe(204)
    expect((await h.alice.remove(`${RULES}/${rule.id}`)).status).toBe(404)
    expect(await eventsOf(rule.id)).toEqual([
      'retention.created',
      'retention.updated',
      'retention.applied',
      'retention.deleted',
    ])
  })

  test('deletes by the verbs, so that it can be undone', async () => {
    const ids = await people('deleted', [40, 1])
    const rule = await make({ resource: 'clients', filter: old('deleted'), act: 'delete' })
    await enable(rule.id)
    const task = await apply(rule.id)
    expect(task).toMatchObject({ state: 'done', done: 1 })
    expect(await livingOf(ids)).toEqual([404, 200])
    const undo = await h.alice.post(`/api/tasks/${task.id}`, { undo: true })
    expect(undo.status, undo.text).toBe(202)
    await eventually(async () => (await livingOf(ids))[0] === 200, 'the row is back', 20_000)
  })

  test('is applied once by two workers', async () => {
    const ids = await people('twice', [40, 40, 40])
    const rule = await make({ resource: 'clients', filter: old('twice'), act: 'delete' })
    await enable(rule.id)
    const other = await openKernel({
      config: configFor(h.database),
      databaseUrl: h.database.ownerUrl,
      screen: null,
      report: () => {},
    })
    try {
      await other.worker.start()
      await due(rule.id)
      const begun = await Promise.all([
        begin(),
        beginRetention(other.services),
        begin(),
        beginRetention(other.services),
      ])
      expect(begun.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1)
      await eventually(async () => (await tasksOf(rule.id))[0]?.state === 'done', 'it is applied', 30_000)
    } finally {
      await other.close()
    }
    expect(await tasksOf(rule.id)).toMatchObject([{ done: 3, failed: 0 }])
    expect(await livingOf(ids)).toEqual([404, 404, 404])
  })

  test('judges each record again when it acts, and stops when it is switched off', async () => {
    const ids = await people('again', [40, 40, 40])
    const rule = await make({ resource: 'clients', filter: old('again'), act: 'erase' })
    await enable(rule.id)
    expect((await h.alice.post(`${RULES}/${rule.id}/dry-run`)).body.count).toBe(3)
    await due(rule.id)
    h.kernel.worker.sliceMs = 0
    await begin()
    await eventually(async () => (await tasksOf(rule.id))[0]?.state === 'running', 'a worker has the task', 30_000)
    // Somebody changes one of them, and commits when the run has chosen it and waits for its row.
    await h.database.query('begin')
    try {
      await h.database.query(`select set_config('session_replication_role', 'replica', true)`)
      await h.database.query(`update clients set source = 'spared' where id = $1`, [ids[1]])
      h.kernel.worker.sliceMs = 20_000
      const isWaiting = async () =>
        (
          await h.database.query(
            'select 1 from pg_locks where not granted and transactionid = pg_current_xact_id_if_assigned()::xid',
          )
        ).length > 0
      await eventually(isWaiting, 'the run waits for the row')
    } finally {
      await h.database.query('commit')
    }
    await eventually(async () => (await tasksOf(rule.id))[0]?.state === 'done', 'it is applied', 30_000)
    expect(await tasksOf(rule.id)).toMatchObject([{ done: 2 }])
    expect(await livingOf(ids)).toEqual([404, 200, 404])

    const further = await people('again', [40])
    await due(rule.id)
    h.kernel.worker.sliceMs = 0
    await begin()
    expect((await h.alice.patch(`${RULES}/${rule.id}`, { enabled: false })).status).toBe(200)
    h.kernel.worker.sliceMs = 20_000
    const stopped = async () => (await tasksOf(rule.id)).some(({ reason }) => reason === 'rule_off')
    await eventually(stopped, 'the run has seen that the rule is off', 30_000)
    expect(await livingOf(further)).toEqual([200])
    expect(await ruleOf(rule.id)).toMatchObject({ enabled: false, lastCount: 0, lastReason: 'rule_off' })
  })

  test('can be cancelled', async () => {
    const ids = await people('cancelled', [40, 40])
    const rule = await make({ resource: 'clients', filter: old('cancelled'), act: 'delete' })
    await enable(rule.id)
    await due(rule.id)
    h.kernel.worker.sliceMs = 0
    await begin()
    const [task] = await tasksOf(rule.id)
    const reply = await h.alice.patch(`/api/tasks/${task!.id}`, { state: 'cancelled' })
    h.kernel.worker.sliceMs = 20_000
    expect([reply.status, reply.body.state], reply.text).toEqual([200, 'cancelled'])
    expect(await livingOf(ids)).toEqual([200, 200])
  })

  test('of a plugin that is off is passed over, and says why', async () => {
    const made = await h.alice.post('/api/gauge', { word: 'Passed over' })
    expect(made.status, made.text).toBe(201)
    const rule = await make({ resource: 'gauge', filter: { createdAt: { lt: 'now+1d' } }, act: 'delete' })
    await enable(rule.id)
    const isOn = async (enabled: boolean) =>
      expect((await h.alice.patch('/api/plugins/gauge', { enabled })).status).toBe(200)
    await isOn(false)
    await due(rule.id)
    expect(await begin()).toBe(0)
    expect(await ruleOf(rule.id)).toMatchObject({ lastReason: 'switched_off', lastCount: 0 })
    expect(await tasksOf(rule.id)).toEqual([])
    expect((await h.alice.patch(`${RULES}/${rule.id}`, { enabled: false })).status).toBe(200)
    expect(problemOf(await h.alice.patch(`${RULES}/${rule.id}`, { enabled: true }))).toEqual([
      400,
      'invalid',
      '/resource',
    ])
    await isOn(true)
    expect((await h.alice.get(`/api/gauge/${made.body.id}`)).status).toBe(200)
  })

  test('whose filter means nothing any more does nothing, and says so', async () => {
    const ids = await people('wrong', [40])
    const rule = await make({ resource: 'clients', filter: old('wrong'), act: 'erase' })
    await enable(rule.id)
    await quietly(`update kernel.retention_rules set filter = '{"gone": 1}' where id = $1`, [rule.id])
    expect(await apply(rule.id)).toMatchObject({ state: 'failed', reason: 'invalid_filter', done: 0 })
    const noted = async () => (await ruleOf(rule.id)).lastReason === 'invalid_filter'
    await eventually(noted, 'the rule tells why')
    expect(await livingOf(ids)).toEqual([200])
    expect(problemOf(await h.alice.post(`${RULES}/${rule.id}/dry-run`))).toEqual([
      400,
      'invalid_filter',
      '/filter/gone',
    ])
  })

  test('that becomes another one is off', async () => {
    const rule = await make({ resource: 'clients', filter: old('other'), act: 'delete' })
    await enable(rule.id)
    const other = await h.alice.patch(`${RULES}/${rule.id}`, { act: 'erase' })
    expect([other.status, other.body.enabled, other.body.act]).toEqual([200, false, 'erase'])
  })
})

test.each([
  [{}, '/resource'],
  [{ resource: 'none', filter: { source: 'x' }, act: 'erase' }, '/resource'],
  [{ resource: 'meter', filter: { kind: 'heat' }, act: 'delete' }, '/resource'],
  [{ resource: 'clients', filter: {}, act: 'erase' }, '/filter'],
  [{ resource: 'clients', filter: { notes: 'x' }, act: 'erase' }, '/filter/notes'],
  [{ resource: 'clients', filter: { createdAt: { lt: 'soon' } }, act: 'erase' }, '/filter/createdAt/lt'],
  [{ resource: 'clients', filter: { source: 'x' }, act: 'hide' }, '/act'],
  [{ resource: 'clients', filter: { source: 'x' }, act: 'erase', enabled: true }, '/enabled'],
])('%j is refused', async (body, path) => {
  for (const url of [RULES, `${RULES}/dry-run`]) {
    const reply = await h.alice.post(url, body)
    expect(reply.status, reply.text).toBe(400)
    expect(reply.body.errors.map((each: { path: string }) => each.path)).toContain(path)
  }
})

test('rules are of their tenant, and for those who look after its privacy', async () => {
  const rule = await make({ resource: 'clients', filter: old('bob'), act: 'delete' }, h.bob)
  expect(await ruleOf(rule.id)).toBeUndefined()
  for (const id of [rule.id, randomUUID(), 'none']) {
    expect((await h.alice.patch(`${RULES}/${id}`, { enabled: true })).status).toBe(404)
    expect((await h.alice.remove(`${RULES}/${id}`)).status).toBe(404)
    expect((await h.alice.post(`${RULES}/${id}/dry-run`)).status).toBe(404)
  }
  const mine = await people('bob', [40])
  const [theirs] = await people('bob', [40], h.bob)
  await enable(rule.id, h.bob)
  expect(await apply(rule.id)).toMatchObject({ state: 'done', done: 1 })
  expect(await livingOf(mine)).toEqual([200])
  expect((await h.bob.get(`/api/clients/${theirs}`)).status).toBe(404)
  const member = await h.addMember(h.tenants.alice, 'retention-member@test.example', 'member')
  expect((await member.get(RULES)).status).toBe(403)
  expect((await member.get('/api/privacy/history')).status).toBe(403)
  const key = await h.alice.post('/api/api-keys', { name: 'narrow', permissions: ['privacy.manage'] })
  const headers = { authorization: `Bearer ${key.body.key}` }
  const order = { resource: 'clients', filter: { source: 'bob' }, act: 'erase' }
  expect((await h.anonymous().post(`${RULES}/dry-run`, order, headers)).status).toBe(403)
})

test('how long the history is kept is a number of months, or for ever', async () => {
  expect((await h.alice.get('/api/privacy/history')).body).toEqual({ months: null })
  expect((await h.alice.patch('/api/privacy/history', { months: 24 })).body).toEqual({ months: 24 })
  expect((await h.alice.get('/api/privacy/history')).body).toEqual({ months: 24 })
  expect((await h.bob.get('/api/privacy/history')).body).toEqual({ months: null })
  for (const body of [{ months: 0 }, { months: 1.5 }, { months: '9' }, {}, null])
    expect((await h.alice.patch('/api/privacy/history', body)).status).toBe(400)
  expect((await h.alice.patch('/api/privacy/history', { months: null })).body).toEqual({ months: null })
  const told = await h.database.query(
    `select payload, tenant_id from kernel.facts where event = 'retention.history-changed' order by id`,
  )
  expect(told).toEqual([24, null].map((months) => ({ payload: { months }, tenant_id: h.tenants.alice })))
})
