/** A valid value of any field, row of any resource and body of any route, from its schema alone. */
import type { Schema } from '../../contract.ts'

const two = (n: number) => String(n % 60).padStart(2, '0')

const BY_FORMAT: Readonly<Record<string, (n: number, word: string) => unknown>> = {
  date: (n) => `2026-03-${String((n % 28) + 1).padStart(2, '0')}`,
  'date-time': (n) => `2026-03-01T10:${two(n)}:00.000Z`,
  time: (n) => `10:${two(n)}:00`,
  decimal: (n) => `${n}.50`,
  email: (n, word) => `${word.toLowerCase()}-${n}@test.example`,
  phone: (n) => `+3319900${String(n % 10_000).padStart(4, '0')}`,
  uri: (n, word) => `https://test.example/${word.toLowerCase()}/${n}`,
  uuid: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  country: () => 'FR',
  language: () => 'fr',
  siret: () => '73282932000074',
  vat: () => 'FR40303265045',
}

const numberOf = ({ minimum = 0, maximum = Infinity }: { minimum?: number; maximum?: number }, n: number) =>
  Math.min(Math.max(minimum, n % 5), maximum)

function objectOf(schema: Schema, n: number, word: string): Record<string, unknown> {
  const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  return Object.fromEntries(fields.map(([name, field]) => [name, valueOf(field, n, word)]))
}

/** Where the code takes less than the schema says, an author gives examples. */
function namedBy(schema: Schema): readonly unknown[] {
  if (schema.const !== undefined) return [schema.const]
  return (schema.examples ?? schema.enum ?? []) as unknown[]
}

/** @param word stands in every text, so that it is known again; undefined for a format that nobody knows */
export function valueOf(schema: Schema, n: number, word = 'Specimen'): unknown {
  const named = namedBy(schema)
  if (named.length > 0) return named[n % named.length]
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'boolean') return n % 2 === 0
  if (type === 'integer' || type === 'number') return numberOf(schema, n)
  if (type === 'array') return [valueOf((schema.items ?? {}) as Schema, n, word)].filter((each) => each !== undefined)
  // What an open object may hold is for the code to say.
  if (type === 'object') return schema.properties ? objectOf(schema, n, word) : undefined
  if (typeof schema.format === 'string') return BY_FORMAT[schema.format]?.(n, word)
  return `${word} ${n}`.slice(0, Number(schema.maxLength ?? 40))
}

/**
 * @param n two rows of different numbers share no unique value
 * @param refer gives the id that a reference takes, by the resource that it names; undefined leaves it out
 */
export function specimenOf(
  schema: Schema,
  n: number,
  refer: (resource: string) => string | undefined,
): Record<string, unknown> {
  const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const values = fields
    .filter(([, field]) => !field.readOnly && field['x-rollup'] === undefined)
    .map(([name, field]) => {
      const of = field['x-ref'] as string | undefined
      return [name, of === undefined ? valueOf(field, n) : refer(of)] as const
    })
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
