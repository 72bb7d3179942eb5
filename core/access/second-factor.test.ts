import { createSecretKey } from 'node:crypto'
import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Directory, openDirectory } from '../../tests/support/directory.ts'
import { createTenant } from '../tenancy/directory.ts'
import { SecondFactor } from './second-factor.ts'

let directory: Directory
let factor: SecondFactor
let owner: { id: string; email: string }
let count = 0
beforeAll(async () => {
  directory = await openDirectory()
  factor = new SecondFactor(directory.database, createSecretKey(Buffer.alloc(32, 1)))
})
beforeEach(async () => {
  count += 1
  const admin = { email: `factor${count}@noces.example`, name: 'Ada', password: 'correct horse battery staple' }
  const made = await createTenant(directory.database, { slug: `factor-${count}`, name: 'X', language: 'en', admin })
  owner = { id: made.user.id, email: admin.email }
})
afterAll(() => directory?.close())

/** The code of the app, `steps` of thirty seconds from now. */
const codeOf = (secret: string, steps = 0) => generate({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 })
const refused = { status: 403, code: 'second_factor' }

async function turnOn(): Promise<{ secret: string; codes: string[] }> {
  const { secret } = await factor.begin(owner)
  return { secret, codes: await factor.confirm(owner, await codeOf(secret, -1)) }
}

test('it counts once a first code has come', async () => {
  const { secret, uri } = await factor.begin(owner)
  expect(uri).toBe(`otpauth://totp/Weft:${encodeURIComponent(owner.email)}?secret=${secret}&issuer=Weft`)
  expect(await factor.of(owner.id)).toEqual({ on: false, since: null, recoveryCodesLeft: 0 })
  await expect(factor.confirm(owner, '000000')).rejects.toMatchObject(refused)
  const again = await factor.begin(owner)
  await expect(factor.confirm(owner, await codeOf(secret))).rejects.toMatchObject(refused)
  expect(await factor.confirm(owner, await codeOf(again.secret))).toHaveLength(10)
  expect(await factor.of(owner.id)).toMatchObject({ on: true, recoveryCodesLeft: 10 })
  await expect(factor.begin(owner)).rejects.toMatchObject({ status: 409, code: 'second_factor_on' })
  await expect(factor.confirm(owner, await codeOf(again.secret, 1))).rejects.toMatchObject({ code: 'second_factor_on' })
})

test('nothing is confirmed that was not begun', async () => {
  await expect(factor.confirm(owner, '123456')).rejects.toMatchObject({ status: 409, code: 'not_begun' })
})

describe('a code of the app', () => {
  test('is taken once, also of many at the same moment', async () => {
    const { secret } = await turnOn()
    const code = await codeOf(secret)
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => factor.check(owner.id, code)))
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    // One of before is refused as well: the clock of the app goes forwards.
    await expect(factor.check(owner.id, await codeOf(secret, -1))).rejects.toMatchObject(refused)
  })

  test('of a clock that is half a minute off is right, of one further off wrong', async () => {
    const { secret } = await turnOn()
    await expect(factor.check(owner.id, await codeOf(secret, 3))).rejects.toMatchObject(refused)
    await expect(factor.check(owner.id, await codeOf(secret, -3))).rejects.toMatchObject(refused)
    await factor.check(owner.id, await codeOf(secret, 1))
  })

  test('of another user is wrong', async () => {
    const { secret } = await turnOn()
    count += 1
    const admin = { email: `factor${count}@noces.example`, name: 'Eve', password: 'correct horse battery staple' }
    const other = await createTenant(directory.database, { slug: `factor-${count}`, name: 'Y', language: 'en', admin })
    await factor.begin({ id: other.user.id, email: admin.email })
    await expect(factor.check(other.user.id, await codeOf(secret))).rejects.toMatchObject(refused)
  })

  test('is not found by trying, wherever the tries come from', async () => {
    await turnOn()
    for (let i = 0; i < 20; i++) {
      const tried = factor.check(owner.id, String(100_000 + i))
      await expect(tried).rejects.toMatchObject(refused)
    }
    await expect(factor.check(owner.id, '123456')).rejects.toMatchObject({ status: 429, code: 'too_many_attempts' })
  })
})

describe('a recovery code', () => {
  test('is taken once, however it is typed', async () => {
    const { codes } = await turnOn()
    expect(codes[0]).toMatch(/^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/)
    expect(new Set(codes).size).toBe(10)
    await factor.check(owner.id, codes[0]!.toUpperCase().replaceAll('-', ' '))
    await expect(factor.check(owner.id, codes[0]!)).rejects.toMatchObject(refused)
    expect((await factor.of(owner.id)).recoveryCodesLeft).toBe(9)
  })

  test('of before new ones is worth nothing, and none is kept as it is', async () => {
    const { codes } = await turnOn()
    const fresh = await factor.renew(owner.id)
    await expect(factor.check(owner.id, codes[1]!)).rejects.toMatchObject(refused)
    await factor.check(owner.id, fresh[1]!)
    const { rows } = await directory.database.door<{ code_hash: Buffer }>({
      text: 'select code_hash from kernel.recovery_codes',
    })
    expect(rows.map((row) => row.code_hash.toString()).join()).not.toContain(fresh[2]!.replaceAll('-', ''))
  })
})

test('what is off asks for nothing, and begins with another secret', async () => {
  const { secret, codes } = await turnOn()
  await factor.remove(owner.id)
  expect(await factor.of(owner.id)).toEqual({ on: false, since: null, recoveryCodesLeft: 0 })
  await expect(factor.check(owner.id, codes[0]!)).rejects.toMatchObject(refused)
  expect((await factor.begin(owner)).secret).not.toBe(secret)
})

test('the secret lies encrypted, and for its user alone', async () => {
  const { secret } = await turnOn()
  const { rows } = await directory.database.door<{ secret: Buffer }>({
    text: 'select secret from kernel.authenticators where user_id = $1',
    values: [owner.id],
  })
  expect(rows[0]!.secret.includes(secret)).toBe(false)
  const { secret: mine } = rows[0]!
  count += 1
  const admin = { email: `factor${count}@noces.example`, name: 'Eve', password: 'correct horse battery staple' }
  const other = await createTenant(directory.database, { slug: `factor-${count}`, name: 'Z', language: 'en', admin })
  await directory.database.door({
    text: 'insert into kernel.authenticators (user_id, secret) values ($1, $2)',
    values: [other.user.id, mine],
  })
  await expect(factor.check(other.user.id, await codeOf(secret))).rejects.toThrow('Unsupported state')
})
