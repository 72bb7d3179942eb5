/** Dates and times, within what PostgreSQL stores and writes back in four-digit years. */

const dateShape = /^(\d{4})-(\d{2})-(\d{2})$/
const timeShape = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?$/
const dateTimeShape =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d)$/
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The last whole second of 9999: what lies beyond could be rounded up into a year of five digits. */
const earliest = Date.parse('0001-01-01T00:00:00Z')
const latest = Date.parse('9999-12-31T23:59:59Z')

/** RFC 3339 `full-date`: a day of the Gregorian calendar from 0001-01-01 to 9999-12-31. */
export function isDate(value: string): boolean {
  const [, year, month, day] = dateShape.exec(value) ?? []
  if (year === undefined || year === '0000') return false
  const last = Number(month) === 2 && isLeap(Number(year)) ? 29 : (daysInMonth[Number(month) - 1] ?? 0)
  return Number(day) >= 1 && Number(day) <= last
}

/**
 * RFC 3339 `date-time`: upper case T and Z (its section 5.6 leaves that to us), an offset of at most 15:59 as in
 * PostgreSQL, an instant within the years 0001 to 9999 of UTC. Leap seconds are refused: neither JavaScript nor
 * PostgreSQL keeps them.
 */
export function isDateTime(value: string): boolean {
  const date = dateTimeShape.exec(value)?.[1]
  if (date === undefined || !isDate(date)) return false
  const instant = Date.parse(value)
  return instant >= earliest && instant <= latest
}

/**
 * A time of day on the wall clock, `15:30` or `15:30:00`. JSON Schema's own `time` demands an offset, which the start of
 * a ceremony does not have: it is said by the date and the place.
 */
export function isTime(value: string): boolean {
  return timeShape.test(value)
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}
