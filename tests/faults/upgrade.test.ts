/** An installation is brought up process by process while people write: nobody is refused, nothing is lost or told twice. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../core/data/database.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { createTenant } from '../../core/tenancy/directory.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { Fixtures } from '../support/fixtures.ts'
import { eventually } from '../support/harness.ts'
import { PASSWORD, SECRET } from '../support/settings.ts'
import { type Version, writeDiary } from './diary.ts'
import { Node } from './fleet.ts'
import { Person } from './person.ts'
import { Folders, run, type Settings } from './program.ts'
import { type Web, Writer, type Written } from './upgrade-writer.ts'

const WRITERS = 2
/** What each phase is long enough for: clients that were made, changed, noted and read. */
const ROUNDS = 6
const START_MS = 180_000
const EMAIL = 'upgrade@test.example'

const folders = new Folders()
const fixtures = { older: new Fixtures(), newer: new Fixtures() }
const plugins = { older: writeDiary(fixtures.older, 'older'), newer: writeDiary(fixtures.newer, 'newer') }
const nodes: Node[] = []
let database: TestDatabase

const settingsOf = (version: Version): Settings => ({
  DATABASE_URL: database.ownerUrl,
  WEFT_SECRET: SECRET,
  WEFT_DATA_DIR: folders.path('data'),
  WEFT_PLUGINS: plugins[version],
  ...(process.env.REDIS_URL ? { REDIS_URL: process.env.REDIS_URL } : {}),
})

async function prepare(): Promise<void> {
  const { described } = await describePlugins([plugins.older])
  expect((await migrateDatabase({ ownerUrl: database.ownerUrl, secret: SECRET, described })).refused).toEqual([])
}

async function start(version: Version): Promise<{ web: Node; worker: Node }> {
  const [web, worker] = await Promise.all([
    Node.start('web', settingsOf(version)),
    Node.start('worker', settingsOf(version)),
  ])
  nodes.push(web, worker)
  await eventually(async () => web.isReady && worker.isReady, `the ${version} ones serve`, START_MS).catch(
    (error: Error) => {
      throw new Error(`${error.message}\n${web.lastWords}\n${worker.lastWords}`)
    },
  )
  return { web, worker }
}

beforeAll(async () => {
  database = await createTestDatabase()
  await prepare()
  const { database: opened } = await openDatabase(database.ownerUrl, SECRET, 4)
  const admin = { email: EMAIL, name: 'Ada', password: PASSWORD }
  await createTenant(opened, { slug: 'upgrade', name: 'Upgrade', language: 'en', country: 'FR', admin })
  await opened.close()
}, START_MS)
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
  await database?.drop()
  folders.remove([])
  for (const each of Object.values(fixtures)) each.remove()
}, 60_000)

const schedules = () =>
  database.query<{ event: string; due: Date }>(
    `select event, due from kernel.schedules where event like 'diary.%' order by event`,
  )

interface Kept {
  readonly id: string
  readonly firstName: string
  readonly diary: { nick: string; pet?: string }
}
interface Entry {
  readonly id: string
  readonly text: string
  readonly mood: string | null
}

async function readAll() {
  const clients = await database.query<Kept>(
    `select id, first_name as "firstName", extensions -> 'diary' as diary from clients`,
  )
  const entries = await database.query<Entry>(`select record_id as id, text, mood from diary__diary`)
  return { clients: new Map(clients.map((each) => [each.id, each])), entries: Map.groupBy(entries, ({ id }) => id) }
}

/** What was acknowledged and is not there as it was, or there more than once. */
async function findLost(written: readonly Written[]): Promise<string[]> {
  const { clients, entries } = await readAll()
  return written.flatMap(({ id, nick, firstName, pet, mood, text, noted }) => {
    const expected = { id, firstName, diary: { nick, ...(pet ? { pet } : {}) } }
    const rows = (entries.get(id) ?? []).filter((each) => each.text !== 'made')
    const isThere = isDeepStrictEqual(clients.get(id), expected)
    const own = [
      { id, text, mood },
      { id, text: noted, mood: null },
    ]
    const isWhole = isDeepStrictEqual(
      rows.toSorted((a, b) => a.text.localeCompare(b.text)),
      own,
    )
    return isThere && isWhole ? [] : [JSON.stringify({ expected, own, found: clients.get(id), rows })]
  })
}

/** How often the handler of the newer version was told of each. */
async function madeOf(written: readonly Written[]): Promise<number[]> {
  const { entries } = await readAll()
  return written.map(({ id }) => (entries.get(id) ?? []).filter(({ text }) => text === 'made').length)
}

async function untilTold(): Promise<void> {
  const open = `select (select count(*) from kernel.deliveries where state in ('waiting', 'queued'))
    + (select count(*) from kernel.facts f, kernel.relay r where (f.xid, f.id) > (r.xid, r.fact)) as open`
  await eventually(
    async () => Number((await database.query<{ open: string }>(open))[0]?.open) === 0,
    'all is told',
    60_000,
  )
}

test('from the older version of a plugin to the newer one', { timeout: 300_000 }, async () => {
  const older = await start('older')
  const webs: Web[] = [{ node: older.web, version: 'older' }]
  const person = await Person.signIn(older.web.origin, EMAIL)
  const writers = Array.from({ length: WRITERS }, (_, n) => new Writer(`w${n}`, person, webs))
  const ending = new AbortController()
  const work = Promise.all(writers.map((writer) => writer.work(ending.signal)))
  const written = () => writers.flatMap((writer) => writer.written)
  const further = async (what: string) => {
    const least = written().length + ROUNDS
    await Promise.race([eventually(async () => written().length >= least, what, 60_000), work])
  }

  await further('the older ones are written to')
  expect(await run(['migrate'], settingsOf('newer')).ended).toMatchObject({ code: 0, err: '' })
  const migrated = new Set(written().map(({ id }) => id))
  await further('the older ones are written to on the newer tables')
  const alone = new Set(written().map(({ id }) => id))
  const newer = await start('newer')
  const declared = await eventually(async () => {
    const found = await schedules()
    return found.length === 2 && found
  }, 'its schedules are declared')
  webs.push({ node: newer.web, version: 'newer' })
  await further('both are written to')
  const ended = await Promise.all([older.web.stop(), older.worker.stop()])
  await further('the newer ones are written to')
  ending.abort()
  await work
  await untilTold()

  for (const each of ended) expect(each).toMatchObject({ code: 0, err: '' })
  expect(writers.flatMap(({ faults }) => faults)).toEqual([])
  expect(await findLost(written())).toEqual([])
  // Or nothing was there to be lost.
  expect(written().some(({ pet, mood, by }) => pet && mood && by === 'older')).toBe(true)
  const beside = written().filter(({ id }) => alone.has(id) && !migrated.has(id))
  expect(beside.length).toBeGreaterThanOrEqual(ROUNDS - WRITERS)
  const later = written().filter(({ id }) => !migrated.has(id))
  expect((await madeOf(later)).filter((count) => count !== 1).length).toBeLessThanOrEqual(WRITERS)
  expect((await madeOf(written())).filter((count) => count > 1)).toEqual([])
  expect(await schedules()).toEqual(declared)
  const states = await database.query(`select distinct state from kernel.deliveries where handler like 'diary.%'`)
  expect(states).toEqual([{ state: 'done' }])
})
