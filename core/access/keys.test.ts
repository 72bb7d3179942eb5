import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTenant } from '../tenancy/directory.ts'
import type { Identity } from './identity.ts'
import { ApiKeys } from './keys.ts'
import { Sessions } from './sessions.ts'
import { createToken } from './token.ts'
import { type Directory, openDirectory } from '../../tests/support/directory.ts'
import { SecondFactor } from './second-factor.ts'

const KEY = createSecretKey(Buffer.alloc(32))

const grantable = new Set(['clients.update', 'clients.read'])
let directory: Directory
let keys: ApiKeys
let anne: Identity
let eve: Identity

beforeAll(async () => {
  directory = await openDirectory()
  keys = new ApiKeys(directory.database)
  const sessions = new Sessions(directory.database, new SecondFactor(directory.database, KEY))
  const open = async (slug: string, email: string) => {
    const admin = { email, name: slug, password: 'bouquet de roses' }
    await createTenant(directory.database, { slug, name: slug, language: 'en', admin })
    return (await sessions.signIn({ ...admin, network: '198.51.100.1' })).identity
  }
  anne = await open('noces', 'anne@noces.example')
  eve = await open('other', 'eve@other.example')
})
afterAll(() => directory?.close())
beforeEach(() => directory.run('delete from kernel.api_keys'))

describe('making a key', () => {
  test('gives all that may be granted, or less', async () => {
    const { id, key } = await keys.create(anne, { name: 'Website' }, grantable)
    expect(key).toMatch(/^wfk_[\w-]{43}$/)
    expect(await keys.authenticate(key)).toEqual({
      ...anne,
      kind: 'key',
      keyId: id,
      sessionHash: null,
      keyPermissions: ['clients.read', 'clients.update'],
    })
    const less = await keys.create(anne, { name: 'Reader', permissions: ['clients.read', 'clients.read'] }, grantable)
    expect((await keys.authenticate(less.key))!.keyPermissions).toEqual(['clients.read'])
    expect(less.id).not.toBe(id)
  })
  test.each([
    [
      { name: 'x', permissions: ['clients.read', 'clients.delete'] },
      { path: '/permissions/1', code: 'unknown' },
    ],
    [{ name: ' ' }, { path: '/name', code: 'minLength' }],
    [{ name: 'é'.repeat(101) }, { path: '/name', code: 'maxLength' }],
    [
      { name: 'x', expiresAt: '2027-01-01' },
      { path: '/expiresAt', code: 'format' },
    ],
    [
      { name: 'x', expiresAt: '2020-01-01T00:00:00Z' },
      { path: '/expiresAt', code: 'past' },
    ],
  ])('refuses %j', async (input, entry) => {
    const making = keys.create(anne, input, grantable)
    await expect(making).rejects.toMatchObject({ status: 400, code: 'invalid', errors: [entry] })
  })
  test('keeps the hash alone', async () => {
    const { key } = await keys.create(anne, { name: 'Website' }, grantable)
    const [row] = await directory.run('select * from kernel.api_keys')
    expect(JSON.stringify(row)).not.toContain(key.slice(4))
  })
})

describe('a key', () => {
  const make = async (name = 'Website') =>
    keys.create(anne, { name, expiresAt: '2999-01-01T00:00:00+01:00' }, grantable)
  test('is listed in its tenant, newest first, without itself', async () => {
    await make('First')
    await directory.run(`update kernel.api_keys set created_at = now() - interval '1 day'`)
    const { id } = await make('Second')
    const listed = await keys.list(anne.tenant.id)
    expect(listed.map(({ name }) => name)).toEqual(['Second', 'First'])
    expect(listed[0]).toEqual({
      id,
      name: 'Second',
      permissions: ['clients.read', 'clients.update'],
      createdBy: { id: anne.user.id, name: 'noces' },
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      usedAt: null,
      expiresAt: '2998-12-31T23:00:00.000Z',
    })
    expect(await keys.list(eve.tenant.id)).toEqual([])
  })
  test('is revoked by its own tenant, once', async () => {
    const { id, key } = await make()
    const unknown = { status: 404, code: 'not_found' }
    await expect(keys.revoke(eve, id)).rejects.toMatchObject(unknown)
    await expect(keys.revoke(anne, 'nonsense')).rejects.toMatchObject(unknown)
    expect(await keys.authenticate(key)).not.toBeNull()
    await keys.revoke(anne, id)
    expect(await keys.authenticate(key)).toBeNull()
    expect(await keys.list(anne.tenant.id)).toEqual([])
    await expect(keys.revoke(anne, id)).rejects.toMatchObject(unknown)
  })
  test('ends with its expiry, and with the suspension and the membership of its user', async () => {
    const { key } = await make()
    await directory.run('update kernel.users set suspended_at = now() where id = $1', [anne.user.id])
    expect(await keys.authenticate(key)).toBeNull()
    await directory.run('update kernel.users set suspended_at = null')
    expect(await keys.authenticate(key)).not.toBeNull()
    await directory.run(`update kernel.api_keys set expires_at = now() - interval '1 second'`)
    expect(await keys.authenticate(key)).toBeNull()
    const gone = (await keys.create(eve, { name: 'Gone' }, grantable)).key
    await directory.run('delete from kernel.memberships where user_id = $1', [eve.user.id])
    expect(await keys.authenticate(gone)).toBeNull()
  })
  test('follows the role of its user', async () => {
    const { key } = await make()
    await directory.run(`update kernel.memberships set role = 'member' where user_id = $1`, [anne.user.id])
    expect((await keys.authenticate(key))!.role).toBe('member')
    await directory.run(`update kernel.memberships set role = 'administrator'`)
  })
  test('is marked as used once a minute', async () => {
    const { key } = await make()
    const usedAt = async () => (await keys.list(anne.tenant.id))[0]!.usedAt
    await keys.authenticate(key)
    await vi.waitFor(async () => expect(await usedAt()).not.toBeNull())
    const first = await usedAt()
    await keys.authenticate(key)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await usedAt()).toBe(first)
  })
  test('is not found by a session token or nonsense', async () => {
    for (const token of [createToken('key'), createToken('session'), '', 'wfk_'])
      expect(await keys.authenticate(token)).toBeNull()
  })
})
