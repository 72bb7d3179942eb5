/** Value lists: what fields with `x-values` may hold, as each tenant has them. */
import type { ListValue, Schema } from '../contract.ts'
import type { Field, Model } from './model.ts'

/** By `<plugin>.<list>`. */
export type ValueLists = ReadonlyMap<string, readonly ListValue[]>

export const listOf = ({ schema }: Pick<Field, 'schema'>): string | null =>
  (schema['x-values'] as string | undefined) ?? null

/** What is archived is valid where it stands, and not offered: nothing new is written of it. */
function allowing(schema: Schema, values: readonly ListValue[]): Schema {
  const offered = values.filter(({ archived }) => archived !== true).map(({ value }) => value)
  if (schema.type !== 'array') return { ...schema, enum: offered }
  return { ...schema, items: { ...(schema.items as Schema), enum: offered } }
}

/** The model as a tenant has it: fields of lists hold the values that the tenant offers. */
export function withLists(model: Model, lists: ValueLists): Model {
  const changed = new Map<Field, Field>()
  for (const field of model.fields.values()) {
    const values = lists.get(listOf(field) ?? '')
    if (!values) continue
    const schema = allowing(field.schema, values)
    // What stays the same object stays compiled.
    if (JSON.stringify(schema) !== JSON.stringify(field.schema)) changed.set(field, Object.freeze({ ...field, schema }))
  }
  if (changed.size === 0) return model
  const now = (field: Field) => changed.get(field) ?? field
  return Object.freeze({
    ...model,
    own: model.own.map(now),
    fields: new Map([...model.fields].map(([key, field]) => [key, now(field)] as const)),
  })
}
