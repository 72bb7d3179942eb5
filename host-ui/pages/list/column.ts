import type { Schema } from '../../sdk/index.ts'
import type { Field } from '../fields/field.ts'

/** What somebody changed about the default columns; defaults of plugins switched on later still appear. */
export type ColumnChoice = Readonly<Record<string, boolean>>

/** Fields that a column can show; the name has its own, and pages of prose have no place in a table. */
export function choosableFields(fields: readonly Field[]): Field[] {
  return fields.filter(({ schema }) => schema['x-widget'] !== 'textarea' && schema['x-ref'] !== 'any')
}

export function shownFields(fields: readonly Field[], choice: ColumnChoice): Field[] {
  const shown = choosableFields(fields).filter((field) => choice[field.path] ?? isDefault(field))
  return shown.toSorted((a, b) => rank(a) - rank(b))
}

export const isDefault = ({ schema }: Field): boolean => typeof schema['x-list'] === 'number'
const rank = ({ schema }: Field): number => (typeof schema['x-list'] === 'number' ? schema['x-list'] : 1_000)

/**
 * The keys behind the name's column, in the order in which names are composed: organisations by their name, people by
 * their last one.
 */
export function nameKeys(schema: Schema): string[] {
  const properties = schema.properties as Record<string, Schema>
  const sortable = ((schema['x-title'] ?? []) as string[]).filter((name) => properties[name]?.['x-sort'])
  const personal = (name: string | undefined) => Boolean(name && properties[name]?.['x-personal'])
  return sortable.filter((name, at) => !personal(name) || !personal(sortable[at + 1]))
}

/** Dates are wanted newest first, everything else from A to Z. */
export const startsFalling = ({ schema }: Field): boolean => schema.format === 'date-time' || schema.format === 'date'
