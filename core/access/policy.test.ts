import { expect, test } from 'vitest'
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
    'proposals.decide',
    'privacy.manage',
    'mailbox.read',
    'tasks.manage',
    'fields.manage',
    'lists.manage',
    'users.manage',
    'roles.manage',
    'clients.delete',
    'quotes.configure',
  ])
})

test('a key has what it was given, of what its user has now', () => {
  const given = ['clients.read', 'clients.delete', 'gone.read']
  expect([...effective('administrator', given, all)].toSorted()).toEqual(['clients.delete', 'clients.read'])
  expect([...effective('member', given, all)]).toEqual(['clients.read'])
  expect(effective('administrator', [], all).size).toBe(0)
})

test('the answer is kept for the same entries and no others', () => {
  expect(effective('member', null, all)).toBe(effective('member', null, all))
  expect(effective('member', null, all.slice(0, 3))).not.toEqual(effective('member', null, all))
  expect(effective('member', ['clients.read'], all)).toBe(effective('member', ['clients.read'], all))
})

test('a role of a tenant’s own has what it names, and nothing that is for administrators alone', () => {
  const grants = { permissions: ['clients.read', 'users.manage', 'roles.manage', 'gone.read'], rows: {}, fields: {} }
  const role = { id: 'r', name: 'Sales', version: 1, grants }
  expect([...effective(role, null, all)].toSorted()).toEqual(['clients.read', 'users.manage'])
  expect([...effective(role, ['clients.read', 'clients.create'], all)]).toEqual(['clients.read'])
  const changed = { ...role, version: 2, grants: { ...grants, permissions: ['clients.create'] } }
  expect([...effective(changed, null, all)]).toEqual(['clients.create'])
  expect(effective(null, null, all).size).toBe(0)
})
