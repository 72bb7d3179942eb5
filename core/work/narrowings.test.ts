/** A plugin that takes from the rights of people what a test tells it to. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Narrowing, RightsHolder } from '../contract.ts'
import { Fixtures } from '../../tests/support/fixtures.ts'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { pluginFolders } from '../../tests/support/settings.ts'

type Policy = (holder: RightsHolder, settings: object) => unknown
const policies = globalThis as { curfew?: Policy }

const server = `import { defineAnswer, definePlugin, narrowing } from 'weft'
export default definePlugin({
  answers: [defineAnswer({ point: narrowing, answer: async (ctx, holder) => globalThis.curfew?.(holder, ctx.settings()) ?? {} })],
})
`
const fixtures = new Fixtures()
let h: Harness
let member: Visitor
let me: string
const mine = { type: 'person', lastName: 'Mine', email: 'mine@example.org' }

beforeAll(async () => {
  const curfew = fixtures.write('curfew', {
    server,
    manifest: { settings: { type: 'object', properties: { strict: { type: 'boolean', default: false } } } },
  })
  h = await openHarness({ plugins: [...pluginFolders, curfew], worker: true })
  member = await h.addMember(h.tenants.alice, 'night@test.example', 'member')
  me = (await member.get('/api/session')).body.user.id
  await h.alice.post('/api/clients', { type: 'person', lastName: 'Hers', email: 'hers@example.org' })
  await member.post('/api/clients', mine)
})
afterEach(() => lift())
afterAll(async () => {
  await h?.close()
  fixtures.remove()
})

/** Every process hears of a switch at once, so that nothing of what was answered before is kept. */
const heard = () => h.alice.patch('/api/plugins/curfew', { enabled: true })
async function impose(policy: Policy | Narrowing): Promise<void> {
  policies.curfew = typeof policy === 'function' ? policy : () => policy
  await heard()
}
const lift = () => impose({})
const names = async (visitor: Visitor, query = '') =>
  (await visitor.get(`/api/clients?limit=100${query}`)).body.items
    .map(({ lastName }: { lastName: string }) => lastName)
    .toSorted()

/** Somebody with a role of the tenant's own. */
async function addHolder(email: string, body: object): Promise<{ role: string; id: string; visitor: Visitor }> {
  const role = await h.alice.post('/api/roles', body)
  expect(role.status, role.text).toBe(201)
  const { id } = (await (await h.addMember(h.tenants.alice, email, 'member')).get('/api/session')).body.user
  await h.alice.patch(`/api/users/${id}`, { role: role.body.id })
  return { role: role.body.id, id, visitor: await h.signIn(email) }
}

test('rows that do not fit are not met, whatever is asked, and by nobody it does not speak of', async () => {
  const other = await h.addMember(h.tenants.alice, 'day@test.example', 'member')
  await impose(({ userId }) => (userId === me ? { rows: { clients: { read: ['own'] } } } : {}))
  expect(await names(member)).toEqual(['Mine'])
  expect(await names(other)).toEqual(['Hers', 'Mine'])
  expect(await names(h.alice)).toEqual(['Hers', 'Mine'])
  const [hers] = (await h.alice.get('/api/clients?lastName=Hers')).body.items
  expect((await member.get(`/api/clients/${hers.id}`)).status).toBe(404)
  expect((await member.patch(`/api/clients/${hers.id}`, { lastName: 'Taken' }, hers.version)).status).toBe(404)
  expect((await member.get('/api/clients?count=exact')).body.total).toMatchObject({ value: 1 })
})

test('permissions are withdrawn from members and their keys, and given to nobody', async () => {
  const permissions = ['clients.read', 'clients.create', 'api-keys.manage']
  const keeper = await addHolder('keeper@test.example', { name: 'Keeper', permissions })
  const key = await keeper.visitor.post('/api/api-keys', {
    name: 'night',
    permissions: ['clients.read', 'clients.create'],
  })
  const headers = { authorization: `Bearer ${key.body.key}` }
  const create = (lastName: string) =>
    h.anonymous().call('POST', '/api/clients', { body: { type: 'person', lastName }, headers })
  expect((await create('By the key')).status).toBe(201)
  await impose({ permissions: ['clients.create', 'users.manage', 'no.such'] })
  expect((await create('By the key again')).status).toBe(403)
  expect((await member.post('/api/clients', mine)).status).toBe(403)
  expect((await member.post('/api/roles', { name: 'x', permissions: [] })).status).toBe(403)
  expect((await member.get('/api/clients')).status).toBe(200)
  expect((await h.alice.post('/api/clients', { type: 'person', lastName: 'By the head' })).status).toBe(201)
})

test('fields are masked, whatever a role says of them, and a mask is more than to be read only', async () => {
  const { role, id, visitor } = await addHolder('reader@test.example', {
    name: 'Reads mails',
    permissions: ['clients.read', 'clients.update'],
    fields: { clients: { email: 'read', notes: 'read' } },
  })
  expect((await visitor.get('/api/clients?lastName=Mine')).body.items[0].email).toBe(mine.email)
  const seen: RightsHolder[] = []
  await impose((holder) => {
    seen.push(holder)
    return { fields: { clients: { email: 'masked' } } }
  })
  const { body } = await visitor.get('/api/clients?lastName=Mine')
  expect(body.items[0]).not.toHaveProperty('email')
  expect((await visitor.get('/api/clients?email=mine@example.org')).status).toBe(400)
  expect(seen).toContainEqual({ userId: id, role, teams: [] })
  expect(seen.map(({ role }) => role)).not.toContain('administrator')
})

test('what it answers is kept for a moment, and asked again at once when it is set or a role is another one', async () => {
  let asked = 0
  await impose((_, settings) => {
    asked++
    return (settings as { strict: boolean }).strict ? { permissions: ['clients.read'] } : {}
  })
  // The news of the switch may come once more, and a busy machine may take longer than an answer is kept.
  const isKept = async () => {
    const before = asked
    expect((await member.get('/api/clients')).status).toBe(200)
    return before > 0 && asked === before
  }
  await eventually(isKept, 'an answer is kept')
  await h.alice.patch('/api/plugins/curfew', { enabled: true, settings: { strict: true } })
  expect((await member.get('/api/clients')).status).toBe(403)
  await h.alice.patch('/api/plugins/curfew', { enabled: true, settings: { strict: false } })
  // Of itself it is asked again soon.
  policies.curfew = () => ({ permissions: ['clients.read'] })
  await eventually(async () => (await member.get('/api/clients')).status === 403, 'the new answer counts')
})

test('work that lasts is bound by it, too', async () => {
  const rows = (await h.alice.get('/api/clients?limit=100')).body.items as { id: string; createdBy: string }[]
  await impose({ rows: { clients: { read: ['own'] } } })
  const begun = await member.post('/api/clients/batch', { ids: rows.map(({ id }) => id), update: { source: 'night' } })
  expect(begun.status, begun.text).toBe(202)
  const url = `/api/tasks/${begun.body.task}`
  await eventually(async () => ['done', 'failed'].includes((await member.get(url)).body.state), 'the batch')
  const now = (await h.alice.get('/api/clients?limit=100')).body.items as { source: string; createdBy: string }[]
  const touched = now.filter(({ source }) => source === 'night')
  expect(touched.length).toBeGreaterThan(0)
  expect(touched.every(({ createdBy }) => createdBy === me)).toBe(true)
})

describe('one that fails', () => {
  test.each<[string, Policy]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['says what no role can', () => ({ rows: { clients: { read: 'some' } } })],
    ['gives', () => ({ grant: ['users.manage'] })],
    ['filters by what is not there', () => ({ rows: { clients: { read: [{ shoeSize: 9 }] } } })],
    ['masks what every row needs', () => ({ fields: { clients: { type: 'masked' } } })],
  ])('because it %s shuts everybody out but administrators', async (_, policy) => {
    await impose(policy)
    const reply = await member.get('/api/clients')
    expect([reply.status, reply.body.code]).toEqual([503, 'unanswered'])
    expect(reply.body.errors).toEqual([{ path: '', code: 'unanswered', params: { plugin: 'curfew' } }])
    expect((await h.alice.get('/api/clients')).status).toBe(200)
    expect((await h.alice.patch('/api/plugins/curfew', { enabled: false })).status).toBe(200)
    expect((await member.get('/api/clients')).status).toBe(200)
  })
})
