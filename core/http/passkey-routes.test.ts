/** A passkey proves who somebody is: at its own site, once for each question, and by a person who was there. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Authenticator, type Wrongs } from '../../tests/support/authenticator.ts'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { PASSWORD } from '../../tests/support/settings.ts'

const SITE = { origin: 'https://crm.example.org', host: 'crm.example.org' }
const PATH = '/api/account/passkeys'

let h: Harness
let member: Visitor
let id: string
let count = 0
beforeAll(async () => {
  h = await openHarness({ config: { url: SITE.origin } })
})
beforeEach(async () => {
  member = await h.addMember(h.tenants.alice, `device${(count += 1)}@test.example`, 'member')
  id = (await member.get('/api/session')).body.user.id
})
afterAll(() => h?.close())

const askToAdd = async (visitor = member) => (await visitor.post(`${PATH}/options`, { current: PASSWORD })).body
async function add(device: Authenticator, visitor = member, wrongs: Wrongs = {}) {
  return visitor.post(PATH, { name: 'Phone', response: device.create(await askToAdd(visitor), wrongs) })
}
const askToEnter = async () => (await h.anonymous().post('/api/session/passkey/options')).body
const enter = (response: object) => h.anonymous().post('/api/session/passkey', { response })

test('a device that was added signs in, and what it may ask for is told of nobody', async () => {
  const device = new Authenticator(SITE)
  const options = await askToAdd()
  expect(options).toMatchObject({
    rp: { id: SITE.host },
    user: { name: expect.stringContaining('device') },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const added = await member.post(PATH, { name: 'Phone', response: device.create(options) })
  expect([added.status, added.body.name]).toEqual([201, 'Phone'])
  const question = await askToEnter()
  expect(question.allowCredentials ?? []).toEqual([])
  const entered = await enter(device.get(question))
  expect([entered.status, entered.body.user.id]).toEqual([200, id])
  expect(entered.headers['set-cookie']).toMatch(/__Host-weft_session=/)
  expect((await member.get(PATH)).body.items).toEqual([
    { id: added.body.id, name: 'Phone', createdAt: expect.any(String), usedAt: expect.any(String) },
  ])
})

describe('is not added', () => {
  test.each<[string, Wrongs]>([
    ['at another site', { origin: 'https://crm.example.org.evil.example' }],
    ['for another site', { host: 'evil.example' }],
    ['without a person', { isUnverified: true }],
    ['for a challenge that nobody made', { challenge: Buffer.alloc(56, 7).toString('base64url') }],
    ['for no challenge', { challenge: '' }],
  ])('%s', async (_, wrongs) => {
    const { status, body } = await add(new Authenticator(SITE), member, wrongs)
    expect([status, body.errors]).toEqual([400, [{ path: '/response', code: 'passkey' }]])
  })

  test('with the question of another person, or one that was answered', async () => {
    const other = await h.addMember(h.tenants.alice, `device${(count += 1)}@test.example`, 'member')
    const theirs = new Authenticator(SITE).create(await askToAdd(other))
    expect((await member.post(PATH, { name: 'x', response: theirs })).status).toBe(400)
    const question = await askToAdd()
    expect((await member.post(PATH, { name: 'x', response: new Authenticator(SITE).create(question) })).status).toBe(
      201,
    )
    expect((await member.post(PATH, { name: 'x', response: new Authenticator(SITE).create(question) })).status).toBe(
      400,
    )
    // Nor with a question that was meant for signing in.
    const wrong = new Authenticator(SITE).create(await askToEnter())
    expect((await member.post(PATH, { name: 'x', response: wrong })).status).toBe(400)
  })

  test('to a second account', async () => {
    const device = new Authenticator(SITE)
    await add(device)
    const other = await h.addMember(h.tenants.alice, `device${(count += 1)}@test.example`, 'member')
    expect((await add(device, other)).body.errors).toEqual([{ path: '/response', code: 'unique' }])
  })

  test('by who does not know the password, or has a key alone', async () => {
    expect((await member.post(`${PATH}/options`, { current: 'stolen' })).status).toBe(403)
    const { key } = (await h.alice.post('/api/api-keys', { name: 'all' })).body
    const headers = { authorization: `Bearer ${key}` }
    expect((await h.anonymous().call('GET', PATH, { headers })).status).toBe(403)
    expect((await h.anonymous().call('POST', `${PATH}/options`, { headers, body: { current: PASSWORD } })).status).toBe(
      403,
    )
  })
})

describe('does not sign in', () => {
  test.each<[string, Wrongs]>([
    ['at another site', { origin: 'https://evil.example' }],
    ['for another site', { host: 'evil.example' }],
    ['without a person', { isUnverified: true }],
    ['for a challenge that nobody made', { challenge: Buffer.alloc(56, 7).toString('base64url') }],
    ['as a copy that has counted less', { counter: 0 }],
  ])('%s', async (_, wrongs) => {
    const device = new Authenticator(SITE)
    await add(device)
    const { status, body } = await enter(device.get(await askToEnter(), wrongs))
    expect([status, body.code]).toEqual([401, 'credentials'])
  })

  test('twice with the same answer, also at the same moment', async () => {
    const device = new Authenticator(SITE)
    await add(device)
    const answer = device.get(await askToEnter())
    const answers = await Promise.all(Array.from({ length: 6 }, () => enter(answer)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401, 401])
  })

  test('unknown, under the name of another, forgotten, suspended or as anything but an answer', async () => {
    const [known, unknown] = [new Authenticator(SITE), new Authenticator(SITE)]
    await add(known)
    expect((await enter(unknown.get(await askToEnter()))).status).toBe(401)
    const forged = { ...unknown.get(await askToEnter()), id: known.id, rawId: known.id }
    expect((await enter(forged)).status).toBe(401)
    for (const response of [
      { id: known.id, response: {} },
      { id: 7, response: 'x' },
      { id: known.id, response: null },
    ])
      expect((await enter(response)).status).toBe(401)
    expect((await enter({ id: known.id })).status).toBe(400)
    await h.alice.patch(`/api/users/${id}`, { suspended: true })
    expect((await enter(known.get(await askToEnter()))).status).toBe(401)
    await h.alice.patch(`/api/users/${id}`, { suspended: false })
    const again = await h.signIn(`device${count}@test.example`)
    const [entry] = (await again.get(PATH)).body.items
    expect((await h.alice.remove(`${PATH}/${entry.id}`)).status).toBe(404)
    expect((await again.remove(`${PATH}/${entry.id}`)).status).toBe(204)
    expect((await enter(known.get(await askToEnter()))).status).toBe(401)
  })
})
