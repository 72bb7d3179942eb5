import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTenant } from '../tenancy/directory.ts'
import { dummyHash, hashPassword, verifyPassword } from './password.ts'
import { Sessions } from './sessions.ts'
import { createToken, hashToken } from './token.ts'
import { type Directory, openDirectory } from '../../tests/support/directory.ts'
import { SecondFactor } from './second-factor.ts'

const KEY = createSecretKey(Buffer.alloc(32))

const PASSWORD = 'bouquet de roses'
const HERE = '198.51.100.1'
const refused = { status: 401, code: 'credentials' }

let directory: Directory
let sessions: Sessions
let user: string

const signIn = (email = 'Anne@Noces.example', password = PASSWORD, network = HERE) =>
  sessions.signIn({ email, password, network })
const fail = () => expect(signIn(undefined, 'not the password')).rejects.toMatchObject(refused)

beforeAll(async () => {
  directory = await openDirectory()
  sessions = new Sessions(directory.database, new SecondFactor(directory.database, KEY))
  const admin = { email: 'Anne@Noces.example', name: 'Anne Morel', password: PASSWORD }
  const noces = { slug: 'noces', name: 'Noces & Co', language: 'fr', country: 'FR', admin }
  user = (await createTenant(directory.database, noces)).user.id
  await createTenant(directory.database, { slug: 'atelier', name: 'Atelier', language: 'en', admin })
  const foreign = { email: 'eve@other.example', name: 'Eve', password: PASSWORD }
  await createTenant(directory.database, { slug: 'other', name: 'Other', language: 'en', admin: foreign })
})
afterAll(() => directory?.close())
beforeEach(async () => {
  await directory.run('delete from kernel.sign_in_failures')
  await directory.run('delete from kernel.sessions')
  await directory.run('update kernel.users set suspended_at = null')
})

describe('signing in', () => {
  test('with the right password opens the tenant that was joined first', async () => {
    const { token, identity } = await signIn('anne@noces.EXAMPLE')
    expect(token).toMatch(/^wfs_/)
    expect(identity).toEqual({
      tenant: { id: expect.any(String), slug: 'noces', name: 'Noces & Co', language: 'fr', country: 'FR' },
      user: { id: user, name: 'Anne Morel', email: 'Anne@Noces.example', language: null },
      role: 'administrator',
      roleId: null,
      kind: 'user',
      sessionHash: hashToken(token),
      keyPermissions: null,
    })
    expect(await sessions.authenticate(token)).toEqual(identity)
  })
  test('opens the tenant last worked in, also after signing out', async () => {
    const { identity } = await signIn()
    const { identity: last } = await sessions.switchTenant(identity, 'atelier')
    await sessions.signOut(last.sessionHash!)
    expect((await signIn()).identity.tenant.slug).toBe('atelier')
  })
  test('is refused in the same way for a wrong password, an unknown, a suspended and a homeless user', async () => {
    await fail()
    await expect(signIn('nobody@noces.example')).rejects.toMatchObject(refused)
    await directory.run('update kernel.users set suspended_at = now() where id = $1', [user])
    await expect(signIn()).rejects.toMatchObject(refused)
    const values = ['alone@noces.example', await hashPassword(PASSWORD)]
    await directory.run(`insert into kernel.users (email, name, password) values ($1, 'Alone', $2)`, values)
    await expect(signIn('alone@noces.example')).rejects.toMatchObject(refused)
    expect(await directory.run('select * from kernel.sessions')).toEqual([])
  })
  test('checks an unknown e-mail against the dummy', async () => {
    const verify = vi.fn<typeof verifyPassword>(verifyPassword)
    const watched = new Sessions(directory.database, new SecondFactor(directory.database, KEY), verify)
    const unknown = { email: 'nobody@noces.example', password: PASSWORD, network: HERE }
    await expect(watched.signIn(unknown)).rejects.toMatchObject(refused)
    expect(verify).toHaveBeenCalledExactlyOnceWith(dummyHash, PASSWORD)
  })
  test('takes whatever is typed for an e-mail', async () => {
    for (const email of ['', 'anne', 'a\u0000@b.example', '\ud800@b', `' or 1=1 --@b`]) {
      await expect(signIn(email)).rejects.toMatchObject(refused)
    }
  })
})

describe('a session', () => {
  const age = (column: string, time: string) =>
    directory.run(`update kernel.sessions set ${column} = now() + interval '${time}'`)
  test('ends after 24 hours without use and after 30 days with it', async () => {
    const { token } = await signIn()
    const [row] = await directory.run<{ days: number }>(
      `select extract(epoch from expires_at - created_at)::float8 / 86400 as days from kernel.sessions`,
    )
    expect(row!.days).toBeCloseTo(30, 3)
    await age('used_at', '-23 hours -59 minutes')
    expect(await sessions.authenticate(token)).not.toBeNull()
    // The use is noted beside the answer.
    await vi.waitFor(async () =>
      expect(
        await directory.run(`select 1 from kernel.sessions where used_at > now() - interval '1 hour'`),
      ).toHaveLength(1),
    )
    await age('used_at', '-24 hours -1 second')
    expect(await sessions.authenticate(token)).toBeNull()
    await age('used_at', '0')
    await age('expires_at', '-1 second')
    expect(await sessions.authenticate(token)).toBeNull()
  })
  test('is marked as used once a minute', async () => {
    const { token } = await signIn()
    const seconds = async () =>
      (
        await directory.run<{ age: number }>(
          'select extract(epoch from now() - used_at)::float8 as age from kernel.sessions',
        )
      )[0]!.age
    await directory.run(`update kernel.sessions set used_at = now() - interval '50 seconds'`)
    await sessions.authenticate(token)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await seconds()).toBeGreaterThan(49)
    await directory.run(`update kernel.sessions set used_at = now() - interval '70 seconds'`)
    await Promise.all([sessions.authenticate(token), sessions.authenticate(token)])
    await vi.waitFor(async () => expect(await seconds()).toBeLessThan(5))
  })
  test('is not found by another token, a key or nonsense', async () => {
    await signIn()
    for (const token of [createToken('session'), createToken('key'), '', 'x'.repeat(5000), 'wfs_\u0000']) {
      expect(await sessions.authenticate(token)).toBeNull()
    }
  })
  test('ends with the suspension of its user and with the membership', async () => {
    const { token } = await signIn()
    await directory.run('update kernel.users set suspended_at = now() where id = $1', [user])
    expect(await sessions.authenticate(token)).toBeNull()
    await directory.run('update kernel.users set suspended_at = null')
    const [membership] = await directory.run<{ tenant_id: string }>(
      `delete from kernel.memberships m using kernel.tenants t
        where m.user_id = $1 and t.id = m.tenant_id and t.slug = 'noces' returning m.tenant_id`,
      [user],
    )
    expect(await sessions.authenticate(token)).toBeNull()
    const values = [membership!.tenant_id, user]
    await directory.run(
      `insert into kernel.memberships values ($1, $2, 'administrator', now() - interval '1 day')`,
      values,
    )
  })
  test('is over once signed out, and others are not', async () => {
    const [one, other] = [await signIn(), await signIn()]
    await sessions.signOut(one.identity.sessionHash!)
    expect(await sessions.authenticate(one.token)).toBeNull()
    expect(await sessions.authenticate(other.token)).not.toBeNull()
  })
  test('is over in the very millisecond in which it is signed out', async () => {
    for (let n = 0; n < 100; n++) {
      const { token, identity } = await sessions.open(user, { network: HERE })
      await sessions.signOut(identity.sessionHash!)
      expect(await sessions.authenticate(token)).toBeNull()
    }
  })
  test('is changed for one of another tenant, with the same end', async () => {
    const old = await signIn()
    await age('expires_at', '3 days')
    const next = await sessions.switchTenant(old.identity, 'atelier')
    expect(next.identity.tenant.slug).toBe('atelier')
    expect(next.token).not.toBe(old.token)
    expect(await sessions.authenticate(old.token)).toBeNull()
    expect(await sessions.authenticate(next.token)).toEqual(next.identity)
    const [row] = await directory.run<{ kept: boolean }>(
      `select expires_at < now() + interval '4 days' as kept from kernel.sessions`,
    )
    expect(row!.kept).toBe(true)
  })
  test('is not changed for a tenant of others, nor of nobody', async () => {
    const { token, identity } = await signIn()
    for (const slug of ['other', 'nowhere', '']) {
      await expect(sessions.switchTenant(identity, slug)).rejects.toMatchObject({ status: 404, code: 'not_found' })
    }
    expect(await sessions.authenticate(token)).not.toBeNull()
    const key = { ...identity, kind: 'key' as const, sessionHash: null }
    await expect(sessions.switchTenant(key, 'atelier')).rejects.toMatchObject({ status: 403 })
  })
  test('knows the language that its user has chosen, and the tenants', async () => {
    const { token, identity } = await signIn()
    await sessions.setLanguage(identity, 'en')
    expect((await sessions.authenticate(token))!.user.language).toBe('en')
    expect(await sessions.membershipsOf(identity)).toEqual([
      { slug: 'atelier', name: 'Atelier' },
      { slug: 'noces', name: 'Noces & Co' },
    ])
  })
})

test('purging takes what is over and leaves the rest', async () => {
  const [old, idle, live] = [await signIn(), await signIn(), await signIn()]
  await fail()
  await directory.run(`update kernel.sign_in_failures set at = at - interval '15 minutes 1 second'`)
  await fail()
  await directory.run(
    `update kernel.sessions set created_at = now() - interval '30 days 1 second' where token_hash = $1`,
    [old.identity.sessionHash],
  )
  await directory.run(`update kernel.sessions set used_at = now() - interval '2 days' where token_hash = $1`, [
    idle.identity.sessionHash,
  ])
  await sessions.purge()
  const kept = await directory.run<{ token_hash: Buffer }>('select token_hash from kernel.sessions order by used_at')
  expect(kept.map((row) => row.token_hash)).toEqual([idle.identity.sessionHash, live.identity.sessionHash])
  expect(await directory.run('select * from kernel.sign_in_failures')).toHaveLength(1)
})
