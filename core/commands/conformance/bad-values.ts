/** Values that the schema of a field forbids. */
import type { Schema } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { valueOf } from './specimen.ts'

/** Takes the place of a value that JSON.stringify would mend. */
export const HOLE = '\u2603'
export const nested = (depth: number) => `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`
/** Values that no field may hold, as they stand in a body. */
const NEVER = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff x"',
  nested(60),
  '1e400',
  '-1e999',
  '{"$ne":null}',
  '[[[]]]',
]

const SOUND_TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}
const OF_TYPES = ['x', 1, 1.5, 2 ** 53, true, [1], [null], { a: 1 }, {}]
const BAD_FORMATS = [
  '',
  'x',
  '2024-02-30',
  '99999-01-01T00:00:00Z',
  '2026-01-01T00:00:00+99:99',
  '٣',
  "'; drop table clients; --",
  '1e999',
  '＝cmd',
]

function badTextsOf({
  format,
  maxLength,
  minLength,
}: {
  format?: string
  maxLength?: number
  minLength?: number
}): string[] {
  const long = 'x'.repeat((maxLength ?? 2_000_000) + 1)
  const formats = format && format !== 'phone' ? BAD_FORMATS.filter((text) => text !== '') : []
  return [long, ...(minLength ? [''] : []), ...formats]
}

/** Values that the schema of the field forbids, as texts of JSON. */
export function badValuesOf({ schema, filled, fallback }: Pick<Field, 'schema' | 'filled' | 'fallback'>): string[] {
  const { type = '', enum: values, minimum, maximum, items, maxItems, properties } = schema as Record<string, any>
  const isSound = SOUND_TYPES[type] ?? (() => true)
  const isOpen = type === 'object' && properties === undefined
  const wrong = OF_TYPES.filter((value) => !isSound(value) && !(type === 'number' && typeof value === 'number'))
  // Null says nothing, and what has a default then has that.
  const isNeeded = filled && fallback === null && !('default' in schema)
  const bad: unknown[] = [...wrong, ...(isNeeded ? [null] : [])]
  if (values) bad.push('no such value', '')
  else if (type === 'string') bad.push(...badTextsOf(schema))
  if (minimum !== undefined) bad.push(minimum - 1)
  if (maximum !== undefined) bad.push(maximum + 1)
  if (items && maxItems) bad.push(Array.from({ length: maxItems + 1 }, (_, n) => valueOf(items as Schema, n)))
  if (items) bad.push([{ a: 1 }], [[1]])
  if (properties) bad.push({ nobodyKnows: 1 })
  const never = NEVER.filter((text) => !isOpen || text !== '{"$ne":null}')
  return [...bad.map((value) => JSON.stringify(value)), ...never]
}
