import { expect, test } from 'vitest'
import { ApiProblem } from '../../sdk/index.ts'
import { bodyOf, copyOf, draftOf, EMPTY, findProblems, isSame, newFilter, problemsIn, SOME } from './role-draft.ts'

const ROLE = {
  id: 'r',
  version: 3,
  name: 'Assistant',
  permissions: ['clients.read', 'clients.update'],
  rows: {
    clients: { read: ['own', { any: [{ status: 'active' }, { tags: { has: 'vip' } }] }], write: ['own'] },
    interactions: { read: 'all', write: ['team'] },
  },
  fields: { clients: { email: 'masked', notes: 'read' } },
} as const

test('a role that nobody touches is sent as it was read', () => {
  const { id: _, version: __, ...body } = ROLE
  expect(bodyOf(draftOf(ROLE))).toEqual(body)
  expect(isSame(draftOf(ROLE), draftOf(ROLE))).toBe(true)
  expect(bodyOf(copyOf(ROLE, 'Copy'))).toEqual({ ...body, name: 'Copy' })
})

test('what limits nothing is left out', () => {
  const draft = { ...EMPTY, name: ' A ', rows: { clients: { read: null, write: null } }, fields: { clients: {} } }
  expect(bodyOf(draft)).toEqual({ name: 'A', permissions: [], rows: {}, fields: {} })
})

test('a name, a term and a condition are asked for before anything is sent', () => {
  expect(findProblems(EMPTY)).toEqual({ '/name': 'needed' })
  const read = { ...SOME, filters: [newFilter()] }
  const rows = { clients: { read, write: { own: false, team: false, filters: [] } } }
  expect(findProblems({ ...EMPTY, name: 'A', rows })).toEqual({
    '/rows/clients/read/1': 'needs_condition',
    '/rows/clients/write': 'needs_term',
  })
  expect(findProblems(draftOf(ROLE))).toEqual({})
})

test('what the server refuses is told where it stands', () => {
  const errors = [
    { path: '/rows/clients/read/1/any/0/notes', code: 'not_filterable' },
    { path: '/permissions/1', code: 'unknown' },
    { path: '/fields/clients/email', code: 'required' },
    { path: '/name', code: 'unique' },
  ]
  expect(problemsIn(new ApiProblem(400, 'invalid', errors), ROLE)).toEqual({
    '/rows/clients/read/1': 'not_filterable',
    '/permissions/clients.update': 'unknown',
    '/fields/clients/email': 'required',
    '/name': 'unique',
  })
  expect(problemsIn(new ApiProblem(412, 'stale'), ROLE)).toEqual({})
})
