/** Who may ask: sessions, keys, the origin of a request, and the headers of every answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { PASSWORD } from '../../tests/support/settings.ts'

let h: Harness
let member: Visitor
const CLIENT = { type: 'person', lastName: 'Origin' }

beforeAll(async () => {
  h = await openHarness()
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
})
afterAll(() => h?.close())

const post = (headers: Record<string, string>, visitor = h.alice) =>
  visitor.call('POST', '/api/clients', { body: CLIENT, headers })

describe('the origin of a request', () => {
  test('is asked of every unsafe verb that comes with a cookie, also of signing in', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://localhost:8080',
      'https://localhost',
      'http://LOCALHOST@evil.example',
    ]) {
      const refused = await post({ origin })
      expect([refused.status, refused.body.code], origin).toEqual([403, 'origin'])
    }
    for (const [method, url] of [
      ['PATCH', '/api/session'],
      ['DELETE', '/api/session'],
      ['POST', '/api/session'],
      ['PATCH', '/api/plugins/couple'],
      ['PUT', '/api/clients'],
      ['DELETE', '/api/clients/x'],
    ] as const) {
      expect(
        (await h.alice.call(method, url, { body: {}, headers: { origin: 'http://evil.example' } })).status,
        `${method} ${url}`,
      ).toBe(403)
    }
    expect((await post({ origin: 'http://localhost' })).status).toBe(201)
    expect((await post({ host: 'crm.example:8080', origin: 'http://crm.example:8080' })).status).toBe(201)
    expect((await post({ host: 'crm.example', origin: 'http://localhost' })).status).toBe(403)
  })

  test('must be there at all', async () => {
    const reply = await h.app.inject({
      method: 'POST',
      url: '/api/clients',
      headers: { host: 'localhost', cookie: h.alice.cookie },
      payload: CLIENT,
    })
    expect(reply.statusCode).toBe(403)
  })

  test('is not asked of what only reads, nor of a key', async () => {
    expect((await h.alice.call('GET', '/api/clients', { headers: { origin: 'http://evil.example' } })).status).toBe(200)
    const { body } = await h.alice.post('/api/api-keys', { name: 'elsewhere' })
    const reply = await post({ origin: 'http://elsewhere.example', authorization: `Bearer ${body.key}` }, h.anonymous())
    expect(reply.status).toBe(201)
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('is no way round by a key that is none: the cookie beside it does not count', async () => {
    for (const authorization of ['Bearer wfk_nothing-of-the-kind', 'Basic YTpi', 'Bearer ', '']) {
      expect((await post({ origin: 'http://evil.example', authorization })).status, authorization).toBe(401)
    }
  })

  test('cannot be forged by a form: other content types are refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const refused = await h.alice.call('POST', '/api/clients', {
        body: JSON.stringify(CLIENT),
        headers: { 'content-type': type },
      })
      expect([refused.status, refused.body.code], type).toEqual([415, 'unsupported_media_type'])
    }
  })
})

describe('a session', () => {
  test('is an opaque cookie that scripts cannot read', async () => {
    const reply = await h.anonymous().post('/api/session', { email: 'alice@test.example', password: PASSWORD })
    const cookie = String(reply.headers['set-cookie'])
    expect(cookie).toMatch(/^weft_session=wfs_[\w-]{43};/)
    for (const flag of ['HttpOnly', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(flag)
    expect(cookie).not.toContain('Secure')
    expect(reply.text).not.toContain('wfs_')
    expect(reply.body).toMatchObject({
      role: 'administrator',
      tenant: { slug: 'alice' },
      tenants: [{ slug: 'alice', name: 'alice' }],
    })
  })

  test('is refused without telling whether the account or the password was wrong', async () => {
    const wrong = await h.anonymous().post('/api/session', { email: 'bob@test.example', password: 'wrong' })
    const nobody = await h.anonymous().post('/api/session', { email: 'nobody@test.example', password: 'wrong' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'credentials'])
    expect(nobody.text).toBe(wrong.text)
    for (const body of [
      undefined,
      {},
      { email: 'bob@test.example' },
      { email: 1, password: 2 },
      { email: 'a', password: 'b', remember: true },
    ]) {
      expect((await h.anonymous().post('/api/session', body)).status).toBe(400)
    }
  })

  test('ends at once by signing out', async () => {
    const visitor = await h.signIn('member@test.example')
    expect((await visitor.get('/api/session')).status).toBe(200)
    const out = await visitor.remove('/api/session')
    expect([out.status, out.headers['clear-site-data']]).toEqual([204, '"cache"'])
    expect((await visitor.get('/api/session')).status).toBe(401)
    expect((await visitor.get('/api/clients')).status).toBe(401)
  })

  test('moves to another tenant of the same user by a new one', async () => {
    await h.database.query(
      `insert into kernel.memberships (tenant_id, user_id, role) select $1, id, 'member' from kernel.users where email = 'bob@test.example'`,
      [h.tenants.alice],
    )
    const visitor = await h.signIn('bob@test.example')
    expect((await visitor.get('/api/session')).body.tenants).toEqual([
      { slug: 'alice', name: 'alice' },
      { slug: 'bob', name: 'bob' },
    ])
    const from = (await visitor.get('/api/session')).body.tenant.slug
    const to = from === 'bob' ? 'alice' : 'bob'
    const moved = await visitor.call('PATCH', '/api/session', { body: { tenant: to } })
    expect([moved.status, moved.body.tenant.slug]).toEqual([200, to])
    const cookie = String(moved.headers['set-cookie']).split(';')[0] as string
    expect((await visitor.get('/api/session')).status).toBe(401)
    const after = await h.anonymous().call('GET', '/api/session', { headers: { cookie } })
    expect(after.body).toMatchObject({ tenant: { slug: to }, role: to === 'alice' ? 'member' : 'administrator' })
    await h.database.query(
      `delete from kernel.memberships where tenant_id = $1 and role = 'member' and user_id = (select id from kernel.users where email = 'bob@test.example')`,
      [h.tenants.alice],
    )
  })

  test('does not move to a tenant without a membership, and not by an id', async () => {
    for (const tenant of ['bob', h.tenants.bob, 'nobody']) {
      const refused = await member.call('PATCH', '/api/session', { body: { tenant } })
      expect([refused.status, refused.body.code], tenant).toEqual([404, 'not_found'])
    }
    for (const body of [
      {},
      { tenant: 'alice', language: 'en' },
      { tenant: 1 },
      { role: 'administrator' },
      { language: 'de' },
    ]) {
      expect((await member.call('PATCH', '/api/session', { body })).status, JSON.stringify(body)).toBe(400)
    }
    expect((await member.get('/api/session')).body.tenant.slug).toBe('alice')
  })

  test('of a suspended or removed user is over', async () => {
    const visitor = await h.addMember(h.tenants.alice, 'leaving@test.example', 'member')
    await h.database.query(`update kernel.users set suspended_at = now() where email = 'leaving@test.example'`)
    expect((await visitor.get('/api/clients')).status).toBe(401)
    await h.database.query(`update kernel.users set suspended_at = null where email = 'leaving@test.example'`)
    expect((await visitor.get('/api/clients')).status).toBe(200)
    await h.database.query(
      `delete from kernel.memberships where user_id = (select id from kernel.users where email = 'leaving@test.example')`,
    )
    expect((await visitor.get('/api/clients')).status).toBe(401)
  })

  test('that is none is told so before anything else', async () => {
    for (const cookie of [
      '',
      'weft_session=',
      'weft_session=wfs_x',
      `weft_session=wfs_${'a'.repeat(43)}`,
      'weft_session=%00',
      'weft_session="a',
      ';;;=',
    ]) {
      const reply = await h
        .anonymous()
        .call('GET', '/api/clients/00000000-0000-4000-8000-000000000000', { headers: { cookie } })
      expect([reply.status, reply.body.code], cookie).toEqual([401, 'unauthenticated'])
    }
    expect((await h.anonymous().call('POST', '/api/clients', { body: '{' })).status).toBe(401)
  })
})

describe('rights', () => {
  test('of a member end where administration begins', async () => {
    const { body } = await member.post('/api/clients', CLIENT)
    const refused = [
      await member.get('/api/api-keys'),
      await member.post('/api/api-keys', { name: 'mine' }),
      await member.patch('/api/plugins/couple', { enabled: false }),
      await member.remove(`/api/clients/${body.id}`, 1),
      await member.post(`/api/clients/${body.id}/restore`),
    ]
    for (const { status, body: problem } of refused) expect([status, problem.code]).toEqual([403, 'forbidden'])
    expect((await member.get('/api/users')).status).toBe(200)
  })

  test('of a key are those that it was given, and end when it is revoked', async () => {
    const made = await h.alice.post('/api/api-keys', { name: 'reader', permissions: ['clients.read'] })
    expect(made.status).toBe(201)
    const as = (method: string, url: string, body?: unknown) =>
      h
        .anonymous()
        .call(method, url, { headers: { authorization: `Bearer ${made.body.key}` }, ...(body ? { body } : {}) })
    expect((await as('GET', '/api/clients')).status).toBe(200)
    expect((await as('POST', '/api/clients', CLIENT)).status).toBe(403)
    expect((await as('GET', '/api/api-keys')).status).toBe(403)
    expect((await as('PATCH', '/api/session', { tenant: 'alice' })).status).toBe(403)
    expect((await h.alice.get('/api/api-keys')).text).not.toContain(made.body.key)
    expect((await h.bob.remove(`/api/api-keys/${made.body.id}`)).status).toBe(404)
    expect((await h.alice.remove(`/api/api-keys/${made.body.id}`)).status).toBe(204)
    expect((await as('GET', '/api/clients')).status).toBe(401)
  })

  test('cannot be granted by who has not got them', async () => {
    const refused = await h.alice.post('/api/api-keys', { name: 'x', permissions: ['clients.read', 'tenants.manage'] })
    expect([refused.status, refused.body.errors]).toEqual([400, [{ path: '/permissions/1', code: 'unknown' }]])
    const past = await h.alice.post('/api/api-keys', { name: 'x', expiresAt: '2020-01-01T00:00:00Z' })
    expect(past.body.errors).toEqual([{ path: '/expiresAt', code: 'past' }])
  })
})

describe('every answer', () => {
  test('forbids inline scripts, foreign frames, sniffing and caching of data', async () => {
    const answers = [
      await h.alice.get('/api/clients'),
      await h.anonymous().get('/api/clients'),
      await h.anonymous().get('/nothing'),
      await h.anonymous().get('/api/docs'),
      await h.anonymous().get('/health/live'),
      await h.alice.call('POST', '/api/clients', { body: '{' }),
      await h.anonymous().get('/%ff'),
    ]
    for (const { headers, status } of answers) {
      expect(headers['content-security-policy'], String(status)).toContain("default-src 'self'")
      expect(headers['content-security-policy']).not.toMatch(/unsafe-inline|unsafe-eval|\*/)
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      })
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(headers['x-powered-by'] ?? headers['server']).toBeUndefined()
    }
    for (const { headers } of answers.slice(0, 2)) expect(headers['cache-control']).toBe('no-store')
  })

  test('of documentation needs no script and no style of its own in the page', async () => {
    const { text } = await h.anonymous().get('/api/docs')
    expect(text).not.toMatch(/<script|<style|style=|onclick=|javascript:/)
  })
})
