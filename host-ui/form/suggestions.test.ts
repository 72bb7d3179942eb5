import { describe, expect, it } from 'vitest'
import { matching, valueOfText } from './suggestions.ts'

const options = [
  { value: 'venue', label: 'Lieu de réception' },
  { value: 'referral', label: 'Recommandation' },
  { value: 'press', label: 'Presse' },
]

describe('suggestions', () => {
  it('are found without accents, those that begin with the text first', () => {
    expect(matching(options, 'recep').map(({ value }) => value)).toEqual(['venue'])
    expect(matching(options, 're').map(({ value }) => value)).toEqual(['referral', 'venue', 'press'])
    expect(matching(options, '  ')).toBe(options)
  })
  it('store the value behind a label, and free text as it was typed', () => {
    expect(valueOfText(options, 'presse')).toBe('press')
    expect(valueOfText(options, 'Salon de Lyon')).toBe('Salon de Lyon')
    expect(valueOfText(options, ' ')).toBeUndefined()
  })
})
