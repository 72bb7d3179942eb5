/** Values of a query, checked against the type of their field. */
import { Problem } from '../contract.ts'
import { formats } from './formats.ts'
import type { Field } from './model.ts'

const UNITS: Record<string, (date: Date, n: number) => void> = {
  s: (date, n) => date.setUTCSeconds(date.getUTCSeconds() + n),
  m: (date, n) => date.setUTCMinutes(date.getUTCMinutes() + n),
  h: (date, n) => date.setUTCHours(date.getUTCHours() + n),
  d: (date, n) => date.setUTCDate(date.getUTCDate() + n),
  w: (date, n) => date.setUTCDate(date.getUTCDate() + 7 * n),
  M: (date, n) => date.setUTCMonth(date.getUTCMonth() + n),
  y: (date, n) => date.setUTCFullYear(date.getUTCFullYear() + n),
}
const RELATIVE = /^now(?:([+-])(\d{1,5})([smhdwMy]))?$/

/** `now`, `now-90d`, `now+1M`: an instant relative to `now`; null for any other text. */
function readRelative(text: string, now: Date): Date | null {
  const match = RELATIVE.exec(text)
  if (!match) return null
  const date = new Date(now)
  const [, sign, count, unit] = match
  if (unit) UNITS[unit]?.(date, Number(count) * (sign === '-' ? -1 : 1))
  return date
}

const NUMBERS = ['integer', 'bigint', 'double precision', 'numeric']

type Place = { path: string; now: Date }

/**
 * Checks one value of a filter. A query string gives text for every type; JSON gives the type itself.
 * @throws Problem 400 `invalid_filter`
 */
export function readValue(field: Field, value: unknown, { path, now }: Place): string | number | boolean {
  const fail = (code: string): never => {
    throw new Problem(400, 'invalid_filter', [{ path, code }])
  }
  if (allowedBy(field)?.includes(value) === false) return fail('enum')
  const type = field.type.replace('[]', '')
  if (type === 'boolean') return readBoolean(value) ?? fail('type')
  if (NUMBERS.includes(type)) return readNumber(type, value) ?? fail('type')
  if (typeof value !== 'string') return fail('type')
  if (type === 'date' || type === 'timestamptz') return readTime(type, value, now) ?? fail('format')
  const isSound = type === 'uuid' || type === 'time' ? formats[type] : undefined
  return isSound === undefined || isSound(value) ? value : fail('format')
}

function allowedBy({ schema }: Field): unknown[] | undefined {
  const items = schema.items as { enum?: unknown[] } | undefined
  return (schema.enum as unknown[] | undefined) ?? items?.enum
}

function readBoolean(value: unknown): boolean | null {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : null
}

function readNumber(type: string, value: unknown): number | string | null {
  // A decimal stays exact as text.
  if (type === 'numeric' && typeof value === 'string') return formats.decimal?.(value) ? value : null
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,12})?$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return null
  const whole = type === 'integer' ? Math.abs(number) < 2 ** 31 : Number.isSafeInteger(number)
  return type === 'integer' || type === 'bigint' ? (Number.isInteger(number) && whole ? number : null) : number
}

function readTime(type: string, value: string, now: Date): string | null {
  const relative = readRelative(value, now)
  if (relative) return type === 'date' ? relative.toISOString().slice(0, 10) : relative.toISOString()
  if (formats.date?.(value)) return type === 'date' ? value : `${value}T00:00:00.000Z`
  return type === 'timestamptz' && formats['date-time']?.(value) ? value : null
}
