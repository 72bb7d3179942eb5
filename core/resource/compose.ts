/** The schema that a tenant sees: the resource's own with the extensions of its enabled plugins. */
import type { Schema } from '../contract.ts'
import { type Model, systemFieldsOf } from './model.ts'

type Properties = Record<string, Schema>

function own(model: Model, isKept: (schema: Schema) => boolean): Properties {
  return Object.fromEntries(model.own.filter(({ schema }) => isKept(schema)).map(({ name, schema }) => [name, schema]))
}

function extensionSchemas(model: Model, isKept: (schema: Schema) => boolean): Properties {
  const fields = [...model.fields.values()].filter((field) => field.extension !== null && isKept(field.schema))
  const plugins = [...new Set(fields.map((field) => field.extension as string))]
  return Object.fromEntries(
    plugins.map((plugin) => {
      const properties = fields.filter((field) => field.extension === plugin).map(({ name, schema }) => [name, schema])
      return [plugin, { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) }]
    }),
  )
}

/** What clients and the screen read: annotated, with the fields that the kernel keeps marked `readOnly`. */
export function readSchema(model: Model): Schema {
  const extensions = { type: 'object', additionalProperties: false, properties: extensionSchemas(model, () => true) }
  return {
    ...model.schema,
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    properties: { ...systemFieldsOf(model.keep), ...own(model, () => true), extensions },
  }
}

/** What a body may hold: nothing that the kernel keeps. */
export function writeSchema(model: Model): Schema {
  const isWritable = (schema: Schema) => schema.readOnly !== true
  const extensions = { type: 'object', additionalProperties: false, properties: extensionSchemas(model, isWritable) }
  const { $schema: _, ...schema } = model.schema
  return { ...schema, properties: { ...own(model, isWritable), extensions } }
}

/** A merge patch: every field may be null, none is required. */
export function patchSchema(model: Model): Schema {
  const { required: _, allOf: __, ...schema } = writeSchema(model)
  return schema
}
