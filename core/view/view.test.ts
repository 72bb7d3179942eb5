/** Saved views over HTTP: whose they are, and that what they ask is what their list understands. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'

let h: Harness
let mona: Visitor
let max: Visitor
beforeAll(async () => {
  h = await openHarness()
  mona = await h.addMember(h.tenants.alice, 'mona@test.example', 'member')
  max = await h.addMember(h.tenants.alice, 'max@test.example', 'member')
}, 60_000)
afterAll(() => h?.close())

const FILTER = { all: [{ type: 'company' }, { createdAt: { gte: 'now-90d' } }, { 'extensions.probe.vip': true }] }
const view = (more = {}) => ({
  name: 'Own companies',
  resource: 'clients',
  q: 'bell',
  filter: FILTER,
  sort: ['-createdAt', 'lastName'],
  columns: ['email', 'extensions.probe.code'],
  ...more,
})
const names = async (visitor: Visitor) =>
  (await visitor.get('/api/views?resource=clients')).body.items.map(({ name }: { name: string }) => name)

test('a view is kept as it was saved, for its maker alone until it is shared', async () => {
  const made = await mona.post('/api/views', view())
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject(view({ isShared: false }))
  expect(await names(mona)).toEqual(['Own companies'])
  for (const other of [max, h.alice, h.bob]) {
    expect(await names(other)).toEqual([])
    expect((await other.get(`/api/views/${made.body.id}`)).status).toBe(404)
  }
  expect((await mona.patch(`/api/views/${made.body.id}`, { isShared: true }, 1)).status).toBe(200)
  for (const other of [max, h.alice]) expect(await names(other)).toEqual(['Own companies'])
  expect(await names(h.bob)).toEqual([])
  expect((await max.patch(`/api/views/${made.body.id}`, { name: 'x' }, 2)).status).toBe(403)
  expect((await max.remove(`/api/views/${made.body.id}`, 2)).status).toBe(403)
  expect((await h.alice.patch(`/api/views/${made.body.id}`, { name: 'All companies' }, 2)).status).toBe(200)
  expect((await mona.remove(`/api/views/${made.body.id}`, 3)).status).toBe(204)
  expect(await names(max)).toEqual([])
})

const REFUSED: [more: { filter?: object; [name: string]: unknown }, path: string, code: string][] = [
  [{ resource: 'nothing' }, '/resource', 'unknown'],
  [{ filter: { all: [{ type: 'castle' }] } }, '/filter/all/0/type', 'enum'],
  [{ filter: { all: [{ shoeSize: 1 }] } }, '/filter/all/0/shoeSize', 'unknown'],
  [{ filter: { notes: 'x' } }, '/filter/notes', 'not_filterable'],
  [{ filter: { some: { clients: { type: 'company' } } } }, '/filter/some', 'unknown'],
  [{ filter: { not: { not: { not: { type: 'company' } } } } }, '/filter/not/not/not', 'too_complex'],
  [{ filter: {} }, '/filter', 'empty'],
  [{ sort: ['notes'] }, '/sort', 'not_sortable'],
  [{ columns: ['email', 'nothing'] }, '/columns/1', 'unknown'],
  [{ name: '' }, '/name', 'minLength'],
]

test('what its list would not understand is refused when it is saved and when it is changed', async () => {
  const { body: kept } = await max.post('/api/views', view())
  for (const [more, path, code] of REFUSED) {
    // A patch is merged: what the filter asked before is taken out of it.
    const patch = more.filter ? { filter: Object.assign({ all: null }, more.filter) } : more
    for (const { status, body } of [
      await max.post('/api/views', view(more)),
      await max.patch(`/api/views/${kept.id}`, patch, 1),
    ]) {
      expect([status, body.errors?.[0]?.path, body.errors?.[0]?.code], JSON.stringify(more)).toEqual([400, path, code])
    }
  }
  expect((await max.post('/api/views', view({ filter: [] }))).body.errors[0]).toMatchObject({
    path: '/filter',
    code: 'type',
  })
  expect((await max.get(`/api/views/${kept.id}`)).body).toEqual(kept)
})

test('a view of a resource that one may not read cannot be made', async () => {
  const { body } = await h.alice.post('/api/api-keys', { name: 'views', permissions: ['views.create', 'views.read'] })
  const headers = { authorization: `Bearer ${body.key}` }
  const made = await h.anonymous().call('POST', '/api/views', { body: view(), headers })
  expect([made.status, made.body.errors[0].path]).toEqual([400, '/resource'])
})

test('a view outlives the plugin that it asks for: it can be renamed, and its list says what it does not know', async () => {
  const { body: kept } = await h.alice.post('/api/views', view({ name: 'Probed' }))
  await h.alice.patch('/api/plugins/probe', { enabled: false })
  const renamed = await h.alice.patch(`/api/views/${kept.id}`, { name: 'Probed once' }, 1)
  expect([renamed.status, renamed.body.filter]).toEqual([200, FILTER])
  const used = await h.alice.get(`/api/clients?filter=${encodeURIComponent(JSON.stringify(FILTER))}`)
  expect([used.status, used.body.errors[0].code]).toEqual([400, 'unknown'])
  expect((await h.alice.patch(`/api/views/${kept.id}`, { sort: ['lastName'] }, 2)).status).toBe(400)
  await h.alice.patch('/api/plugins/probe', { enabled: true })
  expect((await h.alice.patch(`/api/views/${kept.id}`, { sort: ['lastName'] }, 2)).status).toBe(200)
})

test('the screen has no list of views', async () => {
  const { body } = await mona.get('/api/ui')
  expect(body.resources.map(({ name }: { name: string }) => name)).not.toContain('views')
  expect(body.permissions).toEqual(
    expect.arrayContaining(['views.read', 'views.create', 'views.update', 'views.delete']),
  )
})
