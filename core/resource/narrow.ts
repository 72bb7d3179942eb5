/** A resource as somebody sees it from whom some of its fields are kept. */
import type { Schema } from '../contract.ts'
import { companionOf, type Extension, type Field, type Model } from './model.ts'

type Properties = Record<string, Schema>

/** With a phone goes its valid form. */
function maskedOf(model: Model, keys: ReadonlySet<string>): Field[] {
  const masked = [...model.fields.values()].filter(({ key }) => keys.has(key))
  return masked.flatMap((field) => {
    const companion = field.schema.format === 'phone' ? model.fields.get(companionOf(field.key)) : undefined
    return companion ? [field, companion] : [field]
  })
}

function withoutOf(extension: Extension, masked: readonly Field[]): Extension {
  const names = masked.filter((field) => field.extension === extension.plugin).map(({ name }) => name)
  if (names.length === 0) return extension
  const all = Object.entries((extension.schema.properties ?? {}) as Properties)
  const properties = Object.fromEntries(all.filter(([name]) => !names.includes(name)))
  return {
    ...extension,
    schema: { ...extension.schema, properties },
    hidden: [...(extension.hidden ?? []), ...names],
  }
}

/**
 * The model without the fields of these keys: they are in no row, and no filter, sort, search, group or write knows
 * them. What rows hold of them stays.
 */
export function withoutFields(model: Model, keys: ReadonlySet<string>): Model {
  const masked = maskedOf(model, keys)
  if (masked.length === 0) return model
  const isShown = (field: Field) => !masked.includes(field)
  const isNamed = (key: string) => !masked.some((field) => field.key === key.replace(/^-/, ''))
  const title = model.title.filter(isNamed)
  const order = model.defaultSort.filter(isNamed)
  return Object.freeze({
    ...model,
    schema: { ...model.schema, ...(model.schema['x-title'] === undefined ? {} : { 'x-title': title }) },
    extensions: model.extensions.map((extension) => withoutOf(extension, masked)),
    own: model.own.filter(isShown),
    fields: new Map([...model.fields].filter(([, field]) => isShown(field))),
    title,
    defaultSort: order.length > 0 ? order : ['-createdAt'],
  })
}

/** The schema with the fields of these keys marked as nobody's to write. */
export function withReadOnly(read: Schema, model: Model, keys: ReadonlySet<string>): Schema {
  const chosen = [...model.fields.values()].filter(({ key }) => keys.has(key))
  if (chosen.length === 0) return read
  const properties = structuredClone(read.properties) as Properties
  for (const { extension, name } of chosen) {
    const groups = (properties.extensions?.properties ?? {}) as Properties
    const place = extension === null ? properties : (groups[extension]?.properties as Properties)
    place[name] = { ...place[name], readOnly: true }
  }
  return { ...read, properties }
}
