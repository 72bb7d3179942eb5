/** Signing in by an identity provider: with a real OpenID Connect server, over real HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Authenticator } from '../../tests/support/authenticator.ts'
import { eventually } from '../../tests/support/harness.ts'
import { type IdentityProvider, openIdentityProvider, type Person } from '../../tests/support/identity-provider.ts'
import { PASSWORD } from '../../tests/support/settings.ts'
import { addProvider, depart, openSignInStage, type SignInStage } from '../../tests/support/sign-in-stage.ts'
import type { Stop, Wanderer } from '../../tests/support/wanderer.ts'

const CLIENT = { id: 'weft', secret: 'a secret between the two of us' }
const OPEN = { domains: ['acme.example'], joinRole: 'member' }

const people: Record<string, Person> = {
  'sub-ada': { email: 'ada@acme.example', email_verified: true, name: 'Ada Lovelace' },
  'sub-eve': { email: 'eve@acme.example', email_verified: false, name: 'Eve' },
  'sub-out': { email: 'out@elsewhere.example', email_verified: true, name: 'Out' },
  'sub-alice': { email: 'alice@test.example', email_verified: true, name: 'Alice' },
  'sub-bare': {},
}
let stage: SignInStage
let idp: IdentityProvider
let admin: Wanderer
let count = 0
beforeAll(async () => {
  ;[stage, idp] = await Promise.all([openSignInStage({ worker: true }), openIdentityProvider(people)])
  admin = await stage.enter('alice@test.example')
})
afterAll(async () => {
  await stage?.close()
  await idp?.close()
})
beforeEach(async () => {
  for (const { id } of (await admin.send('/api/identity-providers')).body.items)
    await admin.send(`/api/identity-providers/${id}`, { method: 'DELETE' })
})

async function addExample(more: object = {}): Promise<string> {
  // Clients of one server are told apart, as the providers of a tenant are.
  const id = `weft-${(count += 1)}`
  const provider = await addProvider(admin, idp.issuer, { clientId: id, ...more })
  idp.register({ ...CLIENT, id, redirectUri: provider.redirectUri })
  return provider.id
}

const isHome = ({ origin }: URL) => origin === stage.address

/** Signs in at the provider's own pages, as `subject`. @returns where it sends the browser to */
async function visit(browser: Wanderer, url: URL, subject: string): Promise<URL> {
  let stop: Stop = await browser.follow(url.href, isHome)
  // The second page asks whether Weft may know it.
  if (!isHome(stop.url)) stop = await browser.submit(stop, { login: subject, password: 'anything' }, isHome)
  if (!isHome(stop.url)) stop = await browser.submit(stop, {}, isHome)
  return stop.url
}

async function signIn(browser: Wanderer, id: string, subject: string, more: object = {}): Promise<Stop> {
  return browser.send((await visit(browser, await depart(browser, id, more), subject)).href)
}
const placeOf = ({ status, headers }: Stop) => [status, headers.get('location')]
const whoIs = async (browser: Wanderer) => (await browser.send('/api/session')).body

describe('somebody of a provider', () => {
  test('joins by the domain, goes on where it wanted, and comes again', async () => {
    const id = await addExample(OPEN)
    const browser = stage.open()
    const departure = await depart(browser, id, { returnTo: '/clients?q=ada' })
    expect(Object.fromEntries(departure.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      scope: 'openid email profile',
      redirect_uri: `${stage.address}/api/session/providers/${id}/callback`,
    })
    const arrived = await browser.send((await visit(browser, departure, 'sub-ada')).href)
    expect(placeOf(arrived)).toEqual([303, '/clients?q=ada'])
    expect(arrived.headers.getSetCookie().join()).toMatch(
      /weft_session=wfs_[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax/,
    )
    expect(browser.cookies().has('weft_flow')).toBe(false)
    expect(await whoIs(browser)).toMatchObject({
      user: { name: 'Ada Lovelace', email: 'ada@acme.example' },
      tenant: { slug: 'alice' },
      tenants: [{ slug: 'alice' }],
      role: 'member',
    })
    const { user } = await whoIs(browser)
    const again = stage.open()
    expect(placeOf(await signIn(again, id, 'sub-ada'))).toEqual([303, '/'])
    expect((await whoIs(again)).user.id).toBe(user.id)
    // It has no password, and none works.
    for (const password of ['', PASSWORD]) {
      const tried = await stage.open().send('/api/session', { method: 'POST', json: { email: user.email, password } })
      expect([tried.status, tried.body.code]).toEqual([401, 'credentials'])
    }
    // The provider may call the person otherwise: it stays the same one.
    people['sub-ada'] = { ...people['sub-ada'], email: 'alice@test.example' }
    const renamed = stage.open()
    await signIn(renamed, id, 'sub-ada')
    expect((await whoIs(renamed)).user).toMatchObject({ id: user.id, email: 'ada@acme.example' })
    people['sub-ada'] = { ...people['sub-ada'], email: 'ada@acme.example' }
  })

  test.each([
    ['whose address nobody has verified', 'sub-eve', OPEN],
    ['of another domain', 'sub-out', OPEN],
    ['of whom no address is told', 'sub-bare', OPEN],
    ['where nobody joins by the domain', 'sub-out', { domains: ['elsewhere.example'] }],
    ['whose address an account has', 'sub-alice', { domains: ['test.example'], joinRole: 'administrator' }],
  ])('%s is not let in, and all are told the same', async (_, subject, more) => {
    const id = await addExample(more)
    const browser = stage.open()
    expect(placeOf(await signIn(browser, id, subject))).toEqual([303, '/#provider=unknown_identity'])
    expect((await browser.send('/api/session')).status).toBe(401)
    const known = await stage.harness.database.query('select from kernel.identities where subject = $1', [subject])
    expect(known).toHaveLength(0)
  })

  test('who breaks it off is told so, and may begin again', async () => {
    const id = await addExample(OPEN)
    const browser = stage.open()
    const departure = await depart(browser, id)
    const login = await browser.follow(departure.href, isHome)
    const abort = /href="([^"]+\/abort)"/.exec(login.text)![1]!
    const back = await browser.follow(new URL(abort, login.url).href, isHome)
    expect(back.url.searchParams.get('error')).toBe('access_denied')
    expect(placeOf(await browser.send(back.url.href))).toEqual([303, '/#provider=denied'])
  })
})

describe('an invitation', () => {
  const inviteByMail = async (email: string) => {
    await admin.send('/api/invitations', { method: 'POST', json: { email, role: 'member' } })
    return eventually(async () => {
      const { items } = (await admin.send('/api/mailbox')).body
      const mail = items.find(({ to }: { to: string[] }) => to.some((each) => each.includes(email)))
      return mail && /#(wfa_\S+)/.exec((await admin.send(`/api/mailbox/${mail.id}`)).body.text)?.[1]
    }, 'the invitation') as Promise<string>
  }

  test('that is opened is accepted by the provider, once, with a new account or that of the address', async () => {
    const id = await addExample()
    const token = await inviteByMail('invited@test.example')
    const look = await stage.open().send('/api/invitations/look', { method: 'POST', json: { token } })
    expect(look.body).toMatchObject({ hasAccount: false, passwords: true, providers: [{ id, name: 'Example ID' }] })
    const browser = stage.open()
    expect(placeOf(await signIn(browser, id, 'sub-eve', { invitation: token }))).toEqual([303, '/'])
    expect((await whoIs(browser)).user).toMatchObject({ name: 'Eve', email: 'invited@test.example' })
    await admin.send(`/api/identity-providers/${id}`, { method: 'PATCH', json: { passwords: false } })
    const closed = await inviteByMail('closed@test.example')
    const looked = await stage.open().send('/api/invitations/look', { method: 'POST', json: { token: closed } })
    expect(looked.body.passwords).toBe(false)
    const person = { token: closed, name: 'Closed', password: 'seven gulls over the harbour' }
    const chosen = await stage.open().send('/api/invitations/accept', { method: 'POST', json: person })
    expect([chosen.status, chosen.body.code]).toEqual([403, 'provider_required'])
    await admin.send(`/api/identity-providers/${id}`, { method: 'PATCH', json: { passwords: true } })
    const second = await browser.send(`/api/session/providers/${id}`, { method: 'POST', json: { invitation: token } })
    expect([second.status, second.body.code]).toEqual([404, 'unknown_token'])

    // Bob has an account and a tenant of his own.
    const bobs = await inviteByMail('bob@test.example')
    const other = stage.open()
    await signIn(other, id, 'sub-out', { invitation: bobs })
    expect(await whoIs(other)).toMatchObject({ user: { email: 'bob@test.example' }, tenant: { slug: 'alice' } })
    expect((await whoIs(other)).tenants).toEqual([{ slug: 'alice', name: 'alice' }])
    // What the provider of one organisation says opens no other one of the same account.
    const switched = await other.send('/api/session', { method: 'PATCH', json: { tenant: 'bob' } })
    expect([switched.status, switched.body.code]).toEqual([404, 'not_found'])
    const here = (await other.send('/api/sessions')).body.items
    expect(here.map(({ tenant }: { tenant: { slug: string } }) => tenant.slug)).toEqual(['alice'])
    expect((await stage.harness.bob.get('/api/sessions')).body.items.length).toBeGreaterThan(here.length)
    await other.send('/api/sessions', { method: 'DELETE' })
    expect((await stage.harness.bob.get('/api/session')).status).toBe(200)
    await stage.harness.database.query(
      `delete from kernel.memberships where tenant_id = $1 and user_id = (select id from kernel.users where email = 'bob@test.example')`,
      [stage.harness.tenants.alice],
    )
  })

  test('is left open by somebody whom the provider knows as another member, and is to its own organisation', async () => {
    const id = await addExample(OPEN)
    const token = await inviteByMail('later@test.example')
    const member = await stage.enter('alice@test.example')
    await link(member, id, 'sub-taken')
    const browser = stage.open()
    const refused = await signIn(browser, id, 'sub-taken', { invitation: token })
    expect(placeOf(refused)).toEqual([303, '/#provider=identity_taken'])
    const bob = await stage.enter('bob@test.example')
    const foreign = await addProvider(bob, idp.issuer)
    const begun = await browser.send(`/api/session/providers/${foreign.id}`, {
      method: 'POST',
      json: { invitation: token },
    })
    expect([begun.status, begun.body.code]).toEqual([404, 'unknown_token'])
    expect((await browser.send('/api/invitations/look', { method: 'POST', json: { token } })).status).toBe(200)
    await bob.send(`/api/identity-providers/${foreign.id}`, { method: 'DELETE' })
  })
})

const beginLinking = (browser: Wanderer, provider: string, current = PASSWORD) =>
  browser.send('/api/account/identities', { method: 'POST', json: { provider, current } })
async function link(browser: Wanderer, id: string, subject: string): Promise<Stop> {
  const { body } = await beginLinking(browser, id)
  return browser.send((await visit(browser, new URL(body.url), subject)).href)
}

describe('an account', () => {
  let member: Wanderer
  beforeEach(async () => {
    const email = `own${(count += 1)}@test.example`
    await stage.harness.addMember(stage.harness.tenants.alice, email, 'member')
    member = await stage.enter(email)
  })

  test('is linked by who is signed in and knows the password, and opened by the provider then', async () => {
    const id = await addExample()
    const wrong = await beginLinking(member, id, 'not this one')
    expect([wrong.status, wrong.body.code]).toEqual([403, 'credentials'])
    expect(placeOf(await link(member, id, 'sub-ada'))).toEqual([303, '/account#provider=linked'])
    const { items, providers } = (await member.send('/api/account/identities')).body
    expect(items).toEqual([
      {
        id: expect.any(String),
        provider: 'Example ID',
        label: 'ada@acme.example',
        createdAt: expect.any(String),
        usedAt: expect.any(String),
      },
    ])
    expect(providers).toEqual([{ id, name: 'Example ID' }])
    expect((await admin.send('/api/identity-providers')).body.items[0]).toMatchObject({ linked: 1 })
    const browser = stage.open()
    await signIn(browser, id, 'sub-ada')
    const { user } = await whoIs(member)
    expect((await whoIs(browser)).user.id).toBe(user.id)
    // Its session is one like all others: seen, and ended from another one.
    const sessions = (await member.send('/api/sessions')).body.items
    const other = sessions.find(
      (each: { current: boolean; agent: string }) => !each.current && each.agent === 'Wanderer',
    )
    expect(other).toMatchObject({ network: '127.0.0.1', tenant: { slug: 'alice' } })
    expect((await member.send(`/api/sessions/${other.id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await browser.send('/api/session')).status).toBe(401)
    // Taken back, the same person is unknown.
    expect((await member.send(`/api/account/identities/${items[0].id}`, { method: 'DELETE' })).status).toBe(204)
    expect(placeOf(await signIn(stage.open(), id, 'sub-ada'))).toEqual([303, '/#provider=unknown_identity'])
  })

  test('is asked for no second factor of its own beside the provider', async () => {
    const id = await addExample()
    await link(member, id, 'sub-ada')
    const { user } = await whoIs(member)
    await stage.harness.database.query(
      `insert into kernel.authenticators (user_id, secret, confirmed_at) values ($1, '\\x00', now())`,
      [user.id],
    )
    const byPassword = await stage
      .open()
      .send('/api/session', { method: 'POST', json: { email: user.email, password: PASSWORD } })
    expect(byPassword.body.code).toBe('second_factor')
    const browser = stage.open()
    await signIn(browser, id, 'sub-ada')
    expect((await whoIs(browser)).user.id).toBe(user.id)
  })

  test('that is suspended is shown out and not let in', async () => {
    const id = await addExample()
    await link(member, id, 'sub-ada')
    const browser = stage.open()
    await signIn(browser, id, 'sub-ada')
    const { user } = await whoIs(browser)
    await admin.send(`/api/users/${user.id}`, { method: 'PATCH', json: { suspended: true } })
    expect((await browser.send('/api/session')).status).toBe(401)
    expect(placeOf(await signIn(browser, id, 'sub-ada'))).toEqual([303, '/#provider=credentials'])
    await admin.send(`/api/users/${user.id}`, { method: 'PATCH', json: { suspended: false } })
    expect(placeOf(await signIn(browser, id, 'sub-ada'))).toEqual([303, '/'])
    // Removed, the person is unknown, and does not join again: there is an account of the address.
    await admin.send(`/api/users/${user.id}`, { method: 'DELETE' })
    expect(placeOf(await signIn(browser, id, 'sub-ada'))).toEqual([303, '/#provider=unknown_identity'])
  })

  test('loses the sessions of a provider that is taken away, or moved to another issuer', async () => {
    const id = await addExample()
    await link(member, id, 'sub-ada')
    const browser = stage.open()
    await signIn(browser, id, 'sub-ada')
    const away = { issuer: 'https://elsewhere.example', clientSecret: 'another' }
    await admin.send(`/api/identity-providers/${id}`, { method: 'PATCH', json: away })
    expect((await browser.send('/api/session')).status).toBe(401)
    expect((await member.send('/api/account/identities')).body.items).toEqual([])
    const second = await addExample()
    await link(member, second, 'sub-ada')
    await signIn(browser, second, 'sub-ada')
    await admin.send(`/api/identity-providers/${second}`, { method: 'DELETE' })
    expect((await browser.send('/api/session')).status).toBe(401)
    expect((await member.send('/api/session')).status).toBe(200)
  })
})

describe('an organisation that wants its provider used', () => {
  test('lets administrators in by password, and members by the provider alone', async () => {
    const id = await addExample()
    await stage.harness.addMember(stage.harness.tenants.alice, 'strict@test.example', 'member')
    const member = await stage.enter('strict@test.example')
    await link(member, id, 'sub-ada')
    const device = new Authenticator({ origin: stage.address, host: 'localhost' })
    const post = (browser: Wanderer, path: string, json?: object) => browser.send(path, { method: 'POST', json })
    const options = await post(member, '/api/account/passkeys/options', { current: PASSWORD })
    const made = { name: 'Phone', response: device.create(options.body) }
    expect((await post(member, '/api/account/passkeys', made)).status).toBe(201)
    await admin.send(`/api/identity-providers/${id}`, { method: 'PATCH', json: { passwords: false } })
    const question = await post(stage.open(), '/api/session/passkey/options')
    const byPasskey = await post(stage.open(), '/api/session/passkey', { response: device.get(question.body) })
    expect([byPasskey.status, byPasskey.body.code]).toEqual([401, 'provider_required'])
    const tryPassword = (email: string, password = PASSWORD) =>
      stage.open().send('/api/session', { method: 'POST', json: { email, password } })
    const refused = await tryPassword('strict@test.example')
    expect([refused.status, refused.body.code]).toEqual([401, 'provider_required'])
    // Who does not know the password is told nothing of it.
    expect((await tryPassword('strict@test.example', 'wrong')).body.code).toBe('credentials')
    expect((await tryPassword('alice@test.example')).status).toBe(200)
    const bound = stage.open()
    expect(placeOf(await signIn(bound, id, 'sub-ada'))).toEqual([303, '/'])
    const [passkey] = (await bound.send('/api/account/passkeys')).body.items
    expect((await bound.send(`/api/account/passkeys/${passkey.id}`, { method: 'DELETE' })).status).toBe(403)

    // A member of another organisation too enters that one by password, and does not get here from there.
    await stage.harness.database.query(
      `insert into kernel.memberships (tenant_id, user_id, role) select $1, id, 'member' from kernel.users where email = $2`,
      [stage.harness.tenants.bob, 'strict@test.example'],
    )
    const both = await stage.enter('strict@test.example')
    expect(await whoIs(both)).toMatchObject({ tenant: { slug: 'bob' }, tenants: [{ slug: 'bob' }] })
    expect((await both.send('/api/session', { method: 'PATCH', json: { tenant: 'alice' } })).status).toBe(404)
    await admin.send(`/api/identity-providers/${id}`, { method: 'PATCH', json: { passwords: true } })
    expect((await both.send('/api/session', { method: 'PATCH', json: { tenant: 'alice' } })).status).toBe(200)
  })
})
