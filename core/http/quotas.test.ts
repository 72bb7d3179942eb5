/** How much of a server a tenant may take. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness, type Reply, type Visitor } from '../../tests/support/harness.ts'
import { type Quotas, setQuotas } from '../access/quotas.ts'

let h: Harness
let member: Visitor
beforeAll(async () => {
  h = await openHarness()
  member = await h.addMember(h.tenants.alice, 'busy@test.example', 'member')
})
afterEach(() => limit({ requests: 120_000, members: 100 }))
afterAll(() => h?.close())

async function limit(change: Partial<Quotas>): Promise<void> {
  expect(await setQuotas(h.kernel.services.database, 'alice', change)).toMatchObject(change)
  h.kernel.services.switches.forget(h.tenants.alice)
}
const invite = (email: string) => h.alice.post('/api/invitations', { email, role: 'member' })

test('a program run wild is told to wait, and shuts out neither the others nor other tenants', async () => {
  await limit({ requests: 60 })
  const replies: Reply[] = []
  for (let i = 0; i < 40; i++) replies.push(await member.get('/api/clients'))
  const refused = replies.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThan(40)
  expect(refused[0]?.body).toMatchObject({ code: 'too_many_requests', errors: [{ code: 'too_many_requests' }] })
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
  expect((await h.alice.get('/api/clients')).status).toBe(200)
  expect((await h.bob.get('/api/clients')).status).toBe(200)
  await limit({ requests: 120_000 })
  expect((await member.get('/api/clients')).status).toBe(200)
})

test('nobody more is invited than there is room for, and who was invited before does not get in either', async () => {
  const open = (await h.alice.get('/api/users')).body.items.length
  await limit({ members: open + 1 })
  const first = await invite('first@quota.example')
  expect(first.status, first.text).toBe(201)
  const second = await invite('second@quota.example')
  expect([second.status, second.body.code]).toEqual([409, 'member_quota'])
  expect(second.body.errors).toEqual([{ path: '', code: 'member_quota', params: { most: open + 1 } }])
  // Once more to the same address takes no more room.
  expect((await invite('first@quota.example')).status).toBe(201)

  const { id } = first.body
  const token = await h.kernel.services.accountTokens.issue(id)
  await limit({ members: open })
  const accept = () =>
    h.anonymous().post('/api/invitations/accept', { token, name: 'First', password: 'a long walk in the rain 7' })
  const late = await accept()
  expect([late.status, late.body.code]).toEqual([409, 'member_quota'])
  await limit({ members: open + 1 })
  expect((await accept()).status).toBeLessThan(300)
})

test('of two who accept at the same time one gets the last place', async () => {
  const before = (await h.alice.get('/api/users')).body.items.length
  const tokens = await Promise.all(
    ['left', 'right'].map(async (name) => {
      const { id } = (await invite(`${name}@race.example`)).body
      return h.kernel.services.accountTokens.issue(id)
    }),
  )
  await limit({ members: before + 1 })
  const replies = await Promise.all(
    tokens.map((token) =>
      h.anonymous().post('/api/invitations/accept', { token, name: 'Racer', password: 'a long walk in the rain 7' }),
    ),
  )
  expect(replies.map(({ status }) => status < 300).toSorted()).toEqual([false, true])
  expect((await h.alice.get('/api/users')).body.items).toHaveLength(before + 1)
})

test('no tenant is given less than it takes to work', async () => {
  await expect(setQuotas(h.kernel.services.database, 'alice', { requests: 0 })).rejects.toThrow(/check/)
  expect(await setQuotas(h.kernel.services.database, 'nobody', { members: 5 })).toBeNull()
})
