import { expect, test } from 'vitest'
import { type Draft, moved, valueFor, valuesOf } from './list.ts'

const draft = (value: string, more: Partial<Draft> = {}): Draft => ({
  key: value,
  value,
  label: { en: value },
  ...more,
})
const keysOf = (drafts: Draft[]) => drafts.map(({ key }) => key)

test('a value is moved, and stays where there is no further', () => {
  const drafts = [draft('a'), draft('b'), draft('c')]
  expect(keysOf(moved(drafts, 2, 1))).toEqual(['a', 'c', 'b'])
  expect(keysOf(moved(drafts, 0, -1))).toEqual(['a', 'b', 'c'])
  expect(keysOf(moved(drafts, 2, 3))).toEqual(['a', 'b', 'c'])
})

test('a new value gets a word for rows that no other has', () => {
  expect(valueFor('Hôtel & Spa', new Set())).toBe('hotel-spa')
  expect(valueFor('Hôtel', new Set(['hotel', 'hotel-2']))).toBe('hotel-3')
  expect(valueFor('東京', new Set())).toBe('value')
})

test('what is sent holds labels without blanks, and known values as they are', () => {
  const drafts = [
    draft('calm', { label: { en: ' Calm ', fr: '' } }),
    draft('', { key: 'x', isNew: true, label: { fr: 'Calm' } }),
  ]
  expect(valuesOf(drafts)).toEqual([
    { value: 'calm', label: { en: 'Calm' } },
    { value: 'calm-2', label: { fr: 'Calm' } },
  ])
})
