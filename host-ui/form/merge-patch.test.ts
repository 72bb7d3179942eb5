import { describe, expect, it } from 'vitest'
import { applyPatch, mergeChanges, patchOf, withValue } from './merge-patch.ts'

describe('patchOf', () => {
  it('holds only what changed', () => {
    expect(patchOf({ a: 1, b: 'x' }, { a: 1, b: 'y' })).toEqual({ b: 'y' })
  })
  it('says null where a value was emptied, whatever the kind of emptiness', () => {
    expect(patchOf({ a: 'x', b: ['y'], c: 'z' }, { b: [], c: '' })).toEqual({ a: null, b: null, c: null })
  })
  it('does not take one kind of emptiness for a change of another', () => {
    expect(patchOf({ a: null, tags: [] }, { b: '', tags: undefined })).toEqual({})
  })
  it('nests extensions and leaves out plugins without a change', () => {
    const before = { extensions: { couple: { lastName: 'Roy', email: 'a@b.fr' }, other: { x: 1 } } }
    const after = { extensions: { couple: { lastName: 'Roy-Blanc' }, other: { x: 1 } } }
    expect(patchOf(before, after)).toEqual({ extensions: { couple: { lastName: 'Roy-Blanc', email: null } } })
  })
  it('empties field by field when a whole extension vanished', () => {
    expect(patchOf({ extensions: { couple: { email: 'a@b.fr' } } }, {})).toEqual({
      extensions: { couple: { email: null } },
    })
  })
  it('replaces arrays whole', () => {
    expect(patchOf({ tags: ['a', 'b'] }, { tags: ['b', 'a'] })).toEqual({ tags: ['b', 'a'] })
  })
  it('keeps false and zero, which are values', () => {
    expect(patchOf({ a: true, n: 3 }, { a: false, n: 0 })).toEqual({ a: false, n: 0 })
  })
  it('is undone by applyPatch', () => {
    const before = { a: 1, b: { c: 2, d: 3 }, e: 'gone' }
    const after = { a: 1, b: { c: 4, d: 3 }, f: ['new'] }
    expect(applyPatch(before, patchOf(before, after))).toEqual(after)
  })
})

describe('mergeChanges', () => {
  const base = { firstName: 'Anne', email: 'a@b.fr', notes: 'x', extensions: { couple: { lastName: 'Roy' } } }
  it('joins changes of different fields without a question', () => {
    const { merged, conflicts } = mergeChanges(base, { ...base, firstName: 'Anna' }, { ...base, email: 'c@d.fr' })
    expect(conflicts).toEqual([])
    expect(merged).toEqual({ ...base, firstName: 'Anna', email: 'c@d.fr' })
  })
  it('lists a field that both changed differently and keeps mine meanwhile', () => {
    const { merged, conflicts } = mergeChanges(base, { ...base, email: 'me@x.fr' }, { ...base, email: 'they@x.fr' })
    expect(conflicts).toEqual([{ path: ['email'], mine: 'me@x.fr', theirs: 'they@x.fr' }])
    expect(merged.email).toBe('me@x.fr')
  })
  it('sees no conflict where both wrote the same', () => {
    expect(mergeChanges(base, { ...base, notes: 'y' }, { ...base, notes: 'y' }).conflicts).toEqual([])
  })
  it('looks into extensions and at emptied values', () => {
    const mine = { ...base, extensions: { couple: { lastName: 'Blanc' } } }
    const theirs = { ...base, extensions: { couple: {} } }
    expect(mergeChanges(base, mine, theirs).conflicts).toEqual([
      { path: ['extensions', 'couple', 'lastName'], mine: 'Blanc', theirs: undefined },
    ])
  })
})

describe('withValue', () => {
  it('sets a nested value beside its neighbours and removes it again', () => {
    const set = withValue({ a: 1, extensions: { other: { x: 1 } } }, ['extensions', 'couple', 'lastName'], 'Roy')
    expect(set).toEqual({ a: 1, extensions: { other: { x: 1 }, couple: { lastName: 'Roy' } } })
    expect(withValue(set, ['extensions', 'couple', 'lastName'], undefined).extensions.couple).toEqual({})
  })
})
