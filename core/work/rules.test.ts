/** Rows outside of a caller's rule are unknown on every path; over HTTP, with two members of one tenant. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness, type Reply, untilOvertaken, type Visitor } from '../../tests/support/harness.ts'

const PATH = '/api/gauge/notes'

let h: Harness
let mona: Visitor
let max: Visitor
let gauge: string
/** Mona's own note, and the one that she shares. */
let own: any
let shared: any
let his: any
beforeAll(async () => {
  h = await openHarness()
  mona = await h.addMember(h.tenants.alice, 'mona@test.example', 'member')
  max = await h.addMember(h.tenants.alice, 'max@test.example', 'member')
  gauge = (await h.alice.post('/api/gauge', { word: 'amber' })).body.id
  const note = async (visitor: Visitor, text: string, more = {}) => {
    const { status, body } = await visitor.post(PATH, { gaugeId: gauge, text, ...more })
    expect(status).toBe(201)
    return body
  }
  own = await note(mona, 'quiet word')
  shared = await note(mona, 'common word', { isShared: true })
  his = await note(max, 'max word')
}, 60_000)
afterAll(() => h?.close())

const texts = ({ body }: Reply) => body.items.map(({ text }: { text: string }) => text).toSorted()
const encode = (filter: object) => encodeURIComponent(JSON.stringify(filter))
/** An answer without what differs from request to request. */
const said = ({ status, text }: Reply) => [status, text]

test('lists, searches, counts, groups and includes hold the rows that one meets', async () => {
  for (const [visitor, expected] of [
    [mona, ['common word', 'quiet word']],
    [max, ['common word', 'max word']],
    [h.alice, ['common word']],
  ] as const) {
    for (const query of ['', '?q=word', `?filter=${encode({ not: { text: 'nothing' } })}`, '?sort=text']) {
      expect(texts(await visitor.get(`${PATH}${query}`)), query).toEqual(expected)
    }
    const { total } = (await visitor.get(`${PATH}?count=exact&limit=1`)).body
    expect(total.value).toBe(expected.length)
    const groups = (await visitor.get(`${PATH}/aggregate?by=text`)).body.items
    expect(groups.map(({ by }: any) => by.text)).toEqual(expected)
    const one = (await visitor.get(`/api/gauge/${gauge}?include=gauge.notes`)).body
    const many = (await visitor.get('/api/gauge?include=gauge.notes')).body.items[0]
    for (const row of [one, many]) expect(row['gauge.notes'].map(({ text }: any) => text).toSorted()).toEqual(expected)
  }
})

test('what is asked of rows that belong to a row is asked of those that one meets', async () => {
  const find = async (visitor: Visitor, text: string) =>
    (await visitor.get(`/api/gauge?filter=${encode({ some: { 'gauge.notes': { text } } })}`)).body.items.length
  expect(await find(mona, 'quiet word')).toBe(1)
  expect(await find(max, 'quiet word')).toBe(0)
  expect(await find(max, 'common word')).toBe(1)
})

test('a row that one does not meet answers like one that never was, whatever is done to it', async () => {
  const never = '00000000-0000-4000-8000-000000000000'
  const attempts: ((visitor: Visitor, id: string) => Promise<Reply>)[] = [
    (visitor, id) => visitor.get(`${PATH}/${id}`),
    (visitor, id) => visitor.get(`${PATH}/${id}/history`),
    (visitor, id) => visitor.patch(`${PATH}/${id}`, { text: 'x' }, 1),
    (visitor, id) => visitor.patch(`${PATH}/${id}`, { text: null }, 1),
    (visitor, id) => visitor.patch(`${PATH}/${id}`, { text: 'x' }, 7),
    (visitor, id) => visitor.remove(`${PATH}/${id}`, 1),
    (visitor, id) => visitor.post(`${PATH}/${id}/restore`),
    (visitor, id) => visitor.post(`${PATH}/${id}/merge`, { with: his.id }),
    (visitor, id) => visitor.post(`${PATH}/${his.id}/merge`, { with: id }),
    (visitor, id) => visitor.post(`${PATH}/${id}/unmerge`, { mergeId: never }),
    (visitor, id) => visitor.post(PATH, { gaugeId: gauge, text: 'x', answerTo: id }),
    (visitor, id) => visitor.patch(`${PATH}/${his.id}`, { answerTo: id }, 1),
  ]
  for (const [i, attempt] of attempts.entries()) {
    const reply = await attempt(max, own.id)
    expect(said(reply), `attempt ${i}`).toEqual(said(await attempt(max, never)))
    expect([404, 422], `attempt ${i}`).toContain(reply.status)
  }
  expect((await mona.get(`${PATH}/${own.id}`)).body).toEqual(own)
})

test('a row that one only reads is refused to be written, and an administrator writes what they read', async () => {
  const attempts = [
    () => max.patch(`${PATH}/${shared.id}`, { text: 'x' }, 1),
    () => max.patch(`${PATH}/${shared.id}`, { text: null }, 1),
    () => max.remove(`${PATH}/${shared.id}`, 1),
    () => max.post(`${PATH}/${shared.id}/merge`, { with: his.id }),
  ]
  for (const attempt of attempts) {
    const { status, body } = await attempt()
    expect([status, body.code]).toEqual([403, 'forbidden'])
  }
  const changed = await h.alice.patch(`${PATH}/${shared.id}`, { text: 'common term' }, 1)
  expect(changed.status).toBe(200)
  expect((await mona.patch(`${PATH}/${shared.id}`, { text: 'common word' }, 2)).status).toBe(200)
  expect((await h.alice.get(`${PATH}/${own.id}`)).status).toBe(404)
})

test('history and changes tell of the rows that one meets', async () => {
  await untilOvertaken(h.database)
  for (const [visitor, met, unmet] of [
    [max, his, own],
    [mona, own, his],
  ] as const) {
    const history = await visitor.get(`/api/gauge/${gauge}/history`)
    expect(history.text).toContain(met.id)
    expect(history.text).toContain(shared.id)
    expect(history.text).not.toContain(unmet.id)
    const rowsOf = async (query: string) =>
      (await visitor.get(`/api/changes?limit=200${query}`)).body.items.map(({ rowId }: any) => rowId)
    for (const query of ['', '&resource=gauge.notes']) {
      const rows = await rowsOf(query)
      expect(rows).toEqual(expect.arrayContaining([met.id, shared.id]))
      expect(rows).not.toContain(unmet.id)
    }
  }
})

test('nobody is asked of a row that one does not meet, and what is held is seen by those who meet it', async () => {
  const patch = { text: 'hold secret word' }
  const hidden = await max.patch(`${PATH}/${own.id}`, patch, own.version)
  const unknown = await max.patch(`${PATH}/00000000-0000-4000-8000-000000000000`, patch, 1)
  expect(said(hidden)).toEqual(said(unknown))
  expect(hidden.status).toBe(404)
  expect((await max.patch(`${PATH}/${shared.id}`, patch, shared.version)).status).toBe(403)
  const held = async (id: string) => {
    const { version } = (await mona.get(`${PATH}/${id}`)).body
    const reply = await mona.patch(`${PATH}/${id}`, patch, version)
    expect(reply.status, reply.text).toBe(202)
    return reply.body.proposal.id as string
  }
  const [secret, open] = [await held(own.id), await held(shared.id)]
  expect((await mona.get(`/api/proposals/${secret}`)).body).toMatchObject({ hidden: false, body: patch })
  expect((await h.alice.get(`/api/proposals/${secret}`)).body).toMatchObject({ hidden: true, body: null })
  expect((await h.alice.get(`/api/proposals/${open}`)).body).toMatchObject({ hidden: false, body: patch })
  expect((await h.alice.get('/api/proposals')).body.items).toContainEqual(
    expect.objectContaining({ id: secret, hidden: true, body: null }),
  )
})

test('one’s own rows are merged, deleted and restored as ever', async () => {
  const second = (await mona.post(PATH, { gaugeId: gauge, text: 'second' })).body
  const merge = await mona.post(`${PATH}/${own.id}/merge`, { with: second.id })
  expect(merge.status).toBe(200)
  const moved = await mona.get(`${PATH}/${second.id}`)
  expect([moved.status, moved.headers.location]).toEqual([308, `${PATH}/${own.id}`])
  // Where the row went is told to nobody who does not meet it there.
  expect((await max.get(`${PATH}/${second.id}`)).status).toBe(404)
  expect((await mona.post(`${PATH}/${own.id}/unmerge`, { mergeId: merge.body.mergeId })).status).toBe(200)
  const now = (await mona.get(`${PATH}/${second.id}`)).body
  expect((await mona.remove(`${PATH}/${second.id}`, now.version)).status).toBe(204)
  expect((await max.post(`${PATH}/${second.id}/restore`)).status).toBe(404)
  expect((await mona.post(`${PATH}/${second.id}/restore`)).status).toBe(200)
})

test('another tenant meets nothing, shared or not', async () => {
  expect((await h.bob.get(PATH)).body.items).toEqual([])
  expect((await h.bob.get(`${PATH}/${shared.id}`)).status).toBe(404)
})
