import { isActive, type Schema } from 'weft/ui'
import { type Values, isEmpty } from './merge-patch.ts'
import { problemsOf } from './validation.ts'

/**
 * The part of a composed schema that a form asks for just now: writable, active by `x-when`, with the conditions of
 * the root resolved into `required`. What it gives is plain, so nothing downstream has to know of conditions.
 */
export function formSchema(
  schema: Schema,
  data: Values,
  { hidden = [], stored = {}, fixed = {} }: Asking = {},
): Schema {
  const whole = { ...fixed, ...data }
  const asked = objectSchema(schema, whole, data)
  const properties = Object.entries(asked.properties as Record<string, Schema>)
  return {
    ...asked,
    required: [...new Set([...requiredNow(schema, whole), ...filledFields(schema, stored)])],
    properties: Object.fromEntries(properties.filter(([name]) => !hidden.includes(name))),
  }
}

interface Asking {
  /** Fields that the page has settled: the record that a new one belongs to. */
  readonly hidden?: readonly string[]
  /** What the record held when the form was opened. */
  readonly stored?: Values
  /** What the record holds and this reader does not write: conditions ask for it all the same. */
  readonly fixed?: Values
}

function objectSchema(schema: Schema, root: Values, value: Values): Schema {
  const { properties = {}, allOf: _conditions, if: _if, then: _then, $schema: _dialect, ...rest } = schema
  const kept = Object.entries(properties as Record<string, Schema>)
    .filter(([name, property]) => !property.readOnly && isActive(property, root, value?.[name]))
    .map(([name, property]) => [name, fieldSchema(property, root, value?.[name])] as const)
    .filter(([, property]) => !isHollow(property))
  // Extra fields of the row are the server's business; a form never adds any.
  return { ...rest, additionalProperties: true, properties: Object.fromEntries(kept) }
}

function fieldSchema(property: Schema, root: Values, value: unknown): Schema {
  // Defaults are laid into the data once, at the start: later ones would refill what a person has just emptied.
  const { default: _default, ...rest } = property
  const type = Array.isArray(rest.type) ? rest.type.find((name: string) => name !== 'null') : rest.type
  return type === 'object'
    ? objectSchema({ ...rest, type }, root, (value ?? {}) as Values)
    : withHeld({ ...rest, type }, value)
}

/** A value that its list offers no more may stay where it stands. */
function withHeld(property: Schema, value: unknown): Schema {
  const isHeld = property['x-values'] && property.enum && !isEmpty(value) && !property.enum.includes(value)
  return isHeld ? { ...property, enum: [...property.enum, value] } : property
}

/** An extension of which nothing is asked just now would leave an empty section. */
const isHollow = ({ type, properties }: Schema) => type === 'object' && Object.keys(properties ?? {}).length === 0

function requiredNow(schema: Schema, data: Values): string[] {
  const conditions = [schema, ...((schema.allOf ?? []) as Schema[])].filter((part) => part.if)
  const met = conditions.map((part) => (problemsOf(part.if, data).length === 0 ? part.then : part.else))
  const names = [schema, ...met].flatMap((part) => (part?.required ?? []) as string[])
  // What somebody does not write is not asked of them.
  return names.filter((name) => !schema.properties?.[name]?.readOnly)
}

/** Of the record, or of a new one, what this reader does not write. */
export function fixedValues(schema: Schema, row: Values | undefined): Values {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const fixed = properties.filter(([, property]) => property.readOnly)
  const values = fixed.map(([name, property]) => [name, row ? row[name] : property.default] as const)
  return Object.fromEntries(values.filter(([, value]) => !isEmpty(value)))
}

/** A field with a default is never null in a row, so it can be changed but not emptied. */
function filledFields(schema: Schema, stored: Values): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  return properties
    .filter(([, property]) => !property.readOnly && ('default' in property || 'x-default' in property))
    .map(([name]) => name)
    .filter((name) => !isEmpty(stored[name]))
}

/** The values of a new record: the schema's defaults, under what the page that opened the form already knows. */
export function startValues(schema: Schema, initial: Values = {}, now = new Date()): Values {
  const values: Values = {}
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
    if (property.readOnly) continue
    if (property['x-default'] === 'now') values[name] = minute(now)
    else if ('default' in property) values[name] = property.default
  }
  return { ...values, ...initial }
}

/** Inputs for times end at the minute; seconds that nobody saw would make an untouched form look changed. */
const minute = (now: Date) => new Date(Math.floor(now.getTime() / 60_000) * 60_000).toISOString()

/** What a form may change of a row, without the nulls that stand for "no value". */
export function rowValues(schema: Schema, row: Values): Values {
  const values: Values = {}
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
    const value = row[name]
    if (property.readOnly || isEmpty(value)) continue
    values[name] = property.type === 'object' ? rowValues(property, value) : value
  }
  return values
}
