/** A worker is killed in the middle of long work, again and again: nothing is lost and nothing is done twice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { Folders, type Program, run } from './program.ts'

const ROWS = 4_000

let h: Harness
const folders = new Folders()
beforeAll(async () => {
  h = await openHarness()
  // They answer for clients, so that each row would be asked about.
  for (const plugin of ['probe', 'tasklist'])
    expect((await h.alice.patch(`/api/plugins/${plugin}`, { enabled: false })).status).toBe(200)
})
afterAll(async () => {
  await h?.close()
  folders.remove([])
})

const startWorker = (): Program =>
  run(['worker'], {
    DATABASE_URL: h.database.ownerUrl,
    WEFT_SECRET: SECRET,
    WEFT_DATA_DIR: folders.path('worker'),
    WEFT_PLUGINS: pluginFolders.join(','),
  })
const taskOf = async (id: string) => (await h.alice.get(`/api/tasks/${id}`)).body

/** Kills a worker each time that so many more rows are done, and lets another one find the work at once. */
async function killWhile(id: string, every: number): Promise<void> {
  for (const least of [every, 2 * every]) {
    const worker = startWorker()
    await eventually(async () => (await taskOf(id)).done >= least, `${least} rows of ${id} are done`, 60_000)
    worker.process.kill('SIGKILL')
    const { signal } = await worker.ended
    expect(signal).toBe('SIGKILL')
    expect((await taskOf(id)).state).toBe('running')
    // In place of the minute and a half that its lease has still to run.
    await h.database.query(
      `update kernel.deliveries set leased_until = now() - interval '1 second' where state = 'queued'`,
    )
  }
  const worker = startWorker()
  const task = await eventually(
    async () => {
      const now = await taskOf(id)
      return now.state !== 'running' && now.state !== 'waiting' && now
    },
    `${id} is over`,
    90_000,
  )
  expect(task).toMatchObject({ state: 'done', total: ROWS, done: ROWS, failed: 0 })
  worker.process.kill('SIGTERM')
  await worker.ended
}

const census = () =>
  h.database.query(`select source, version, count(*)::int as count from clients group by 1, 2 order by 1, 2`)

test('a batch and its undo move each row once, whenever its worker is killed', { timeout: 300_000 }, async () => {
  await h.database.query('begin')
  await h.database.query(`select set_config('session_replication_role', 'replica', true)`)
  await h.database.query(
    `with made as (insert into clients (tenant_id, id, version, created_at, updated_at, type, last_name, source, extensions, derived, search_text)
      select $1, gen_random_uuid(), 1, now(), now(), 'person', 'Many ' || i, 'old', '{}', '{}', '' from generate_series(1, $2::int) i
      returning tenant_id, id)
    insert into kernel.records (tenant_id, id, resource) select tenant_id, id, 'clients' from made`,
    [h.tenants.alice, ROWS],
  )
  await h.database.query('commit')
  const { task } = (await h.alice.post('/api/clients/batch', { filter: {}, update: { source: 'new' } })).body
  await killWhile(task, 800)
  expect(await census()).toEqual([{ source: 'new', version: 2, count: ROWS }])
  const undo = (await h.alice.post(`/api/tasks/${task}`, { undo: true })).body.task
  await killWhile(undo, 800)
  expect(await census()).toEqual([{ source: 'old', version: 3, count: ROWS }])
  expect((await taskOf(task)).state).toBe('undone')
})
