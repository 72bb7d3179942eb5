/**
 * Whoever migrates is killed in the middle: the command, the process below it that migrates, or both. What is then in the
 * database is whole, before or after, and the same command brings it to its end.
 *
 * `KILLS=100 SEED=7 npm test -- tests/faults/migrations.test.ts` goes further than the sample.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { Client } from 'pg'
import { readCatalogue } from '../../core/data/catalogue.ts'
import { type MigrateOrders, migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import type { Described } from '../../core/resource/description.ts'
import { fingerprintOf } from '../../core/data/roles.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { fill } from '../support/filling.ts'
import { Fixtures } from '../support/fixtures.ts'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { defined } from '../support/own-fields.ts'
import { createRandom } from '../support/random.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { Node } from './fleet.ts'
import { addTenants, emailOf, settingsOf, TENANTS } from './kills/stage.ts'
import { holdUp, PLACES, writeDiary } from './migrating/diary.ts'
import { Killer, VICTIMS } from './migrating/killer.ts'
import { holding, WAITING } from './migrating/order.ts'
import { readState, type State } from './migrating/state.ts'
import { Person } from './person.ts'
import { Folders, run, type Settings } from './program.ts'

const KILLS = Number(process.env.KILLS ?? 4)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const KILL_MS = 30_000
const share = (part: number) => Math.max(1, Math.round(KILLS * part))
const BOUNDS = { empty: share(0.4), acts: share(0.34), purges: share(0.08), newer: share(0.18) }
const IS_SAMPLE = KILLS < 20
const folders = new Folders()
const random = createRandom(SEED)

beforeAll(() => console.log(`seed ${SEED}`))
afterAll(() => folders.remove([]))

const report = (what: string, { kills, amid }: Killer, more = '') =>
  console.log(`${what}: ${JSON.stringify(kills)} killed, ${amid} in a transaction ${more}`)
const where = ({ ownerUrl }: TestDatabase): Settings =>
  settingsOf({ DATABASE_URL: ownerUrl, WEFT_DATA_DIR: folders.path('data') })

describe('an empty database', () => {
  /** Of an installation of its own, so that the logins are made anew as well. */
  const secret = randomBytes(24).toString('hex')
  const killer = new Killer(random)
  let whole: State

  async function dropLogins(): Promise<number> {
    const server = new Client({ connectionString: inject('ownerUrl') })
    await server.connect()
    const mark = `weft ${fingerprintOf(secret)} %`
    const text = `select rolname as name from pg_roles where shobj_description(oid, 'pg_authid') like $1`
    const { rows } = await server.query(text, [mark])
    for (const { name } of rows) await server.query(`drop role ${name}`)
    await server.end()
    return rows.length
  }

  async function onEmpty(work: (database: TestDatabase, settings: Settings) => Promise<void>): Promise<void> {
    const database = await createEmptyDatabase()
    try {
      await work(database, { ...where(database), WEFT_SECRET: secret })
    } finally {
      await database.drop()
    }
    expect(await dropLogins(), 'each login is made once').toBe(4)
  }

  const appliedIn = async (database: TestDatabase) => {
    const [found] = await database.query<{ at: string | null }>(`select to_regclass('kernel.migrations') as at`)
    return found?.at ? (await database.query('select from kernel.migrations')).length : 0
  }

  beforeAll(() =>
    onEmpty(async (database, settings) => {
      expect(await killer.observe(['migrate'], settings, database.query)).toMatchObject({ code: 0, err: '' })
      whole = await readState(database)
      expect(whole.parts.migrations?.length).toBeGreaterThan(40)
    }),
  )

  test(
    'that is migrated while those who do it are killed is the same in the end as one that is migrated at once',
    { timeout: (BOUNDS.empty + 3) * KILL_MS },
    async () => {
      const all = whole.parts.migrations?.length ?? 0
      let partly = 0
      while (killer.count < BOUNDS.empty)
        await onEmpty(async (database, settings) => {
          const { query } = database
          for (;;) {
            const victim = killer.draw(VICTIMS)
            const ended =
              killer.count < BOUNDS.empty ? await killer.run(['migrate'], settings, { query, victim }) : null
            if (ended) expect(ended).toMatchObject({ code: 0, err: '' })
            if (ended || killer.count === BOUNDS.empty) break
            // Either the next one comes beside what goes on, or it finds what that has left.
            if (victim === 'command' && killer.draw([true, false])) break
            await killer.untilQuiet(query)
            const applied = await appliedIn(database)
            if (applied > 0 && applied < all) partly++
          }
          expect(await run(['migrate'], settings).ended).toMatchObject({ code: 0, err: '' })
          await killer.untilQuiet(query)
          expect(await readState(database)).toEqual(whole)
        })
      report('an empty database', killer, `and ${partly} times some were applied`)
      // Two kills may both fall between transactions.
      if (!IS_SAMPLE) expect([killer.amid, partly].every((n) => n > 0)).toBe(true)
    },
  )
})

interface Leg {
  readonly plugin: string
  readonly words: readonly string[]
  /** What it says when it was done already. */
  readonly again: RegExp
}
interface Journey {
  readonly there: Leg
  readonly back: Leg
  /** The same as `there`, of one that nobody kills. */
  readonly orders: Partial<MigrateOrders>
}

function archive(plugin: string): Journey {
  return {
    there: { plugin, words: ['plugin', 'detach', plugin], again: /is detached already/ },
    back: { plugin, words: ['plugin', 'restore', plugin], again: /is not detached/ },
    orders: { act: { act: 'detach', plugin } },
  }
}

function takeBack(plugin: string, to: number): Journey {
  return {
    there: { plugin, words: ['plugin', 'migrate', plugin, '--to', `${to}`], again: /is at \d+ already/ },
    back: { plugin, words: ['migrate'], again: /^$/ },
    orders: { step: { plugin, to, losesData: false } },
  }
}

const JOURNEYS = [
  ...['gauge', 'interactions', 'meter', 'probe', 'couple', 'tenantfields'].map(archive),
  takeBack('gauge', 2),
  takeBack('interactions', 1),
  takeBack('meter', 1),
]
/** A sample does one of both. */
const HAS_ACTS = random() < 0.5
const PURGED = ['gauge', 'meter', 'interactions', 'couple']

describe('the rows of every plugin', () => {
  let h: Harness
  let described: readonly Described[]
  let settings: Settings
  let known: State | undefined
  const killer = new Killer(random)
  const purger = new Killer(random)

  beforeAll(async () => {
    h = await openHarness()
    settings = where(h.database)
    described = (await describePlugins(pluginFolders)).described
    for (const visitor of [h.alice, h.bob]) await fill(visitor, described)
    await defined(h.alice, { code: { type: 'string', maxLength: 40, 'x-filter': true } })
  }, 120_000)
  afterAll(() => h?.close())

  const order = (more: Partial<MigrateOrders>) =>
    migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described, ...more })

  /** What there is before anything is done with it. */
  async function readBefore(): Promise<State> {
    if (!known) await order({})
    return (known ??= await readState(h.database))
  }

  /** Killed where it changes a table that is the plugin's or that it extends, or at any step. @returns whether it was */
  async function kill(by: Killer, words: readonly string[], plugin: string): Promise<boolean> {
    const { query } = h.database
    const victim = by.draw(VICTIMS)
    const tables = await query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'detached')
        and (starts_with(tablename, '${plugin}__') or tablename = 'clients') order by 1`,
    )
    const isTime = async () => (await query(WAITING)).length > 0
    // Who prepares the database before the act only reads them.
    const held = () =>
      holding(h.database, `lock table ${by.draw(tables).name} in access share mode`, () =>
        by.run(words, settings, { query, victim, isTime }),
      )
    const ended = await (by.draw([true, true, false]) ? held() : by.run(words, settings, { query, victim }))
    await by.untilQuiet(query)
    return ended === null
  }

  async function runToEnd({ words, again }: Pick<Leg, 'words' | 'again'>): Promise<void> {
    const { code, err } = await run(words, settings).ended
    if (code !== 0) expect(err, words.join(' ')).toMatch(again)
    await killer.untilQuiet(h.database.query)
  }

  /** Killed on the way, and then to its end. */
  async function go(leg: Leg, from: State, to: State): Promise<void> {
    for (let kills = killer.draw([1, 2, 3]); kills > 0 && killer.count < BOUNDS.acts; kills--) {
      if (!(await kill(killer, leg.words, leg.plugin))) break
      expect([from.kept, to.kept], leg.words.join(' ')).toContainEqual((await readState(h.database)).kept)
    }
    await runToEnd(leg)
    expect(await readState(h.database), leg.words.join(' ')).toEqual(to)
  }

  test('are found by an index although those who make it are killed', { timeout: 5 * KILL_MS }, async () => {
    const { query } = h.database
    const making = new Killer(random)
    const victim = making.draw(VICTIMS)
    const isTime = async () => (await query(WAITING)).length > 0
    await holding(h.database, 'lock table clients in row exclusive mode', () =>
      making.run(['indexes'], settings, { query, victim, isTime }),
    )
    await making.untilQuiet(query)
    expect(making.count).toBe(1)
    expect((await run(['indexes'], settings).ended).code).toBe(0)
    const made = await query<{ is: boolean }>(
      `select f.made_at is not null and i.indisvalid as is from kernel.field_indexes f
        join pg_index i on i.indexrelid = f.name::regclass`,
    )
    expect(made).toEqual([{ is: true }])
    expect(await query('select from pg_index where not indisvalid')).toEqual([])
  })

  test.runIf(!IS_SAMPLE || HAS_ACTS)(
    'go and come back as a whole, whoever is killed meanwhile',
    { timeout: (BOUNDS.acts + 3) * 3 * KILL_MS },
    async () => {
      const before = await readBefore()
      const left = new Map<Journey, State>()
      while (killer.count < BOUNDS.acts) {
        const journey = killer.draw(JOURNEYS)
        if (!left.has(journey)) {
          await order(journey.orders)
          left.set(journey, await readState(h.database))
          await go(journey.back, left.get(journey) as State, before)
        }
        const to = left.get(journey) as State
        await go(journey.there, before, to)
        await go(journey.back, to, before)
      }
      report('rows that go and come back', killer)
      if (!IS_SAMPLE) expect(killer.amid).toBeGreaterThan(0)
    },
  )

  const count = async (text: string) =>
    (await h.database.query<{ n: number }>(`select count(*)::int as n from ${text}`))[0]?.n as number

  /** Killed on the way, each time with all of it there or gone; and then to its end. */
  async function purge(plugin: string): Promise<void> {
    const before = await readBefore()
    await order({ act: { act: 'detach', plugin } })
    const detached = await readState(h.database)
    const words = ['plugin', 'purge', plugin, '--yes']
    const isGone = () => count(`kernel.operations where operation = 'purge' and plugin = '${plugin}'`)
    while (purger.count < BOUNDS.purges && (await isGone()) === 0) {
      await kill(purger, words, plugin)
      if ((await isGone()) === 0) expect((await readState(h.database)).kept, plugin).toEqual(detached.kept)
    }
    await runToEnd({ words, again: /is at work|There is no plugin/ })
    expect(await isGone()).toBe(1)
    expect(await count(`kernel.facts where event = 'plugins.purged' and payload ->> 'plugin' = '${plugin}'`)).toBe(2)
    expect(await count(`clients where extensions ? '${plugin}' or derived ? '${plugin}'`)).toBe(0)
    const after = await readState(h.database)
    expect(after.catalogue).toEqual(before.catalogue)
    for (const [table, hash] of Object.entries(after.rows)) {
      if (table.startsWith('detached.') || table.startsWith(`public.${plugin}__`)) expect(hash, table).toMatch(/^0 /)
      // Rows that belong to what went are gone with it, and clients have lost its values.
      else if (/__/.test(table) && plugin !== 'gauge') expect(hash, table).toBe(detached.rows[table])
    }
  }

  test.runIf(!IS_SAMPLE || !HAS_ACTS)(
    'are purged as a whole or not at all, whoever is killed meanwhile',
    { timeout: (BOUNDS.purges + 3) * 3 * KILL_MS },
    async () => {
      const left = [...PURGED]
      while (purger.count < BOUNDS.purges && left.length > 0) {
        const [plugin] = left.splice(Math.floor(random() * left.length), 1)
        await purge(plugin as string)
      }
      report('purges', purger)
    },
  )
})

describe('a newer version of a plugin', () => {
  const [before, after] = [new Fixtures(), new Fixtures()]
  const plugins = { older: writeDiary(before, 'older'), newer: writeDiary(after, 'newer') }
  const killer = new Killer(random)
  let database: TestDatabase
  let web: Node | undefined
  let writing: ReturnType<typeof write> | undefined

  const migrate = async ({ ownerUrl }: TestDatabase, folder: string) =>
    migrateDatabase({ ownerUrl, secret: SECRET, described: (await describePlugins([folder])).described })
  const settings = (version: keyof typeof plugins) => ({ ...where(database), WEFT_PLUGINS: plugins[version] })

  beforeAll(async () => {
    database = await createTestDatabase()
    await addTenants(database.ownerUrl)
    await migrate(database, plugins.older)
    web = await Node.start('web', settings('older'))
    await eventually(async () => web?.isReady, 'it serves', 180_000)
  }, 240_000)
  afterAll(async () => {
    await writing?.end().catch(() => {})
    await web?.stop()
    await database?.drop()
    for (const each of [before, after]) each.remove()
  }, 60_000)

  /** Clients with notes, until it is told to end; ids of all the notes that were acknowledged, and what else was answered. */
  function write(person: Person, origin: string) {
    const [notes, faults]: [string[], unknown[]] = [[], []]
    const ending = new AbortController()
    const work = (async () => {
      while (!ending.signal.aborted) {
        const client = await person.ask(origin, 'POST', '/api/clients', { body: { type: 'person', lastName: 'Noted' } })
        const body = { recordId: client.body.id, text: 'written' }
        const note = await person.ask(origin, 'POST', '/api/diary', { body })
        const list = await person.ask(origin, 'GET', `/api/diary?recordId=${client.body.id}`)
        if (note.status === 201) notes.push(note.body.id)
        faults.push(...[client, note, list].filter(({ status }) => status >= 300))
      }
    })()
    // Awaited when it ends; until then its failure must not end the process.
    work.catch(() => {})
    const end = () => {
      ending.abort()
      return work
    }
    return { notes, faults, end }
  }

  const query = <R>(text: string, values?: unknown[]) => database.query<R>(text, values)
  const stateOf = async () => {
    const [found] = await query<{ n: number }>(
      `select (select count(*) from pg_attribute where attrelid = 'diary__diary'::regclass and attname = 'mood' and not attisdropped)
        + (select count(*) from pg_indexes where indexname like 'diary__diary_mood%')
        + (select count(*) from pg_trigger where tgrelid = 'diary__diary'::regclass and tgenabled = 'O' and tgname = 'fact_written')
        + (select count(*) from pg_class where oid = 'diary__diary'::regclass and relforcerowsecurity)
        + (select count(*) from kernel.migrations where plugin = 'diary') as n`,
    )
    return Number(found?.n)
  }
  const NOTHING = 3
  const ALL = 6

  test(
    'comes in as a whole or not at all, whoever is killed, and those who write do not notice',
    { timeout: (BOUNDS.newer + 3) * 2 * KILL_MS },
    async () => {
      const { origin } = web as Node
      const person = await Person.signIn(origin, emailOf(TENANTS[0] as string))
      writing = write(person, origin)
      const { notes, faults } = writing
      await eventually(async () => notes.length >= 20, 'notes are written', 60_000)
      const isTime = async () => (await query(`${WAITING} and a.wait_event = 'advisory'`)).length > 0
      expect(await stateOf()).toBe(NOTHING)
      while (killer.count < BOUNDS.newer && (await stateOf()) === NOTHING) {
        // What is left behind brings it in.
        const isLast = killer.count === BOUNDS.newer - 1
        const victim = isLast ? killer.draw(VICTIMS) : killer.draw(['migrating', 'both'] as const)
        await holding(database, holdUp(killer.draw(PLACES)), () =>
          killer.run(['migrate'], settings('newer'), { query, victim, isTime }),
        )
        await killer.untilQuiet(query)
        expect(await stateOf(), victim).toBe(victim === 'command' ? ALL : NOTHING)
      }
      expect(killer.amid).toBe(BOUNDS.newer)
      const early = [...notes]
      expect((await run(['migrate'], settings('newer')).ended).code).toBe(0)
      expect(await stateOf()).toBe(ALL)
      const least = notes.length + 10
      await eventually(async () => notes.length >= least, 'they go on', 60_000)
      await writing.end()
      expect(faults).toEqual([])
      const rows = await query<{ id: string; mood: string | null }>('select id, mood from diary__diary')
      const moods = new Map(rows.map(({ id, mood }) => [id, mood]))
      expect(notes.filter((id) => !moods.has(id))).toEqual([])
      // What came in after it is the older version's, which knows nothing of moods.
      expect(early.slice(0, 20).filter((id) => moods.get(id) !== 'calm')).toEqual([])
      expect(web?.isReady).toBe(true)
      report('a newer version', killer)
    },
  )

  test('is then what it is where nobody was killed', async () => {
    const other = await createTestDatabase()
    await migrate(other, plugins.newer)
    expect(await readCatalogue(database)).toEqual(await readCatalogue(other))
    await other.drop()
  })
})
