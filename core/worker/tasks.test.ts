/** Long work through a real worker: in slices, by two workers at once, cancelled, and by who has lost the right. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { openKernel } from '../kernel.ts'
import type { Composed } from '../work/composition.ts'
import { nobodyAsked } from '../work/row-points.ts'
import { NO_RULES } from '../work/rules.ts'
import { Merges } from '../work/merge.ts'
import { joinTransaction } from '../work/unit.ts'

let h: Harness
let client: string
beforeAll(async () => {
  h = await openHarness({ worker: true })
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Owner' })).body.id
  // They answer for clients, so that each row would be asked about.
  await switchAnswers(false)
})
const switchAnswers = async (enabled: boolean) => {
  const plugins = ['probe', 'tasklist']
  for (const plugin of enabled ? plugins.toReversed() : plugins)
    expect((await h.alice.patch(`/api/plugins/${plugin}`, { enabled })).status).toBe(200)
}
afterAll(() => h?.close())

const ended = ['done', 'failed', 'cancelled', 'undone']
const taskOf = async (id: string) => (await h.alice.get(`/api/tasks/${id}`)).body
const over = (id: string) =>
  eventually(async () => ended.includes((await taskOf(id)).state) && taskOf(id), `task ${id} is over`, 60_000)

/** Rows as any client could have made them, many at once. */
async function fill(count: number, source: string, tenant = h.tenants.alice): Promise<void> {
  await h.database.query('begin')
  await h.database.query(`select set_config('session_replication_role', 'replica', true)`)
  await h.database.query(
    `with made as (insert into clients (tenant_id, id, version, created_at, updated_at, type, last_name, source, extensions, derived, search_text)
      select $1, gen_random_uuid(), 1, now(), now(), 'person', 'Many ' || i, $2, '{}', '{}', '' from generate_series(1, $3::int) i
      returning tenant_id, id)
    insert into kernel.records (tenant_id, id, resource) select tenant_id, id, 'clients' from made`,
    [tenant, source, count],
  )
  await h.database.query('commit')
}
type Census = { source: string; version: number; count: number }
const census = (prefix: string, tenant = h.tenants.alice) =>
  h.database.query<Census>(
    `select source, version, count(*)::int as count from clients where tenant_id = $1 and source like $2 || '%'
      group by 1, 2 order by 1, 2`,
    [tenant, prefix],
  )
const begin = async (body: object, visitor = h.alice) => {
  const reply = await visitor.post('/api/clients/batch', body)
  expect(reply.status, reply.text).toBe(202)
  return reply.body.task as string
}
const undo = async (id: string) => {
  const reply = await h.alice.post(`/api/tasks/${id}`, { undo: true })
  expect(reply.status, reply.text).toBe(202)
  return reply.body.task as string
}
const deliveryOf = async (task: string) =>
  (
    await h.database.query<{ id: string; state: string; attempts: number; leased_until: Date }>(
      `select d.* from kernel.deliveries d join kernel.tasks t on t.tenant_id = d.tenant_id and t.fact = d.fact
        where t.id = $1`,
      [task],
    )
  )[0]
const movedOn = (id: string, least: number) =>
  eventually(async () => (await taskOf(id)).done >= least, `${least} rows of ${id} are done`, 30_000)

async function secondWorker() {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  await other.worker.start()
  return other
}

describe('2,000 rows', () => {
  test(
    'are changed in chunks and many slices, each once, and put back the same way',
    { timeout: 120_000 },
    async () => {
      await fill(2_000, 'bulk')
      h.kernel.worker.sliceMs = 300
      const id = await begin({ filter: { source: 'bulk' }, update: { source: 'bulk-new' }, expect: 2_000 })
      expect(await over(id)).toMatchObject({ state: 'done', total: 2_000, done: 2_000, failed: 0 })
      expect(await census('bulk')).toEqual([{ source: 'bulk-new', version: 2, count: 2_000 }])
      expect((await deliveryOf(id))?.attempts).toBe(0)
      // What is kept from step to step does not grow with the rows, and a step is no smaller because there are many.
      const [kept] = await h.database.query<{ size: number; steps: number }>(
        `select length(cursor::text) as size, (select count(distinct xid)::int from kernel.facts where task = t.id
          and row_id is not null) as steps from kernel.tasks t where id = $1`,
        [id],
      )
      expect(kept?.size).toBeLessThan(500)
      expect(kept?.steps).toBe(10)
      expect(await h.database.query('select 1 from kernel.task_rows')).toEqual([])
      const back = await undo(id)
      expect(await over(back)).toMatchObject({ state: 'done', total: 2_000, done: 2_000, failed: 0 })
      expect(await census('bulk')).toEqual([{ source: 'bulk', version: 3, count: 2_000 }])
      expect((await taskOf(id)).state).toBe('undone')
      h.kernel.worker.sliceMs = 20_000
    },
  )

  test(
    'are changed once when the lease is lost to a second worker, also in the undo',
    { timeout: 120_000 },
    async () => {
      await fill(3_000, 'lease')
      const other = await secondWorker()
      const lose = async (id: string) => {
        for (let i = 1; i <= 3; i++) {
          await movedOn(id, i * 400)
          await h.database.query(
            `update kernel.deliveries d set state = 'waiting', due = now() from kernel.tasks t
            where t.tenant_id = d.tenant_id and t.fact = d.fact and t.id = $1 and d.state = 'queued'`,
            [id],
          )
        }
      }
      try {
        const id = await begin({ filter: { source: 'lease' }, update: { source: 'lease-new' } })
        await lose(id)
        expect(await over(id)).toMatchObject({ state: 'done', done: 3_000, failed: 0 })
        expect(await census('lease')).toEqual([{ source: 'lease-new', version: 2, count: 3_000 }])
        const back = await undo(id)
        await lose(back)
        expect(await over(back)).toMatchObject({ state: 'done', done: 3_000, failed: 0 })
        expect(await census('lease')).toEqual([{ source: 'lease', version: 3, count: 3_000 }])
      } finally {
        await other.close()
      }
    },
  )
})

test('what was cancelled in mid-run stays as far as it came, and is undone', { timeout: 60_000 }, async () => {
  await fill(4_000, 'stop')
  const id = await begin({ filter: { source: 'stop' }, update: { source: 'stop-new' } })
  await movedOn(id, 200)
  const reply = await h.alice.call('PATCH', `/api/tasks/${id}`, { body: { state: 'cancelled' } })
  expect([reply.status, reply.body.state]).toEqual([200, 'cancelled'])
  const { done } = reply.body
  expect(done).toBeLessThan(4_000)
  await eventually(async () => (await deliveryOf(id))?.state === 'done', 'the delivery is settled')
  expect((await taskOf(id)).done).toBe(done)
  expect(await census('stop')).toEqual([
    { source: 'stop', version: 1, count: 4_000 - done },
    { source: 'stop-new', version: 2, count: done },
  ])
  const back = await undo(id)
  expect(await over(back)).toMatchObject({ state: 'done', done, failed: 0 })
  expect((await census('stop')).map(({ source }) => source)).toEqual(['stop', 'stop'])
})

test('a cancelled undo leaves its task to be undone again', { timeout: 60_000 }, async () => {
  await fill(3_000, 'half')
  const id = await begin({ filter: { source: 'half' }, update: { source: 'half-new' } })
  await over(id)
  const back = await undo(id)
  expect((await h.alice.post(`/api/tasks/${id}`, { undo: true })).status).toBe(409)
  await movedOn(back, 200)
  expect((await h.alice.call('PATCH', `/api/tasks/${back}`, { body: { state: 'cancelled' } })).status).toBe(200)
  expect(await taskOf(id)).toMatchObject({ state: 'done', undoneBy: null, undoable: true })
  expect(await over(await undo(id))).toMatchObject({ state: 'done', done: 3_000, failed: 0 })
  expect(await census('half')).toEqual([{ source: 'half', version: 3, count: 3_000 }])
})

describe('who has lost the right in mid-run', () => {
  const restoreRole = (role: string, email: string) =>
    h.database.query(
      `update kernel.memberships set role = $1 where user_id = (select id from kernel.users where email = $2)`,
      [role, email],
    )

  test('goes no further, and what is done can be undone', { timeout: 60_000 }, async () => {
    const carol = await h.addMember(h.tenants.alice, 'carol@test.example', 'administrator')
    await fill(4_000, 'rights')
    const id = await begin({ filter: { source: 'rights' }, delete: true }, carol)
    await movedOn(id, 200)
    await restoreRole('member', 'carol@test.example')
    const task = await over(id)
    expect(task).toMatchObject({ state: 'failed', reason: 'forbidden', undoable: true })
    expect(task.done).toBeLessThan(4_000)
    expect((await carol.post(`/api/tasks/${id}`, { undo: true })).status).toBe(403)
    expect(await over(await undo(id))).toMatchObject({ state: 'done', done: task.done })
    const gone = await h.database.query(`select 1 from clients where source = 'rights' and deleted_at is not null`)
    expect(gone).toEqual([])
  })

  test('as a key that is revoked', { timeout: 60_000 }, async () => {
    const body = { name: 'Batch', permissions: ['clients.read', 'clients.update'], expiresAt: null }
    const { id: keyId, key } = (await h.alice.post('/api/api-keys', body)).body
    await fill(4_000, 'key')
    const headers = { authorization: `Bearer ${key}` }
    const call = (given: object) => h.anonymous().call('POST', '/api/clients/batch', { body: given, headers })
    expect((await call({ filter: { source: 'key' }, delete: true })).status).toBe(403)
    const { task } = (await call({ filter: { source: 'key' }, update: { source: 'key-new' } })).body
    await movedOn(task, 200)
    expect((await h.alice.remove(`/api/api-keys/${keyId}`)).status).toBe(204)
    const last = await over(task)
    expect(last).toMatchObject({ state: 'failed', reason: 'forbidden' })
    expect(last.done).toBeLessThan(4_000)
  })
})

describe('a task of a plugin', () => {
  beforeAll(() => switchAnswers(true))

  type Listed = { title: string; createdBy: string | null }
  const numbers = async (owner = client): Promise<Listed[]> =>
    (await h.alice.get(`/api/tasklist?clientId=${owner}&limit=200&sort=createdAt`)).body.items.filter(
      ({ title }: Listed) => title.startsWith('Number'),
    )
  const count = async (body: object) => {
    const reply = await h.alice.post('/api/probe/count', { clientId: client, ...body })
    expect([reply.status, reply.headers.location], reply.text).toEqual([202, `/api/tasks/${reply.body.task}`])
    return reply.body.task as string
  }
  const newOwner = async () =>
    (await h.alice.post('/api/clients', { type: 'person', lastName: 'Counter' })).body.id as string

  test('goes on where the last committed step ended, in as many runs as it needs', { timeout: 60_000 }, async () => {
    const owner = await newOwner()
    h.kernel.worker.sliceMs = 30
    const id = await count({ clientId: owner, count: 30, stop: 7 })
    const task = await over(id)
    h.kernel.worker.sliceMs = 20_000
    expect(task).toMatchObject({ plugin: 'probe', name: 'count', state: 'done', total: 30, done: 30, undoable: true })
    const made = await numbers(owner)
    expect(made.map(({ title }) => title).sort()).toEqual(
      Array.from({ length: 30 }, (_, i) => `Number ${i + 1}`).sort(),
    )
    // In the name of who began it.
    expect(new Set(made.map(({ createdBy }) => createdBy))).toEqual(new Set([task.createdBy]))
    expect(await over(await undo(id))).toMatchObject({ state: 'done', done: 30, failed: 0 })
    expect(await numbers(owner)).toEqual([])
  })

  test('is cancelled between two steps', async () => {
    const owner = await newOwner()
    const id = await count({ clientId: owner, count: 2_000 })
    await movedOn(id, 3)
    const { body } = await h.alice.call('PATCH', `/api/tasks/${id}`, { body: { state: 'cancelled' } })
    expect(body.state).toBe('cancelled')
    await eventually(async () => (await deliveryOf(id))?.state === 'done', 'the delivery is settled')
    const total = (await h.alice.get(`/api/tasklist?clientId=${owner}&count=exact`)).body.total.value
    // Beside the task that greets each client.
    expect(total - 1).toBe(body.done)
  })

  test('fails with its plugin switched off, and its rows are put back all the same', async () => {
    const owner = await newOwner()
    const id = await count({ clientId: owner, count: 2_000 })
    await movedOn(id, 3)
    expect((await h.alice.patch('/api/plugins/probe', { enabled: false })).status).toBe(200)
    const task = await over(id)
    expect(task).toMatchObject({ state: 'failed', reason: 'switched_off' })
    expect(await over(await undo(id))).toMatchObject({ state: 'done', done: task.done, failed: 0 })
    expect((await h.alice.patch('/api/plugins/probe', { enabled: true })).status).toBe(200)
  })

  test('with a merge within is not undone as a whole, and names it', async () => {
    const [owner, other, id] = [await newOwner(), await newOwner(), randomUUID()]
    const { database, compositions, cursorKey } = h.kernel.services
    const [user] = await h.database.query<{ id: string }>(
      `select id from kernel.users where email = 'alice@test.example'`,
    )
    const tenant = h.tenants.alice
    await h.database.query(
      `insert into kernel.tasks (tenant_id, id, name, state, done, actor_kind, created_by, created_at)
        values ($1, $2, 'join', 'done', 1, 'user', $3, now())`,
      [tenant, id, user?.id],
    )
    const claims = { tenant, actorKind: 'system', actor: null, plugin: 'probe', request: null, origin: null } as const
    const own = { ...claims, task: id, at: null }
    const { mergeId } = await database.transaction(own, 'write', (transaction) => {
      const scope = {
        tenant,
        country: null,
        now: new Date(),
        cursorKey,
        can: () => true,
        isMember: async () => true,
        me: null,
        rules: NO_RULES,
        composition: compositions.whole,
        points: nobodyAsked,
      }
      const unit = joinTransaction(transaction, own)
      const composed = compositions.whole.resources.get('clients') as Composed
      return new Merges({ ...scope, unit }, composed).merge(owner, other)
    })
    const reply = await h.alice.post(`/api/tasks/${id}`, { undo: true })
    expect([reply.status, reply.body.code, reply.body.errors[0].params]).toEqual([409, 'has_merges', { id: mergeId }])
    expect((await h.alice.post(`/api/clients/${owner}/unmerge`, { mergeId })).status).toBe(200)
    expect((await h.alice.post(`/api/tasks/${id}`, { undo: true })).body.code).toBe('nothing_to_undo')
  })

  test('is opened only by what is told an event', async () => {
    expect((await h.alice.post('/api/probe/misplace')).body).toContain('ctx.task is for an exchange')
  })
})
