/** An older and a newer version of a plugin at work on one database, as while an installation is brought up process by process. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildServer } from '../../core/http/server.ts'
import { type Kernel, openKernel } from '../../core/kernel.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import type { TestDatabase } from '../support/database.ts'
import { Fixtures } from '../support/fixtures.ts'
import { configFor, eventually, type Harness, openHarness, type Visitor, visitorOf } from '../support/harness.ts'
import { SECRET } from '../support/settings.ts'
import { clientOf, type Version, writeDiary } from './diary.ts'

const [before, after] = [new Fixtures(), new Fixtures()]
const folders = { older: [writeDiary(before, 'older')], newer: [writeDiary(after, 'newer')] }
const described = {
  older: (await describePlugins(folders.older)).described,
  newer: (await describePlugins(folders.newer)).described,
}
const migrate = ({ ownerUrl }: TestDatabase, version: Version) =>
  migrateDatabase({ ownerUrl, secret: SECRET, described: described[version] })

let h: Harness
let newer: { kernel: Kernel; app: FastifyInstance; alice: Visitor }
const open = (plugins: readonly string[], hasServed = false) =>
  openKernel({
    config: { ...configFor(h.database), plugins },
    databaseUrl: h.database.ownerUrl,
    screen: null,
    report: () => {},
    hasServed,
  })
const rowOf = async (id: string) => (await newer.alice.get(`/api/clients/${id}`)).body
const notesOf = async (id: string) =>
  (await newer.alice.get(`/api/diary?recordId=${id}&limit=200`)).body.items as { text: string; mood?: string }[]

beforeAll(async () => {
  h = await openHarness({
    worker: true,
    plugins: folders.older,
    prepare: (database) => migrate(database, 'older'),
  })
})
afterAll(async () => {
  await newer?.app.close()
  await newer?.kernel.close()
  await h?.close()
  for (const each of [before, after]) each.remove()
})

test('the older one answers while the newer one is brought in, and then both do', async () => {
  const statuses: number[] = []
  const ending = new AbortController()
  const working = (async () => {
    while (!ending.signal.aborted) {
      const made = await h.alice.post('/api/clients', clientOf('Meanwhile'))
      const { id } = made.body
      const note = await h.alice.post('/api/diary', { recordId: id, text: 'before' })
      const changed = await h.alice.patch(`/api/diary/${note.body.id}`, { text: 'after' }, 1)
      const lists = [await h.alice.get('/api/diary?q=after'), await h.alice.get(`/api/clients/${id}/history`)]
      for (const { status } of [made, note, changed, ...lists]) statuses.push(status)
    }
  })()
  const { applied } = await migrate(h.database, 'newer')
  ending.abort()
  await working
  expect(applied).toEqual(['diary/0002_mood'])
  expect(statuses.filter((status) => ![200, 201].includes(status))).toEqual([])
  const kernel = await open(folders.newer)
  const app = await buildServer(kernel.services)
  newer = { kernel, app, alice: visitorOf(app, h.alice.cookie) }
  for (const visitor of [h.alice, newer.alice]) expect((await visitor.get('/api/diary')).status).toBe(200)
})

describe('the older one', () => {
  test('keeps what the newer one has written, whatever it changes', async () => {
    const made = await newer.alice.post('/api/clients', clientOf('Two', { pet: 'Rex' }))
    expect(made.status, made.text).toBe(201)
    const { id } = made.body
    const note = await newer.alice.post('/api/diary', { recordId: id, text: 'hers', mood: 'glad' })
    expect(note.status, note.text).toBe(201)
    const changes = [
      await h.alice.patch(`/api/clients/${id}`, { firstName: 'Ann' }, 1),
      await h.alice.patch(`/api/clients/${id}`, { extensions: { diary: { nick: 'Too' } } }, 2),
      await h.alice.patch(`/api/diary/${note.body.id}`, { text: 'his' }, 1),
    ]
    expect(changes.map(({ status, text }) => (status === 200 ? status : text))).toEqual([200, 200, 200])
    expect((await rowOf(id)).extensions.diary).toEqual({ nick: 'Too', pet: 'Rex' })
    expect(await notesOf(id)).toMatchObject([{ text: 'his', mood: 'glad' }])
  })

  test('merges and unmerges, deletes and restores all of it', async () => {
    const [one, two] = await Promise.all(
      [clientOf('One'), clientOf('Other', { pet: 'Tom' })].map((each) => newer.alice.post('/api/clients', each)),
    )
    const [id, other] = [one!.body.id, two!.body.id]
    await newer.alice.post('/api/diary', { recordId: other, text: 'hers', mood: 'calm' })
    const merged = await h.alice.post(`/api/clients/${id}/merge`, { with: other })
    expect(merged.status, merged.text).toBe(200)
    expect((await rowOf(id)).extensions.diary).toEqual({ nick: 'One', pet: 'Tom' })
    expect((await notesOf(id)).some(({ mood }) => mood === 'calm')).toBe(true)
    const unmerged = await h.alice.post(`/api/clients/${id}/unmerge`, { mergeId: merged.body.mergeId })
    expect(unmerged.status, unmerged.text).toBe(200)
    expect((await rowOf(other)).extensions.diary).toEqual({ nick: 'Other', pet: 'Tom' })
    expect((await rowOf(id)).extensions.diary).toEqual({ nick: 'One' })
    const { version } = await rowOf(other)
    expect((await h.alice.remove(`/api/clients/${other}`, version)).status).toBe(204)
    expect((await h.alice.post(`/api/clients/${other}/restore`)).status).toBe(200)
    expect((await rowOf(other)).extensions.diary).toEqual({ nick: 'Other', pet: 'Tom' })
  })

  test('reads events of the newer one, and leaves to it what only it can do', async () => {
    const { id } = (await newer.alice.post('/api/clients', clientOf('Told'))).body
    expect((await newer.alice.post('/api/diary/note', { recordId: id, text: 'this' })).status).toBeLessThan(300)
    const has = (word: string) => async () => (await notesOf(id)).some((each) => each.text === word)
    await eventually(has('noted this'), 'the older one has read it')
    const stateOf = async () =>
      h.database.query(
        `select d.state, d.reason from kernel.deliveries d join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact
          where d.handler = 'diary.made' and f.row_id = $1`,
        [id],
      )
    await eventually(async () => ((await stateOf())[0] as any)?.reason === 'newer version', 'it waits')
    await h.kernel.worker.stop()
    await newer.kernel.worker.start()
    await eventually(has('made'), 'the newer one has done it')
    expect((await notesOf(id)).map((each) => each.text).toSorted()).toEqual(['made', 'noted this'])
  })

  test('takes back no schedule of the newer one', async () => {
    const schedules = () => h.database.query(`select due from kernel.schedules where event = 'diary.evening'`)
    const declared = await eventually(async () => {
      const rows = await schedules()
      return rows.length > 0 && rows
    }, 'it is declared')
    const another = await open(folders.older)
    // Its first turn begins with what manifests declare, and is waited for at its end.
    await another.worker.start()
    await another.close()
    expect(await schedules()).toEqual(declared)
  })

  test('that prepares the database leaves the newer one at work', async () => {
    const { applied, refused } = await migrate(h.database, 'older')
    expect(applied).toEqual([])
    expect(refused).toEqual([{ plugin: 'diary', reason: { code: 'ahead', params: { migration: '0002_mood' } } }])
    const again = await open(folders.newer)
    expect(again.services.leftOut.filter(({ id }) => id === 'diary')).toEqual([])
    await again.close()
    expect((await newer.alice.get('/api/diary?mood=new')).body.items.length).toBeGreaterThan(0)
  })
})

test('a database that a newer Weft has prepared is served by those that served it before, and no others', async () => {
  await h.database.query(`insert into kernel.migrations (plugin, name, checksum) values ('kernel', '9999_later', '')`)
  const sentence =
    'A newer Weft has prepared the database: its migration kernel/9999_later is not here. Start that one.'
  await expect(open(folders.older)).rejects.toThrow(sentence)
  await expect(migrate(h.database, 'older')).rejects.toThrow(sentence)
  await (await open(folders.older, true)).close()
  expect((await h.alice.get('/api/clients')).status).toBe(200)
})
