import { describe, expect, it } from 'vitest'
import { countryName, formatDate, formatDateTime, formatDay, formatMonth, languageName } from './formatting.ts'
import { countryOptions } from './regions.ts'

describe('formatting', () => {
  it('does not move a calendar day into another zone', () => {
    expect(formatDate('1991-05-14', 'fr')).toBe('14 mai 1991')
  })
  it('gives back what is no date, and nothing for nothing', () => {
    expect(formatDate('soon', 'fr')).toBe('soon')
    expect(formatDateTime(null, 'fr')).toBe('')
  })
  it('names near days and writes out the others', () => {
    const now = new Date(2026, 3, 12, 9)
    expect(formatDay(new Date(2026, 3, 12, 23).toISOString(), 'fr', now)).toBe('Aujourd’hui')
    expect(formatDay(new Date(2026, 3, 11, 1).toISOString(), 'fr', now)).toBe('Hier')
    expect(formatDay(new Date(2026, 3, 8).toISOString(), 'fr', now)).toBe('Mercredi 8 avril')
    expect(formatMonth(new Date(2026, 1, 3).toISOString(), 'fr')).toBe('Février 2026')
  })
  it('tells distance in the largest unit that fits', () => {
    const ago = (ms: number) => formatDateTime(new Date(Date.now() - ms).toISOString(), 'fr', 'relative')
    expect(ago(5_000)).toBe('maintenant')
    expect(ago(2 * 3_600_000 + 60_000)).toBe('il y a 2 heures')
    expect(ago(15 * 86_400_000)).toBe('il y a 2 semaines')
  })
  it('knows countries and languages in the reader’s words, sorted as the reader sorts', () => {
    expect(countryName('DE', 'fr')).toBe('Allemagne')
    expect(languageName('fr', 'fr')).toBe('Français')
    expect(countryName('??', 'fr')).toBe('??')
    const labels = countryOptions('fr').map(({ label }) => label)
    expect(labels.indexOf('États-Unis')).toBeLessThan(labels.indexOf('Finlande'))
    expect(labels).toHaveLength(249)
  })
})
