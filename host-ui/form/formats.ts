import { format as formats } from '@cfworker/json-schema'
import { countryOptions } from 'weft/ui'

/**
 * What a person most likely mistyped. The server knows the whole rules (checksums of every VAT country) and has the
 * last word, so nothing here may refuse what it would accept.
 */
const own: Record<string, (text: string) => boolean> = {
  siret: (text) => /^\d{14}$/.test(compact(text)) && hasLuhn(compact(text)),
  vat: (text) => /^[A-Z]{2}[0-9A-Z+*]{2,13}$/.test(compact(text).toUpperCase()),
  country: (text) => countryOptions('en').some((option) => option.value === text),
  language: (text) => /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(text),
  // Kept as typed: a number that cannot be dialled is a warning, never an error.
  phone: (text) => (text.match(/\p{Nd}/gu)?.length ?? 0) >= 2,
  // The validator's own knows no address with an accent.
  email: (text) => /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text),
  uri: (text) => URL.canParse(text),
}
Object.assign(formats, own)

/** Letters of La Poste's offices share one SIREN and count their digits instead of Luhn's. */
function hasLuhn(siret: string): boolean {
  const digits = Array.from(siret, Number)
  if (siret.startsWith('356000000') && digits.reduce((sum, digit) => sum + digit, 0) % 5 === 0) return true
  const sum = digits.reduce((total, digit, i) => {
    const weighed = i % 2 === 0 ? digit * 2 : digit
    return total + (weighed > 9 ? weighed - 9 : weighed)
  }, 0)
  return sum % 10 === 0
}

const compact = (text: string) => text.replace(/[\s.-]/g, '')

/** Numbers are pasted with the spaces of a letterhead; the registers know them without. */
export function tidy(format: string | undefined, text: string): string {
  if (format === 'siret') return compact(text)
  if (format === 'vat') return compact(text).toUpperCase()
  return text.trim()
}
