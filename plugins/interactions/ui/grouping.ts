import type { Interaction } from './interaction.ts'

export interface Group {
  readonly kind: 'pinned' | 'day' | 'month'
  /** A time within the group, from which its heading is made. */
  readonly at: string
  readonly entries: readonly Interaction[]
}

const WEEK = 7 * 86_400_000

/** What is pinned, then day by day for what is near, then month by month: headings stay few. */
export function grouped(entries: readonly Interaction[], now = new Date()): Group[] {
  const groups = new Map<string, { kind: Group['kind']; at: string; entries: Interaction[] }>()
  const pinned = entries.filter((entry) => entry.pinned)
  if (pinned.length > 0) groups.set('pinned', { kind: 'pinned', at: '', entries: pinned })
  for (const entry of entries.filter((each) => !each.pinned).sort(latestFirst)) {
    const at = new Date(entry.occurredAt)
    const kind = at.getTime() > now.getTime() - WEEK ? 'day' : 'month'
    const key = [kind, at.getFullYear(), at.getMonth(), kind === 'day' ? at.getDate() : ''].join()
    const group = groups.get(key) ?? { kind, at: entry.occurredAt, entries: [] }
    group.entries.push(entry)
    groups.set(key, group)
  }
  return [...groups.values()]
}

const latestFirst = (a: Interaction, b: Interaction) => Date.parse(b.occurredAt) - Date.parse(a.occurredAt)
