/** A new version of a plugin that asks for more has it when an administrator of the organisation has said yes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { pluginFolders, SECRET } from '../../tests/support/settings.ts'
import { migrateDatabase } from '../host/preparation.ts'
import { describePlugins } from '../host/trial.ts'

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

const heldBy = async (visitor: Visitor) => (await visitor.get('/api/probe/look/x')).body.held
const cardOf = async (visitor: Visitor) =>
  (await visitor.get('/api/plugins')).body.items.find(({ id }: { id: string }) => id === 'probe')

/** As if the version before had asked for less. */
async function upgrade(asks: object): Promise<void> {
  await h.database.query(
    `update kernel.schemas set description = jsonb_set(description, '{asks}', $1::jsonb) where plugin = 'probe'`,
    [JSON.stringify(asks)],
  )
  const { described } = await describePlugins(pluginFolders)
  await migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described })
}

test('what was there before is kept, the rest waits for each organisation, and is allowed by a person', async () => {
  expect(await heldBy(h.alice)).toEqual(['clients.read', 'tasklist.create'])
  expect((await cardOf(h.alice)).asks).toBeNull()
  await upgrade({ uses: ['clients.read', 'tasklist.read'], hosts: ['http://localhost:9'], secrets: ['apiToken'] })
  await eventually(async () => (await cardOf(h.alice)).asks, 'the new version asks')
  for (const each of [h.alice, h.bob]) {
    expect(await heldBy(each)).toEqual(['clients.read'])
    expect((await cardOf(each)).asks).toEqual({
      uses: ['tasklist.create'],
      hosts: ['http://127.0.0.1:9'],
      secrets: ['webhookKey'],
    })
  }
  const called = (await h.alice.post('/api/probe/call-out')).body
  expect(called.literal).toBe(called.undeclared.replace('elsewhere.example', '127.0.0.1'))
  expect(called.declared).not.toBe(called.literal)

  const member = await h.addMember(h.tenants.alice, 'member@consent.example', 'member')
  expect((await member.patch('/api/plugins/probe', { consent: true })).status).toBe(403)
  const { key } = (await h.alice.post('/api/api-keys', { name: 'k', permissions: ['plugins.manage'] })).body
  const headers = { authorization: `Bearer ${String(key)}` }
  const keyed = await h.anonymous().call('PATCH', '/api/plugins/probe', { body: { consent: true }, headers })
  expect(keyed.status).toBe(403)

  const allowed = await h.alice.patch('/api/plugins/probe', { consent: true })
  expect([allowed.status, allowed.body.asks]).toEqual([200, null])
  expect(await heldBy(h.alice)).toEqual(['clients.read', 'tasklist.create'])
  expect(await heldBy(h.bob)).toEqual(['clients.read'])
  const [kept] = await h.database.query<{ decided_by: string | null }>(
    `select decided_by from kernel.consents where tenant_id = $1 and plugin = 'probe'`,
    [h.tenants.alice],
  )
  expect(kept?.decided_by).toBe((await h.alice.get('/api/session')).body.user.id)
})

test('a version that asks for no more than the one before is asked for nothing', async () => {
  await h.alice.patch('/api/plugins/probe', { consent: true })
  await h.bob.patch('/api/plugins/probe', { consent: true })
  const { described } = await describePlugins(pluginFolders)
  const asks = described.find(({ id }) => id === 'probe')?.asks
  await upgrade({ ...asks, uses: [...(asks?.uses ?? []), 'clients.delete'] })
  expect([(await cardOf(h.alice)).asks, (await cardOf(h.bob)).asks]).toEqual([null, null])
})
