import { countryName, formatDate, formatDateTime, languageName, type Translate } from '../../sdk/index.ts'
import { type Field, isEmpty } from './field.ts'

/** All that is needed to say a stored value in the reader's words. */
export interface Reading {
  t: Translate
  lang: string
  people: ReadonlyMap<string, string>
  /** The reader may not know who works here: whom `people` does not name may be a colleague. */
  hidesPeople?: boolean
}

export const labelOf = (field: Field, { t }: Pick<Reading, 't'>): string =>
  t(field.labelKey, { defaultValue: field.name })

/** The word for a value of an enum or a suggested one; a free text stays as it was typed. */
export const wordOf = (field: Field, value: unknown, { t }: Pick<Reading, 't'>): string =>
  t(`${field.labelKey}.${value}`, { defaultValue: String(value) })

/** Values that the schema names: an enum allows no others, examples suggest some. */
export const choicesOf = ({ schema }: Field): readonly unknown[] | undefined => schema.enum ?? schema.examples

type Say = (value: string, lang: string) => string

const FORMATS: Record<string, Say> = {
  date: formatDate,
  'date-time': (value, lang) => formatDateTime(value, lang),
  country: countryName,
  language: languageName,
  siret: (value) => value.replace(/^(\d{3})(\d{3})(\d{3})(\d{5})$/, '$1\u00a0$2\u00a0$3\u00a0$4'),
}

export function textOf(field: Field, value: unknown, reading: Reading): string {
  if (isEmpty(value)) return ''
  if (Array.isArray(value)) return value.map((each) => wordOf(field, each, reading)).join(', ')
  if (typeof value === 'boolean') return reading.t(value ? 'value.yes' : 'value.no')
  if (typeof value === 'number') return new Intl.NumberFormat(reading.lang).format(value)
  return typeof value === 'string' ? wordsOf(field, value, reading) : JSON.stringify(value)
}

function wordsOf(field: Field, value: string, reading: Reading): string {
  const { schema } = field
  if (schema['x-ref'] === 'users')
    return reading.people.get(value) ?? reading.t(reading.hidesPeople ? 'value.hiddenUser' : 'value.unknownUser')
  const say = FORMATS[schema.format as string]
  if (say) return say(value, reading.lang)
  return choicesOf(field) ? wordOf(field, value, reading) : value
}
