/** What must not open an account: forged tokens, callbacks of others, borrowed cookies, addresses that lead elsewhere. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ForgingProvider, openForgingProvider, signHmac, signRsa } from '../support/forging-provider.ts'
import { type Harness, openHarness } from '../support/harness.ts'
import { openIdentityProvider } from '../support/identity-provider.ts'
import { PASSWORD } from '../support/settings.ts'
import { addProvider, depart, openSignInStage, providerBody, type SignInStage } from '../support/sign-in-stage.ts'
import type { Stop, Wanderer } from '../support/wanderer.ts'

const OPEN = { domains: ['acme.example'], joinRole: 'member' }

let stage: SignInStage
let forger: ForgingProvider
let admin: Wanderer
let id: string
beforeAll(async () => {
  ;[stage, forger] = await Promise.all([openSignInStage(), openForgingProvider()])
  admin = await stage.enter('alice@test.example')
  ;({ id } = await addProvider(admin, forger.issuer, OPEN))
})
afterAll(async () => {
  await stage?.close()
  await forger?.close()
})
beforeEach(async () => {
  forger.metadata = {}
  forger.userinfo = {}
  forger.asked.length = 0
  await stage.harness.database.query('delete from kernel.identities; delete from kernel.sign_in_failures')
  await stage.harness.database.query(
    `delete from kernel.memberships where user_id in (select id from kernel.users where email ~ 'acme')`,
  )
  await stage.harness.database.query(`delete from kernel.users where email ~ 'acme'`)
})

/** What an honest provider would say. */
const claimsFor = (departure: URL, more: object = {}): Record<string, unknown> => ({
  iss: forger.issuer,
  aud: 'weft',
  sub: 'sub-ada',
  nonce: departure.searchParams.get('nonce'),
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 300,
  email: 'ada@acme.example',
  email_verified: true,
  name: 'Ada',
  ...more,
})
const callbackOf = (departure: URL, more: Record<string, string> = {}, provider = id) => {
  const query = new URLSearchParams({ code: 'code', state: departure.searchParams.get('state')!, ...more })
  return `/api/session/providers/${provider}/callback?${query}`
}
const placeOf = ({ headers }: Stop) => headers.get('location')
const isIn = async (browser: Wanderer) => (await browser.send('/api/session')).status === 200
const accounts = () => stage.harness.database.query(`select from kernel.users where email ~ 'acme'`)

async function expectRefused(browser: Wanderer, stop: Stop, code: string): Promise<void> {
  expect([stop.status, placeOf(stop)]).toEqual([303, `/#provider=${code}`])
  expect(await isIn(browser)).toBe(false)
  expect(await accounts()).toHaveLength(0)
}

test('what an honest provider says opens an account', async () => {
  const browser = stage.open()
  const departure = await depart(browser, id)
  forger.forgery = { header: {}, claims: claimsFor(departure) }
  expect(placeOf(await browser.send(callbackOf(departure)))).toBe('/')
  expect(await isIn(browser)).toBe(true)
  expect(forger.asked).toContain('POST /token')
})

describe('a token is refused', () => {
  const another = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const published = () => forger.publicKey.export({ type: 'spki', format: 'pem' })
  type Forge = (departure: URL) => Partial<ForgingProvider['forgery']>
  const forgeries: [string, Forge][] = [
    ['that nobody has signed', () => ({ header: { alg: 'none' }, sign: () => '' })],
    [
      'signed with the client secret',
      () => ({ header: { alg: 'HS256' }, sign: signHmac(providerBody('').clientSecret) }),
    ],
    [
      'signed with the published key as a secret',
      () => ({ header: { alg: 'HS256' }, sign: (text) => signHmac(published())(text) }),
    ],
    ['signed with another key', () => ({ sign: signRsa(another.privateKey) })],
    [
      'that brings a key of its own',
      () => ({
        header: {
          jwk: createPublicKey(another.publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' }),
        },
        sign: signRsa(another.privateKey),
      }),
    ],
    [
      'whose words were changed after the signature',
      () => ({ sign: () => signRsa(another.privateKey)('something else') }),
    ],
    ['of another issuer', (at) => ({ claims: claimsFor(at, { iss: 'https://elsewhere.example' }) })],
    ['for another client', (at) => ({ claims: claimsFor(at, { aud: 'somebody-else' }) })],
    [
      'for several clients, of which another one asked',
      (at) => ({ claims: claimsFor(at, { aud: ['weft', 'x'], azp: 'x' }) }),
    ],
    ['of another sign-in', (at) => ({ claims: claimsFor(at, { nonce: 'of another one' }) })],
    ['without a nonce', (at) => ({ claims: claimsFor(at, { nonce: undefined }) })],
    ['that is over', (at) => ({ claims: claimsFor(at, { exp: Math.floor(Date.now() / 1000) - 120 }) })],
    ['that is never over', (at) => ({ claims: claimsFor(at, { exp: undefined }) })],
    ['that names nobody', (at) => ({ claims: claimsFor(at, { sub: undefined }) })],
    ['whose name is no text', (at) => ({ claims: claimsFor(at, { sub: 'a\u0000b' }) })],
    ['whose name is longer than any', (at) => ({ claims: claimsFor(at, { sub: 'x'.repeat(256) }) })],
  ]
  test.each(forgeries)('%s', async (_, forge) => {
    const browser = stage.open()
    const departure = await depart(browser, id)
    forger.forgery = { header: {}, claims: claimsFor(departure), ...forge(departure) }
    await expectRefused(browser, await browser.send(callbackOf(departure)), 'refused')
    expect(forger.asked).toContain('POST /token')
  })

  test('where the provider has no algorithm that it alone can sign with', async () => {
    forger.metadata = { id_token_signing_alg_values_supported: ['HS256', 'none'] }
    const begun = await stage.open().send(`/api/session/providers/${id}`, { method: 'POST', json: {} })
    expect([begun.status, begun.body.errors]).toEqual([502, [{ path: '', code: 'algorithms' }]])
  })
})

describe('nobody joins by a domain', () => {
  test.each<[string, object]>([
    ['whose address was not verified', { email_verified: false }],
    ['of whom nothing is said of it', { email_verified: undefined }],
    ['of whom it is said in other words', { email_verified: 'true' }],
    ['of a domain that only ends alike', { email: 'ada@notacme.example' }],
    ['of a domain below it', { email: 'ada@mail.acme.example' }],
    ['with two signs', { email: 'ada@evil.example@acme.example' }],
    ['with a line in the address', { email: 'ada\n@acme.example' }],
  ])('%s', async (_, more) => {
    const browser = stage.open()
    const departure = await depart(browser, id)
    forger.forgery = { header: {}, claims: claimsFor(departure, more) }
    await expectRefused(browser, await browser.send(callbackOf(departure)), 'unknown_identity')
  })

  test('by what is said of another person', async () => {
    const browser = stage.open()
    const departure = await depart(browser, id)
    forger.forgery = { header: {}, claims: claimsFor(departure, { email: undefined }) }
    forger.userinfo = { sub: 'sub-other', email: 'ada@acme.example', email_verified: true }
    await expectRefused(browser, await browser.send(callbackOf(departure)), 'refused')
  })
})

describe('a callback is refused', () => {
  let browser: Wanderer
  let departure: URL
  beforeEach(async () => {
    browser = stage.open()
    departure = await depart(browser, id)
    forger.forgery = { header: {}, claims: claimsFor(departure) }
  })

  test('a second time', async () => {
    const callback = callbackOf(departure)
    const cookie = browser.cookies().get('weft_flow')!
    await browser.send(callback)
    browser.cookies().clear()
    browser.cookies().set('weft_flow', cookie)
    const again = await browser.send(callback)
    expect([placeOf(again), await isIn(browser)]).toEqual(['/#provider=spent', false])
    expect(forger.asked.filter((each) => each === 'POST /token')).toHaveLength(1)
  })

  test('of two at the same moment, one', async () => {
    const both = await Promise.all([browser.send(callbackOf(departure)), browser.send(callbackOf(departure))])
    expect(both.map(placeOf).sort()).toEqual(['/', '/#provider=spent'])
  })

  test('in another browser, with no cookie or that of its own sign-in', async () => {
    const victim = stage.open()
    await expectRefused(victim, await victim.send(callbackOf(departure)), 'spent')
    await depart(victim, id)
    await expectRefused(victim, await victim.send(callbackOf(departure)), 'spent')
    victim.cookies().set('weft_flow', `wff_${'A'.repeat(43)}`)
    await expectRefused(victim, await victim.send(callbackOf(departure)), 'spent')
    expect(forger.asked).not.toContain('POST /token')
  })

  test.each<[string, (callback: string) => string]>([
    ['that nobody began', (callback) => callback.replace(/state=[^&]+/, 'state=guessed')],
    ['without a state', (callback) => callback.replace(/&?state=[^&]+/, '')],
    ['with two states', (callback) => `${callback}&state=another`],
    ['with nothing', (callback) => callback.split('?')[0]!],
    ['with a state as long as a book', (callback) => callback.replace(/state=[^&]+/, `state=${'x'.repeat(5_000)}`)],
  ])('%s', async (_, change) => {
    await expectRefused(browser, await browser.send(change(callbackOf(departure))), 'spent')
  })

  test.each(['nobody', 'constructor', 'ffffffff-ffff-4fff-8fff-ffffffffffff'])(
    'at the address of %s',
    async (nobody) => {
      await expectRefused(browser, await browser.send(callbackOf(departure, {}, nobody)), 'spent')
    },
  )

  test('that is late', async () => {
    await stage.harness.database.query(`update kernel.sign_in_flows set expires_at = now() - interval '1 second'`)
    await expectRefused(browser, await browser.send(callbackOf(departure)), 'spent')
  })

  test('of another provider, of which one or the other is told', async () => {
    const second = await openForgingProvider()
    try {
      const other = await addProvider(admin, second.issuer, { ...OPEN, clientId: 'weft-2' })
      // At the address of the other one, with the state of this.
      await expectRefused(browser, await browser.send(callbackOf(departure, {}, other.id)), 'spent')
      expect(second.asked).toEqual([])
      // At its own address, by a provider that says who it is (RFC 9207).
      for (const iss of [second.issuer, 'nobody']) {
        const again = await depart(browser, id)
        forger.forgery = { header: {}, claims: claimsFor(again) }
        await expectRefused(browser, await browser.send(callbackOf(again, { iss })), 'refused')
      }
      forger.metadata = { authorization_response_iss_parameter_supported: true }
      const silent = await depart(browser, id)
      await expectRefused(browser, await browser.send(callbackOf(silent)), 'refused')
      expect(forger.asked).not.toContain('POST /token')
      const right = await depart(browser, id)
      forger.forgery = { header: {}, claims: claimsFor(right) }
      expect(placeOf(await browser.send(callbackOf(right, { iss: forger.issuer })))).toBe('/')
      await admin.send(`/api/identity-providers/${other.id}`, { method: 'DELETE' })
    } finally {
      await second.close()
    }
  })

  test('of a provider that became another one meanwhile', async () => {
    const second = await openForgingProvider()
    const move = (issuer: string) =>
      admin.send(`/api/identity-providers/${id}`, { method: 'PATCH', json: { issuer, clientSecret: 'a secret' } })
    try {
      await move(second.issuer)
      await expectRefused(browser, await browser.send(callbackOf(departure)), 'spent')
      expect(second.asked).toEqual([])
    } finally {
      await move(forger.issuer)
      await second.close()
    }
  })
})

test('a code that was caught is worth nothing in another sign-in', async () => {
  const idp = await openIdentityProvider({ 'sub-ada': { email: 'ada@acme.example', email_verified: true } })
  try {
    const { id: real, redirectUri } = await addProvider(admin, idp.issuer, { ...OPEN, clientId: 'weft-real' })
    idp.register({ id: 'weft-real', secret: providerBody('').clientSecret, redirectUri })
    const isHome = ({ origin }: URL) => origin === stage.address
    const victim = stage.open()
    const login = await victim.follow((await depart(victim, real)).href, isHome)
    const consent = await victim.submit(login, { login: 'sub-ada', password: 'x' }, isHome)
    const caught = (await victim.submit(consent, {}, isHome)).url.searchParams.get('code')!
    const thief = stage.open()
    const departure = await depart(thief, real)
    const iss = idp.issuer
    await expectRefused(thief, await thief.send(callbackOf(departure, { code: caught, iss }, real)), 'refused')
    await admin.send(`/api/identity-providers/${real}`, { method: 'DELETE' })
  } finally {
    await idp.close()
  }
})

describe('linking', () => {
  let member: Wanderer
  let departure: URL
  let count = 0
  beforeEach(async () => {
    const email = `member${(count += 1)}@test.example`
    await stage.harness.addMember(stage.harness.tenants.alice, email, 'member')
    member = await stage.enter(email)
    departure = await begin(member)
    forger.forgery = { header: {}, claims: claimsFor(departure) }
  })
  const begin = async (browser: Wanderer) => {
    const json = { provider: id, current: PASSWORD }
    return new URL((await browser.send('/api/account/identities', { method: 'POST', json })).body.url)
  }
  const linked = async () => stage.harness.database.query('select from kernel.identities')

  test('is of the session that asked for it', async () => {
    // Somebody else has signed in there meanwhile, or nobody is any more.
    const other = await stage.enter('alice@test.example')
    for (const session of [other.cookies().get('weft_session')!, '']) {
      const again = await begin(member)
      forger.forgery = { header: {}, claims: claimsFor(again) }
      const kept = member.cookies().get('weft_session')!
      member.cookies().set('weft_session', session)
      expect(placeOf(await member.send(callbackOf(again)))).toBe('/account#provider=spent')
      member.cookies().set('weft_session', kept)
    }
    const last = await begin(member)
    forger.forgery = { header: {}, claims: claimsFor(last) }
    await member.send('/api/session', { method: 'DELETE' })
    expect(placeOf(await member.send(callbackOf(last)))).toBe('/account#provider=spent')
    expect(await linked()).toHaveLength(0)
    // Nothing was even redeemed.
    expect(forger.asked).not.toContain('POST /token')
  })

  test('opens no session, takes no account of another, and asks for a password', async () => {
    const kept = member.cookies().get('weft_session')
    expect(placeOf(await member.send(callbackOf(departure)))).toBe('/account#provider=linked')
    expect(member.cookies().get('weft_session')).toBe(kept)
    const other = await stage.enter('alice@test.example')
    const again = await begin(other)
    forger.forgery = { header: {}, claims: claimsFor(again) }
    expect(placeOf(await other.send(callbackOf(again)))).toBe('/account#provider=identity_taken')
    expect(await linked()).toHaveLength(1)
    const stolen = await member.send('/api/account/identities', { method: 'POST', json: { provider: id } })
    expect(stolen.status).toBe(400)
  })

  test('is to a provider of the own organisation, and is taken back by its owner alone', async () => {
    await member.send(callbackOf(departure))
    const bob = await stage.enter('bob@test.example')
    const foreign = await bob.send('/api/account/identities', {
      method: 'POST',
      json: { provider: id, current: PASSWORD },
    })
    expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found'])
    const [entry] = (await member.send('/api/account/identities')).body.items
    for (const stranger of [bob, await stage.enter('alice@test.example')]) {
      expect((await stranger.send(`/api/account/identities/${entry.id}`, { method: 'DELETE' })).status).toBe(404)
      expect((await stranger.send('/api/account/identities')).body.items).toEqual([])
    }
    const key = (
      await admin.send('/api/api-keys', { method: 'POST', json: { name: 'k', permissions: ['users.manage'] } })
    ).body
    const byKey = await stage.harness.anonymous().call('GET', '/api/account/identities', {
      headers: { authorization: `Bearer ${key.key}` },
    })
    expect(byKey.status).toBe(403)
  })

  test('of one tenant opens no account of another that trusts the same issuer', async () => {
    await member.send(callbackOf(departure))
    const bob = await stage.enter('bob@test.example')
    const other = await addProvider(bob, forger.issuer)
    const browser = stage.open()
    const away = await depart(browser, other.id)
    forger.forgery = { header: {}, claims: claimsFor(away) }
    expect(placeOf(await browser.send(callbackOf(away, {}, other.id)))).toBe('/#provider=unknown_identity')
    await bob.send(`/api/identity-providers/${other.id}`, { method: 'DELETE' })
  })
})

describe('an address to go on at is one of our own', () => {
  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\\/evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%09/../\n/evil.example',
    'javascript:alert(1)',
    'evil.example',
    '',
    ' /clients',
    '/.//evil.example',
    '/x/..//evil.example',
    '/api/session',
    '/clients/../api/session',
    '/\u202Ecod',
    `/${'x'.repeat(2_000)}`,
  ])('%j is not', async (returnTo) => {
    const { status, body } = await stage
      .open()
      .send(`/api/session/providers/${id}`, { method: 'POST', json: { returnTo } })
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid', '/returnTo'])
  })

  test('nor one that a provider would have', async () => {
    const browser = stage.open()
    const departure = await depart(browser, id, { returnTo: '/clients?sort=name&next=//evil.example' })
    forger.forgery = { header: {}, claims: claimsFor(departure) }
    const stop = await browser.send(
      callbackOf(departure, { returnTo: 'https://evil.example/', next: '//evil.example' }),
    )
    expect(placeOf(stop)).toBe('/clients?sort=name&next=//evil.example')
  })

  test.each(['javascript:alert(document.domain)', 'data:text/html,x', 'file:///etc/passwd', 'nonsense'])(
    'nor is the browser sent to %s',
    async (authorization_endpoint) => {
      forger.metadata = { authorization_endpoint }
      const { status, body } = await stage.open().send(`/api/session/providers/${id}`, { method: 'POST', json: {} })
      expect([status, body.errors[0].code]).toEqual([502, 'endpoints'])
    },
  )
})

describe('a stranger', () => {
  const look = (json: object) => stage.open().send('/api/session/providers', { method: 'POST', json })

  test('learns of no account and of no organisation without a provider', async () => {
    // One has an account, the other has none.
    const [known, unknown] = [await look({ email: 'ada@acme.example' }), await look({ email: 'nobody@acme.example' })]
    expect(known.body).toEqual(unknown.body)
    expect(known.body.items).toEqual([{ id, name: 'Example ID', organisation: 'alice' }])
    expect((await look({ organisation: 'alice' })).body).toEqual(known.body)
    for (const json of [
      { email: 'alice@test.example' },
      { email: 'alice' },
      { organisation: 'bob' },
      { organisation: 'nobody' },
      { organisation: stage.harness.tenants.alice },
      { organisation: '' },
    ]) {
      const { status, body } = await look(json)
      expect([status, body], JSON.stringify(json)).toEqual([200, { items: [] }])
    }
  })

  test('does not go through names one after the other', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 22; i++) statuses.push((await look({ organisation: `guess-${i}` })).status)
    expect(statuses).toEqual([...Array<number>(20).fill(200), 429, 429])
    expect((await look({ organisation: 'alice' })).status).toBe(429)
  })

  test('does not fill the database by beginning', async () => {
    await stage.harness.database.query('delete from kernel.sign_in_flows')
    const begin = () => stage.open().send(`/api/session/providers/${id}`, { method: 'POST', json: {} })
    const statuses: number[] = []
    for (let i = 0; i < 102; i++) statuses.push((await begin()).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(100)
    expect(statuses.slice(-2)).toEqual([429, 429])
    await stage.harness.database.query(`update kernel.sign_in_flows set expires_at = now() - interval '1 second'`)
    expect((await begin()).status).toBe(200)
    expect(await stage.harness.database.query('select from kernel.sign_in_flows')).toHaveLength(1)
  })

  test('asks in no other form', async () => {
    for (const json of [{}, { email: 'a@b.c', organisation: 'x' }, { email: 7 }, { slug: 'x' }, [], 'x'])
      expect((await look(json as object)).status).toBe(400)
    for (const at of ['nobody', 'ffffffff-ffff-4fff-8fff-ffffffffffff'])
      expect((await stage.open().send(`/api/session/providers/${at}`, { method: 'POST', json: {} })).status).toBe(404)
    const foreign = await stage.harness.anonymous().call('POST', `/api/session/providers/${id}`, {
      body: {},
      headers: { origin: 'https://evil.example' },
    })
    expect([foreign.status, foreign.body.code]).toEqual([403, 'origin'])
  })
})

describe('a provider in our own network', () => {
  let h: Harness
  beforeAll(async () => {
    h = await openHarness()
  })
  afterAll(() => h?.close())

  test.each([
    ['http://localhost:1', 400],
    ['http://idp.example', 400],
    ['https://user:word@idp.example', 400],
    ['https://idp.example/?x=1', 400],
    ['https://idp.example/#x', 400],
    ['ftp://idp.example', 400],
    ['https://127.0.0.1:1', 'address'],
    ['https://localhost:1', 'address'],
    ['https://169.254.169.254/latest', 'address'],
    ['https://10.0.0.1', 'address'],
    ['https://[::1]', 'address'],
    ['https://2130706433', 'address'],
  ])('%s is not called', async (issuer, expected) => {
    const made = await h.alice.post('/api/identity-providers', providerBody(issuer))
    if (expected === 400) return expect([made.status, made.body.errors[0].path]).toEqual([400, '/issuer'])
    const tested = await h.alice.post(`/api/identity-providers/${made.body.id}/test`)
    expect([tested.status, tested.body]).toEqual([200, { reached: false, reason: expected }])
    await h.alice.remove(`/api/identity-providers/${made.body.id}`)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['keys', { jwks_uri: 'http://169.254.169.254/keys' }, 'refused'],
    ['tokens', { token_endpoint: 'http://10.0.0.1/token' }, 'refused'],
  ])('is not called for its %s either', async (_, metadata, code) => {
    const browser = stage.open()
    forger.metadata = metadata
    const departure = await depart(browser, id)
    forger.forgery = { header: {}, claims: claimsFor(departure) }
    await expectRefused(browser, await browser.send(callbackOf(departure)), code)
  })
})
