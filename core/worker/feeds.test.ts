/** Feeds on two workers over one database. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { runs, watching, writeFrom } from '../../tests/support/plugins/probe/lib/flows.ts'
import { type Kernel, openKernel } from '../kernel.ts'
import type { FeedTimes } from './feeds.ts'

/** As the usual ones, with a shorter lease and backoff. */
const TIMES: FeedTimes = { lookMs: 100, leaseMs: 3_000, askMs: 60_000, backoffMs: 200 }

let h: Harness
let client: string
const workers: Kernel[] = []

beforeAll(async () => {
  h = await openHarness()
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Watched' })).body.id
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map((each) => each.close()))
  for (const visitor of [h.alice, h.bob]) await set(visitor, { tone: 'calm' })
  await h.database.query('delete from kernel.feeds')
  watching.clear()
  runs.length = 0
})
afterAll(() => h?.close())

async function startWorker(times = TIMES): Promise<Kernel> {
  const config = configFor(h.database)
  const databaseUrl = h.database.ownerUrl
  const kernel = await openKernel({ config, databaseUrl, screen: null, report: () => {}, feedTimes: times })
  workers.push(kernel)
  await kernel.worker.start()
  return kernel
}
async function stopWorker(kernel: Kernel): Promise<void> {
  workers.splice(workers.indexOf(kernel), 1)
  await kernel.close()
}
const set = async (visitor = h.alice, settings: object = { tone: 'loud' }) =>
  expect((await visitor.patch('/api/plugins/probe', { enabled: true, settings })).status).toBe(200)

interface FeedRow {
  tenant_id: string
  key: string
  state: string
  worker: string | null
  fence: string
  leased_until: Date
}
const rows = (key = 'box 1', tenant = h.tenants.alice) =>
  h.database.query<FeedRow>(
    'select tenant_id, key, state, worker, fence::text, leased_until from kernel.feeds where key = $1 and tenant_id = $2',
    [key, tenant],
  )
const running = (name = 'alice box 1', ms = 10_000) => eventually(async () => watching.get(name), `${name} runs`, ms)
const alive = (name = 'alice box 1') => runs.filter((run) => run.name === name && !run.signal.aborted)
/** As long as both workers have surely looked twice. */
const passTime = () => {
  const end = Date.now() + 500
  return eventually(async () => Date.now() > end, 'the workers have looked')
}
const list = async (visitor = h.alice) => (await visitor.get('/api/feeds?limit=200')).body.items

test('each key is run by one of two workers, for each tenant that has it', async () => {
  await set(h.alice, { tone: 'loud', limit: 3 })
  await set(h.bob)
  await startWorker()
  await startWorker()
  for (const name of ['alice box 1', 'alice box 2', 'alice box 3', 'bob box 1']) await running(name)
  await passTime()
  for (const name of ['alice box 1', 'alice box 2', 'alice box 3', 'bob box 1']) expect(alive(name)).toHaveLength(1)
  expect(watching.size).toBe(4)
  expect(watching.get('bob box 1')!.ctx.tenant.slug).toBe('bob')
  expect(watching.get('bob box 1')!.ctx.actor).toEqual({ kind: 'system', id: null })
})

test('another worker goes on at once when the first one stops', async () => {
  await set()
  const first = await startWorker()
  const { signal } = await running()
  await startWorker()
  await passTime()
  expect(runs).toHaveLength(1)
  await stopWorker(first)
  expect(signal.aborted).toBe(true)
  await eventually(async () => alive().length === 1, 'the other one runs it', 2_000)
})

test('a lease is renewed while its worker lives', async () => {
  await set()
  await startWorker()
  await running()
  const [before] = await rows()
  await eventually(async () => (await rows())[0]!.leased_until > before!.leased_until, 'it is renewed', 2_500)
  expect((await rows())[0]!.fence).toBe(before!.fence)
  expect(runs).toHaveLength(1)
})

describe('a worker that was frozen', () => {
  const titles = async (): Promise<string[]> => {
    const { items } = (await h.alice.get(`/api/tasklist?clientId=${client}&limit=200`)).body
    const all = items.map(({ title }: { title: string }) => title)
    return all.filter((title: string) => title.startsWith('by ')).sort()
  }
  const expire = () => h.database.query(`update kernel.feeds set leased_until = now() - interval '1 second'`)

  test('writes nothing more once another one has taken over, and is ended', async () => {
    await set()
    await startWorker()
    const old = await running()
    expect(await writeFrom(old.ctx, client, 'by the first')).toMatchObject({ title: 'by the first' })
    const [before] = await rows()
    await startWorker()
    await expire()
    await eventually(async () => (await rows())[0]!.fence !== before!.fence, 'it is taken over')
    const attempt = writeFrom(old.ctx, client, 'by the frozen one').then(
      () => 'written',
      (error: Error & { code?: string }) => error.code ?? error.message,
    )
    expect(await attempt).toMatch(/fenced|ctx is over|proxy that has been revoked/)
    await eventually(async () => old.signal.aborted, 'the old run is ended', 2_500)
    const next = await eventually(async () => alive()[0], 'one run is left')
    expect(await writeFrom(next.ctx, client, 'by the second')).toMatchObject({ title: 'by the second' })
    expect(await titles()).toEqual(['by the first', 'by the second'])
  })

  test('is refused by the fence itself, before it has heard of anything', async () => {
    await set()
    // A worker that looks at nothing for a minute: it cannot hear that it has lost its lease.
    await startWorker({ ...TIMES, leaseMs: 60_000 })
    const old = await running()
    await h.database.query(`update kernel.feeds set worker = gen_random_uuid(), fence = nextval('kernel.feed_fences')`)
    expect(old.signal.aborted).toBe(false)
    await expect(writeFrom(old.ctx, client, 'by nobody')).rejects.toMatchObject({ status: 409, code: 'fenced' })
    expect(await titles()).not.toContain('by nobody')
  })

  test('in the middle of a transaction keeps its lease until that has ended', async () => {
    await set()
    await startWorker({ ...TIMES, lookMs: 60_000, leaseMs: 60_000 })
    const old = await running()
    const [before] = await rows()
    await old.ctx.work(async (inner) => {
      await expire()
      await startWorker()
      await passTime()
      expect((await rows())[0]!.fence).toBe(before!.fence)
      expect(inner.tenant.slug).toBe('alice')
    })
    await eventually(async () => (await rows())[0]!.fence !== before!.fence, 'it is taken over')
  })
})

describe('a feed ends', () => {
  test('within a second when its plugin is switched off for the tenant, and begins again when it is on', async () => {
    await set()
    await set(h.bob)
    await startWorker()
    const [ours, theirs] = [await running(), await running('bob box 1')]
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    await eventually(async () => ours.signal.aborted, 'it is switched off', 1_000)
    await eventually(async () => (await rows()).length === 0, 'its row is gone')
    expect(theirs.signal.aborted).toBe(false)
    await expect(Promise.resolve().then(() => writeFrom(ours.ctx, client, 'x'))).rejects.toThrow(/over|revoked/)
    await h.alice.patch('/api/plugins/probe', { enabled: true })
    await running()
  })

  test('when its key is gone, and begins again by new settings', async () => {
    await set(h.alice, { tone: 'loud', limit: 2 })
    await startWorker()
    const [first, second] = [await running(), await running('alice box 2')]
    await set(h.alice, { tone: 'loud', limit: 1 })
    await eventually(async () => second.signal.aborted && first.signal.aborted, 'both end', 1_000)
    const again = await eventually(async () => alive()[0], 'the first one runs again')
    expect(again.ctx.settings()).toEqual({ tone: 'loud', limit: 1 })
    expect(await rows('box 2')).toEqual([])
    await set(h.alice, { tone: 'calm' })
    await eventually(async () => alive().length === 0 && (await rows()).length === 0, 'nothing is left', 2_000)
  })
})

test('a feed whose keys cannot be told keeps those that it had', async () => {
  await set(h.alice, { tone: 'loud', limit: 2 })
  await startWorker()
  await Promise.all([running(), running('alice box 2')])
  await set(h.alice, { tone: 'loud', limit: 10 })
  for (const name of ['alice box 1', 'alice box 2'])
    await eventually(async () => alive(name)[0]?.ctx.settings<{ limit: number }>().limit === 10, 'it runs anew')
})

test('what throws is run again, later each time, and people see why', async () => {
  await set(h.alice, { tone: 'loud', limit: 9 })
  await startWorker()
  const box = async () => (await list()).find(({ key }: { key: string }) => key === 'box 9')
  await eventually(async () => (await box())?.restarts >= 3, 'it has failed three times')
  const { state, lastError, plugin, feed } = await box()
  expect({ plugin, feed, lastError }).toEqual({ plugin: 'probe', feed: 'watch', lastError: 'the other side is away' })
  expect(['running', 'waiting']).toContain(state)
  const [row] = await h.database.query<{ wait: number; failures: number }>(
    `select extract(epoch from due - since)::float8 as wait, failures from kernel.feeds where key = 'box 9'
       and state = 'waiting'`,
  )
  if (row) expect(row.wait).toBeCloseTo(0.2 * 2 ** (row.failures - 1), 0)
  expect((await list()).filter(({ state }: { state: string }) => state === 'running').length).toBeGreaterThanOrEqual(8)
  expect(await list(h.bob)).toEqual([])
  const member = await h.addMember(h.tenants.alice, 'feeds@test.example', 'member')
  expect((await member.get('/api/feeds')).status).toBe(403)
  await h.alice.patch('/api/plugins/probe', { enabled: false })
  expect(await list()).toEqual([])
})
