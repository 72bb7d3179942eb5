import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { findCronFault, nextDue } from '../delivery/schedule.ts'
import { type Kernel, openKernel } from '../kernel.ts'

let h: Harness
/** A second process: every schedule has two workers that could tell it. */
let other: Kernel
let client: string
beforeAll(async () => {
  h = await openHarness({ worker: true })
  const config = configFor(h.database)
  other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  await other.worker.start()
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Reminded' })).body.id
})
afterAll(async () => {
  await other?.close()
  await h?.close()
})

const IN_WEEKS = new Date(Date.now() + 30 * 86_400_000).toISOString()

const ring = (word: string, schedule: object) =>
  h.alice.post('/api/probe/ring', { recordId: client, word, ...schedule })
const hush = async (key: string) => (await h.alice.post('/api/probe/hush', { key })).body as boolean

interface ScheduleRow {
  due: Date
  key: string
}
const schedulesOf = (event = 'probe.rang') =>
  h.database.query<ScheduleRow>('select due, key from kernel.schedules where event = $1 order by key', [event])
const letCome = (key: string) => h.database.query(`update kernel.schedules set due = now() where key = $1`, [key])

const rings = async (word: string) => {
  const { items } = (await h.alice.get(`/api/tasklist?clientId=${client}&limit=200`)).body
  return (items as { title: string }[]).filter(({ title }) => title === word).length
}
const isRung = (word: string, times = 1) => eventually(async () => (await rings(word)) === times, `${word} rings`)

/** A schedule that comes after those before it: when it has rung, they would have, too. */
async function passTime(): Promise<void> {
  const word = `later ${crypto.randomUUID()}`
  await ring(word, { at: new Date().toISOString() })
  await isRung(word)
}

describe('an event for a later time', () => {
  test('is told once, at its time, by one of two workers', async () => {
    expect((await ring('once', { at: IN_WEEKS, key: 'once' })).body).toBe('scheduled')
    await passTime()
    expect(await rings('once')).toBe(0)
    await letCome('once')
    await isRung('once')
    await passTime()
    expect(await rings('once')).toBe(1)
    expect(await schedulesOf()).toEqual([])
  })

  test('of a time gone by is told at once', async () => {
    await ring('past', { at: '2020-01-01T00:00:00Z' })
    await isRung('past')
  })

  test('is not there when its unit of work is undone', async () => {
    expect((await ring('undone', { at: IN_WEEKS, key: 'undone', fails: true })).status).toBe(409)
    expect(await schedulesOf()).toEqual([])
  })

  test('is replaced under its key, and taken back by it', async () => {
    await ring('first', { at: IN_WEEKS, key: 'k' })
    await ring('second', { at: IN_WEEKS, key: 'k' })
    expect(await schedulesOf()).toHaveLength(1)
    await letCome('k')
    await isRung('second')
    expect(await rings('first')).toBe(0)
    await ring('third', { at: IN_WEEKS, key: 'k' })
    expect([await hush('k'), await hush('k')]).toEqual([true, false])
    expect(await schedulesOf()).toEqual([])
  })

  test('of another tenant is neither replaced nor taken back', async () => {
    await ring('ours', { at: IN_WEEKS, key: 'shared' })
    expect((await h.bob.post('/api/probe/hush', { key: 'shared' })).body).toBe(false)
    await h.bob.post('/api/probe/ring', { recordId: client, word: 'theirs', at: IN_WEEKS, key: 'shared' })
    expect(await schedulesOf()).toHaveLength(2)
    await hush('shared')
    await h.bob.post('/api/probe/hush', { key: 'shared' })
  })
})

describe('an event that comes round', () => {
  test('is told each time, and once for all the times that were missed', async () => {
    await ring('daily', { every: '30 8 * * *', tz: 'Europe/Paris', key: 'daily' })
    const [planned] = await schedulesOf()
    await h.database.query(`update kernel.schedules set due = now() - interval '3 days' where key = 'daily'`)
    await isRung('daily')
    await eventually(async () => (await schedulesOf())[0]?.due.getTime() === planned!.due.getTime(), 'it is moved on')
    await letCome('daily')
    await isRung('daily', 2)
    await passTime()
    expect(await rings('daily')).toBe(2)
    await hush('daily')
  })

  test('by a manifest is there for each tenant, and cannot be taken back', async () => {
    const declared = await eventually(async () => {
      const rows = await schedulesOf('probe.turned')
      return rows.length === 2 && rows
    }, 'both tenants have it')
    for (const { due } of declared) expect(due.toISOString()).toMatch(/-01-01T03:00:00.000Z$/)
    expect(await hush('')).toBe(false)
  })
})

test('what falls due while its plugin is off is told when it is on again', async () => {
  await ring('waiting', { at: IN_WEEKS, key: 'waiting' })
  await h.alice.patch('/api/plugins/probe', { enabled: false })
  await letCome('waiting')
  const before = Date.now()
  // Two looks of the workers, a second apart at most.
  await eventually(async () => Date.now() - before > 2_100, 'the workers have looked')
  expect(await schedulesOf()).toHaveLength(1)
  await h.alice.patch('/api/plugins/probe', { enabled: true })
  await isRung('waiting')
})

test.each([
  [{}, 'either `at` or `every`'],
  [{ at: IN_WEEKS, every: '* * * * *' }, 'either `at` or `every`'],
  [{ at: 'tomorrow' }, 'is no time'],
  [{ every: '* * * * *' }, 'needs a key'],
  [{ at: IN_WEEKS, key: '' }, 'is not empty'],
  [{ every: '* * * * * *', key: 'k' }, 'exactly 5 parts'],
  [{ every: '61 * * * *', key: 'k' }, '61'],
  [{ every: '0 0 30 2 *', key: 'k' }, 'never comes'],
  [{ every: '0 8 * * *', tz: 'Europe/Atlantis', key: 'k' }, 'Atlantis'],
])('%j is refused with a reason', async (schedule, reason) => {
  expect((await ring('never', schedule)).body).toContain(reason)
  expect(await schedulesOf()).toEqual([])
})

describe('the next time', () => {
  const next = (every: string, from: string, tz = 'Europe/Paris') => nextDue(every, tz, new Date(from)).toISOString()
  test('keeps the hour on the wall through summer and winter time', () => {
    expect(next('0 8 * * *', '2026-03-28T12:00:00Z')).toBe('2026-03-29T06:00:00.000Z')
    expect(next('0 8 * * *', '2026-10-24T12:00:00Z')).toBe('2026-10-25T07:00:00.000Z')
  })
  test('comes once on the days when the clock is changed', () => {
    expect(next('30 2 * * *', '2026-03-29T00:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
    expect(next('30 2 * * *', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
    expect(next('30 2 * * *', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z')
  })
  test('of a sound line is no fault', () => {
    expect(findCronFault('0 6 * * 1')).toBeNull()
  })
})
