/** A small seeded generator: the same seed gives the same demo on every machine. Not for anything secret. */
export interface Random {
  /** A number from 0 up to, but not including, 1. */
  next(): number
  /** A whole number, both ends included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** One value, as often as its weight says. */
  weighted<T>(list: readonly (readonly [number, T])[]): T
  shuffle<T>(list: readonly T[]): T[]
}

/** Mulberry32 by Tommy Ettinger (public domain): 32 bits of state, good enough for names and dates. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  const pick = <T>(list: readonly T[]) => list[int(0, list.length - 1)]!
  const weighted = <T>(list: readonly (readonly [number, T])[]) => {
    let left = next() * list.reduce((sum, [weight]) => sum + weight, 0)
    return (list.find(([weight]) => (left -= weight) < 0) ?? list.at(-1)!)[1]
  }
  const shuffle = <T>(list: readonly T[]) => {
    const copy = [...list]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = int(0, i)
      ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
    }
    return copy
  }
  return { next, int, chance: (probability) => next() < probability, pick, weighted, shuffle }
}
