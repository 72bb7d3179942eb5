/** Detach, restore and purge: what goes is whole, what comes back is the same, and what is removed is listed first. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'
import { defined, enter } from '../../tests/support/own-fields.ts'
import { pluginFolders, SECRET } from '../../tests/support/settings.ts'
import { type DataAct, migrateDatabase } from '../host/preparation.ts'
import { describePlugins } from '../host/trial.ts'
import type { Described } from '../resource/description.ts'

const isThere = areShipped('interactions')

let h: Harness
let all: readonly Described[]
const clients: string[] = []

async function fill(): Promise<void> {
  for (const [visitor, name] of [
    [h.alice, 'Alice'],
    [h.bob, 'Bob'],
  ] as const) {
    for (let i = 0; i < 6; i++) {
      const extensions = { couple: { lastName: `Second ${i}` }, probe: { code: `${name} ${i}`, visits: i } }
      const made = await visitor.post('/api/clients', {
        type: 'couple',
        lastName: `${name} ${i}`,
        ...(i === 5 ? {} : { extensions }),
      })
      expect(made.status, made.text).toBe(201)
      const recordId = made.body.id as string
      if (visitor === h.alice) clients.push(recordId)
      await visitor.post('/api/interactions', { recordId, type: 'note', title: `Note ${i}` })
      for (const title of ['one', 'two']) {
        const task = await visitor.post('/api/tasklist', { clientId: recordId, title: `${title} ${i}`, estimate: i })
        expect(task.status, task.text).toBe(201)
      }
    }
  }
}

beforeAll(async () => {
  h = await openHarness()
  all = (await describePlugins(pluginFolders)).described
  await fill()
})
afterAll(() => h?.close())

/** @param here the plugins whose folders are there */
const migrate = (here: readonly Described[] = all, act?: DataAct) =>
  migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described: here, ...(act ? { act } : {}) })
const act = (name: DataAct['act'], plugin: string, here = all) => migrate(here, { act: name, plugin })
const without = (...ids: string[]) => all.filter(({ id }) => !ids.includes(id))
const rowOf = async (id: string) => (await h.alice.get(`/api/clients/${id}`)).body

test('a plugin that others require is not detached, and the sentence names them', async () => {
  await expect(act('detach', 'tasklist')).rejects.toThrow(
    "'tasklist' cannot be taken away: 'probe' requires it, so take that away first.",
  )
  await expect(act('detach', 'nobody')).rejects.toThrow("There is no plugin 'nobody' with data in this database.")
  await expect(act('restore', 'couple')).rejects.toThrow("'couple' is not detached.")
})

test.skipIf(!isThere)('what is detached is gone from rows, lists and schema', async () => {
  const { result } = await act('detach', 'couple')
  expect(result?.rows).toEqual({ 'detached."couple__in__clients"': 10 })
  const [left] = await h.database.query<{ n: number }>(
    `select count(*)::int as n from clients where extensions ? 'couple' or search_text like '%second%'`,
  )
  expect(left?.n).toBe(0)
  await act('detach', 'interactions')
  const [found] = await h.database.query(
    `select to_regclass('public.interactions__interactions') as t, to_regclass('public.interactions__interactions_read') as v,
      has_schema_privilege((select rolname from pg_roles where rolname like 'weft_app%' limit 1), 'detached', 'usage') as may`,
  )
  expect(found).toEqual({ t: null, v: null, may: false })
  await act('restore', 'interactions')
  await act('restore', 'couple')
})

test('fields that a tenant has defined go with the plugin that let it, and come back', async () => {
  await defined(h.alice, { budget: { type: 'integer', 'x-filter': true } })
  const made = await enter(h.alice, { budget: 7 })
  const { result } = await act('detach', 'tenantfields')
  expect(result?.rows).toMatchObject({ 'detached."tenantfields__in__clients"': 1 })
  const held = async () =>
    (
      await h.database.query<{ part: unknown }>(
        `select extensions -> 'tenantfields' as part from clients where id = $1`,
        [made.id],
      )
    )[0]
  expect(await held()).toEqual({ part: null })
  await act('restore', 'tenantfields')
  expect(await held()).toEqual({ part: { budget: 7 } })
})

describe('what changed while a plugin was detached', () => {
  test('a merge is followed by its rows and values, and what is counted is counted anew', async () => {
    const [survivor, other, bare] = [clients[0], clients[1], clients[5]] as string[]
    await act('detach', 'probe')
    await act('detach', 'tasklist')
    for (const pair of [
      [survivor, other],
      [bare, clients[2]],
    ])
      expect(await h.alice.post(`/api/clients/${pair[0]}/merge`, { with: pair[1] })).toMatchObject({ status: 200 })
    await act('restore', 'tasklist')
    const { result } = await act('restore', 'probe')
    expect(result?.merged).toBeGreaterThan(0)
    const [tasks] = await h.database.query<{ n: number }>(
      'select count(*)::int as n from tasklist__tasklist where client_id = $1',
      [survivor],
    )
    expect((await rowOf(survivor as string)).extensions.probe.tasks).toBe(tasks?.n)
    expect(tasks?.n).toBe(4)
    expect((await rowOf(bare as string)).extensions.probe.code).toBe('Alice 2')
  })
})

test.skipIf(!isThere)(
  'a purge lists what would go, refuses what is at work, and then removes every trace',
  async () => {
    await expect(act('purge', 'interactions')).rejects.toThrow("'interactions' is at work")
    // What belongs to a row of the plugin goes with it, whosever it is.
    const [note] = await h.database.query<{ id: string }>('select id from interactions__interactions limit 1')
    const noteId = note?.id
    const reading = { recordId: noteId, kind: 'heat', value: 1 }
    for (const visitor of [h.alice, h.bob]) await visitor.post('/api/meter', reading)
    const readings = await h.database.query('select 1 from meter__meter where record_id = $1', [noteId])
    expect(readings.length).toBe(1)
    const here = without('interactions')
    const { result } = await act('list', 'interactions', here)
    expect(result?.rows).toMatchObject({
      'rows of interactions__interactions': 12,
      'rows of meter__meter that belong to them': 1,
      'images of its rows in the history': expect.any(Number),
    })
    const [kept] = await h.database.query<{ n: number }>('select count(*)::int as n from interactions__interactions')
    expect(kept?.n, 'a list removes nothing').toBe(12)
    const purged = await act('purge', 'interactions', here)
    expect(purged.result?.rows).toEqual(result?.rows)
    const left = await h.database.query(
      `select 'fact' from kernel.facts where resource = 'interactions' and coalesce(before, after) is not null
      union all select 'value' from clients where derived ? 'interactions'
      union all select 'record' from kernel.records where resource = 'interactions'
      union all select 'schema' from kernel.schemas where plugin = 'interactions'
      union all select 'reading' from meter__meter
      union all select 'table' where to_regclass('interactions__interactions') is not null
      union all select proname from pg_proc where proname like '%interactions%'`,
    )
    expect(left).toEqual([])
    const facts = await h.database.query(`select payload, actor_kind from kernel.facts where event = 'plugins.purged'`)
    expect(facts).toEqual([
      { payload: { plugin: 'interactions' }, actor_kind: 'system' },
      { payload: { plugin: 'interactions' }, actor_kind: 'system' },
    ])
    const [noted] = await h.database.query(
      `select operation, plugin, details from kernel.operations where operation = 'purge'`,
    )
    expect(noted).toEqual({ operation: 'purge', plugin: 'interactions', details: result?.rows })
    const again = await migrate()
    expect(again.applied).toEqual(['interactions/0001_init', 'interactions/0002_filters'])
  },
)
