/**
 * EU VAT identification numbers: shapes as VIES publishes them, check digits by the public algorithms of the states.
 * Written here because both libraries that were measured fail on real numbers (stdnum 1.12 refuses half of the
 * Bulgarian companies, jsvat-next 3.0 lets Polish, Dutch and Finnish numbers pass that have no check digit).
 */
import { digit, isLuhn, isMod11And10, isMod97, luhnSum, weigh } from './format-checksums.ts'
import { isDate } from './format-dates.ts'

type Check = (digits: string) => boolean

/** Per prefix: the shape of what follows, and the check where the shape holds. Greece writes EL, Northern Ireland XI. */
const states: Record<string, [RegExp, Check]> = {
  AT: [/^U\d{8}$/, (n) => (luhnSum(n.slice(1, 8)) + 4 + digit(n, 8)) % 10 === 0],
  BE: [/^[01]\d{9}$/, (n) => 97 - (Number(n.slice(0, 8)) % 97) === Number(n.slice(8))],
  BG: [/^\d{9,10}$/, (n) => (n.length === 9 ? bulgarianCompany(n) : bulgarianPerson(n))],
  CY: [/^(?!12)\d{8}[A-Z]$/, cypriot],
  CZ: [/^\d{8,10}$/, czech],
  DE: [/^[1-9]\d{8}$/, isMod11And10],
  DK: [/^[1-9]\d{7}$/, (n) => weigh(n, [2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0],
  EE: [/^\d{9}$/, (n) => weigh(n, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0],
  EL: [/^\d{9}$/, (n) => (weigh(n, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === digit(n, 8)],
  ES: [/^(?:[A-Z]\d{7}[0-9A-Z]|\d{8}[A-Z])$/, spanish],
  FI: [/^\d{8}$/, (n) => weigh(n, [7, 9, 10, 5, 8, 4, 2, 1]) % 11 === 0],
  FR: [/^[0-9A-HJ-NP-Z]{2}\d{9}$/, french],
  HR: [/^\d{11}$/, isMod11And10],
  HU: [/^\d{8}$/, (n) => weigh(n, [9, 7, 3, 1, 9, 7, 3, 1]) % 10 === 0],
  IE: [/^(?:\d{7}[A-W][A-IW]?|\d[A-Z+*]\d{5}[A-W])$/, irish],
  IT: [/^(?!0{7})\d{7}(?:0\d[1-9]|0[1-9]0|100|12[01]|888|999)\d$/, isLuhn],
  LT: [/^(?:\d{7}1\d|\d{10}1\d)$/, lithuanian],
  LU: [/^\d{8}$/, (n) => Number(n.slice(0, 6)) % 89 === Number(n.slice(6))],
  LV: [/^\d{11}$/, latvian],
  MT: [/^[1-9]\d{7}$/, (n) => weigh(n, [3, 4, 6, 7, 8, 9, 10, 1]) % 37 === 0],
  NL: [/^\d{9}B(?!00)\d{2}$/, (n) => weigh(n, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 || isMod97(`NL${n}`)],
  PL: [/^\d{10}$/, (n) => weigh(n, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === digit(n, 9)],
  PT: [/^[1-9]\d{8}$/, (n) => ((11 - (weigh(n, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === digit(n, 8)],
  RO: [/^[1-9]\d{1,9}$/, romanian],
  SE: [/^\d{10}(?!00)\d{2}$/, (n) => isLuhn(n.slice(0, 10))],
  SI: [/^[1-9]\d{7}$/, (n) => slovene(weigh(n, [8, 7, 6, 5, 4, 3, 2])) === digit(n, 7)],
  SK: [/^[1-9]\d{9}$/, (n) => (/^..[2-46-9]/.test(n) && Number(n) % 11 === 0) || isBirthNumber(n)],
  XI: [/^(?:\d{9}(?:\d{3})?|GD[0-4]\d\d|HA[5-9]\d\d)$/, british],
}

/** An EU VAT number with its prefix, in either case; spaces, dots and hyphens between its characters are allowed. */
export function isVat(value: string): boolean {
  if (!/^[A-Za-z0-9](?:[ \u00a0\u202f.-]?[A-Za-z0-9+*])*$/.test(value)) return false
  const compact = value.replace(/[^A-Za-z0-9+*]/g, '').toUpperCase()
  const [shape, check] = states[compact.slice(0, 2)] ?? []
  const number = compact.slice(2)
  return shape !== undefined && check !== undefined && shape.test(number) && check(number)
}

function bulgarianCompany(n: string): boolean {
  const first = weigh(n, [1, 2, 3, 4, 5, 6, 7, 8]) % 11
  return (first < 10 ? first : (weigh(n, [3, 4, 5, 6, 7, 8, 9, 10]) % 11) % 10) === digit(n, 8)
}

/** A citizen's EGN, a foreigner's number, or any other ten digits. */
function bulgarianPerson(n: string): boolean {
  const month = Number(n.slice(2, 4)) % 20
  const citizen = month >= 1 && month <= 12 && /^..[0-5]/.test(n) && /^.{4}(?:0[1-9]|[12]\d|3[01])/.test(n)
  if (citizen && (weigh(n, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === digit(n, 9)) return true
  if (weigh(n, [21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 === digit(n, 9)) return true
  return (11 - (weigh(n, [4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === digit(n, 9)
}

function cypriot(n: string): boolean {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
  const sum = n
    .slice(0, 8)
    .split('')
    .reduce((all, c, index) => all + (index % 2 ? Number(c) : odd[Number(c)]!), 0)
  return String.fromCharCode(65 + (sum % 26)) === n[8]
}

function czech(n: string): boolean {
  if (n.length === 8) {
    const check = (11 - (weigh(n, [8, 7, 6, 5, 4, 3, 2]) % 11)) % 10
    return n[0] !== '9' && check === digit(n, 7)
  }
  if (n.length === 9 && n[0] === '6') {
    const rest = weigh(n.slice(1), [8, 7, 6, 5, 4, 3, 2]) % 11
    return (18 - ((21 - rest) % 11)) % 10 === digit(n, 8)
  }
  return isBirthNumber(n)
}

/** The Czech and Slovak birth number: women's months +50, since 2004 also +20; until 1953 nine digits without check. */
function isBirthNumber(n: string): boolean {
  const year = Number(n.slice(0, 2))
  const born = n.length === 10 && year < 54 ? 2000 + year : 1900 + year
  let month = Number(n.slice(2, 4))
  if (month > 50) month -= 50
  if (month > 20 && born > 2003) month -= 20
  if (!isDate(`${born}-${String(month).padStart(2, '0')}-${n.slice(4, 6)}`)) return false
  return n.length === 9 ? year < 54 : (Number(n.slice(0, 9)) % 11) % 10 === digit(n, 9)
}

/** A person's DNI or NIE, or an organisation's NIF: sources disagree which of these end in a digit, so both pass. */
function spanish(n: string): boolean {
  const person = /^[XYZ0-9KLM]/.test(n)
  if (person) {
    const body = n
      .slice(0, 8)
      .replace(/^[KLM]/, '')
      .replace(/^[XYZ]/, (c) => String('XYZ'.indexOf(c)))
    return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(body) % 23] === n[8]
  }
  if (!/^[A-HJNP-SUVW]/.test(n)) return false
  const check = (10 - (luhnSum(`0${n.slice(1, 8)}`) % 10)) % 10
  return n[8] === String(check) || n[8] === 'JABCDEFGHI'[check]
}

/** A SIREN behind a key of two digits, or of a newer kind with letters (neither I nor O). Monaco's SIREN begin with 000. */
function french(n: string): boolean {
  const siren = Number(n.slice(2))
  if (!n.startsWith('000', 2) && !isLuhn(n.slice(2))) return false
  if (/^\d\d/.test(n)) return (12 + 3 * (siren % 97)) % 97 === Number(n.slice(0, 2))
  const [first, second] = [...n].map((char) => '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ'.indexOf(char))
  const key = first! < 10 ? first! * 24 + second! - 10 : first! * 34 + second! - 100
  return (siren + 1 + Math.floor(key / 11)) % 11 === key % 11
}

function irish(n: string): boolean {
  const letters = 'WABCDEFGHIJKLMNOPQRSTUV'
  const old = !/^\d{7}/.test(n)
  const body = old ? `0${n.slice(2, 7)}${n[0]}` : n.slice(0, 7)
  const extra = old || n.length === 8 ? 0 : 9 * letters.indexOf(n[8]!)
  return letters[(weigh(body, [8, 7, 6, 5, 4, 3, 2]) + extra) % 23] === n[7]
}

function lithuanian(n: string): boolean {
  const body = n.slice(0, -1).split('')
  const sum = (shift: number) => body.reduce((all, c, index) => all + Number(c) * (1 + ((index + shift) % 9)), 0) % 11
  return (sum(0) < 10 ? sum(0) : sum(2) % 10) === Number(n.at(-1))
}

/** A company, or a person: by birth date, or since 2017 beginning with 32. */
function latvian(n: string): boolean {
  if (/^[4-9]/.test(n)) return weigh(n, [9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 === 3
  if (!/^(?:32|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]))/.test(n)) return false
  return ((1 + weigh(n, [10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11) % 10 === digit(n, 10)
}

function romanian(n: string): boolean {
  return ((10 * weigh(n.slice(0, -1).padStart(9, '0'), [7, 5, 3, 2, 1, 7, 5, 3, 2])) % 11) % 10 === Number(n.at(-1))
}

/** 10 is written 0; 11 is never given. */
function slovene(sum: number): number {
  const check = 11 - (sum % 11)
  return check === 10 ? 0 : check
}

/** Modulus 97, or for registrations since 2009 its variants; government departments and health authorities have none. */
function british(n: string): boolean {
  if (/^[A-Z]/.test(n)) return true
  const rest = weigh(n, [8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97
  return rest === 0 || (Number(n.slice(0, 3)) >= 100 && (rest === 42 || rest === 55))
}
