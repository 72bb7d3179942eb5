import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTenant } from '../tenancy/directory.ts'
import { Sessions } from './sessions.ts'
import { type Directory, openDirectory } from '../../tests/support/directory.ts'
import { SecondFactor } from './second-factor.ts'

const KEY = createSecretKey(Buffer.alloc(32))

const PASSWORD = 'bouquet de roses'
const WRONG = 'not the password'
const HERE = '198.51.100.1'
const limited = { status: 429, code: 'too_many_attempts' }

let directory: Directory
let sessions: Sessions

const signIn = (email = 'Anne@Noces.example', password = PASSWORD, network = HERE) =>
  sessions.signIn({ email, password, network })
const fail = (email?: string, network?: string) =>
  expect(signIn(email, WRONG, network)).rejects.toMatchObject({ status: 401, code: 'credentials' })
const failTimes = async (count: number, network = HERE) => {
  for (let i = 0; i < count; i++) await fail('anne@noces.example', network)
}

beforeAll(async () => {
  directory = await openDirectory()
  sessions = new Sessions(directory.database, new SecondFactor(directory.database, KEY))
  const create = (slug: string, email: string) => {
    const admin = { email, name: slug, password: PASSWORD }
    return createTenant(directory.database, { slug, name: slug, language: 'en', admin })
  }
  await create('noces', 'Anne@Noces.example')
  await create('other', 'eve@other.example')
})
afterAll(() => directory?.close())
beforeEach(() => directory.run('delete from kernel.sign_in_failures'))

test('comes after exactly ten failures, however the e-mail is written, and even for the right password', async () => {
  for (let i = 0; i < 9; i++) await fail(i % 2 ? 'anne@noces.example' : 'ANNE@noces.Example')
  await fail('aNNE@noces.example')
  await expect(signIn()).rejects.toMatchObject(limited)
  const { errors } = await signIn('ANNE@NOCES.EXAMPLE').catch((problem) => problem)
  expect(errors[0].params.retryAfter).toBeGreaterThan(880)
  expect(errors[0].params.retryAfter).toBeLessThanOrEqual(900)
})
test('nine failures are forgiven by a success', async () => {
  await failTimes(9)
  await signIn()
  await failTimes(9)
  await signIn()
})
test('holds for one account and one network', async () => {
  await failTimes(10)
  await expect(signIn()).rejects.toMatchObject(limited)
  await signIn('eve@other.example')
  await signIn(undefined, undefined, '198.51.100.2')
  await expect(signIn()).rejects.toMatchObject(limited)
})
test('counts an IPv4 address and its mapped form as one', async () => {
  await failTimes(5, '203.0.113.7')
  await failTimes(5, '::ffff:203.0.113.7')
  await expect(signIn(undefined, undefined, '::ffff:cb00:7107')).rejects.toMatchObject(limited)
})
test('counts a /64 as one network, and the next one apart', async () => {
  for (let i = 0; i < 10; i++) await fail('anne@noces.example', `2001:db8:0:1::${i}`)
  await expect(signIn(undefined, undefined, '2001:db8:0:1:ffff::9')).rejects.toMatchObject(limited)
  await signIn(undefined, undefined, '2001:db8:0:2::1')
})
test('counts an unknown e-mail too, so that it says nothing', async () => {
  for (let i = 0; i < 10; i++) await fail('nobody@noces.example')
  await expect(signIn('nobody@noces.example')).rejects.toMatchObject(limited)
})
test('is not passed by sending all at once, nor met by the right password', async () => {
  const wrong = await Promise.allSettled(Array.from({ length: 25 }, () => signIn('eve@other.example', WRONG)))
  const statuses = wrong.map((each) => each.status === 'rejected' && each.reason.status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  expect(statuses.filter((status) => status === 429)).toHaveLength(15)
  const right = await Promise.allSettled(Array.from({ length: 25 }, () => signIn()))
  expect(right.filter(({ status }) => status === 'rejected')).toEqual([])
})
test('ends a quarter of an hour after the failures', async () => {
  await failTimes(10)
  await directory.run(`update kernel.sign_in_failures set at = at - interval '14 minutes 50 seconds'`)
  const { status, errors } = await signIn().catch((problem) => problem)
  expect(status).toBe(429)
  expect(errors[0].params.retryAfter).toBeLessThanOrEqual(10)
  await directory.run(`update kernel.sign_in_failures set at = at - interval '11 seconds'`)
  await signIn()
})
