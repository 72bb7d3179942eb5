import { describe, expect, it } from 'vitest'
import { fromLocalInput, toLocalInput } from './local-time.ts'

describe('local time', () => {
  it('goes to the input and back without moving', () => {
    const iso = new Date(2026, 6, 1, 18, 30).toISOString()
    expect(toLocalInput(iso)).toBe('2026-07-01T18:30')
    expect(fromLocalInput('2026-07-01T18:30')).toBe(iso)
  })
  it('is empty where there is no time', () => {
    expect(toLocalInput(null)).toBe('')
    expect(toLocalInput('soon')).toBe('')
    expect(fromLocalInput('')).toBeUndefined()
  })
})
