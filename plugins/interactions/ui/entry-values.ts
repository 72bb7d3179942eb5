import type { Row, Schema } from 'weft/ui'
import { fieldsOf } from './interaction.ts'

export type Values = Record<string, any>

/** What a form may change of a row. */
export function valuesOf(schema: Schema, row: Row): Values {
  const names = fieldsOf(schema, row).filter((name) => row[name] !== null && row[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, row[name]]))
}

/** Values ready to be sent: lists written with commas become lists, texts lose the spaces around them. */
export function tidied(schema: Schema, values: Values): Values {
  const entries = Object.entries(values).map(([name, value]) => [name, tidy(schema.properties[name] ?? {}, value)])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function tidy(property: Schema, value: unknown): unknown {
  if (property.type === 'array' && typeof value === 'string')
    return nonEmpty(value.split(',').map((part) => part.trim()))
  return typeof value === 'string' ? value.trim() || undefined : value
}

function nonEmpty(parts: string[]): string[] | undefined {
  const kept = parts.filter(Boolean)
  return kept.length > 0 ? kept : undefined
}

/** A merge patch: only what differs, null for what was emptied. */
export function changes(before: Values, after: Values): Values {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  const changed = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]))
}

/** What the record itself holds in a format, its extensions included: the number one has most likely called. */
export function valuesOfFormat(schema: Schema | undefined, row: Row | undefined, format: string): string[] {
  const found: string[] = []
  for (const [name, property] of Object.entries((schema?.properties ?? {}) as Record<string, Schema>)) {
    const value = row?.[name]
    if (property.type === 'object') found.push(...valuesOfFormat(property, value, format))
    else if (property.format === format && typeof value === 'string') found.push(value)
  }
  return [...new Set(found)]
}
