/**
 * Telephone numbers: kept as typed, and read into E.164 where they are valid. The `max` metadata of libphonenumber is
 * used because `min` knows only the lengths and general pattern of a country; it costs 0.4 MB of heap and no start time.
 */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max'

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}]/u

/**
 * What people type: any printable text of at most 40 characters with two digits or more. A number that exists nowhere is
 * no error here; {@link toE164} answers null and the screen warns.
 */
export function isPhone(value: string): boolean {
  if (!value.isWellFormed() || unprintable.test(value) || [...value].length > 40) return false
  return (value.match(/\p{Nd}/gu)?.length ?? 0) >= 2
}

/** In France 0692 ... is a number of Réunion, dialled alike from everywhere, though its country code is another. */
const frenchPlan = ['FR', 'RE', 'GP', 'MQ', 'GF', 'YT'] as const

/**
 * The number in ITU-T E.164 form, without its extension, or null when it is not valid in the numbering plan of its
 * country. A national number is read in `country` (ISO 3166-1 alpha-2: the client's, or else the tenant's); without one
 * only the international forms `+33 ...` and `0033 ...` are understood.
 */
export function toE164(value: string, country?: string | null): string | null {
  const region = country && isSupportedCountry(country) ? country : undefined
  const text = region ? value : value.replace(/^\s*00/, '+')
  for (const plan of region === 'FR' ? frenchPlan : [region]) {
    const number = parsePhoneNumberFromString(text, plan)
    if (number?.isValid()) return number.number
  }
  return null
}

/**
 * What the search keeps of a number, so that a fragment in any usual form is part of it: `0033...` (and so `33...`), the
 * national digits with their trunk prefix, and the typed digits where they are neither. Joined by spaces.
 */
export function phoneDigits(value: string, e164: string | null): string {
  const typed = value.normalize('NFKC').replace(/\D/g, '')
  if (e164 === null) return typed
  const national = parsePhoneNumberFromString(e164)?.formatNational().replace(/\D/g, '') ?? ''
  const kept = [`00${e164.slice(1)}`]
  for (const digits of [national, typed]) if (!kept.some((form) => form.includes(digits))) kept.push(digits)
  return kept.join(' ')
}
