/** Values of a query, checked against the type of their field. */
import { Problem, type Schema } from '../contract.ts'
import { formats } from './formats.ts'
import { columnType, type Field } from './model.ts'

/** No user has this id: the value of `me` where nobody acts. */
export const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Months end where the calendar ends them: a month before the 31st of March is the last of February. */
function addMonths(date: Date, months: number): void {
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(date)
  last.setUTCMonth(last.getUTCMonth() + 1, 0)
  date.setUTCDate(Math.min(day, last.getUTCDate()))
}

const UNITS: Record<string, (date: Date, n: number) => void> = {
  h: (date, n) => date.setUTCHours(date.getUTCHours() + n),
  d: (date, n) => date.setUTCDate(date.getUTCDate() + n),
  w: (date, n) => date.setUTCDate(date.getUTCDate() + 7 * n),
  m: addMonths,
  y: (date, n) => addMonths(date, 12 * n),
}
const RELATIVE = /^now(?:([+-])(\d{1,5})([hdwmy]))?$/

/** `now`, `now-90d`, `now+1m`: hours, days, weeks, months or years from `now`; null for any other text. */
function readRelative(text: string, now: Date): Date | null {
  const match = RELATIVE.exec(text)
  if (!match) return null
  const date = new Date(now)
  const [, sign, count, unit] = match
  if (unit) UNITS[unit]?.(date, Number(count) * (sign === '-' ? -1 : 1))
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999 ? date : null
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
  const type = elementType(field)
  if (type === 'boolean') return readBoolean(value) ?? fail('type')
  if (NUMBERS.includes(type)) return readNumber(type, value) ?? fail('type')
  if (typeof value !== 'string') return fail('type')
  // PostgreSQL cannot store these, so no value is like them.
  if (value.includes('\0') || !value.isWellFormed()) return fail('text')
  return readText(type, value, now) ?? fail('format')
}

function readText(type: string, value: string, now: Date): string | null {
  if (type === 'date' || type === 'timestamptz') return readTime(type, value, now)
  const isSound = type === 'uuid' || type === 'time' ? formats[type] : undefined
  return isSound === undefined || isSound(value) ? value : null
}

/** The type of one value: of a list, that of what stands in it. */
function elementType({ type, schema }: Field): string {
  return type === 'jsonb' ? columnType((schema.items ?? {}) as Schema) : type.replace('[]', '')
}

/** Of a list also what is archived is looked for, and what it no longer holds. */
function allowedBy({ schema }: Field): unknown[] | undefined {
  if (schema['x-values'] !== undefined) return undefined
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
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,17})?$/.test(value) ? Number(value) : value
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
