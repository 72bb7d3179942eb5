import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sessions } from '../access/sessions.ts'
import {
  countTenants,
  createTenant,
  findTenant,
  isMember,
  listMembers,
  namesOf,
  type TenantInput,
} from './directory.ts'
import { type Directory, openDirectory } from '../../tests/support/directory.ts'
import { SecondFactor } from '../access/second-factor.ts'

const KEY = createSecretKey(Buffer.alloc(32))

let directory: Directory
const admin = { email: 'Anne@Noces.example', name: 'Anne Morel', password: 'bouquet de roses' }
const input = (slug: string, change: Partial<TenantInput> = {}): TenantInput => ({
  slug,
  name: 'Noces & Co',
  language: 'fr',
  admin,
  ...change,
})
const create = (slug: string, change?: Partial<TenantInput>) => createTenant(directory.database, input(slug, change))
const signIn = (password: string) =>
  new Sessions(directory.database, new SecondFactor(directory.database, KEY)).signIn({
    email: admin.email,
    password,
    network: '198.51.100.1',
  })

beforeAll(async () => {
  directory = await openDirectory()
})
afterAll(() => directory?.close())

test('a tenant is made with its administrator, who can sign in at once', async () => {
  const { tenant, user } = await create('noces', { country: 'FR' })
  expect(tenant).toEqual({ id: expect.any(String), slug: 'noces', name: 'Noces & Co', language: 'fr', country: 'FR' })
  expect(user).toEqual({ id: expect.any(String), email: admin.email, name: admin.name, isNew: true })
  expect((await signIn(admin.password)).identity).toMatchObject({ tenant, role: 'administrator' })
  expect(await findTenant(directory.database, 'noces')).toEqual(tenant)
  expect(await findTenant(directory.database, tenant.id)).toEqual(tenant)
  expect(await findTenant(directory.database, 'nowhere')).toBeNull()
})

test('a slug is given once, also to two who ask at the same time', async () => {
  const asked = await Promise.allSettled([create('twice'), create('twice'), create('twice')])
  const refusals = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  expect(refusals).toHaveLength(2)
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ status: 409, code: 'unique', errors: [{ path: '/slug', code: 'unique' }] })
  }
})

describe('an administrator who is there already', () => {
  test('keeps name and password', async () => {
    const again = { email: 'ANNE@noces.example', name: 'Somebody', password: 'another password' }
    const { user } = await create('again', { admin: again })
    expect(user).toMatchObject({ email: admin.email, name: admin.name, isNew: false })
    await expect(signIn(again.password)).rejects.toMatchObject({ status: 401 })
    await signIn(admin.password)
  })
  test('takes the new password where the caller says so, and is signed out everywhere', async () => {
    const { token } = await signIn(admin.password)
    await create('anew', { admin: { ...admin, password: 'a new password', replacesPassword: true } })
    expect(
      await new Sessions(directory.database, new SecondFactor(directory.database, KEY)).authenticate(token),
    ).toBeNull()
    await expect(signIn(admin.password)).rejects.toMatchObject({ status: 401 })
    await signIn('a new password')
  })
})

test.each([
  [input('Noces'), '/slug', 'pattern'],
  [input('no--ces'), '/slug', 'pattern'],
  [input('n'.repeat(64)), '/slug', 'pattern'],
  [input('api'), '/slug', 'reserved'],
  [input('2f1a7c1e-0000-4000-8000-000000000000'), '/slug', 'reserved'],
  [input('fine', { name: ' ' }), '/name', 'pattern'],
  [input('fine', { language: 'FR' }), '/language', 'format'],
  [input('fine', { country: 'UK' }), '/country', 'format'],
  [input('fine', { admin: { ...admin, email: 'anne' } }), '/admin/email', 'format'],
  [input('fine', { admin: { ...admin, password: 'short' } }), '/admin/password', 'minLength'],
])('refuses %j', async (refused, path, code) => {
  const before = await countTenants(directory.database)
  const making = createTenant(directory.database, refused)
  await expect(making).rejects.toMatchObject({ status: 400, code: 'invalid', errors: [{ path, code }] })
  expect(await countTenants(directory.database)).toBe(before)
})

test('members are known in their own tenant alone', async () => {
  const one = await create('one', { admin: { ...admin, email: 'one@noces.example', name: 'One' } })
  const other = await create('other', { admin: { ...admin, email: 'other@noces.example', name: 'Other' } })
  const { database } = directory
  expect(await listMembers(database, one.tenant.id)).toEqual([
    { id: one.user.id, name: 'One', email: 'one@noces.example', role: 'administrator', suspended: false },
  ])
  expect(await isMember(database, one.tenant.id, one.user.id)).toBe(true)
  expect(await isMember(database, one.tenant.id, other.user.id)).toBe(false)
  expect(await isMember(database, one.tenant.id, 'nonsense')).toBe(false)
  const names = await namesOf(database, one.tenant.id, [one.user.id, one.user.id, other.user.id, 'nonsense'])
  expect(names).toEqual(new Map([[one.user.id, 'One']]))
  expect(await namesOf(database, one.tenant.id, [])).toEqual(new Map())
})
