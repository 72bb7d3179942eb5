/** The clock of a process is wrong, or is put right while it serves: what ends and what is due goes by the database's time. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { inTrueTime, setClock } from '../support/clock.ts'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { runs } from '../support/plugins/probe/lib/flows.ts'

const HOUR = 3_600_000
const MINUTES = 10 * 60_000

let h: Harness
let client: string
beforeAll(async () => {
  runs.length = 0
  h = await openHarness({ worker: true })
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Timed' })).body.id
  const settings = { tone: 'loud' }
  expect((await h.alice.patch('/api/plugins/probe', { enabled: true, settings })).status).toBe(200)
  await eventually(async () => runs.length === 1, 'the feed runs')
})
afterEach(() => {
  setClock(0)
  vi.restoreAllMocks()
})
afterAll(() => h?.close())

const ring = async (word: string, schedule: object) => {
  const reply = await h.alice.post('/api/probe/ring', { recordId: client, word, ...schedule })
  expect([reply.status, reply.body]).toEqual([200, 'scheduled'])
}
const rings = async (word: string) => {
  const { items } = (await h.alice.get(`/api/tasklist?clientId=${client}&limit=200`)).body
  return (items as { title: string }[]).filter(({ title }) => title === word).length
}
const isRung = (word: string) => eventually(async () => (await rings(word)) >= 1, `${word} rings`)
/** What was due before this one has rung when it rings. */
async function passTime(): Promise<void> {
  const word = `later ${crypto.randomUUID()}`
  await ring(word, { at: inTrueTime(0) })
  await isRung(word)
}
const isServed = async () => {
  expect((await h.alice.get(`/api/clients/${client}`)).status).toBe(200)
  const made = await h.alice.post('/api/clients', { type: 'person', lastName: 'Made' })
  expect(made.status, made.text).toBe(201)
  return made.body.id as string
}

describe.each([
  ['an hour ahead', HOUR],
  ['an hour behind', -HOUR],
])('a process whose clock is put %s', (name, ms) => {
  test('locks nobody out: sessions and signed contexts hold', async () => {
    setClock(ms)
    await isServed()
    expect((await (await h.signIn('bob@test.example')).get('/api/session')).status).toBe(200)
  })

  test('lets keys and links end at their time', async () => {
    setClock(ms)
    const askKey = (at: number) => h.alice.post('/api/api-keys', { name, expiresAt: inTrueTime(at) })
    const share = (at: number) => h.alice.post('/api/probe/share', { subject: client, ms: at })
    const key = await askKey(MINUTES)
    expect(key.status, key.text).toBe(201)
    const headers = { authorization: `Bearer ${key.body.key}` }
    expect((await h.anonymous().call('GET', `/api/clients/${client}`, { headers })).status).toBe(200)
    expect((await askKey(-MINUTES)).status).toBe(400)
    const link = await share(MINUTES)
    expect(link.status, link.text).toBe(200)
    expect((await h.anonymous().get(`/api/link/${link.body.token}/probe/shared`)).status).toBe(200)
    expect((await share(-MINUTES)).status).toBe(400)
  })

  test('tells what is due once, and nothing before its time', async () => {
    const [often, early] = [`often ${name}`, `early ${name}`]
    await ring(often, { every: '*/5 * * * *', key: name })
    setClock(ms)
    await ring(early, { at: inTrueTime(MINUTES) })
    await h.database.query('update kernel.schedules set due = now() where key = $1', [name])
    await isRung(often)
    await passTime()
    await passTime()
    expect([await rings(often), await rings(early)]).toEqual([1, 0])
    const [schedule] = await h.database.query<{ is_next: boolean }>(
      `select due > now() and due <= now() + interval '5 minutes' as is_next from kernel.schedules where key = $1`,
      [name],
    )
    expect(schedule).toEqual({ is_next: true })
    expect((await h.alice.post('/api/probe/hush', { key: name })).body).toBe(true)
  })

  test('works each delivery once, and keeps its leases', async () => {
    setClock(ms)
    const made = await Promise.all(Array.from({ length: 5 }, isServed))
    const welcomes = async () => {
      const rows = await h.database.query<{ count: number }>(
        `select count(t.id)::int as count from unnest($1::uuid[]) c(id)
          left join tasklist__tasklist t on t.client_id = c.id group by c.id`,
        [made],
      )
      return rows.map(({ count }) => count)
    }
    await eventually(async () => (await welcomes()).every((count) => count > 0), 'each client is welcomed')
    await passTime()
    expect(await welcomes()).toEqual(made.map(() => 1))
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([false])
  })
})

test('a process that slept while the time of the database went on serves at once', async () => {
  const steady = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => steady() - HOUR)
  await isServed()
  const { database } = h.kernel.services
  expect(Math.abs(database.now().getTime() - Date.now())).toBeLessThan(MINUTES)
  vi.restoreAllMocks()
  await database.measureClock()
})

test('a time that comes round is told once where the time known here lags behind the database by an instant', async () => {
  await ring('round', { every: '* * * * *', key: 'round' })
  const [minute] = await h.database.query<{ at: Date }>(`select date_trunc('minute', now()) as at`)
  vi.spyOn(h.kernel.services.database, 'now').mockReturnValue(new Date(minute!.at.getTime() - 20))
  await h.database.query(`update kernel.schedules set due = $1 where key = 'round'`, [minute!.at])
  await isRung('round')
  const [next] = await h.database.query<{ due: Date }>(`select due from kernel.schedules where key = 'round'`)
  expect(next!.due).toEqual(new Date(minute!.at.getTime() + 60_000))
})
