/** Merges of more rows than one transaction moves: nothing is lost on the way, whoever works or breaks in between. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'
import { createRandom } from '../../tests/support/random.ts'
import { openKernel } from '../kernel.ts'
import { LONG } from './long-merge.ts'

const isThere = areShipped('interactions')

let h: Harness
let worker: Awaited<ReturnType<typeof openKernel>> | null = null
const usual = { ...LONG }
beforeAll(async () => {
  h = await openHarness()
})
afterAll(async () => {
  Object.assign(LONG, usual)
  await worker?.close()
  await h?.close()
})
beforeEach(async () => {
  Object.assign(LONG, { rows: 20, piece: 8 })
  await rest()
})

/** Nobody moves rows until this is called. */
async function work() {
  const config = configFor(h.database)
  worker = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  worker.worker.sliceMs = 150
  await worker.worker.start()
  return worker
}
async function rest() {
  await worker?.close()
  worker = null
}

let number = 0
const create = async (more: object = {}): Promise<string> =>
  (await h.alice.post('/api/clients', { type: 'person', lastName: `N${number++}`, ...more })).body.id
const addTask = async (clientId: string) => (await h.alice.post('/api/tasklist', { clientId, title: 'Call' })).body
const addNote = async (recordId: string) =>
  (await h.alice.post('/api/interactions', { recordId, type: 'note', title: 'Met' })).body
const log = async (recordId: string) => (await h.alice.post('/api/meter', { recordId, kind: 'heat', value: 1 })).body
const merge = (id: string, other: string) => h.alice.post(`/api/clients/${id}/merge`, { with: other })
const unmerge = (id: string, mergeId: string) => h.alice.post(`/api/clients/${id}/unmerge`, { mergeId })
const taskOf = async (id: string) => (await h.alice.get(`/api/tasks/${id}`)).body
const over = (id: string) =>
  eventually(
    async () => ['done', 'failed'].includes((await taskOf(id)).state) && taskOf(id),
    `task ${id} is over`,
    60_000,
  )

const TABLES = ['clients', 'interactions__interactions', 'tasklist__tasklist', 'meter__meter']
const UNKEPT = `'{version,updated_at,updated_by,search_text,derived}'::text[]`
const imagesOf = (ids: readonly string[]) =>
  h.database.query(
    `select * from (${TABLES.map((table) => `select to_jsonb(t) - ${UNKEPT} as image from ${table} t`).join(' union all ')}) rows
      where (image ->> 'id')::uuid = any($1) order by image ->> 'id'`,
    [ids],
  )

/** Living rows of records that are merged, rollups that are not what their rows say, merges that are on their way. */
const findBroken = () =>
  h.database.query(
    `select 'orphan' as what, child.id from (select tenant_id, id, client_id as owner, deleted_at from tasklist__tasklist
        union all select tenant_id, id, record_id, deleted_at from interactions__interactions
        union all select tenant_id, id, record_id, deleted_at from meter__meter) child
      join kernel.records on records.tenant_id = child.tenant_id and records.id = child.owner
      where child.deleted_at is null and records.merged_into is not null
    union all select 'rollup', id from clients where deleted_at is null and
      coalesce((derived -> 'probe' ->> 'tasks')::int, 0) <> (select count(*) from tasklist__tasklist t
        where t.client_id = clients.id and t.deleted_at is null)
    union all select 'moving', id from kernel.merges where moving is not null
    union all select 'record', r.id from kernel.records r join clients c on c.id = r.id
      where (r.deleted_at is null) <> (c.deleted_at is null)
        or (r.merged_into is null) = exists (select 1 from kernel.merges m where m.merged = r.id and m.unmerged_at is null)`,
  )

/** Two clients, of which the second one has many rows, a deleted one and lines of a log among them. */
async function family() {
  const [a, b] = [
    await create({ notes: 'kept' }),
    await create({ firstName: 'Given', email: `f${number}@test.example` }),
  ]
  const rows: string[] = [a, b]
  for (let i = 0; i < 15; i++) rows.push((await addTask(b)).id, (await addNote(b)).id, (await log(b)).id)
  const gone = await addTask(b)
  expect((await h.alice.remove(`/api/tasklist/${gone.id}`, gone.version)).status).toBe(204)
  return { a, b, ids: [...rows, gone.id as string] }
}

describe.skipIf(!isThere)('a merge of many rows (needs interactions)', () => {
  test('is a task: the other id leads to the survivor at once, its rows follow, and all of it comes back', async () => {
    const { a, b, ids } = await family()
    const before = await imagesOf(ids)
    const begun = await merge(a, b)
    expect(begun.status, begun.text).toBe(202)
    const { task, mergeId } = begun.body
    expect(begun.body).toEqual({ mergeId, task, moved: 0, conflicts: [] })
    expect(begun.headers.location).toBe(`/api/tasks/${task}`)
    expect(await taskOf(task)).toMatchObject({
      name: 'merge',
      resource: 'clients',
      total: 46,
      done: 0,
      cancellable: false,
    })
    // Nothing has moved yet: the record is one all the same, and its rows are read by whoever may.
    expect((await h.alice.get(`/api/clients/${b}`)).headers.location).toBe(`/api/clients/${a}`)
    expect((await h.alice.get(`/api/clients/${a}`)).body).toMatchObject({ firstName: 'Given', notes: 'kept' })
    expect((await h.alice.get(`/api/tasklist/${ids[2]}`)).body.clientId).toBe(b)
    expect((await h.alice.post('/api/tasklist', { clientId: b, title: 'Late' })).status).toBe(422)
    const other = await create()
    const moving = { status: 409, code: 'moving', errors: [{ path: '', code: 'moving', params: { task } }] }
    expect((await merge(other, a)).body).toMatchObject(moving)
    expect((await unmerge(a, mergeId)).body).toMatchObject(moving)
    expect((await h.alice.patch(`/api/tasks/${task}`, { state: 'cancelled' })).body.code).toBe('not_cancellable')
    expect((await h.alice.get('/api/changes')).text).not.toContain('clients.merged')

    await work()
    expect(await over(task)).toMatchObject({ state: 'done', failed: 0, undoable: false })
    expect(await findBroken()).toEqual([])
    const moved = 'select 1 from tasklist__tasklist where client_id = $1 and id = any($2)'
    expect((await h.database.query(moved, [a, ids])).length).toBe(16)
    expect((await h.alice.post(`/api/tasks/${task}`, { undo: true })).body.code).toBe('not_undoable')

    const back = await unmerge(a, mergeId)
    expect(back.status, back.text).toBe(202)
    expect(await over(back.body.task)).toMatchObject({ name: 'unmerge', state: 'done', failed: 0 })
    expect(await imagesOf(ids)).toEqual(before)
    expect(await findBroken()).toEqual([])
    expect((await unmerge(a, mergeId)).body.code).toBe('unmerged')
  }, 60_000)

  test('is separated only where nothing has changed, and a refusal changes nothing', async () => {
    const { a, b, ids } = await family()
    await work()
    const { mergeId, task } = (await merge(a, b)).body
    expect(await over(task)).toMatchObject({ state: 'done' })
    const changed = (await h.alice.get(`/api/tasklist/${ids[2]}`)).body
    expect((await h.alice.patch(`/api/tasklist/${ids[2]}`, { title: 'New' }, changed.version)).status).toBe(200)
    const after = await imagesOf(ids)
    const refused = await unmerge(a, mergeId)
    expect(refused.status).toBe(202)
    expect(await over(refused.body.task)).toMatchObject({
      state: 'failed',
      reason: 'changed_since',
      done: 0,
      errors: [{ id: ids[2], code: 'changed_since' }],
    })
    expect(await imagesOf(ids)).toEqual(after)
    expect((await h.alice.get(`/api/clients/${b}`)).status).toBe(308)
    // A record that has changed is told at once.
    const survivor = (await h.alice.get(`/api/clients/${a}`)).body
    expect((await h.alice.patch(`/api/clients/${a}`, { notes: 'other' }, survivor.version)).status).toBe(200)
    expect((await unmerge(a, mergeId)).body).toMatchObject({ code: 'changed_since', errors: [{ params: { id: a } }] })
    const [old, row] = [await h.alice.get(`/api/clients/${a}`), await h.alice.get(`/api/tasklist/${ids[2]}`)]
    await h.alice.patch(`/api/clients/${a}`, { notes: 'kept' }, old.body.version)
    await h.alice.patch(`/api/tasklist/${ids[2]}`, { title: 'Call' }, row.body.version)
    const again = await unmerge(a, mergeId)
    expect(await over(again.body.task)).toMatchObject({ state: 'done' })
    expect((await h.alice.get(`/api/tasklist/${ids[2]}`)).body.clientId).toBe(b)
  }, 60_000)

  test('goes on where it was when its worker is gone, there and back', async () => {
    const { a, b, ids } = await family()
    const before = await imagesOf(ids)
    LONG.piece = 1
    const { mergeId, task } = (await merge(a, b)).body
    const interrupt = async (id: string) => {
      await work()
      await eventually(async () => (await taskOf(id)).done > 3, 'some rows have moved', 30_000)
      await rest()
      expect((await taskOf(id)).state).toBe('running')
      await h.database.query(
        `update kernel.deliveries set state = 'waiting', due = now() where state = 'queued' and handler = 'kernel.tasks'`,
      )
      await work()
      expect(await over(id)).toMatchObject({ state: 'done', failed: 0 })
      expect(await findBroken()).toEqual([])
      await rest()
    }
    await interrupt(task)
    await interrupt((await unmerge(a, mergeId)).body.task)
    expect(await imagesOf(ids)).toEqual(before)
  }, 120_000)

  test('among many small ones loses nothing, and undone in reverse order leaves no trace', async () => {
    Object.assign(LONG, { rows: 4, piece: 2 })
    await work()
    const random = createRandom(20_261_124)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const ids: string[] = []
    const children: string[] = []
    for (let i = 0; i < 40; i++) {
      const id = await create({ tags: [`t${i}`] })
      ids.push(id)
      children.push((await addTask(id)).id, (await addNote(id)).id, (await log(id)).id)
    }
    const first = await imagesOf([...ids, ...children])
    const merges: { id: string; mergeId: string }[] = []
    const statuses = new Map<number, number>()
    const count = ({ status }: { status: number }) => statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const waiting = Array.from({ length: 200 }, (_, i) => i)
    const run = async () => {
      for (let i = waiting.shift(); i !== undefined; i = waiting.shift()) {
        const [id, other] = [pick(ids), pick(ids)]
        if (i % 4 === 3 && merges.length > 0) {
          const { id: survivor, mergeId } = pick(merges)
          count(await unmerge(survivor, mergeId))
        } else {
          const reply = await merge(id, other)
          if (reply.status < 300) merges.push({ id, mergeId: reply.body.mergeId })
          count(reply)
        }
      }
    }
    await Promise.all([run(), run(), run(), run()])
    expect([...statuses.keys()].filter((status) => ![200, 202, 308, 400, 409, 422, 503].includes(status))).toEqual([])
    expect(statuses.get(202)).toBeGreaterThan(3)
    const settled = () =>
      eventually(
        async () =>
          (await h.database.query(`select 1 from kernel.tasks where state in ('waiting', 'running')`)).length === 0,
        'all have moved',
        60_000,
      )
    await settled()
    await h.database.query(`update kernel.merges set moving = null where moving is not null and exists (select 1 from
      kernel.tasks t where t.id = merges.moving and t.state = 'failed' and t.cursor ->> 'phase' = 'check')`)
    expect(await findBroken()).toEqual([])
    const standing = await h.database.query<{ id: string; survivor: string }>(
      `select m.id, m.survivor from kernel.merges m where m.unmerged_at is null and m.survivor = any($1)
        order by (select min(f.id) from kernel.facts f where f.task = m.id) desc`,
      [ids],
    )
    expect(standing.length).toBeGreaterThan(5)
    for (const { id, survivor } of standing) {
      const undone = await unmerge(survivor, id)
      expect([200, 202], undone.text).toContain(undone.status)
      if (undone.status === 202) expect(await over(undone.body.task)).toMatchObject({ state: 'done', errors: [] })
    }
    await settled()
    expect(await imagesOf([...ids, ...children])).toEqual(first)
    expect(await findBroken()).toEqual([])
  }, 180_000)
})
