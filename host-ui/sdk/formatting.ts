/** Dates, countries and languages in the words of the reader. Everything comes from the browser's own tables. */

type Style = 'short' | 'long' | 'relative'

const formats = new Map<string, Intl.DateTimeFormat>()
function format(lang: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options)
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(regional(lang), options))
  return formats.get(key)!
}

/** The screen speaks English or French; how a day is written is the business of the reader's country. */
function regional(lang: string): string {
  const own = globalThis.navigator?.languages?.find((each) => each.startsWith(`${lang}-`))
  return own ?? (lang === 'en' ? 'en-GB' : lang)
}

/** A calendar day (`2026-04-12`) has no zone: reading it as UTC would show the day before in America. */
export function formatDate(value: string | null | undefined, lang: string): string {
  const at = parse(value)
  if (!at) return value ?? ''
  const zone = value!.length === 10 ? { timeZone: 'UTC' } : {}
  return format(lang, { day: 'numeric', month: 'short', year: 'numeric', ...zone }).format(at)
}

export function formatDateTime(value: string | null | undefined, lang: string, style: Style = 'short'): string {
  const at = parse(value)
  if (!at) return value ?? ''
  if (style === 'relative') return relative(at, lang)
  return format(lang, style === 'long' ? { dateStyle: 'full', timeStyle: 'short' } : SHORT).format(at)
}
const SHORT = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const

/** A heading for a group of things of one day: "Today", "Yesterday", else the whole date. */
export function formatDay(value: string, lang: string, now = new Date()): string {
  const at = parse(value)
  if (!at) return value
  const days = Math.round((midnight(at) - midnight(now)) / DAY)
  if (days === 0 || days === -1 || days === 1) {
    return capital(new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(days, 'day'), lang)
  }
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const)
  return capital(format(lang, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at), lang)
}

/** A heading for things that are further away: "October 2026". */
export function formatMonth(value: string, lang: string): string {
  const at = parse(value)
  return at ? capital(format(lang, { month: 'long', year: 'numeric' }).format(at), lang) : value
}

const DAY = 86_400_000
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

function relative(at: Date, lang: string, now = Date.now()): string {
  const distance = at.getTime() - now
  const words = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' })
  const unit = UNITS.find(([, length]) => Math.abs(distance) >= length)
  return unit ? words.format(Math.trunc(distance / unit[1]), unit[0]) : words.format(0, 'second')
}

export const countryName = (code: string | null | undefined, lang: string) => nameOf('region', code, lang)
export const languageName = (code: string | null | undefined, lang: string) =>
  capital(nameOf('language', code, lang), lang)

function nameOf(type: 'region' | 'language', code: string | null | undefined, lang: string): string {
  if (!code) return ''
  try {
    return names(type, lang).of(code) ?? code
  } catch {
    return code
  }
}

const tables = new Map<string, Intl.DisplayNames>()
function names(type: 'region' | 'language', lang: string): Intl.DisplayNames {
  const key = `${type} ${lang}`
  if (!tables.has(key)) tables.set(key, new Intl.DisplayNames(lang, { type }))
  return tables.get(key)!
}

function parse(value: string | null | undefined): Date | undefined {
  const at = value ? new Date(value) : undefined
  return at && !Number.isNaN(at.getTime()) ? at : undefined
}

const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
const capital = (text: string, lang: string) => text.charAt(0).toLocaleUpperCase(lang) + text.slice(1)
