import { describe, expect, it } from 'vitest'
import type { Field } from '../fields/field.ts'
import { queryOf } from './list-query.ts'
import { type ListState, readListState, toggleSort, withFilters, writeListState } from './list-state.ts'

const plain: ListState = { q: '', filters: [], sort: [], limit: 50, after: null }

describe('the address of a list', () => {
  it('is empty for the list as it comes', () => {
    expect(writeListState(plain)).toBe('')
    expect(readListState('')).toEqual(plain)
  })

  it('gives back what was written into it', () => {
    const state: ListState = {
      q: 'élodie & co',
      filters: [
        { path: 'type', op: 'in', value: 'couple,company' },
        { path: 'extensions.couple.lastName', op: 'eq', value: 'D’Aubigné' },
        { path: 'createdAt', op: 'gte', value: 'now-30d' },
        { path: 'email', op: 'empty', value: 'true' },
      ],
      sort: ['-createdAt', 'lastName'],
      limit: 100,
      after: 'abc.def',
    }
    expect(readListState(`?${writeListState(state)}`)).toEqual(state)
  })

  it('reads as a person would write it', () => {
    expect(readListState('?type=company&createdAt.gte=2026-01-01&sort=-createdAt,lastName').filters).toEqual([
      { path: 'type', op: 'eq', value: 'company' },
      { path: 'createdAt', op: 'gte', value: '2026-01-01' },
    ])
    expect(writeListState({ ...plain, sort: ['-createdAt', 'lastName'] })).toBe('sort=-createdAt,lastName')
  })

  it('falls back to the usual page size for any other', () => {
    expect(readListState('?limit=7').limit).toBe(50)
    expect(readListState('?limit=200').limit).toBe(200)
  })

  it('does not take a field that is called like an operator for one', () => {
    expect(readListState('?has=x').filters).toEqual([{ path: 'has', op: 'eq', value: 'x' }])
  })
})

describe('changing a filter', () => {
  const state: ListState = {
    ...plain,
    after: 'c',
    filters: ['type', 'status'].map((path) => ({ path, op: 'in', value: 'a' })),
  }

  it('keeps its place among the others and starts at the first page', () => {
    const next = withFilters(state, 'type', [{ path: 'type', op: 'in', value: 'a,b' }])
    expect(next.filters.map(({ path, value }) => `${path}=${value}`)).toEqual(['type=a,b', 'status=a'])
    expect(next.after).toBeNull()
  })

  it('removes it when nothing is asked any more', () => {
    expect(withFilters(state, 'type', []).filters.map(({ path }) => path)).toEqual(['status'])
  })
})

describe('sorting by a header', () => {
  const rising = { join: false, falling: false }

  it('goes from one direction to the other to the default', () => {
    expect(toggleSort(['-createdAt'], ['email'], rising)).toEqual(['email'])
    expect(toggleSort(['email'], ['email'], rising)).toEqual(['-email'])
    expect(toggleSort(['-email'], ['email'], rising)).toEqual([])
  })

  it('starts with the newest where that is asked for', () => {
    expect(toggleSort([], ['createdAt'], { join: false, falling: true })).toEqual(['-createdAt'])
    expect(toggleSort(['-createdAt'], ['createdAt'], { join: false, falling: true })).toEqual(['createdAt'])
  })

  it('adds, turns and removes a key beside the others with shift', () => {
    const join = { join: true, falling: false }
    expect(toggleSort(['-createdAt'], ['email'], join)).toEqual(['-createdAt', 'email'])
    expect(toggleSort(['email', 'status'], ['email'], join)).toEqual(['-email', 'status'])
    expect(toggleSort(['-email', 'status'], ['email'], join)).toEqual(['status'])
  })

  it('moves all keys of a column together', () => {
    const keys = ['companyName', 'lastName']
    expect(toggleSort(['-createdAt'], keys, rising)).toEqual(keys)
    expect(toggleSort(keys, keys, rising)).toEqual(['-companyName', '-lastName'])
    expect(toggleSort(['-companyName', '-lastName'], keys, rising)).toEqual([])
  })
})

describe('the question to the server', () => {
  const field = (path: string, schema: object): Field =>
    ({
      path,
      name: path,
      extension: null,
      system: false,
      schema: { 'x-filter': true, ...schema },
      labelKey: path,
      section: '',
      order: 0,
    }) as Field
  const fields = [
    field('createdAt', { format: 'date-time', 'x-sort': true }),
    field('birthDate', { format: 'date' }),
    field('notes', { 'x-filter': false }),
  ]
  const ask = (filters: ListState['filters'], rest: Partial<ListState> = {}) =>
    queryOf({ ...plain, filters, ...rest }, fields)

  it('counts the last day of a range of moments to its end, in the calendar of the reader', () => {
    const query = ask([
      { path: 'createdAt', op: 'gte', value: '2026-03-01' },
      { path: 'createdAt', op: 'lte', value: '2026-03-31' },
    ])
    expect(query).toMatchObject({
      'createdAt.gte': new Date(2026, 2, 1).toISOString(),
      'createdAt.lt': new Date(2026, 3, 1).toISOString(),
    })
  })

  it('leaves days and relative times as they are', () => {
    expect(ask([{ path: 'birthDate', op: 'lte', value: '1990-04-12' }])).toMatchObject({
      'birthDate.lte': '1990-04-12',
    })
    expect(ask([{ path: 'createdAt', op: 'gte', value: 'now-30d' }])).toMatchObject({ 'createdAt.gte': 'now-30d' })
  })

  it('leaves out what a plugin that is off would have understood', () => {
    const gone = [
      { path: 'extensions.couple.lastName', op: 'eq', value: 'x' } as const,
      { path: 'notes', op: 'eq', value: 'x' } as const,
    ]
    expect(ask(gone, { sort: ['extensions.couple.lastName', '-createdAt'] })).toEqual({
      limit: '50',
      sort: '-createdAt',
    })
  })
})
