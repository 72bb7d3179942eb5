import { countryName, formatDate, formatDateTime, languageName, type Schema } from 'weft/ui'
import type { User } from './field-context.ts'
import { isEmpty } from './merge-patch.ts'
import type { Path, Texts } from './texts.ts'

const FORMATS: Record<string, (text: string, lang: string) => string> = {
  country: countryName,
  language: languageName,
  date: formatDate,
  'date-time': (text, lang) => formatDateTime(text, lang, 'short'),
}

/** A stored value in the reader's words. */
export function valueText(
  property: Schema | undefined,
  path: Path,
  value: unknown,
  texts: Texts,
  users: readonly User[],
): string {
  if (isEmpty(value)) return `(${texts.host('form.empty')})`
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'boolean') return texts.host(value ? 'form.yes' : 'form.no')
  const text = String(value)
  if (property?.['x-ref'] === 'users') {
    return users.find(({ id }) => id === text)?.name ?? texts.host('form.unknownUser')
  }
  const format = FORMATS[String(property?.format)]
  if (format) return format(text, texts.lang)
  return property?.enum || property?.examples ? texts.value(path, value) : text
}
