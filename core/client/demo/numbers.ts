/**
 * Telephone numbers that ring at nobody's home, and company numbers that pass their checks. France: the ranges that the
 * numbering plan keeps for fiction (ARCEP decision 2018-0881, annex); United Kingdom: Ofcom's numbers for drama; the
 * United States 555-01xx; Australia: ACMA's list. The fictional mobile ranges of France (06 39 98) and of the United
 * Kingdom (07700 900) are left out, because libphonenumber does not hold them for valid.
 */
import type { Country } from './names.ts'
import type { Random } from './random.ts'

const french = ['19900', '26191', '35301', '46571', '53649']
const british = [
  ['20', '7946', '0'],
  ['161', '496', '0'],
  ['131', '496', '0'],
  ['117', '496', '0'],
  ['113', '496', '0'],
  ['141', '496', '0'],
  ['151', '496', '0'],
  ['191', '498', '0'],
  ['29', '2018', '0'],
  ['28', '9649', '6'],
] as const
const australian = ['006', '156', '157', '158', '159', '110']

/** A number of the client's country, typed in one of the ways people type. Belgians, Swiss and Irish use a neighbour's. */
export function drawPhone(random: Random, country: Country, abroad?: 'US' | 'AU'): string {
  if (abroad === 'US') return `+1 ${random.pick(['(212)', '415', '312'])} 555-01${pad(random.int(0, 99), 2)}`
  if (abroad === 'AU') return `+61 491 570 ${random.pick(australian)}`
  if (country === 'FR') return typeFrench(random, random.pick(french) + pad(random.int(0, 9999), 4))
  if (country === 'GB') return typeBritish(random)
  if (country === 'IE') return `+44 28 9649 6${pad(random.int(0, 999), 3)}`
  const [a, b, c, d, e] = pairs((country === 'BE' ? '35301' : '46571') + pad(random.int(0, 9999), 4))
  return random.pick([`+33 ${a} ${b} ${c} ${d} ${e}`, `0033 ${a}${b}${c}${d}${e}`])
}

function typeFrench(random: Random, digits: string): string {
  const [a, b, c, d, e] = pairs(digits)
  return random.weighted([
    [40, `0${a} ${b} ${c} ${d} ${e}`],
    [18, `0${a}.${b}.${c}.${d}.${e}`],
    [18, `0${digits}`],
    [10, `+33 ${a} ${b} ${c} ${d} ${e}`],
    [6, `+33${digits}`],
    [4, `+33 (0)${a} ${b} ${c} ${d} ${e}`],
    [3, `0${a}-${b}-${c}-${d}-${e}`],
    [1, `0${a} ${b} ${c} ${d} ${e} (le soir)`],
  ])
}

function typeBritish(random: Random): string {
  const [area, exchange, lead] = random.pick(british)
  const line = lead + pad(random.int(0, 999), 3)
  return random.weighted([
    [45, `0${area} ${exchange} ${line}`],
    [18, `0${area}${exchange}${line}`],
    [14, `+44 ${area} ${exchange} ${line}`],
    [7, `+44 (0)${area} ${exchange} ${line}`],
    [10, `(0${area}) ${exchange} ${line}`],
    [4, `0${area}-${exchange}-${line}`],
    [2, `0${area} ${exchange} ${line} ext. ${random.int(2, 48)}`],
  ])
}

/** A SIREN of nine digits, its SIRET and its VAT number. The SIREN begin with 999 9, where INSEE has given out none yet. */
export function drawFrenchCompany(random: Random): { siret: string; vatNumber: string } {
  const siren = withLuhn(`9999${pad(random.int(0, 9999), 4)}`)
  const siret = withLuhn(`${siren}000${random.int(1, 4)}`)
  const key = pad((12 + 3 * (Number(siren) % 97)) % 97, 2)
  const typed = siret.replace(/^(...)(...)(...)(.....)$/, '$1 $2 $3 $4')
  return { siret: random.chance(0.3) ? typed : siret, vatNumber: `FR${key}${siren}` }
}

/** A Belgian VAT number: 0999, four digits, and 97 less the remainder. */
export function drawBelgianVat(random: Random): string {
  const body = `0999${pad(random.int(0, 9999), 4)}`
  return `BE${body}${pad(97 - (Number(body) % 97), 2)}`
}

/** The digits and the check digit that makes them pass ISO/IEC 7812-1 annex B (Luhn). */
function withLuhn(body: string): string {
  const sum = [...body].toReversed().reduce((all, char, index) => {
    const value = Number(char) * (index % 2 === 0 ? 2 : 1)
    return all + (value > 9 ? value - 9 : value)
  }, 0)
  return `${body}${(10 - (sum % 10)) % 10}`
}

function pairs(digits: string): string[] {
  return [digits.slice(0, 1), digits.slice(1, 3), digits.slice(3, 5), digits.slice(5, 7), digits.slice(7, 9)]
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0')
}
