/** What administrators enter of their identity provider: judged, kept to their tenant, told as facts, its secret never shown. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ForgingProvider, openForgingProvider } from '../../tests/support/forging-provider.ts'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { providerBody } from '../../tests/support/sign-in-stage.ts'

const PATH = '/api/identity-providers'
const ISSUER = 'https://login.example.org'

let h: Harness
let forger: ForgingProvider
let member: Visitor
beforeAll(async () => {
  ;[h, forger] = await Promise.all([openHarness({ config: { localProviders: true } }), openForgingProvider()])
  member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
})
afterAll(async () => {
  await h?.close()
  await forger?.close()
})
const add = async (more: object = {}, who = h.alice) => (await who.post(PATH, providerBody(ISSUER, more))).body
const clear = async (who = h.alice) => {
  for (const { id } of (await who.get(PATH)).body.items) await who.remove(`${PATH}/${id}`)
}

test('a provider is made, listed, changed and taken away, each as a fact without values', async () => {
  const made = await h.alice.post(
    PATH,
    providerBody(ISSUER, { name: ' Acme ID ', domains: ['ACME.example', 'acme.example'] }),
  )
  expect([made.status, made.body]).toEqual([
    201,
    {
      id: expect.any(String),
      name: 'Acme ID',
      issuer: ISSUER,
      clientId: 'weft',
      domains: ['acme.example'],
      joinRole: null,
      passwords: true,
      linked: 0,
      redirectUri: `http://localhost/api/session/providers/${made.body.id}/callback`,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    },
  ])
  const at = `${PATH}/${made.body.id}`
  expect((await h.alice.get(PATH)).body).toEqual({ items: [made.body] })
  expect((await h.alice.get(at)).body).toEqual(made.body)
  const changed = await h.alice.patch(at, {
    joinRole: 'member',
    passwords: false,
    clientSecret: 'another one entirely',
  })
  expect(changed.body).toEqual({ ...made.body, joinRole: 'member', passwords: false, updatedAt: expect.any(String) })
  expect((await h.alice.remove(at)).status).toBe(204)
  expect((await h.alice.get(at)).status).toBe(404)
  const facts = await h.database.query(
    `select event, actor_kind, payload from kernel.facts where event like 'identity-providers.%' order by id`,
  )
  const payload = (...of: string[]) => ({ id: made.body.id, changed: of })
  expect(facts).toEqual([
    {
      event: 'identity-providers.created',
      actor_kind: 'user',
      payload: payload('name', 'issuer', 'clientId', 'clientSecret', 'domains', 'joinRole', 'passwords'),
    },
    {
      event: 'identity-providers.changed',
      actor_kind: 'user',
      payload: payload('joinRole', 'passwords', 'clientSecret'),
    },
    { event: 'identity-providers.removed', actor_kind: 'user', payload: payload() },
  ])
})

test('its secret is kept encrypted for its own place, stays when it is not said, and is shown nowhere', async () => {
  const { id } = await add({ clientSecret: 'never-shown-value' })
  await h.alice.patch(`${PATH}/${id}`, { name: 'Renamed' })
  const { providers } = h.kernel.services
  expect((await providers.open(id))!.clientSecret).toBe('never-shown-value')
  for (const url of [PATH, `${PATH}/${id}`, '/api/changes', '/api/ui'])
    expect((await h.alice.get(url)).text, url).not.toContain('never-shown-value')
  const [row] = await h.database.query<{ whole: string }>(
    `select p::text || encode(client_secret, 'escape') as whole from kernel.identity_providers p`,
  )
  expect(row!.whole).not.toContain('never-shown-value')
  // Moved to an issuer of one's own, it would be told to that one.
  await h.database.query(`update kernel.identity_providers set issuer = 'https://evil.example'`)
  await expect(providers.open(id)).rejects.toThrow(/unable to authenticate/)
  await h.database.query('update kernel.identity_providers set issuer = $1', [ISSUER])
  const moved = await h.alice.patch(`${PATH}/${id}`, { issuer: 'https://evil.example' })
  expect([moved.status, moved.body.errors]).toEqual([400, [{ path: '/clientSecret', code: 'required' }]])
  await clear()
})

test('is an administrator’s of its own tenant', async () => {
  const { id } = await add()
  const acts = (who: Visitor) => [
    who.get(`${PATH}/${id}`),
    who.patch(`${PATH}/${id}`, { name: 'x' }),
    who.post(`${PATH}/${id}/test`),
    who.remove(`${PATH}/${id}`),
  ]
  for (const reply of await Promise.all(acts(h.bob))) expect(reply.status).toBe(404)
  expect((await h.bob.get(PATH)).body.items).toEqual([])
  for (const reply of await Promise.all([...acts(member), member.get(PATH), member.post(PATH, providerBody(ISSUER))]))
    expect(reply.status).toBe(403)
  for (const reply of await Promise.all(acts(h.anonymous()))) expect(reply.status).toBe(401)
  expect((await h.alice.get(`${PATH}/${id}`)).body.name).toBe('Example ID')
  for (const at of ['nobody', 'constructor']) expect((await h.alice.get(`${PATH}/${at}`)).status).toBe(404)
  await clear()
})

describe('is refused, and nothing is kept,', () => {
  test.each<[object, string]>([
    [{ name: '' }, '/name'],
    [{ name: 'a\nb' }, '/name'],
    [{ issuer: 'nonsense' }, '/issuer'],
    [{ issuer: 'https://a.example?x' }, '/issuer'],
    [{ clientId: ' ' }, '/clientId'],
    [{ clientSecret: '' }, '/clientSecret'],
    [{ clientSecret: 'a\u0000' }, '/clientSecret'],
    [{ domains: ['acme'] }, '/domains/0'],
    [{ domains: ['ok.example', '@acme.example'] }, '/domains/1'],
    [{ domains: ['*.example'] }, '/domains/0'],
    [{ domains: 'acme.example' }, '/domains'],
    [{ joinRole: 'member' }, '/domains'],
    [{ joinRole: 'owner' }, '/joinRole'],
    [{ passwords: 'yes' }, '/passwords'],
    [{ tenant: 'x' }, '/tenant'],
  ])('with %j', async (more, path) => {
    const { status, headers, body } = await h.alice.post(PATH, providerBody(ISSUER, more))
    expect([status, headers['content-type'], body.errors[0].path]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
      path,
    ])
    expect((await h.alice.get(PATH)).body.items).toEqual([])
  })

  test('as the eleventh', async () => {
    for (let i = 0; i < 10; i++) await add()
    const { status, body } = await h.alice.post(PATH, providerBody(ISSUER))
    expect([status, body.code]).toEqual([409, 'too_many'])
    await clear()
  })
})

test('a change is judged together with what stays', async () => {
  const { id } = await add({ domains: ['acme.example'], joinRole: 'member' })
  const { status, body } = await h.alice.patch(`${PATH}/${id}`, { domains: [] })
  expect([status, body.errors]).toEqual([400, [{ path: '/domains', code: 'required' }]])
  expect((await h.alice.patch(`${PATH}/${id}`, {})).status).toBe(400)
  expect((await h.alice.get(`${PATH}/${id}`)).body.domains).toEqual(['acme.example'])
  await clear()
})

describe('its test', () => {
  const judge = async (issuer: string) => {
    const { id } = await add({ issuer })
    const { status, body } = await h.alice.post(`${PATH}/${id}/test`)
    await clear()
    return [status, body]
  }
  test('says that it is reached', async () => {
    forger.metadata = {}
    expect(await judge(forger.issuer)).toEqual([200, { reached: true, reason: null }])
  })
  test.each<[string, Record<string, unknown>]>([
    ['issuer', { issuer: 'https://somebody-else.example' }],
    ['endpoints', { token_endpoint: undefined }],
    ['endpoints', { jwks_uri: undefined }],
    ['algorithms', { id_token_signing_alg_values_supported: ['HS256'] }],
  ])('says %s of what it tells of itself: %j', async (reason, metadata) => {
    forger.metadata = metadata
    expect(await judge(forger.issuer)).toEqual([200, { reached: false, reason }])
  })
  test('says why it is not reached', async () => {
    forger.metadata = {}
    expect(await judge('http://localhost:1')).toEqual([200, { reached: false, reason: 'unreachable' }])
    expect(await judge(`${forger.issuer}/elsewhere`)).toEqual([200, { reached: false, reason: 'metadata' }])
    expect(await judge('http://10.0.0.1')).toEqual([200, { reached: false, reason: 'address' }])
  })
})

test('is described for machines', async () => {
  const { paths } = (await h.alice.get('/api/openapi.json')).body
  expect(Object.keys(paths[PATH])).toEqual(['get', 'post'])
  expect(Object.keys(paths[`${PATH}/{id}`])).toEqual(['get', 'patch', 'delete'])
  const told = paths[PATH].get.responses[200].content['application/json'].schema.properties.items.items.properties
  expect(Object.keys(told)).not.toContain('clientSecret')
  for (const path of [
    `${PATH}/{id}/test`,
    '/api/session/providers',
    '/api/session/providers/{id}',
    '/api/account/identities',
  ])
    expect(paths[path].post, path).toBeDefined()
})

test('the login of requests sees nothing of it', async () => {
  const { rows } = await h.kernel.services.database.door<{ seen: boolean }>({
    text: `select has_any_column_privilege(r.rolname, c.oid, 'select') as seen from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'kernel' cross join pg_roles r
      where c.relname in ('identity_providers', 'identities', 'sign_in_flows') and r.rolname like 'weft_app%'`,
  })
  expect(rows.length).toBeGreaterThanOrEqual(3)
  expect(rows.every(({ seen }) => !seen)).toBe(true)
})
