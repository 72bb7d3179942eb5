/**
 * The string formats of the schema dialect, as Ajv and the browser's validator take them. A value is kept as it was
 * typed: a format says yes or no and never rewrites. All of them refuse control characters and broken UTF-16, which
 * PostgreSQL would not store.
 */
import { domainToASCII } from 'node:url'
import { isCountry, isLanguage } from './format-codes.ts'
import { isDate, isDateTime, isTime } from './format-dates.ts'
import { isPhone } from './format-phone.ts'
import { isSiret } from './format-siret.ts'
import { isVat } from './format-vat.ts'

export { countryCodes } from './format-codes.ts'
export { phoneDigits, toE164 } from './format-phone.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const localPart = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
const domainLabel = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u
const uriShape = /^([a-z][a-z0-9+.-]*):[^\s\p{C}"<>\\^`{|}]+$/iu

/** Schemes that a screen may show as a link; `javascript:`, `data:` and the like would run in the reader's session. */
const linkSchemes = new Set(['http', 'https', 'mailto', 'tel', 'sms', 'sip', 'geo', 'urn'])

/**
 * RFC 5321 addresses as a CRM meets them, with the international ones of RFC 6531: a dot-atom of at most 64 octets, a
 * domain of at least two labels, 254 characters in all. Quoted local parts, address literals and `a@localhost` are
 * refused: no client has one, a slip of the keyboard does.
 */
function isEmail(value: string): boolean {
  const at = value.lastIndexOf('@')
  if (at < 1 || value.length > 254 || !value.isWellFormed()) return false
  const local = value.slice(0, at)
  return Buffer.byteLength(local) <= 64 && localPart.test(local) && isMailDomain(value.slice(at + 1))
}

function isMailDomain(domain: string): boolean {
  const labels = domain.split('.')
  if (labels.length < 2 || !labels.every((label) => domainLabel.test(label))) return false
  if (/^[0-9]*$/.test(labels.at(-1)!)) return false
  const ascii = domainToASCII(domain)
  return ascii !== '' && ascii.length <= 253 && ascii.split('.').every((label) => label.length <= 63)
}

/** RFC 9562, any version, either case. */
export function isUuid(value: string): boolean {
  return uuid.test(value)
}

/** An absolute RFC 3986 URI (or RFC 3987 IRI) of a scheme that is safe to show as a link; http and https need a host. */
function isUri(value: string): boolean {
  const scheme = uriShape.exec(value)?.[1]?.toLowerCase()
  if (scheme === undefined || !linkSchemes.has(scheme) || !URL.canParse(value)) return false
  return !scheme.startsWith('http') || /^https?:\/\/[^/?#]/i.test(value)
}

/** A number that keeps every digit that was written. */
const isDecimal = (value: string) => /^-?\d{1,18}(\.\d{1,12})?$/.test(value)

export const formats: Record<string, (value: string) => boolean> = {
  decimal: isDecimal,
  email: isEmail,
  phone: isPhone,
  siret: isSiret,
  vat: isVat,
  country: isCountry,
  language: isLanguage,
  date: isDate,
  'date-time': isDateTime,
  time: isTime,
  uuid: isUuid,
  uri: isUri,
}
