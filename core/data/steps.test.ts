/** Migrations taken back and brought up again: the database is what it was, and what would be lost is said first. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashTables, readCatalogue } from './catalogue.ts'
import { createTestDatabase, type TestDatabase } from '../../tests/support/database.ts'
import { Fixtures, notesFixture } from '../../tests/support/fixtures.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import { pluginFolders, SECRET } from '../../tests/support/settings.ts'
import { type DataAct, migrateDatabase } from '../host/preparation.ts'
import { takeStock } from '../host/standing.ts'
import { describePlugins } from '../host/trial.ts'
import type { Described } from '../resource/description.ts'
import { openDatabase } from './database.ts'
import { readFolder } from './migration.ts'
import type { Step } from './steps.ts'

const { described: all } = await describePlugins(pluginFolders)
const fixtures = new Fixtures()
afterAll(() => fixtures.remove())

const lastOf = ({ id, dir }: Described) =>
  readFolder({ plugin: id, folder: join(dir, 'migrations'), isKernel: false, requires: [] }).length
const withTables = all.filter((each) => lastOf(each) > 0)

interface More {
  readonly act?: DataAct
  readonly step?: Step
  readonly raises?: boolean
}
const migrateIn = (database: TestDatabase, here: readonly Described[], more: More = {}) =>
  migrateDatabase({ ownerUrl: database.ownerUrl, secret: SECRET, described: here, ...more })

/** What the engine derives is there at the last number alone. */
const withoutDerived = (lines: readonly string[]) =>
  lines
    .filter((line) => !/_x_|"policyname": "reader"/.test(line))
    .map((line) => line.replace(/"(relacl|attacl|array_agg)": ("(?:[^"\\]|\\.)*"|null)/g, ''))
    .toSorted()

/** Through every number, down and up, and then at once; each time as it was there before. */
async function walk(database: TestDatabase, plugin: Described, here: readonly Described[]): Promise<void> {
  const last = lastOf(plugin)
  const go = (to: number) => migrateIn(database, here, { step: { plugin: plugin.id, to, losesData: false } })
  const at = new Map([[last, await readCatalogue(database)]])
  const rows = await hashTables(database, ['kernel.operations', 'kernel.migrations', 'kernel.schemas'])
  for (let to = last - 1; to >= 0; to--) {
    const { stepped } = await go(to)
    expect(stepped).toMatchObject({ applied: [], takenBack: [expect.any(String)], lost: {} })
    at.set(to, await readCatalogue(database))
    expect(at.get(to)).not.toEqual(at.get(to + 1))
  }
  for (let to = 1; to <= last; to++) {
    await go(to)
    const [now, before] = [await readCatalogue(database), at.get(to) as string[]]
    expect(withoutDerived(now), `${plugin.id} up to ${to}`).toEqual(withoutDerived(before))
    if (to === last) expect(now).toEqual(before)
  }
  await go(0)
  expect(await readCatalogue(database)).toEqual(at.get(0))
  const { applied } = await migrateIn(database, here, { raises: true })
  expect(applied).toHaveLength(last)
  expect(await readCatalogue(database)).toEqual(at.get(last))
  expect(await hashTables(database, ['kernel.operations', 'kernel.migrations', 'kernel.schemas'])).toEqual(rows)
}

describe('every migration', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database?.drop())

  test.each(withTables.filter(({ id }) => id !== 'clients').map((each) => [each.id, each] as const))(
    'of %s can be taken back and brought up again',
    { timeout: 240_000 },
    async (id, plugin) => {
      // Whoever stands on it goes first.
      const above = all.filter(({ requires }) => requires.includes(id)).toReversed()
      for (const each of above) await migrateIn(database, all, { act: { act: 'detach', plugin: each.id } })
      await walk(database, plugin, all)
      for (const each of above.toReversed())
        await migrateIn(database, all, { act: { act: 'restore', plugin: each.id } })
    },
  )

  test('of the clients can, where nothing else stands on them', { timeout: 240_000 }, async () => {
    const clients = all.find(({ id }) => id === 'clients') as Described
    const step = { plugin: 'clients', to: 0, losesData: false }
    await expect(migrateIn(database, all, { step })).rejects.toThrow(/cannot be changed while .*'meter'.* on it/)
    const own = all.filter(({ isKernel }) => isKernel)
    const others = all.filter(({ isKernel }) => !isKernel).toReversed()
    for (const { id } of others) await migrateIn(database, all, { act: { act: 'detach', plugin: id } })
    for (const { id } of others) await migrateIn(database, own, { act: { act: 'purge', plugin: id } })
    await walk(database, clients, own)
  })
})

describe('a plugin with rows', () => {
  let h: Harness
  const folder = fixtures.write('ledgers', notesFixture('ledgers'))
  const back = join(folder, 'migrations/0001_init.down.sql')
  let here: readonly Described[] = []
  beforeAll(async () => {
    h = await openHarness()
    here = (await describePlugins([...pluginFolders, folder])).described
    const client = await h.alice.post('/api/clients', { type: 'person', lastName: 'Morel' })
    const gauge = await h.alice.post('/api/gauge', { word: 'zebra' })
    expect(gauge.status, gauge.text).toBe(201)
    const note = { gaugeId: gauge.body.id, text: 'first' }
    expect((await h.alice.post('/api/gauge/notes', note)).status).toBe(201)
    const task = { clientId: client.body.id, title: 'Call' }
    expect((await h.alice.post('/api/tasklist', task)).status).toBe(201)
  }, 120_000)
  afterAll(() => h?.close())

  const stepTo = (plugin: string, to: number, losesData = false, among = all) =>
    migrateIn(h.database, among, { step: { plugin, to, losesData } })
  const hash = async (table: string) => (await hashTables(h.database, []))[table]

  test('says what it would lose, and loses nothing without leave', async () => {
    const before = await hashTables(h.database, [])
    await expect(stepTo('gauge', 1)).rejects.toThrow(
      "'gauge' would lose 1 rows of gauge__notes: npm run weft -- plugin migrate gauge --to 1 --lose-data does it all the same.",
    )
    await expect(stepTo('tasklist', 0)).rejects.toThrow(
      "The migrations of 'tasklist' cannot be changed while 'probe' stands on it: take that back or away first.",
    )
    await expect(stepTo('gauge', 4)).rejects.toThrow("The last migration of 'gauge' is 0003: there is no 0004.")
    await expect(stepTo('gauge', 3)).rejects.toThrow("'gauge' is at 0003 already.")
    await expect(stepTo('nobody', 0)).rejects.toThrow("There is no plugin 'nobody'.")
    expect(await hashTables(h.database, [])).toEqual(before)
  })

  test('loses them with leave, keeps the others, and is left out until migrate brings it up', async () => {
    const rows = await hash('public.gauge__gauge')
    const { stepped } = await stepTo('gauge', 1, true)
    expect(stepped).toEqual({
      applied: [],
      takenBack: ['gauge/0003_filters', 'gauge/0002_change'],
      lost: { 'rows of gauge__notes': 1 },
      held: { code: 'taken_back', params: { to: '0001' } },
    })
    // A start migrates and does not bring it up; no process loads it.
    expect(await migrateIn(h.database, all)).toMatchObject({ applied: [] })
    const { database } = await openDatabase(h.database.ownerUrl, SECRET, 6)
    const { leftOut, installed } = await takeStock(database, pluginFolders, [])
    await database.close()
    expect(installed.map(({ id }) => id)).not.toContain('gauge')
    expect(leftOut.find(({ id }) => id === 'gauge')).toMatchObject({
      state: 'quarantined',
      reason: { rule: 'its migrations were taken back to 0001', mend: expect.stringMatching(/weft -- migrate/) },
    })
    // What is erased or merged meanwhile is still found.
    const references = `select "column" from kernel.record_references where "table" = 'gauge__parts'`
    expect(await h.database.query(references)).toEqual([{ column: 'gauge_id' }])
    expect((await migrateIn(h.database, all, { raises: true })).applied).toEqual([
      'gauge/0002_change',
      'gauge/0003_filters',
    ])
    expect(await hash('public.gauge__gauge')).toBe(rows)
    expect((await h.alice.get('/api/gauge/notes')).body.items).toEqual([])
    const records = `select count(*)::int as n from kernel.records where resource = 'gauge.notes'`
    expect(await h.database.query(records)).toEqual([{ n: 0 }])
  })

  test('has no way back without its file, or by one that fails, and stays as it was', async () => {
    await migrateIn(h.database, here)
    const before = await readCatalogue(h.database)
    rmSync(back, { force: true })
    await expect(stepTo('ledgers', 0, false, here)).rejects.toThrow(
      `The migration ledgers/0001_init has no way back: ${back} is not there.`,
    )
    fixtures.write(
      'ledgers',
      notesFixture('ledgers', { files: { 'migrations/0001_init.down.sql': 'drop table nowhere;' } }),
    )
    expect(existsSync(back)).toBe(true)
    await expect(stepTo('ledgers', 0, false, here)).rejects.toThrow(
      /^The way back of ledgers\/0001_init fails: .*nowhere/,
    )
    fixtures.write('ledgers', notesFixture('ledgers', { files: { 'migrations/0001_init.sql': 'select 1;' } }))
    await expect(stepTo('ledgers', 0, false, here)).rejects.toThrow(/was changed after it had been applied/)
    expect(await readCatalogue(h.database)).toEqual(before)
  })
})
