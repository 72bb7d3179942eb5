/** A plugin whose code fails: what its callers, its deliveries and those who look after the installation see of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fixtures } from '../../tests/support/fixtures.ts'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { pluginFolders } from '../../tests/support/settings.ts'

const fixtures = new Fixtures()
let h: Harness
let member: Visitor

const server = `import { definePlugin, Problem } from 'weft'
let isBroken = true
const route = (path, handle) => ({ method: 'POST', path, access: 'shaky.run', kind: 'query', handle })
export default definePlugin({
  routes: [
    route('/work', async () => { if (isBroken) throw new Error('a part is missing'); return { works: true } }),
    route('/refuse', async () => { throw new Problem(409, 'no') }),
    route('/mend', async () => { isBroken = false }),
  ],
  handlers: [{ event: { name: 'clients.created' }, name: 'note', kind: 'exchange', handle: async () => {} }],
})
`

beforeAll(async () => {
  const permissions = { 'shaky.run': { en: 'Run', fr: 'Lancer' } }
  const shaky = fixtures.write('shaky', { server, manifest: { permissions } })
  h = await openHarness({ plugins: [...pluginFolders, shaky], worker: true })
  member = await h.addMember(h.tenants.alice, 'member@shaky.example', 'member')
})
afterAll(async () => {
  await h?.close()
  fixtures.remove()
})

const work = (visitor = h.alice) => visitor.post('/api/shaky/work')
const entryOf = async (visitor: Visitor) =>
  (await visitor.get('/api/plugins')).body.items.find((each: { id: string }) => each.id === 'shaky')

describe('a plugin whose routes fail again and again', () => {
  test('answers its refusals as ever, and is shut after twenty failures', async () => {
    for (let i = 0; i < 5; i++) expect((await h.alice.post('/api/shaky/refuse')).status).toBe(409)
    for (let i = 0; i < 20; i++) expect((await work()).status).toBe(500)
    const refused = await work(h.bob)
    expect(refused).toMatchObject({ status: 503, body: { code: 'plugin_unavailable' } })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50)
    expect((await h.alice.get('/api/clients')).status).toBe(200)
    expect((await h.alice.get('/api/tasklist')).status).toBe(200)
  })

  test('is shown with its reason to administrators alone', async () => {
    expect(await entryOf(h.alice)).toMatchObject({
      state: 'suspended',
      enabled: true,
      resumable: true,
      reason: { rule: '20 of its 25 calls failed within a minute: a part is missing', mend: expect.any(String) },
    })
    expect(await entryOf(member)).toMatchObject({ state: 'active', reason: null, resumable: false })
  })

  test('has its deliveries wait without counting an attempt', async () => {
    const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Waiting' })
    const text = `select d.state, d.attempts, d.reason, d.due > now() + interval '20 seconds' as is_late
      from kernel.deliveries d join kernel.facts f on f.id = d.fact where d.handler = 'shaky.note' and f.row_id = $1`
    const find = async () => (await h.database.query<{ state: string; reason: string }>(text, [body.id]))[0]
    const waiting = await eventually(async () => {
      const found = await find()
      return found?.reason === 'suspended' && found
    }, 'the delivery is postponed')
    expect(waiting).toEqual({ state: 'waiting', attempts: 0, reason: 'suspended', is_late: true })
  })

  test('is resumed by an administrator, and by nobody else', async () => {
    expect((await member.post('/api/plugins/shaky/resume')).status).toBe(403)
    expect((await h.anonymous().post('/api/plugins/shaky/resume')).status).toBe(401)
    expect((await h.alice.post('/api/plugins/shaky/resume')).body).toEqual({ id: 'shaky', state: 'active' })
    expect((await h.alice.post('/api/shaky/mend')).status).toBe(204)
    expect((await work()).body).toEqual({ works: true })
    expect((await h.alice.post('/api/plugins/shaky/resume')).body).toMatchObject({
      status: 409,
      code: 'not_quarantined',
    })
    expect((await h.alice.post('/api/plugins/nobody/resume')).status).toBe(404)
  })
})
