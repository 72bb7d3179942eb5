/** Administrators act as members: with what those may do, for an hour, known to everybody, never in the member's own affairs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { PASSWORD } from '../../tests/support/settings.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

let h: Harness
let member: { id: string; email: string; visitor: Visitor }
let count = 0
beforeAll(async () => {
  h = await openHarness()
  member = await addPerson('member')
})
afterAll(() => h?.close())

async function addPerson(role: 'member' | 'administrator') {
  const email = `acting${(count += 1)}@test.example`
  const visitor = await h.addMember(h.tenants.alice, email, role)
  const { id } = (await visitor.get('/api/session')).body.user as { id: string }
  return { id, email, visitor }
}

/** With the cookie that an answer has set. */
function follow(reply: { headers: Readonly<Record<string, unknown>> }): Visitor {
  const cookie = String(reply.headers['set-cookie']).split(';')[0] as string
  const { call } = h.anonymous()
  const as: Visitor['call'] = (method, url, given = {}) =>
    call(method, url, { ...given, headers: { cookie, ...given.headers } })
  return {
    cookie,
    call: as,
    get: (url) => as('GET', url),
    post: (url, body, headers) => as('POST', url, { body, ...(headers ? { headers } : {}) }),
    patch: (url, body, version) =>
      as('PATCH', url, { body, headers: version === undefined ? {} : { 'if-match': `"${version}"` } }),
    remove: (url) => as('DELETE', url),
  }
}

async function begin(admin: Visitor, user = member.id): Promise<Visitor> {
  const reply = await admin.post('/api/session/acting', { user })
  expect(reply.status, reply.text).toBe(200)
  return follow(reply)
}

test('an administrator sees and does what the member may, under both names', async () => {
  const admin = await addPerson('administrator')
  const acting = await begin(admin.visitor)
  const session = (await acting.get('/api/session')).body
  expect(session).toMatchObject({ user: { id: member.id }, role: 'member', actingBy: { id: admin.id } })
  expect((await acting.get('/api/api-keys')).status).toBe(403)
  const made = await acting.post('/api/clients', { type: 'person', lastName: 'Helped' })
  expect(made.body).toMatchObject({ createdBy: member.id })
  const [entry] = (await h.alice.get(`/api/clients/${made.body.id}/history`)).body.items
  expect(entry).toMatchObject({ actor: { id: member.id }, actingBy: { id: admin.id } })
  await member.visitor.patch(`/api/clients/${made.body.id}`, { notes: 'mine' }, 1)
  const [own] = (await h.alice.get(`/api/clients/${made.body.id}/history`)).body.items
  expect(own).toMatchObject({ actor: { id: member.id }, actingBy: null })
  const back = follow(await acting.remove('/api/session/acting'))
  expect((await back.get('/api/session')).body).toMatchObject({ user: { id: admin.id }, role: 'administrator' })
  expect((await acting.get('/api/session')).status).toBe(401)
  const [time] = (await h.alice.get('/api/acting-sessions')).body.items
  expect(time).toMatchObject({ user: { id: member.id }, by: { id: admin.id }, endedAt: expect.any(String) })
})

test('nothing of the member’s own account is in reach', async () => {
  const acting = await begin((await addPerson('administrator')).visitor)
  for (const [method, url, body] of [
    ['GET', '/api/sessions'],
    ['DELETE', '/api/sessions'],
    ['DELETE', `/api/sessions/${NOBODY}`],
    ['PUT', '/api/account/password', { current: PASSWORD, password: 'seven gulls over a lighthouse' }],
    ['GET', '/api/account/second-factor'],
    ['POST', '/api/account/second-factor', { current: PASSWORD }],
    ['GET', '/api/account/passkeys'],
    ['POST', '/api/account/passkeys/options', { current: PASSWORD }],
    ['PATCH', '/api/session', { language: 'fr' }],
  ] as const) {
    const reply = await acting.call(method, url, body ? { body } : {})
    expect([url, reply.status, reply.body.code]).toEqual([url, 403, 'acting'])
  }
  expect((await member.visitor.get('/api/sessions')).body.items).toHaveLength(1)
})

describe('refused', () => {
  test('are members, keys, whoever acts already, administrators as target, strangers and oneself', async () => {
    const admin = await addPerson('administrator')
    const ask = async (by: Visitor, user: string) => {
      const { status, body } = await by.post('/api/session/acting', { user })
      return [status, body.code]
    }
    expect(await ask(member.visitor, admin.id)).toEqual([403, 'forbidden'])
    expect(await ask(admin.visitor, admin.id)).toEqual([409, 'oneself'])
    expect(await ask(admin.visitor, (await addPerson('administrator')).id)).toEqual([409, 'administrator'])
    const stranger = await h.addMember(h.tenants.bob, 'stranger@acting.example', 'member')
    expect(await ask(admin.visitor, (await stranger.get('/api/session')).body.user.id)).toEqual([404, 'not_found'])
    for (const user of [NOBODY, 'x']) expect(await ask(admin.visitor, user)).toEqual([404, 'not_found'])
    expect(await ask(await begin(admin.visitor), (await addPerson('member')).id)).toEqual([403, 'forbidden'])
    expect((await member.visitor.remove('/api/session/acting')).body.code).toBe('not_acting')
    const key = (await h.alice.post('/api/api-keys', { name: 'k', permissions: ['users.manage'] })).body.key as string
    const headers = { authorization: `Bearer ${key}` }
    const keyed = await h.anonymous().call('POST', '/api/session/acting', { body: { user: member.id }, headers })
    expect(keyed.status).toBe(403)
  })
})

describe('it ends', () => {
  const isOver = async (visitor: Visitor) => (await visitor.get('/api/session')).status === 401

  test('with the session that it was begun in', async () => {
    const admin = await addPerson('administrator')
    const acting = await begin(admin.visitor)
    expect((await admin.visitor.remove('/api/session')).status).toBe(204)
    expect(await isOver(acting)).toBe(true)
  })

  test('with the sign-out of whoever acts, altogether', async () => {
    const admin = await addPerson('administrator')
    const acting = await begin(admin.visitor)
    expect((await acting.remove('/api/session')).status).toBe(204)
    expect([await isOver(acting), await isOver(admin.visitor)]).toEqual([true, true])
  })

  test('when the administrator is none any more, and when the member becomes one', async () => {
    const admin = await addPerson('administrator')
    const [first, other] = [await begin(admin.visitor), await addPerson('member')]
    await h.alice.patch(`/api/users/${admin.id}`, { role: 'member' })
    expect(await isOver(first)).toBe(true)
    const second = await addPerson('administrator')
    const acting = await begin(second.visitor, other.id)
    await h.alice.patch(`/api/users/${other.id}`, { role: 'administrator' })
    expect(await isOver(acting)).toBe(true)
  })

  test('after an hour', async () => {
    const acting = await begin((await addPerson('administrator')).visitor)
    await h.database.query(
      `update kernel.sessions set expires_at = now() - interval '1 second' where acting_id is not null`,
    )
    expect(await isOver(acting)).toBe(true)
  })
})
