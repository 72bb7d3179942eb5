/** The clients of the demo tenant: what a wedding planner in France or Britain would have on file after two years. */
import { drawChanges } from './changes.ts'
import { openFile, type DemoClient, type Taken } from './file.ts'
import { drawInput } from './input.ts'
import { drawArrival, drawLife } from './life.ts'
import type { Country } from './names.ts'
import type { Kind } from './notes.ts'
import { createRandom } from './random.ts'

export type { DemoClient, DemoFields } from './file.ts'

type Share<T> = readonly [number, T]

const kindShares: Share<Kind>[] = [
  [0.2, 'person'],
  [0.18, 'company'],
  [0.07, 'association'],
]
const countryShares: Share<Country>[] = [
  [0.25, 'GB'],
  [0.02, 'BE'],
  [0.02, 'CH'],
  [0.01, 'IE'],
]
/**
 * Clients in order of `at`, all in the two years before `now`; each with its later changes, in order too. Pure: the same
 * arguments give the same clients. Every value passes its format, mail addresses and company names are unique.
 */
export function demoClients({
  now,
  count = 320,
  seed = 1,
}: {
  now: Date
  count?: number
  seed?: number
}): DemoClient[] {
  const random = createRandom(seed)
  const taken: Taken = { mails: new Set(), phones: new Set(), names: new Set(), numbers: new Set() }
  const kinds = random.shuffle(quota<Kind>(count, kindShares, 'couple'))
  const countries = random.shuffle(quota<Country>(count, countryShares, 'FR'))
  const arrivals = kinds.map(() => drawArrival(random, now)).sort((a, b) => a.getTime() - b.getTime())
  return kinds.map((kind, index) => {
    const country = countries[index]!
    const british = country === 'GB' || country === 'IE' || (country === 'FR' && random.chance(0.04))
    const life = drawLife(random, kind, arrivals[index]!, now)
    const file = openFile(random, country, british ? 'en' : 'fr', life, taken)
    const input = drawInput(kind, file, taken)
    return { at: life.at, input, changes: drawChanges(file, input, now) }
  })
}

/** `count` values in the given shares, the rest of the default kind. */
function quota<T>(count: number, parts: readonly Share<T>[], rest: T): T[] {
  const values = parts.flatMap(([share, value]) => Array<T>(Math.round(count * share)).fill(value))
  return [...values, ...Array<T>(Math.max(0, count - values.length)).fill(rest)].slice(0, count)
}
