/** One's own sessions and password, and how one comes in by mail. */
import { generate } from 'otplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { PASSWORD } from '../../tests/support/settings.ts'
import { createTenant } from '../tenancy/directory.ts'

const NEW = 'a lighthouse keeps seven gulls'
const NOBODY = '00000000-0000-4000-8000-000000000000'

let h: Harness
let count = 0
beforeAll(async () => {
  h = await openHarness({ worker: true })
})
afterAll(() => h?.close())

const freshAddress = () => `person${(count += 1)}@test.example`
async function addMember(role: 'administrator' | 'member' = 'member', tenant = h.tenants.alice) {
  const email = freshAddress()
  const visitor = await h.addMember(tenant, email, role)
  return { email, visitor, id: (await visitor.get('/api/session')).body.user.id as string }
}
const signIn = (email: string, password: string) => h.anonymous().post('/api/session', { email, password })

/** The token of the last mail to an address, as the administrator sees it where there is no mail server. */
async function readToken(email: string, admin = h.alice): Promise<string> {
  return eventually(async () => {
    const { items } = (await admin.get('/api/mailbox')).body
    const mail = items.find(({ to }: { to: string[] }) => to.some((each) => each.includes(email)))
    return mail && /#(wfa_[\w-]{43})/.exec((await admin.get(`/api/mailbox/${mail.id}`)).body.text)?.[1]
  }, `a mail to ${email}`) as Promise<string>
}

describe('sessions', () => {
  test('are listed to their owner alone, and can be ended one by one or all but this', async () => {
    const { email, visitor } = await addMember()
    const [second, third] = [await h.signIn(email), await h.signIn(email)]
    const { items } = (await visitor.get('/api/sessions')).body
    expect(items).toHaveLength(3)
    expect(items.filter(({ current }: { current: boolean }) => current)).toHaveLength(1)
    expect(items[0]).toEqual({
      id: expect.any(String),
      current: expect.any(Boolean),
      tenant: { slug: 'alice', name: 'alice' },
      network: '127.0.0.1',
      agent: expect.toSatisfy((agent) => agent === null || typeof agent === 'string'),
      createdAt: expect.stringMatching(/Z$/),
      usedAt: expect.stringMatching(/Z$/),
    })
    const [other] = (await second.get('/api/sessions')).body.items.filter(
      ({ current }: { current: boolean }) => current,
    )
    for (const id of [other.id, NOBODY, 'x']) expect((await h.alice.remove(`/api/sessions/${id}`)).status, id).toBe(404)
    expect((await visitor.remove(`/api/sessions/${other.id}`)).status).toBe(204)
    expect([(await second.get('/api/session')).status, (await third.get('/api/session')).status]).toEqual([401, 200])
    expect((await visitor.remove('/api/sessions')).status).toBe(204)
    expect([(await third.get('/api/session')).status, (await visitor.get('/api/session')).status]).toEqual([401, 200])
  })

  test('are no matter of a key', async () => {
    const { key } = (await h.alice.post('/api/api-keys', { name: 'all' })).body
    const headers = { authorization: `Bearer ${key}` }
    for (const [method, url] of [
      ['GET', '/api/sessions'],
      ['DELETE', '/api/sessions'],
    ] as const)
      expect((await h.anonymous().call(method, url, { headers })).status, method).toBe(403)
    const body = { current: PASSWORD, password: NEW }
    expect((await h.anonymous().call('PUT', '/api/account/password', { headers, body })).status).toBe(403)
  })
})

const changePassword = (visitor: Visitor, body: object) => visitor.call('PUT', '/api/account/password', { body })

describe('a password', () => {
  test('is changed by who knows it, and every other session ends', async () => {
    const { email, visitor } = await addMember()
    const other = await h.signIn(email)
    const wrong = await changePassword(visitor, { current: 'not it at all', password: NEW })
    expect([wrong.status, wrong.body.errors]).toEqual([403, [{ path: '/current', code: 'credentials' }]])
    expect((await changePassword(visitor, { current: PASSWORD, password: NEW })).status).toBe(204)
    expect([(await other.get('/api/session')).status, (await visitor.get('/api/session')).status]).toEqual([401, 200])
    expect([(await signIn(email, PASSWORD)).status, (await signIn(email, NEW)).status]).toEqual([401, 200])
  })

  test.each([
    ['short', 'minLength'],
    ['password1', 'guessable'],
    ['aaaaaaaaaaaa', 'guessable'],
    ['azerty123', 'guessable'],
    ['x'.repeat(201), 'maxLength'],
  ])('that is %s is refused', async (password, code) => {
    const { visitor } = await addMember()
    const { status, body } = await changePassword(visitor, { current: PASSWORD, password })
    expect([status, body.errors[0].path, body.errors[0].code]).toEqual([400, '/password', code])
  })

  test('made of what everybody knows of a person is refused', async () => {
    const { email, visitor } = await addMember()
    const { body } = await changePassword(visitor, { current: PASSWORD, password: email })
    expect(body.errors[0].code).toBe('guessable')
  })

  test('is not tried for by way of its change', async () => {
    const { visitor } = await addMember()
    for (let i = 0; i < 10; i++) await changePassword(visitor, { current: 'wrong', password: NEW })
    expect((await changePassword(visitor, { current: PASSWORD, password: NEW })).status).toBe(429)
  })

  test('that is forgotten is chosen anew by mail, once, and every session ends', async () => {
    const { email, visitor } = await addMember()
    expect((await h.anonymous().post('/api/password-resets', { email: email.toUpperCase() })).status).toBe(202)
    const token = await readToken(email)
    const redeem = (password: string, of = token) =>
      h.anonymous().post('/api/password-resets/redeem', { token: of, password })
    expect((await redeem('password1')).body.errors).toEqual([{ path: '/password', code: 'guessable' }])
    expect((await redeem(NEW)).status).toBe(204)
    expect((await redeem(`${NEW} again`)).body.code).toBe('unknown_token')
    expect((await redeem(NEW, 'wfa_x')).body.code).toBe('unknown_token')
    expect((await visitor.get('/api/session')).status).toBe(401)
    expect([(await signIn(email, PASSWORD)).status, (await signIn(email, NEW)).status]).toEqual([401, 200])
    const kept = await h.database.query<{ token_hash: Buffer }>('select token_hash from kernel.account_tokens')
    expect(kept.some(({ token_hash: hash }) => hash?.toString().includes(token))).toBe(false)
  })

  test('of nobody is asked for like any other, and nothing is sent', async () => {
    const email = freshAddress()
    expect((await h.anonymous().post('/api/password-resets', { email })).status).toBe(202)
    expect((await h.anonymous().post('/api/password-resets', { email: 'nobody at all' })).status).toBe(202)
    const rows = await h.database.query(
      `select from kernel.account_tokens a join kernel.users u on u.id = a.user_id
      where lower(u.email) = $1`,
      [email],
    )
    expect(rows).toEqual([])
  })

  test('is asked for a few times only', async () => {
    const { email, id } = await addMember()
    const ask = async (of: string) => (await h.anonymous().post('/api/password-resets', { email: of })).status
    const answers: number[] = []
    for (let i = 0; i < 6; i++) answers.push(await ask(email))
    expect(answers).toEqual([202, 202, 202, 202, 202, 429])
    const asked = await h.database.query('select from kernel.account_tokens where user_id = $1', [id])
    expect(asked).toHaveLength(3)
    // Whoever has forgotten the password may yet remember it.
    expect((await signIn(email, PASSWORD)).status).toBe(200)
  })
})

describe('a second factor', () => {
  const path = '/api/account/second-factor'
  const codeOf = (secret: string, steps: number) =>
    generate({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 })
  const enter = (email: string, code?: string) =>
    h.anonymous().post('/api/session', { email, password: PASSWORD, ...(code ? { code } : {}) })

  async function turnOn(visitor: Visitor): Promise<{ secret: string; codes: string[] }> {
    const begun = await visitor.post(path, { current: PASSWORD })
    expect(begun.status).toBe(201)
    const { secret } = begun.body
    const confirmed = await visitor.post(`${path}/confirm`, { code: await codeOf(secret, -1) })
    return { secret, codes: confirmed.body.recoveryCodes }
  }

  test('is asked for beside the password, and nobody is in without it', async () => {
    const { email, visitor } = await addMember()
    const { secret, codes } = await turnOn(visitor)
    const half = await enter(email)
    expect([half.status, half.body.code, half.body.errors]).toEqual([
      401,
      'second_factor',
      [{ path: '/code', code: 'required' }],
    ])
    expect(half.headers['set-cookie']).toBeUndefined()
    expect((await enter(email, '000000')).body.errors).toEqual([{ path: '/code', code: 'wrong_code' }])
    // Nothing is said of the code to who has not the password.
    const code = await codeOf(secret, 0)
    const blind = await h.anonymous().post('/api/session', { email, password: 'wrong', code })
    expect([blind.status, blind.body.code]).toEqual([401, 'credentials'])
    expect((await enter(email, code)).status).toBe(200)
    expect((await enter(email, code)).status).toBe(401)
    expect((await enter(email, codes[0])).status).toBe(200)
    expect((await visitor.get(path)).body).toMatchObject({ on: true, recoveryCodesLeft: 9 })
  })

  test('is changed by who knows the password alone', async () => {
    const { email, visitor } = await addMember()
    await turnOn(visitor)
    for (const url of [path, `${path}/disable`, `${path}/recovery-codes`]) {
      const { status, body } = await visitor.post(url, { current: 'a stolen session' })
      expect([status, body.errors[0].path], url).toEqual([403, '/current'])
    }
    const { body } = await visitor.post(`${path}/recovery-codes`, { current: PASSWORD })
    expect((await enter(email, body.recoveryCodes[9])).status).toBe(200)
    expect((await visitor.post(`${path}/disable`, { current: PASSWORD })).status).toBe(204)
    expect((await enter(email)).status).toBe(200)
    expect((await visitor.post(`${path}/recovery-codes`, { current: PASSWORD })).body.code).toBe('second_factor_off')
  })

  test('that is lost is taken off by an administrator, unless the account is another organisation’s too', async () => {
    const { email, visitor, id } = await addMember()
    await turnOn(visitor)
    expect((await h.bob.remove(`/api/users/${id}/second-factor`)).status).toBe(404)
    expect((await h.alice.remove(`/api/users/${id}/second-factor`)).status).toBe(204)
    expect((await enter(email)).status).toBe(200)
    await turnOn(visitor)
    await h.bob.post('/api/invitations', { email, role: 'member' })
    await h.anonymous().post('/api/invitations/accept', { token: await readToken(email, h.bob) })
    const refusal = await h.alice.remove(`/api/users/${id}/second-factor`)
    expect([refusal.status, refusal.body.code]).toEqual([409, 'member_elsewhere'])
  })

  test('is no matter of a key', async () => {
    const { key } = (await h.alice.post('/api/api-keys', { name: 'all' })).body
    const headers = { authorization: `Bearer ${key}` }
    const call = (method: 'GET' | 'POST', url: string, body?: object) =>
      h.anonymous().call(method, url, { headers, ...(body ? { body } : {}) })
    expect((await call('GET', path)).status).toBe(403)
    expect((await call('POST', path, { current: PASSWORD })).status).toBe(403)
    expect((await call('POST', `${path}/confirm`, { code: '000000' })).status).toBe(403)
    expect((await call('POST', `${path}/disable`, { current: PASSWORD })).status).toBe(403)
  })
})

describe('an invitation', () => {
  const invite = (email: string, role = 'member', by = h.alice) => by.post('/api/invitations', { email, role })
  const accept = (token: string, body: object) => h.anonymous().post('/api/invitations/accept', { token, ...body })

  test('makes a new account, which signs in with the password it chose', async () => {
    const email = freshAddress()
    const made = await invite(email)
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ email, role: 'member', reason: null })
    const token = await readToken(email)
    expect((await h.anonymous().post('/api/invitations/look', { token })).body).toEqual({
      email,
      organisation: 'alice',
      invitedBy: 'alice',
      language: 'en',
      hasAccount: false,
      passwords: true,
      providers: [],
    })
    expect((await accept(token, { password: NEW })).body.errors).toEqual([{ path: '/name', code: 'required' }])
    expect((await accept(token, { name: 'New\r\nBcc: x', password: NEW })).body.errors).toEqual([
      { path: '/name', code: 'pattern' },
    ])
    expect((await accept(token, { name: 'Newcomer', password: 'newcomer1' })).body.errors[0].code).toBe('guessable')
    expect((await accept(token, { name: 'Newcomer', password: NEW })).body).toEqual({ email })
    expect((await accept(token, { name: 'Newcomer', password: NEW })).body.code).toBe('unknown_token')
    const session = await signIn(email, NEW)
    expect(session.body).toMatchObject({ user: { name: 'Newcomer', email }, role: 'member', tenant: { slug: 'alice' } })
    expect(
      (await h.alice.get('/api/invitations')).body.items.map((each: { email: string }) => each.email),
    ).not.toContain(email)
  })

  test('of somebody who has an account elsewhere adds a membership, and changes neither name nor password', async () => {
    const { email } = await addMember('member', h.tenants.bob)
    await invite(email, 'administrator')
    const token = await readToken(email)
    expect((await accept(token, { name: 'Another', password: NEW })).status).toBe(200)
    const session = await signIn(email, PASSWORD)
    expect(session.body.tenants.map(({ slug }: { slug: string }) => slug)).toEqual(['alice', 'bob'])
    expect(session.body.user.name).not.toBe('Another')
  })

  test('sent again works as it was sent last, and one taken back not at all', async () => {
    const email = freshAddress()
    await invite(email)
    const first = await readToken(email)
    const again = await invite(email.toUpperCase(), 'administrator')
    expect(again.body.role).toBe('administrator')
    const second = await eventually(async () => {
      const token = await readToken(email)
      return token !== first && token
    }, 'the second mail')
    expect((await h.anonymous().post('/api/invitations/look', { token: first })).status).toBe(404)
    expect((await h.anonymous().post('/api/invitations/look', { token: second })).status).toBe(200)
    expect((await h.bob.remove(`/api/invitations/${again.body.id}`)).status).toBe(404)
    expect((await h.alice.remove(`/api/invitations/${again.body.id}`)).status).toBe(204)
    expect((await accept(second as string, { name: 'Late', password: NEW })).body.code).toBe('unknown_token')
  })

  test('is refused for a member, for no address, and to who may not invite', async () => {
    const { email, visitor } = await addMember()
    expect((await invite(email)).body.errors).toEqual([{ path: '/email', code: 'unique' }])
    expect((await invite('nobody')).body.errors).toEqual([{ path: '/email', code: 'format' }])
    expect((await invite(freshAddress(), 'owner')).status).toBe(400)
    expect((await invite(freshAddress(), 'member', visitor)).status).toBe(403)
    expect((await visitor.get('/api/invitations')).status).toBe(403)
  })

  test('that has expired opens nothing', async () => {
    const email = freshAddress()
    const { id } = (await invite(email)).body
    const token = await readToken(email)
    await h.database.query(`update kernel.account_tokens set expires_at = now() - interval '1 second' where id = $1`, [
      id,
    ])
    expect((await h.anonymous().post('/api/invitations/look', { token })).status).toBe(404)
    expect((await accept(token, { name: 'Late', password: NEW })).body.code).toBe('unknown_token')
  })
})

describe('a member', () => {
  test('whose role changes signs in again, and has the rights of the new one', async () => {
    const { email, visitor, id } = await addMember()
    const changed = await h.alice.patch(`/api/users/${id}`, { role: 'administrator' })
    expect([changed.status, changed.body]).toEqual([200, expect.objectContaining({ id, role: 'administrator' })])
    expect((await visitor.get('/api/session')).status).toBe(401)
    const again = await h.signIn(email)
    expect((await again.get('/api/api-keys')).status).toBe(200)
  })

  test('who is suspended is out at once, keys too, and comes back with both', async () => {
    const { email, visitor, id } = await addMember('administrator')
    const { key } = (await visitor.post('/api/api-keys', { name: 'mine' })).body
    const byKey = async () =>
      (await h.anonymous().call('GET', '/api/clients', { headers: { authorization: `Bearer ${key}` } })).status
    expect(await byKey()).toBe(200)
    expect((await h.alice.patch(`/api/users/${id}`, { suspended: true })).body.suspended).toBe(true)
    expect([(await visitor.get('/api/session')).status, await byKey()]).toEqual([401, 401])
    expect((await signIn(email, PASSWORD)).status).toBe(401)
    await h.alice.patch(`/api/users/${id}`, { suspended: false })
    expect([(await signIn(email, PASSWORD)).status, await byKey()]).toEqual([200, 200])
  })

  test('who is suspended here goes on elsewhere', async () => {
    const { email, id } = await addMember('member', h.tenants.bob)
    await h.alice.post('/api/invitations', { email, role: 'member' })
    const token = await readToken(email)
    await h.anonymous().post('/api/invitations/accept', { token })
    await h.bob.patch(`/api/users/${id}`, { suspended: true })
    expect((await signIn(email, PASSWORD)).body.tenants).toEqual([{ slug: 'alice', name: 'alice' }])
  })

  test('who is removed is a member no more', async () => {
    const { email, visitor, id } = await addMember()
    expect((await h.bob.remove(`/api/users/${id}`)).status).toBe(404)
    expect((await h.alice.remove(`/api/users/${id}`)).status).toBe(204)
    expect((await h.alice.remove(`/api/users/${id}`)).status).toBe(404)
    expect((await visitor.get('/api/session')).status).toBe(401)
    expect((await signIn(email, PASSWORD)).status).toBe(401)
  })

  test('changes neither itself nor members of others, and no member changes another', async () => {
    const { visitor, id } = await addMember()
    const me = (await h.alice.get('/api/session')).body.user.id
    expect((await h.alice.patch(`/api/users/${me}`, { role: 'member' })).body.code).toBe('oneself')
    expect((await h.alice.remove(`/api/users/${me}`)).body.code).toBe('oneself')
    expect((await h.bob.patch(`/api/users/${id}`, { role: 'administrator' })).status).toBe(404)
    expect((await visitor.patch(`/api/users/${me}`, { suspended: true })).status).toBe(403)
    expect((await h.alice.patch(`/api/users/x`, { suspended: true })).status).toBe(404)
  })

  test('of two administrators who suspend each other at once one stays', async () => {
    const admin = { email: freshAddress(), name: 'Founder', password: PASSWORD }
    const input = { slug: 'pair', name: 'Pair', language: 'en', admin }
    const tenant = (await createTenant(h.kernel.services.database, input)).tenant.id
    const [one, two] = [await addMember('administrator', tenant), await addMember('administrator', tenant)]
    const founder = (await (await h.signIn(admin.email)).get('/api/session')).body.user.id
    expect((await one.visitor.remove(`/api/users/${founder}`)).status).toBe(204)
    const answers = await Promise.all([
      one.visitor.patch(`/api/users/${two.id}`, { suspended: true }),
      two.visitor.patch(`/api/users/${one.id}`, { suspended: true }),
    ])
    expect(answers.map(({ status }) => status).toSorted()).not.toEqual([200, 200])
    const left = await h.database.query(
      `select from kernel.memberships where tenant_id = $1 and role = 'administrator' and suspended_at is null`,
      [tenant],
    )
    expect(left).toHaveLength(1)
  })
})
