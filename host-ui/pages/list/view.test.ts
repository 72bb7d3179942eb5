import { expect, test } from 'vitest'
import { type ListState, readListState, writeListState } from './list-state.ts'
import { askedBy, isChanged, missingFields, patchOf, stateOf, type View } from './view.ts'

const ADDRESS =
  'q=bell&type.in=company,couple&createdAt.gte=now-30d&createdAt.lt=now&email.empty=true&tags.has=vip&status=active&sort=-createdAt,lastName'

function saved(state: ListState, columns: string[] = []): View {
  const system = { id: 'v1', version: 1, createdAt: '', updatedAt: '', createdBy: 'u1', updatedBy: 'u1' }
  return { ...system, name: 'x', resource: 'clients', isShared: false, ...askedBy(state, columns) } as unknown as View
}

test('a view shows the address that it was saved from', () => {
  const state = readListState(ADDRESS)
  const view = saved(state)
  expect(view.filter).toEqual({
    all: [
      { type: { in: ['company', 'couple'] } },
      { createdAt: { gte: 'now-30d' } },
      { createdAt: { lt: 'now' } },
      { email: { empty: true } },
      { tags: { has: 'vip' } },
      { status: { eq: 'active' } },
    ],
  })
  expect(writeListState({ ...stateOf(view, 50), view: undefined })).toBe(writeListState(state))
  expect(isChanged(view, stateOf(view, 100), [])).toBe(false)
})

test('what pairs cannot say goes along whole, and comes back', () => {
  const any = { any: [{ type: 'company' }, { not: { some: { interactions: { type: 'note' } } } }] }
  const view = { ...saved(readListState('')), filter: { all: [any, { status: 'active' }] } } as unknown as View
  const state = stateOf(view, 50)
  expect(state.filters).toEqual([{ path: 'status', op: 'eq', value: 'active' }])
  expect(JSON.parse(state.filter!)).toEqual(any)
  const again = readListState(writeListState(state))
  expect(again).toEqual(state)
  expect(askedBy(again, []).filter).toEqual({ all: [{ status: { eq: 'active' } }, any] })
  expect(patchOf({ ...view, filter: any }, askedBy(readListState('type=company'), [])).filter).toEqual({
    any: null,
    all: [{ type: { eq: 'company' } }],
  })
})

test('a view says what has changed since, and what it misses', () => {
  const state = readListState(ADDRESS)
  const view = saved(state, ['email', 'status'])
  expect(isChanged(view, state, ['status', 'email'])).toBe(false)
  expect(isChanged(view, state, ['status'])).toBe(true)
  expect(isChanged(view, { ...state, q: '' }, ['status', 'email'])).toBe(true)
  expect(isChanged(view, { ...state, after: 'x', limit: 200 }, ['status', 'email'])).toBe(false)
  expect(missingFields(readListState('a=1&b.gte=2&sort=-c'), [{ path: 'a' }] as never)).toEqual(['b', 'c'])
})
