/** Orders that are broken off between two of their transactions: what was due after the first is not forgotten. */
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client } from 'pg'
import { HOST_CHANNEL } from '../../core/host/quarantine.ts'
import { migrateDatabase, type MigrateOrders } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import type { Described } from '../../core/resource/description.ts'
import { fill } from '../support/filling.ts'
import { eventually, type Harness, openHarness, type Visitor } from '../support/harness.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { settingsOf } from './kills/stage.ts'
import { begin, holding, killAt, WAITING } from './migrating/order.ts'
import { Folders, run } from './program.ts'

const ID = 'interactions'
/** What is written there is due after what was ordered, in a transaction of its own. */
const AFTER = 'lock table kernel.kept_tables in exclusive mode'
/** Taken by a trigger, where it is noted that a plugin is up again. */
const GATE = 'select pg_advisory_xact_lock(4711)'
const LIMIT_MS = 120_000
const folders = new Folders()
let h: Harness
let described: readonly Described[]
let listener: Client
let heard: string[] = []

beforeAll(async () => {
  h = await openHarness()
  described = (await describePlugins(pluginFolders)).described
  for (const visitor of [h.alice, h.bob]) await fill(visitor, described)
  listener = new Client({ connectionString: h.database.ownerUrl })
  await listener.connect()
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''))
  await listener.query(`listen ${HOST_CHANNEL}`)
}, 120_000)
beforeEach(() => {
  heard = []
})
afterAll(async () => {
  await listener?.end()
  await h?.close()
  folders.remove([])
})

const orders = (more: Partial<MigrateOrders>): MigrateOrders => ({
  ownerUrl: h.database.ownerUrl,
  secret: SECRET,
  described,
  ...more,
})
const detach = () => orders({ act: { act: 'detach', plugin: ID } })
const restore = () => orders({ act: { act: 'restore', plugin: ID } })
const takeBack = () => orders({ step: { plugin: ID, to: 1, losesData: false } })
const settings = () => settingsOf({ DATABASE_URL: h.database.ownerUrl, WEFT_DATA_DIR: folders.path('data') })

async function mergeTwo(visitor: Visitor): Promise<void> {
  // The survivor is the one of the earlier interaction.
  const { items } = (await visitor.get('/api/clients')).body
  const merged = await visitor.post(`/api/clients/${items[1].id}/merge`, { with: items[0].id })
  expect(merged.status, merged.text).toBe(200)
}
/** Of how many clients the last interaction is told, and of how many wrongly. */
async function countTold(): Promise<{ told: number; wrong: number }> {
  const [found] = await h.database.query<{ told: number; wrong: number }>(
    `select count(*)::int as told, count(*) filter
      (where (c.derived #>> '{${ID},lastInteractionAt}')::timestamptz is distinct from m.at)::int as wrong
      from clients c join (select tenant_id, record_id, max(occurred_at) as at from interactions__interactions
        where deleted_at is null group by 1, 2) m on m.tenant_id = c.tenant_id and m.record_id = c.id`,
  )
  return found as { told: number; wrong: number }
}
const astray = () =>
  h.database.query(`select i.id from interactions__interactions i join kernel.records r on r.tenant_id = i.tenant_id
    and r.id = i.record_id where r.merged_into is not null`)

describe('of rows that were away while others merged', { timeout: LIMIT_MS }, () => {
  test('the references and counts are right though the restoring is broken off', async () => {
    await migrateDatabase(detach())
    await mergeTwo(h.alice)
    await killAt(h.database, AFTER, restore())
    await begin(restore()).ended
    expect(await countTold()).toEqual({ told: 5, wrong: 0 })
    expect(await astray()).toEqual([])
  })

  test('the references and counts are right though the bringing up is broken off', async () => {
    const { query } = h.database
    await migrateDatabase(takeBack())
    await mergeTwo(h.bob)
    await query(`create function gate() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(4711); return new; end $$`)
    await query(`create trigger gate before update on kernel.schemas for each row
      when (old.held_at is not null and new.held_at is null) execute function gate()`)
    await killAt(h.database, GATE, orders({ raises: true }))
    await query('drop function gate() cascade')
    await migrateDatabase(orders({ raises: true }))
    expect(await countTold()).toEqual({ told: 4, wrong: 0 })
    expect(await astray()).toEqual([])
  })
})

describe('those that serve load their plugins anew though it is broken off', { timeout: LIMIT_MS }, () => {
  const isHeard = () => eventually(async () => heard.includes(ID), 'it is heard')

  test('after a plugin was detached', async () => {
    await killAt(h.database, AFTER, detach())
    await isHeard()
    await migrateDatabase(restore())
    expect(heard).toEqual([ID, ID])
  })

  test('after it was taken back', async () => {
    await killAt(h.database, AFTER, takeBack())
    await isHeard()
    await migrateDatabase(orders({ raises: true }))
    expect(heard).toEqual([ID, ID])
  })
})

test('two that grant at one time do not fail each other', { timeout: LIMIT_MS }, async () => {
  const { query } = h.database
  const both = await holding(h.database, 'grant select on bullmq.job to public', async () => {
    const begun = [begin(orders({})), begin(orders({}))]
    // The second one is held up by the same, or by the first.
    const text = `select count(*) > 1 or exists (select from pg_locks l
      join (${WAITING}) w on w.pid = l.pid where l.locktype = 'advisory' and l.granted) as is from (${WAITING}) w having count(*) > 0`
    const areHeldUp = async () => (await query<{ is: boolean }>(text))[0]?.is
    await eventually(areHeldUp, 'both have come as far as they can', 60_000)
    return begun
  })
  for (const { ended } of both) expect(await ended).toEqual({ applied: [], refused: [] })
})

test(
  'what waits for its turn is not done when the command that ordered it is gone',
  { timeout: LIMIT_MS },
  async () => {
    const lock = `select pg_advisory_lock(hashtext('weft migrate'))`
    await holding(h.database, lock, async () => {
      const { process } = run(['plugin', 'detach', ID], settings())
      const text = `select from pg_stat_activity where datname = current_database() and application_name = 'weft migrate'
      and query like '%pg_try_advisory_lock%'`
      const count = async () => (await h.database.query(text)).length
      await eventually(async () => (await count()) === 1, 'it waits', 60_000)
      const exit = once(process, 'exit')
      process.kill('SIGKILL')
      await exit
      await eventually(async () => (await count()) === 0, 'what it has left behind ends', 30_000)
    })
  },
)
