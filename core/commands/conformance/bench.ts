/** What every check of the kit works with. */
import type { Ground } from './ground.ts'
import type { Rows } from './rows.ts'
import type { Snapshot, Snapshots } from './snapshot.ts'
import { differences } from './snapshot.ts'
import type { Ask, Call, Reply, Stage } from './stage.ts'
import type { Tally } from './tally.ts'
import type { Teller } from './teller.ts'

export interface Bench {
  readonly stage: Stage
  readonly ground: Ground
  readonly rows: Rows
  readonly snapshots: Snapshots
  readonly teller: Teller
  readonly tally: Tally
  readonly random: () => number
  /** Which part of all that could be tried is tried: 1 for all. */
  readonly share: number
}

export interface Attempt extends Call {
  readonly method: string
  readonly url: string
}

/** How many requests are under way at a time. */
const AT_ONCE = 6

export async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item)
    }),
  )
}

/** The bench's share of a list, drawn by its seed, and at least so many of it. */
export function sampleOf<T>({ random, share }: Bench, all: readonly T[], least = 1): T[] {
  const count = Math.max(Math.ceil(all.length * share), Math.min(least, all.length))
  if (count >= all.length) return [...all]
  const drawn = all.map((item) => ({ item, at: random() })).toSorted((a, b) => a.at - b.at)
  return drawn.slice(0, count).map(({ item }) => item)
}

export const ask = (asking: Ask, { method, url, ...call }: Attempt): Promise<Reply> => asking(method, url, call)

export const inWords = ({ method, url, body }: Attempt): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return `${method} ${url}${text === undefined ? '' : ` with ${text.slice(0, 160)}`}`
}

export const versioned = (version = 1) => ({ 'if-match': `"${version}"` })

interface Unchanged {
  readonly rule: string
  readonly what: string
  readonly mend: string
  readonly read: () => Promise<Snapshot>
}

/** Does something that must change nothing, and finds the tables that it changes. */
export async function changingNothing({ tally }: Bench, at: Unchanged, work: () => Promise<void>): Promise<void> {
  const before = await at.read()
  await work()
  const changed = differences(before, await at.read())
  if (changed.length > 0) tally.find(at.rule, `${at.what} changes ${changed.join(', ')}`, at.mend)
}
