/** Check digits that several numbers share. Every function expects ASCII digits, save where it says otherwise. */

export function digit(n: string, index: number): number {
  return Number(n[index])
}

/** The digits times their weights; digits beyond the last weight do not count. */
export function weigh(n: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * digit(n, index), 0)
}

/** Weights 1, 2, 1, 2 ... from the left, where a product of two digits counts as their sum. */
export function luhnSum(n: string): number {
  return [...n].reduce((sum, char, index) => {
    const value = Number(char) * (1 + (index % 2))
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
}

/** ISO/IEC 7812-1 annex B: every second digit from the right is doubled, all add up to a multiple of ten. */
export function isLuhn(n: string): boolean {
  return luhnSum([...n].toReversed().join('')) % 10 === 0
}

/** ISO/IEC 7064 MOD 11,10. */
export function isMod11And10(n: string): boolean {
  let check = 10
  for (const char of n.slice(0, -1)) {
    const sum = (check + Number(char)) % 10
    check = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (check + Number(n.at(-1))) % 10 === 1
}

/** ISO/IEC 7064 MOD 97-10, over digits and upper-case letters (A = 10). */
export function isMod97(n: string): boolean {
  return BigInt([...n].map((char) => Number.parseInt(char, 36)).join('')) % 97n === 1n
}
