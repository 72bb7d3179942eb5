import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKernel } from '../kernel.ts'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'

const isThere = areShipped('interactions')

let h: Harness
let clientId: string

beforeAll(async () => {
  h = await openHarness()
  const couple = { type: 'couple', lastName: 'Martin', extensions: { couple: { lastName: 'Zhylinskaya' } } }
  clientId = (await h.alice.post('/api/clients', couple)).body.id
  await h.alice.post('/api/interactions', { recordId: clientId, type: 'call-in', title: 'First call' })
})
afterAll(() => h?.close())

const switchTo = (plugin: string, enabled: boolean) => h.alice.patch(`/api/plugins/${plugin}`, { enabled })

test.skipIf(!isThere)(
  'a plugin that is switched off leaves no trace for the tenant, and everything for the others',
  async () => {
    expect((await switchTo('interactions', false)).body).toMatchObject({ id: 'interactions', enabled: false })
    expect((await h.alice.get('/api/interactions')).status).toBe(404)
    expect((await h.alice.get('/api/schemas/interactions')).status).toBe(404)
    const ui = await h.alice.get('/api/ui')
    expect(ui.text).not.toContain('interactions')
    expect((await h.alice.get('/api/schemas/clients')).text).not.toContain('lastInteractionAt')
    expect((await h.alice.get(`/api/clients/${clientId}`)).body.extensions).not.toHaveProperty('interactions')
    expect((await h.alice.get('/api/clients?extensions.interactions.lastInteractionAt.empty=true')).status).toBe(400)
    expect((await h.alice.get('/api/clients?sort=extensions.interactions.lastInteractionAt')).status).toBe(400)
    expect((await h.alice.get(`/api/clients/${clientId}?include=interactions`)).status).toBe(400)
    expect((await h.alice.get(`/api/clients/${clientId}/history`)).text).not.toContain('interactions')
    expect((await h.bob.get('/api/interactions')).status).toBe(200)
    expect((await h.bob.get('/api/ui')).text).toContain('interactions')
  },
)

test.skipIf(!isThere)('switched on again, its data is as it was', async () => {
  await switchTo('interactions', true)
  const { body } = await h.alice.get(`/api/clients/${clientId}?include=interactions`)
  expect(body.interactions).toMatchObject([{ title: 'First call' }])
  expect(body.extensions.interactions.lastInteractionAt).toBe(body.interactions[0].occurredAt)
})

test('what an extension holds is kept while its plugin is off, and is not found by search', async () => {
  expect((await h.alice.get('/api/clients?q=zhylin')).body.items).toHaveLength(1)
  await switchTo('couple', false)
  expect((await h.alice.get('/api/clients?q=zhylin')).body.items).toHaveLength(0)
  expect((await h.alice.get('/api/clients?q=martin')).body.items).toHaveLength(1)
  const { body } = await h.alice.get(`/api/clients/${clientId}`)
  expect((await h.alice.patch(`/api/clients/${clientId}`, { country: 'FR' }, body.version)).status).toBe(200)
  expect(
    (await h.alice.patch(`/api/clients/${clientId}`, { extensions: { couple: { lastName: 'x' } } }, 2)).status,
  ).toBe(400)
  await switchTo('couple', true)
  const after = await h.alice.get(`/api/clients/${clientId}`)
  expect(after.body.extensions.couple).toEqual({ lastName: 'Zhylinskaya' })
})

test.skipIf(!isThere)('another process sees the switch within a second', async () => {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  try {
    const isOn = async () => (await other.services.switches.of(h.tenants.alice)).enabled.has('interactions')
    expect(await isOn()).toBe(true)
    await switchTo('interactions', false)
    await eventually(async () => !(await isOn()), 'the other process sees it off', 1_000)
    await switchTo('interactions', true)
    await eventually(isOn, 'the other process sees it on', 1_000)
  } finally {
    await other.close()
  }
})

test('changes of one plugin made by two processes at the same time all hold', async () => {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  try {
    const [here, there] = [h.kernel.services.switches, other.services.switches]
    for (const limit of [1, 2, 3, 4, 5]) {
      const enabled = limit % 2 === 0
      await Promise.all([
        here.change(h.tenants.bob, 'probe', { enabled }),
        there.change(h.tenants.bob, 'probe', { settings: { limit } }),
      ])
      await eventually(async () => {
        const state = await here.of(h.tenants.bob)
        return state.enabled.has('probe') === enabled && state.settings.get('probe')?.limit === limit
      }, 'both changes hold')
    }
  } finally {
    await other.close()
  }
})

test('a plugin and the one that it requires cannot be switched past each other', async () => {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  try {
    const [here, there] = [h.kernel.services.switches, other.services.switches]
    for (let i = 0; i < 5; i++) {
      await here.change(h.tenants.bob, 'tasklist', { enabled: true })
      await here.change(h.tenants.bob, 'probe', { enabled: false })
      const both = [
        here.change(h.tenants.bob, 'probe', { enabled: true }),
        there.change(h.tenants.bob, 'tasklist', { enabled: false }),
      ]
      const outcomes = await Promise.allSettled(both)
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  } finally {
    await other.close()
    await h.bob.patch('/api/plugins/tasklist', { enabled: true })
  }
})

test.skipIf(!isThere)('settings are checked against the schema of the plugin', async () => {
  const refused = await h.alice.patch('/api/plugins/interactions', { settings: { defaultType: 'fax' } })
  expect([refused.status, refused.body.errors]).toEqual([400, [{ path: '/settings/defaultType', code: 'enum' }]])
  const kept = await h.alice.patch('/api/plugins/interactions', { settings: { defaultType: 'note' } })
  expect(kept.body.settings).toEqual({ defaultType: 'note' })
  expect((await h.alice.get('/api/ui')).body.settings.interactions).toEqual({ defaultType: 'note' })
  expect((await h.bob.get('/api/ui')).body.settings.interactions).toEqual({ defaultType: 'call-out' })
})

test('what others require stays on, and the refusal names them', async () => {
  const refused = await switchTo('tasklist', false)
  expect([refused.status, refused.body.code]).toEqual([409, 'required_by'])
  expect(refused.body.errors[0]).toMatchObject({ path: '/enabled', code: 'required_by' })
  expect((await switchTo('clients', false)).status).toBe(409)
  expect((await switchTo('nothing', true)).status).toBe(404)
})

test('a member may not switch plugins', async () => {
  const member = await h.addMember(h.tenants.alice, 'switch@test.example', 'member')
  expect((await member.patch('/api/plugins/couple', { enabled: false })).status).toBe(403)
  expect((await h.alice.get('/api/ui')).body.plugins).toContain('couple')
})
