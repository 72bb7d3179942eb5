/** Rows as a stream, for plugin code: whole, in order, and over with its ctx. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillRows } from '../../tests/support/bulk.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'

const ROWS = 950

let h: Harness
beforeAll(async () => {
  h = await openHarness()
  const { model } = h.kernel.services.compositions.whole.resources.get('gauge')!
  await fillRows(h.database, model, { [h.tenants.alice]: ROWS, [h.tenants.bob]: 30 })
}, 60_000)
afterAll(() => h?.close())

const walk = async (path: string, body: object) => (await h.alice.post(`/api/gauge/${path}`, body)).body as string[]
const idsOf = async (order: string, where = 'true') =>
  (
    await h.database.query<{ id: string }>(
      `select id from gauge__gauge where tenant_id = $1 and deleted_at is null and ${where} order by ${order}`,
      [h.tenants.alice],
    )
  ).map(({ id }) => id)

test('in a query it holds every row of the tenant once, in its order', async () => {
  const all = await walk('walk', {})
  expect(all).toHaveLength(ROWS)
  expect(all).toEqual(await idsOf('created_at desc, id desc'))
  expect(await walk('walk', { sort: ['day'], where: { open: true } })).toEqual(
    await idsOf('day asc nulls last, id', 'open'),
  )
  expect(await walk('walk', { stop: 205 })).toEqual(all.slice(0, 205))
})

test('in an exchange each page is read anew, and what is written between them is seen in its place', async () => {
  const before = await idsOf('created_at')
  const walked = await walk('walk-out', { sort: ['createdAt'] })
  expect(new Set(walked).size).toBe(walked.length)
  expect(walked).toEqual(await idsOf('created_at, id'))
  expect(walked).toHaveLength(before.length + 1)
})

test('it ends with its ctx, and what it is asked wrongly is refused', async () => {
  expect((await h.alice.post('/api/gauge/walk-on')).body).toBe('begun')
  expect((await h.alice.post('/api/gauge/walk-on')).body).toMatch('This ctx is over')
  const { status, body } = await h.alice.post('/api/gauge/walk', { where: { nothing: 1 } })
  expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid_filter', 'filter/nothing'])
})
