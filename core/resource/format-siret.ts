/** French establishment numbers. */
import { isLuhn } from './format-checksums.ts'

const shape = /^\d(?:[ \u00a0\u202f]?\d){13}$/

/**
 * A SIRET of INSEE: 14 digits, single spaces between them allowed, checked by Luhn. The offices of La Poste (SIREN
 * 356 000 000) outnumber what Luhn leaves, so there the plain sum is a multiple of five.
 */
export function isSiret(value: string): boolean {
  if (!shape.test(value)) return false
  const digits = value.replace(/\D/g, '')
  if (/^0+$/.test(digits)) return false
  return isLuhn(digits) || (digits.startsWith('356000000') && digitSum(digits) % 5 === 0)
}

function digitSum(digits: string): number {
  return [...digits].reduce((sum, digit) => sum + Number(digit), 0)
}
