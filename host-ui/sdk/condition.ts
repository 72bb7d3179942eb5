import type { Schema } from './row.ts'

/**
 * `x-when` names fields of the root record and the values of them under which a field is asked for. A field that
 * holds a value is shown all the same: what is stored must never be out of sight.
 */
export function isActive(property: Schema, root: Readonly<Record<string, unknown>>, value?: unknown): boolean {
  const when = property['x-when'] as Record<string, unknown[]> | undefined
  if (!when || isFilled(value)) return true
  return Object.entries(when).every(([field, values]) => values.includes(root[field]))
}

/** Names of the fields to show, in the order of the schema's annotations; computed ones are never asked for. */
export function activeFields(schema: Schema, data: Readonly<Record<string, any>>): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  return properties
    .filter(([name, property]) => !property.readOnly && isActive(property, data, data[name]))
    .sort(([, a], [, b]) => (a['x-order'] ?? Infinity) - (b['x-order'] ?? Infinity) || 0)
    .map(([name]) => name)
}

const isFilled = (value: unknown) =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
