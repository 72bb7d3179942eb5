/** Values that stand nowhere else, so that whatever shows them is found. */
import { randomUUID } from 'node:crypto'
import type { Schema } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import type { Bench } from './bench.ts'

export interface Canary {
  readonly field: Field
  readonly value: unknown
  /** By what it is found again in any text. */
  readonly token: string
}

const same = <T>(value: T) => ({ value, token: String(value) })

const two = (n: number) => String(n).padStart(2, '0')
/** Of thousands that follow one another no two are the same: a list shows many rows at once. */
const dayOf = (n: number) =>
  `19${10 + (n % 80)}-${two(1 + (Math.floor(n / 80) % 12))}-${two(1 + (Math.floor(n / 960) % 28))}`

const BY_FORMAT: Readonly<Record<string, (n: number, word: string) => Omit<Canary, 'field'>>> = {
  email: (_n, word) => ({ value: `${word}@test.example`, token: word }),
  phone: (n) => {
    const digits = String(n % 10_000).padStart(4, '0')
    return { value: `+3319907${digits}`, token: `19907${digits}` }
  },
  uri: (_n, word) => ({ value: `https://test.example/${word}`, token: word }),
  uuid: () => same(randomUUID()),
  date: (n) => same(dayOf(n)),
  'date-time': (n) => ({ value: `${dayOf(n)}T11:47:13.000Z`, token: `${dayOf(n)}T11:47:13` }),
  decimal: (n) => same(`${7_310_000 + n}.25`),
}

function numberOf(n: number, { minimum = 0, maximum = Infinity }: { minimum?: number; maximum?: number }) {
  const value = 73_100_000 + n
  return value < minimum || value > maximum ? null : same(value)
}

function plantedIn(schema: Schema, n: number, word: string): Omit<Canary, 'field'> | null {
  const { type, format, maxLength = 100 } = schema as { type?: string; format?: string; maxLength?: number }
  if (schema.enum || schema['x-values']) return null
  if (type === 'array') {
    const item = plantedIn((schema.items ?? {}) as Schema, n, word)
    return item && { value: [item.value], token: item.token }
  }
  if (type === 'integer' || type === 'number') return numberOf(n, schema)
  if (type !== 'string') return null
  if (format !== undefined) return BY_FORMAT[format]?.(n, word) ?? null
  return maxLength < word.length ? null : { value: word, token: word }
}

/** Null for a field of which many rows have the same value. */
export function canaryOf(bench: Bench, field: Field): Canary | null {
  if (field.readOnly || field.ref) return null
  const n = bench.rows.next()
  const word = `canary${String(n).padStart(4, '0')}k${Math.floor(bench.random() * 1e6)}`
  const planted = plantedIn(field.schema, n, word)
  return planted && { field, ...planted }
}
