import { expect, test } from 'vitest'
import { isAccountEmail, networkOf } from './account.ts'
import { createToken, hashToken, isToken } from './token.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['', 'unknown'],
  ['nonsense', 'unknown'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('an account may be called like a machine, and never like nothing', () => {
  for (const good of ['a@b.fr', 'admin@localhost', 'Hélène@château.example']) expect(isAccountEmail(good)).toBe(true)
  const bad = ['', 'a', '@b', 'a@', 'a@b@c', 'a b@c', 'a@b\u0000', '\ud800@b.fr', `${'a'.repeat(250)}@b.fr`]
  for (const each of bad) expect(isAccountEmail(each)).toBe(false)
})

test('a token bears its kind and 256 bits, and is kept as 32 bytes', () => {
  const token = createToken('session')
  expect(token).toMatch(/^wfs_[\w-]{43}$/)
  expect(createToken('key')).toMatch(/^wfk_[\w-]{43}$/)
  expect(hashToken(token)).toHaveLength(32)
  expect(isToken('session', token)).toBe(true)
  expect(isToken('key', token)).toBe(false)
  expect(isToken('session', `${token}a`)).toBe(false)
})
