import { describe, expect, it } from 'vitest'
import { grouped } from './grouping.ts'
import type { Interaction } from './interaction.ts'

const now = new Date(2026, 3, 12, 12)
const entry = (id: string, at: Date, pinned = false) =>
  ({ id, occurredAt: at.toISOString(), pinned }) as unknown as Interaction

describe('grouped', () => {
  it('puts near entries under days and far ones under months, the latest first', () => {
    const entries = [
      entry('february', new Date(2026, 1, 20)),
      entry('today early', new Date(2026, 3, 12, 8)),
      entry('today late', new Date(2026, 3, 12, 11)),
      entry('planned', new Date(2026, 3, 13, 10)),
      entry('early february', new Date(2026, 1, 2)),
      entry('yesterday', new Date(2026, 3, 11, 23)),
    ]
    const groups = grouped(entries, now).map(({ kind, entries: each }) => [kind, ...each.map(({ id }) => id)])
    expect(groups).toEqual([
      ['day', 'planned'],
      ['day', 'today late', 'today early'],
      ['day', 'yesterday'],
      ['month', 'february', 'early february'],
    ])
  })
  it('keeps what is pinned on top and nowhere else', () => {
    const groups = grouped([entry('a', now), entry('b', new Date(2026, 0, 1), true)], now)
    expect(groups.map(({ kind, entries }) => [kind, entries.length])).toEqual([
      ['pinned', 1],
      ['day', 1],
    ])
  })
})
