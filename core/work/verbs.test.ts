import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

test('a created row comes back with an ETag, a location and every field', async () => {
  const made = await h.alice.post('/api/clients', { type: 'person', lastName: 'Noël', phone: '01 99 00 12 34' })
  expect(made.status).toBe(201)
  expect(made.headers.etag).toBe('"1"')
  expect(made.headers.location).toBe(`/api/clients/${made.body.id}`)
  expect(made.body).toMatchObject({ lastName: 'Noël', status: 'active', phoneE164: '+33199001234', companyName: null })
  const read = await h.alice.get(`/api/clients/${made.body.id}`)
  expect(read.text).toBe(made.text)
  expect(read.headers.etag).toBe('"1"')
})

test('a stale patch is refused and changes nothing', async () => {
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Stale' })
  expect((await h.alice.patch(`/api/clients/${body.id}`, { notes: 'a' }, 1)).body.version).toBe(2)
  expect((await h.alice.patch(`/api/clients/${body.id}`, { notes: 'b' }, 1)).status).toBe(412)
  expect((await h.alice.patch(`/api/clients/${body.id}`, { notes: 'b' })).status).toBe(428)
  expect((await h.alice.get(`/api/clients/${body.id}`)).body).toMatchObject({ notes: 'a', version: 2 })
})

test('what changes nothing makes no version and no fact', async () => {
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Same', notes: 'a' })
  const url = `/api/clients/${body.id}`
  const same = await h.alice.patch(url, { notes: 'a' }, 1)
  expect([same.status, same.headers.etag, same.body]).toEqual([200, '"1"', body])
  expect((await h.alice.get(`${url}/history`)).body.items).toHaveLength(1)
})

test('what is derived of other rows changes the row’s version neither by its change nor by its staying', async () => {
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Counted' })
  const url = `/api/clients/${body.id}`
  const read = async () => (await h.alice.get(url)).body
  const rows = []
  for (const title of ['one', 'two']) rows.push(await h.alice.post('/api/tasklist', { clientId: body.id, title }))
  expect(await read()).toMatchObject({ version: 1, extensions: { probe: { tasks: 2, nextDue: null } } })
  for (const row of rows) expect((await h.alice.remove(`/api/tasklist/${row.body.id}`, 1)).status).toBe(204)
  expect(await read()).toMatchObject({ version: 1, updatedAt: body.updatedAt, extensions: { probe: { tasks: 0 } } })
})

test('a rule of the schema holds for the row as the patch leaves it', async () => {
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Rule' })
  const refused = await h.alice.patch(`/api/clients/${body.id}`, { type: 'company' }, 1)
  expect(refused.status).toBe(400)
  expect(refused.body.errors).toEqual([{ path: '/companyName', code: 'required' }])
  const emptied = await h.alice.patch(`/api/clients/${body.id}`, { lastName: null }, 1)
  expect(emptied.body.errors).toEqual([{ path: '/lastName', code: 'required' }])
})

test('another tenant sees nothing and changes nothing', async () => {
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Secret' })
  const url = `/api/clients/${body.id}`
  expect((await h.bob.get(url)).status).toBe(404)
  expect((await h.bob.patch(url, { notes: 'x' }, 1)).status).toBe(404)
  expect((await h.bob.remove(url, 1)).status).toBe(404)
  const smuggled = await h.bob.post('/api/tasklist', { clientId: body.id, title: 'x' })
  expect(smuggled.status).toBe(422)
  expect(smuggled.body.errors).toEqual([{ path: '/clientId', code: 'reference' }])
})
