import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem } from '../contract.ts'
import { Rates } from './rates.ts'

beforeEach(() => vi.useFakeTimers({ now: 60_000 * 1_000 }))
afterEach(() => vi.useRealTimers())

/** How many of so many are let through, and the wait that the first refusal names. */
function ask(rates: Rates, times: number, key = 'a', isSafe = false): { let: number; wait: unknown } {
  let through = 0
  let wait: unknown = null
  for (let i = 0; i < times; i++) {
    try {
      rates.count('network', key, isSafe)
      through++
    } catch (error) {
      wait ??= (error as Problem).errors[0]?.params?.retryAfter
    }
  }
  return { let: through, wait }
}

test('sixty unsafe requests a minute are let through, and six hundred safe ones beside them', () => {
  const rates = new Rates()
  expect(ask(rates, 100)).toEqual({ let: 60, wait: 60 })
  expect(ask(rates, 1_000, 'a', true).let).toBe(600)
  expect(ask(rates, 100, 'b').let).toBe(60)
})

test('the minute slides: its end does not let twice as many through', () => {
  const rates = new Rates()
  vi.advanceTimersByTime(59_000)
  expect(ask(rates, 100).let).toBe(60)
  vi.advanceTimersByTime(2_000)
  expect(ask(rates, 100).let).toBeLessThanOrEqual(2)
  vi.advanceTimersByTime(28_000)
  expect(ask(rates, 100).let).toBeGreaterThanOrEqual(25)
  vi.advanceTimersByTime(120_000)
  expect(ask(rates, 100).let).toBe(60)
})

test('a member has half of what its tenant has, and the others the rest', () => {
  const rates = new Rates()
  const askAs = (member: string, times: number) => {
    let through = 0
    for (let i = 0; i < times; i++) {
      try {
        rates.countMember({ tenant: 't', member }, 100)
        through++
      } catch {
        // Counted by what is let through.
      }
    }
    return through
  }
  expect(askAs('wild', 1_000)).toBe(50)
  expect(askAs('calm', 30)).toBe(30)
  expect(askAs('other', 30)).toBe(20)
  expect(() => rates.countMember({ tenant: 'u', member: 'wild' }, 100)).not.toThrow()
})

test('a thousand requests a second of a whole tenant are never refused', () => {
  const rates = new Rates()
  for (let i = 0; i < 60_000; i++) rates.count('tenant', 't', false)
  expect(() => rates.count('tenant', 't', false)).toThrow(Problem)
  expect(() => rates.count('tenant', 'other', false)).not.toThrow()
})
