/** Search: the text that a trigger keeps for each row, and the condition that finds it. */
import type { Parameters } from './filter.ts'
import type { Field, Model } from './model.ts'

/** What the search keeps of one field. */
function searchPart(field: Field): string {
  const text = field.type === 'text' ? field.sql : `(${field.sql})::text`
  const { format } = field.schema as { format?: string }
  // Numbers are typed with any spacing; their digits are kept. The valid form of a phone is a field of its own.
  if (format === 'phone') return `regexp_replace(${text}, '\\D', '', 'g')`
  if (format === 'siret' || format === 'vat') return `regexp_replace(${text}, '\\s', '', 'g')`
  return text
}

/** The folded words of the given fields, led by a space so that every word start is found by ` word`. */
export function searchExpression(fields: readonly Field[], further: readonly string[] = []): string {
  const parts = [...fields.map(searchPart), ...further]
  if (parts.length === 0) return `''`
  return `(' ' || kernel.fold(concat_ws(' ', ${parts.join(', ')})))`
}

/** What is kept for a row: of the fields of every tenant, and of those that its own tenant has defined. */
export const keptExpression = (model: Model): string =>
  searchExpression(
    searchFields(model),
    model.isOpen ? [`kernel.tenant_words('${model.name}', "tenant_id", extensions)`] : [],
  )

export const searchFields = (model: Model): Field[] => [...model.fields.values()].filter((field) => field.search)

const MAX_WORDS = 8
const MAX_LETTERS = 200

/** The words of a search box. A query of digits is one number in any form: `06 34 12`, `+33 (0)6 34 12`, `0033...`. */
function readWords(q: string): string[][] {
  const words = q.slice(0, MAX_LETTERS).trim().split(/\s+/).filter(Boolean).slice(0, MAX_WORDS)
  const isNumber = words.length > 0 && words.every((word) => /^[\d().+/-]+$/.test(word)) && /\d/.test(q)
  if (!isNumber) return words.map((word) => [word])
  const digits = words
    .join('')
    .replace('(0)', '')
    .replace(/\D/g, '')
    .replace(/^0{1,2}/, '')
  // A date or a name may hold the same digits as they are typed.
  return digits.length < 3 ? words.map((word) => [word]) : [[digits, words.join(' ')]]
}

/** How a pattern is written: computed once before the rows are read, or in place, where the planner is to see it. */
const WRITINGS = {
  once: (slot: string) => `(select kernel.search_pattern(${slot}))`,
  seen: (slot: string) => `kernel.search_pattern(${slot})`,
}

/**
 * A condition for `q`, or null when it holds no word. `narrowed` are the fields to look in where the kept text also
 * covers fields of plugins that are off for the tenant.
 */
export function compileSearch(
  q: string,
  parameters: Parameters,
  { narrowed, patterns }: { narrowed: readonly Field[] | null; patterns: keyof typeof WRITINGS },
): string | null {
  const parts = readWords(q).map((forms) => {
    const slots = forms.map((form) => WRITINGS[patterns](parameters.add(form, 'text')))
    const inText = slots.map((slot) => `search_text like ${slot}`).join(' or ')
    if (narrowed === null) return `(${inText})`
    const inFields = slots.map((slot) => `${searchExpression(narrowed)} like ${slot}`).join(' or ')
    return `(${inText}) and (${inFields})`
  })
  return parts.length > 0 ? parts.join(' and ') : null
}
