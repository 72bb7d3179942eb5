/** Plugins that work over every resource: they find them at run time, hear every event, and know where a change came from. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { heard } from '../../tests/support/witness/events.ts'
import { pluginFolders } from '../../tests/support/settings.ts'
import { findDialectFaults } from '../resource/dialect.ts'

const witness = join(import.meta.dirname, '../../tests/support/witness')

let h: Harness
beforeAll(async () => {
  h = await openHarness({ worker: true, plugins: [...pluginFolders, witness] })
})
afterAll(() => h?.close())

const heardOf = (event: string) => heard.filter((each) => each.event === event)
const create = async (lastName: string, visitor = h.alice) =>
  (await visitor.post('/api/clients', { type: 'person', lastName })).body

test('a plugin that uses every resource finds those that are on, with the schema that the tenant has', async () => {
  const { body } = await h.alice.get('/api/witness/resources')
  const names = body.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(['clients', 'tasklist']))
  const clients = body.find(({ name }: { name: string }) => name === 'clients')
  expect(clients.schema.properties.extensions.properties).toHaveProperty('probe')
  await h.bob.patch('/api/plugins/probe', { enabled: false })
  await h.bob.patch('/api/plugins/tasklist', { enabled: false })
  const { body: less } = await h.bob.get('/api/witness/resources')
  expect(less.map(({ name }: { name: string }) => name)).not.toContain('tasklist')
})

test('a handler of every event hears all but itself, each with a digest that stands for what the fact keeps', async () => {
  const made = await create('Heard')
  await eventually(async () => heardOf('clients.created').length > 0, 'the creation is heard')
  await h.alice.remove(`/api/clients/${made.id}`, 1)
  await eventually(async () => heardOf('clients.deleted').length > 0, 'the deletion is heard')
  const witnessed = await eventually(
    async () => (await h.alice.get('/api/clients?q=Witnessed')).body.items[0],
    'it has answered with a row of its own',
  )
  await create('After')
  await eventually(async () => heardOf('clients.created').length > 1, 'the next creation is heard')
  const rows = await h.database.query<{ id: string }>(`select id::text from kernel.facts where row_id = $1`, [
    witnessed.id,
  ])
  expect(heard.filter(({ fact }) => rows.some(({ id }) => id === fact))).toEqual([])
  expect(heard.every(({ digest }) => /^[0-9a-f]{64}$/.test(digest ?? ''))).toBe(true)
  expect(new Set(heard.map(({ digest }) => digest)).size).toBe(new Set(heard.map(({ fact }) => fact)).size)
  expect(heard.every(({ tenant }) => tenant === 'alice')).toBe(true)
})

test('what came from another system says so, and no plugin can say what is no name', async () => {
  const made = await h.alice.post('/api/witness/enter', { lastName: 'Synced', origin: 'hubspot' })
  expect(made.status, made.text).toBe(200)
  const [fact] = await h.database.query<{ origin: string }>('select origin from kernel.facts where row_id = $1', [
    made.body,
  ])
  expect(fact?.origin).toBe('hubspot')
  expect((await h.alice.post('/api/witness/enter', { lastName: 'X', origin: 'a|b' })).status).toBe(500)
})

test('annotations of plugins are known by the words of their manifest, and others are misspellings', () => {
  const schema = (field: object) => ({
    type: 'object',
    additionalProperties: false,
    properties: { email: { type: 'string', ...field } },
  })
  const further = new Map([['x-match', { enum: ['exact', 'close'] }]])
  expect(findDialectFaults(schema({ 'x-match': 'exact' }), further)).toEqual([])
  expect(findDialectFaults(schema({ 'x-match': 'near' }), further).join()).toContain('/properties/email/x-match')
  expect(findDialectFaults(schema({ 'x-match': 'exact' })).join()).toContain('x-match is not in the dialect')
  expect(findDialectFaults(schema({ 'x-mach': 'exact' }), further).join()).toContain('x-mach is not in the dialect')
})

test('the browser is let to what the manifests of plugins ask for, and to nothing else', async () => {
  const { headers } = await h.alice.get('/api/session')
  expect(headers['content-security-policy']).toContain("img-src 'self' data: blob: https://tiles.example.org;")
  expect(headers['content-security-policy']).not.toContain('unsafe')
  expect(headers['permissions-policy']).toBe('camera=(self), microphone=(), geolocation=(), xr-spatial-tracking=()')
})
