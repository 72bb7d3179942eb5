import { expect, test } from 'vitest'
import { assertPassword, dummyHash, hashPassword, verifyPassword } from './password.ts'

test('a hash is a PHC string of argon2id, another one each time', async () => {
  const [one, other] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')])
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(other).not.toBe(one)
})

test('verifies the password and no other', async () => {
  const hash = await hashPassword('correct horse')
  expect(await verifyPassword(hash, 'correct horse')).toBe(true)
  expect(await verifyPassword(hash, 'Correct horse')).toBe(false)
  expect(await verifyPassword(hash, '')).toBe(false)
})

test('takes the same letters however a keyboard composes them', async () => {
  const hash = await hashPassword('ch\u00e2teau-d\u00e9')
  expect(await verifyPassword(hash, 'cha\u0302teau-de\u0301')).toBe(true)
})

test('reads the cost from the hash, so that it can be raised later', async () => {
  // The reference implementation's own vector: argon2id, m=65536, t=2, p=1, "password" with "somesalt".
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  expect(await verifyPassword(hash, 'password')).toBe(true)
})

test('what is no hash verifies nothing and costs as much', async () => {
  // The work that is done, however long a busy machine takes for it.
  const cost = async (hash: string) => {
    const begin = process.cpuUsage()
    expect(await verifyPassword(hash, 'whatever it is')).toBe(false)
    return process.cpuUsage(begin).user
  }
  const real = await cost(await hashPassword('something else'))
  for (const hash of ['', 'none', dummyHash]) expect(await cost(hash)).toBeGreaterThan(real / 4)
})

test('many at once all come to an end', async () => {
  const hash = await hashPassword('correct horse')
  const tries = Array.from({ length: 20 }, (_, i) => verifyPassword(hash, i % 2 ? 'correct horse' : 'wrong horse'))
  expect(await Promise.all(tries)).toEqual(tries.map((_, i) => i % 2 === 1))
})

test('a password has 8 to 200 characters, whatever their bytes', () => {
  for (const good of ['12345678', '💍'.repeat(8), 'é'.repeat(200)]) expect(() => assertPassword(good)).not.toThrow()
  const refusal = (password: string, path?: string) => {
    try {
      assertPassword(password, path)
    } catch (error) {
      return error
    }
    return null
  }
  expect(refusal('1234567')).toMatchObject({
    status: 400,
    code: 'invalid',
    errors: [{ path: '/password', code: 'minLength' }],
  })
  expect(refusal('💍'.repeat(7), '/new')).toMatchObject({
    errors: [{ path: '/new', code: 'minLength', params: { limit: 8 } }],
  })
  expect(refusal('é'.repeat(201))).toMatchObject({
    errors: [{ path: '/password', code: 'maxLength', params: { limit: 200 } }],
  })
})
