import { expect, test } from 'vitest'
import type { Identity } from './identity.ts'
import { effective, kernelPermissions, type PermissionEntry, permissionsFor } from './policy.ts'

const verbs = (resource: string, belongsTo: string | null): PermissionEntry[] =>
  (['read', 'create', 'update', 'delete'] as const).map((verb) => ({
    name: `${resource}.${verb}`,
    verb,
    belongsTo,
    administration: false,
  }))
const own = (name: string, administration: boolean): PermissionEntry => ({
  name,
  verb: null,
  belongsTo: null,
  administration,
})
const all = [
  ...kernelPermissions,
  ...verbs('clients', null),
  ...verbs('interactions', 'any'),
  own('quotes.sign', false),
  own('quotes.configure', true),
]
const caller = (role: Identity['role'], keyPermissions: string[] | null): Identity => ({
  tenant: { id: 't', slug: 't', name: 'T', language: 'en', country: null },
  user: { id: 'u', name: 'U', email: 'u@t.example', language: null },
  role,
  kind: keyPermissions ? 'key' : 'user',
  sessionHash: null,
  keyPermissions,
})

test('an administrator has everything', () => {
  expect([...permissionsFor('administrator', all)]).toEqual(all.map(({ name }) => name))
})

test('a member has all but administration and the deletion of whole files', () => {
  const held = permissionsFor('member', all)
  const lacking = all.filter(({ name }) => !held.has(name)).map(({ name }) => name)
  expect(lacking).toEqual([
    'plugins.manage',
    'api-keys.manage',
    'deliveries.manage',
    'clients.delete',
    'quotes.configure',
  ])
})

test('a key has what it was given, of what its user has now', () => {
  const given = ['clients.read', 'clients.delete', 'gone.read']
  expect([...effective(caller('administrator', given), all)].toSorted()).toEqual(['clients.delete', 'clients.read'])
  expect([...effective(caller('member', given), all)]).toEqual(['clients.read'])
  expect(effective(caller('administrator', []), all).size).toBe(0)
})

test('the answer is kept for the same entries and no others', () => {
  const member = caller('member', null)
  expect(effective(member, all)).toBe(effective(member, all))
  expect(effective(member, all.slice(0, 3))).not.toEqual(effective(member, all))
  expect(effective(caller('member', ['clients.read']), all)).toBe(effective(caller('member', ['clients.read']), all))
})
