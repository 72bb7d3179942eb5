/** Logs and scratch rows, which are no records, asked like any client does. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness, type Reply, type Visitor } from '../../tests/support/harness.ts'
import { forgetFacts, sweepRows } from '../facts/retention.ts'

let h: Harness
let mine: string
let theirs: string
let member: Visitor

const client = async (visitor: Visitor, lastName: string) => {
  const made = await visitor.post('/api/clients', { type: 'person', lastName })
  expect(made.status, made.text).toBe(201)
  return made.body.id as string
}

beforeAll(async () => {
  h = await openHarness()
  mine = await client(h.alice, 'Mine')
  theirs = await client(h.bob, 'Theirs')
  member = await h.addMember(h.tenants.alice, 'meter@test.example', 'member')
})
afterAll(() => h?.close())

const reading = (more: object = {}) => ({ recordId: mine, kind: 'heat', value: 20, ...more })
const enter = async (path: string, body: object, visitor = h.alice) => {
  const made = await visitor.post(path, body)
  expect(made.status, made.text).toBe(201)
  return made.body
}
const problemOf = ({ status, body }: Reply) => [status, body.code, body.errors.map((e: { path: string }) => e.path)]
const countOf = async (table: string, tenant = h.tenants.alice) => {
  const rows = await h.database.query<{ n: number }>(
    `select count(*)::integer as n from ${table} where tenant_id = $1`,
    [tenant],
  )
  return rows[0]?.n
}
const factsOf = async (id: string) =>
  h.database.query('select event from kernel.facts where row_id = $1 or record_id = $1', [id])
/** Past the trigger that keeps the time of entry. */
async function age(table: string, id: string, days: number) {
  await h.database.query('set session_replication_role = replica')
  await h.database.query(`update ${table} set created_at = now() - make_interval(days => $2) where id = $1`, [id, days])
  await h.database.query('set session_replication_role = origin')
}

describe('a log', () => {
  test('is entered and read, and leaves no fact, no record and no version behind', async () => {
    const row = await enter('/api/meter', reading({ place: 'hall', marks: ['a'], raw: { room: 'x' }, price: '1.50' }))
    expect(row).toMatchObject({ version: 1, kind: 'heat', marks: ['a'], raw: { room: 'x' }, price: '1.50' })
    expect(row.createdBy).not.toBeNull()
    expect((await h.alice.get(`/api/meter/${row.id}`)).body).toEqual(row)
    expect(await factsOf(row.id)).toEqual([])
    expect(await h.database.query('select 1 from kernel.records where id = $1', [row.id])).toEqual([])
    expect((await h.alice.get(`/api/clients/${mine}?include=meter`)).body.meter).toHaveLength(1)
  })

  test('has no route and no permission to change it, and says so to the screen', async () => {
    const row = await enter('/api/meter', reading())
    const unknown = await h.alice.patch(`/api/none/${row.id}`, {}, 1)
    const calls: [string, string][] = [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/restore'],
      ['GET', '/history'],
      ['POST', '/merge'],
      ['POST', '/unmerge'],
      ['POST', '/erase'],
      ['GET', '/access-pack'],
    ]
    for (const [method, path] of calls) {
      const reply = await h.alice.call(method, `/api/meter/${row.id}${path}`, { headers: { 'if-match': '"1"' } })
      expect([reply.status, reply.body.code], `${method} ${path}`).toEqual([404, unknown.body.code])
    }
    expect((await h.alice.post('/api/meter/batch', { ids: [row.id], delete: true })).status).toBe(404)
    const { permissions, resources } = (await h.alice.get('/api/ui')).body
    expect(permissions.filter((name: string) => /^meter\.(read|create|update|delete)$/.test(name))).toEqual([
      'meter.create',
      'meter.read',
    ])
    expect(resources.find(({ name }: { name: string }) => name === 'meter')).toMatchObject({ keep: 'log' })
    const { paths } = (await h.alice.get('/api/openapi.json')).body
    const verbs = Object.entries(paths)
      .filter(([path]) => /^\/api\/meter(\/drafts)?(\/\{id\}.*)?$/.test(path))
      .flatMap(([path, each]) => Object.keys(each as object).map((verb) => `${verb} ${path}`))
    expect(verbs.sort()).toEqual([
      'delete /api/meter/drafts/{id}',
      'get /api/meter',
      'get /api/meter/drafts',
      'get /api/meter/drafts/{id}',
      'get /api/meter/{id}',
      'patch /api/meter/drafts/{id}',
      'post /api/meter',
      'post /api/meter/drafts',
    ])
  })

  test('is listed, filtered, searched in vain and summed up', async () => {
    const other = await client(h.alice, 'Summed')
    for (const [kind, value] of [
      ['heat', 1],
      ['heat', 3],
      ['noise', 9],
    ] as const)
      await enter('/api/meter', reading({ recordId: other, kind, value }))
    const list = await h.alice.get(`/api/meter?recordId=${other}&value.gte=3&sort=-value`)
    expect(list.body.items.map(({ value }: { value: number }) => value)).toEqual([9, 3])
    expect((await h.alice.get(`/api/meter?recordId=${other}&q=heat`)).body.items).toEqual([])
    expect(problemOf(await h.alice.get('/api/meter?sort=updatedAt'))).toEqual([400, 'invalid_sort', ['sort']])
    const sums = await h.alice.get(`/api/meter/aggregate?recordId=${other}&by=kind&values=count,sum:value&sort=kind`)
    expect(sums.status, sums.text).toBe(200)
    expect(sums.body.items).toMatchObject([
      { by: { kind: 'heat' }, values: { count: 2, 'sum:value': 4 } },
      { by: { kind: 'noise' }, values: { count: 1, 'sum:value': 9 } },
    ])
  })

  test('is of one tenant', async () => {
    const row = await enter('/api/meter', reading({ recordId: theirs }), h.bob)
    expect((await h.alice.get(`/api/meter/${row.id}`)).status).toBe(404)
    expect((await h.alice.get(`/api/meter?recordId=${theirs}`)).body.items).toEqual([])
    expect(problemOf(await h.alice.post('/api/meter', reading({ recordId: theirs })))).toEqual([
      422,
      'reference',
      ['/recordId'],
    ])
    expect((await member.get('/api/meter')).status).toBe(200)
    expect((await h.anonymous().get('/api/meter')).status).toBe(401)
  })

  test('a repeated request enters one row', async () => {
    const key = { 'idempotency-key': randomUUID() }
    const first = await h.alice.post('/api/meter', reading(), key)
    const second = await h.alice.post('/api/meter', reading(), key)
    expect([second.status, second.body.id]).toEqual([201, first.body.id])
  })
})

describe('many rows at once', () => {
  test('are entered in their order, a thousand at most', async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({
      ...reading({ value: i }),
      marks: [`m${i}`],
      raw: { room: 'a"b' },
    }))
    const done = await h.alice.post('/api/meter/append', { rows })
    expect(done.status, done.text).toBe(200)
    expect(done.body.ids).toHaveLength(1_000)
    const last = (await h.alice.get(`/api/meter/${done.body.ids[999]}`)).body
    expect(last).toMatchObject({ value: 999, marks: ['m999'], raw: { room: 'a"b' }, place: null, price: null })
    expect(problemOf(await h.alice.post('/api/meter/append', { rows: [...rows, rows[0]] }))).toEqual([
      400,
      'too_many',
      [''],
    ])
    expect((await h.alice.post('/api/meter/append', { rows: [] })).body).toEqual({ ids: [] })
  })

  test('are all entered or none, with the place of each fault', async () => {
    const before = await countOf('meter__meter')
    const rows = [reading(), reading({ kind: 'cold' }), reading({ value: 'x', id: randomUUID() }), 'none']
    const wrong = await h.alice.post('/api/meter/append', { rows })
    expect(problemOf(wrong)).toEqual([400, 'invalid', ['/1/kind', '/2/id', '/3']])
    const deleted = await client(h.alice, 'Deleted')
    await h.alice.remove(`/api/clients/${deleted}`, 1)
    const foreign = [
      reading(),
      reading({ recordId: theirs }),
      reading({ recordId: deleted }),
      reading({ recordId: randomUUID() }),
    ]
    expect(problemOf(await h.alice.post('/api/meter/append', { rows: foreign }))).toEqual([
      422,
      'reference',
      ['/1/recordId', '/2/recordId', '/3/recordId'],
    ])
    const stranger = await h.alice.post('/api/meter/append', {
      rows: [reading(), reading({ watcherId: randomUUID() })],
    })
    expect(problemOf(stranger)).toEqual([422, 'reference', ['/1/watcherId']])
    expect(problemOf(await h.alice.post('/api/meter/stage', { rows: [{ clientId: theirs, text: 'x' }] }))).toEqual([
      422,
      'reference',
      ['/0/clientId'],
    ])
    expect(await countOf('meter__meter')).toBe(before)
  })
})

describe('scratch rows', () => {
  test('are changed and deleted for good, without a word', async () => {
    const row = await enter('/api/meter/drafts', { clientId: mine, text: 'First words' })
    const changed = await h.alice.patch(`/api/meter/drafts/${row.id}`, { text: 'Other words' }, 1)
    expect([changed.status, changed.body.version, changed.body.text]).toEqual([200, 2, 'Other words'])
    expect((await h.alice.patch(`/api/meter/drafts/${row.id}`, { text: 'Late' }, 1)).status).toBe(412)
    expect((await h.alice.get('/api/meter/drafts?q=other')).body.items).toHaveLength(1)
    expect((await h.alice.remove(`/api/meter/drafts/${row.id}`)).status).toBe(428)
    expect((await h.alice.remove(`/api/meter/drafts/${row.id}`, 1)).status).toBe(412)
    expect((await h.bob.remove(`/api/meter/drafts/${row.id}`, 2)).status).toBe(404)
    expect((await h.alice.remove(`/api/meter/drafts/${row.id}`, 2)).status).toBe(204)
    expect((await h.alice.get(`/api/meter/drafts/${row.id}`)).status).toBe(404)
    expect(await h.database.query('select 1 from meter__drafts where id = $1', [row.id])).toEqual([])
    expect(await factsOf(row.id)).toEqual([])
    for (const path of ['restore', 'merge', 'erase'])
      expect((await h.alice.post(`/api/meter/drafts/${row.id}/${path}`)).status).toBe(404)
    expect((await h.alice.post('/api/meter/drafts/batch', { ids: [row.id], delete: true })).status).toBe(404)
  })

  test('keep to their row rule', async () => {
    const own = await enter('/api/meter/drafts', { clientId: mine, text: 'Own' })
    const shared = await enter('/api/meter/drafts', { clientId: mine, text: 'Shared', isShared: true })
    expect((await member.get(`/api/meter/drafts/${own.id}`)).status).toBe(404)
    expect((await member.remove(`/api/meter/drafts/${own.id}`, 1)).status).toBe(404)
    expect((await member.remove(`/api/meter/drafts/${shared.id}`, 1)).status).toBe(403)
    const { items } = (await member.get(`/api/meter/drafts?clientId=${mine}`)).body
    expect(items.map(({ text }: { text: string }) => text)).toEqual(['Shared'])
  })
})

describe('the owner of rows that are no records', () => {
  test('is merged, and they follow; unmerged, and they go back', async () => {
    const [kept, lost] = [await client(h.alice, 'Kept'), await client(h.alice, 'Lost')]
    const staying = await enter('/api/meter', reading({ recordId: kept }))
    const moving = await enter('/api/meter', reading({ recordId: lost }))
    const draft = await enter('/api/meter/drafts', { clientId: lost, text: 'Moves' })
    const merge = await h.alice.post(`/api/clients/${kept}/merge`, { with: lost })
    expect([merge.status, merge.body.moved], merge.text).toEqual([200, 2])
    const ownerOf = async (id: string) => (await h.alice.get(`/api/meter/${id}`)).body.recordId
    expect([await ownerOf(staying.id), await ownerOf(moving.id)]).toEqual([kept, kept])
    const since = await enter('/api/meter', reading({ recordId: kept }))
    expect((await h.alice.get(`/api/meter/drafts/${draft.id}`)).body.clientId).toBe(kept)
    const undone = await h.alice.post(`/api/clients/${kept}/unmerge`, { mergeId: merge.body.mergeId })
    expect([undone.status, undone.body.moved], undone.text).toEqual([200, 2])
    expect([await ownerOf(staying.id), await ownerOf(moving.id), await ownerOf(since.id)]).toEqual([kept, lost, kept])
    expect((await h.alice.get(`/api/meter/drafts/${draft.id}`)).body.clientId).toBe(lost)
    expect(await h.database.query('select 1 from kernel.moved_rows')).toEqual([])
  })

  test('has them in its access pack, and loses their personal values when it is erased', async () => {
    const person = await client(h.alice, 'Erased')
    const row = await enter('/api/meter', reading({ recordId: person, place: 'Kanarienvogel' }))
    const draft = await enter('/api/meter/drafts', { clientId: person, text: 'Kanarienvogel' })
    const pack = (await h.alice.get(`/api/clients/${person}/access-pack`)).body
    expect(pack.rows.meter).toMatchObject([{ id: row.id, place: 'Kanarienvogel' }])
    expect(pack.rows['meter.drafts']).toMatchObject([{ id: draft.id, text: 'Kanarienvogel' }])
    const erased = await h.alice.post(`/api/clients/${person}/erase`)
    expect([erased.status, erased.body.rows], erased.text).toEqual([200, 3])
    expect((await h.alice.get(`/api/meter/${row.id}`)).body).toMatchObject({ place: null, kind: 'heat', value: 20 })
    const [left] = await h.database.query<{ text: string; search_text: string }>(
      'select text, search_text from meter__drafts where id = $1',
      [draft.id],
    )
    expect([left?.text, left?.search_text.trim()]).toEqual(['', ''])
  })
})

test('rows are swept away when they are as old as their resource says, of every tenant', async () => {
  const old = await enter('/api/meter', reading())
  const young = await enter('/api/meter', reading())
  const foreign = await enter('/api/meter', reading({ recordId: theirs }), h.bob)
  const draft = await enter('/api/meter/drafts', { clientId: mine, text: 'Old' })
  await age('meter__meter', old.id, 31)
  await age('meter__meter', young.id, 29)
  await age('meter__meter', foreign.id, 31)
  await age('meter__drafts', draft.id, 3)
  const { database } = h.kernel.services
  await Promise.all([sweepRows(database), sweepRows(database), forgetFacts(database)])
  for (const [visitor, path, status] of [
    [h.alice, `/api/meter/${old.id}`, 404],
    [h.alice, `/api/meter/${young.id}`, 200],
    [h.bob, `/api/meter/${foreign.id}`, 404],
    [h.alice, `/api/meter/drafts/${draft.id}`, 404],
  ] as const)
    expect((await visitor.get(path)).status, path).toBe(status)
})
