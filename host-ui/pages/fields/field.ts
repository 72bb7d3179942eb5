import type { Row, Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'

/** One field of a composed schema: the resource's own, a system one, or one that a plugin adds. */
export interface Field {
  /** As queries and history write it: `email`, `extensions.couple.lastName`. */
  path: string
  name: string
  /** The plugin that adds it; null for the resource's own and the system's. */
  extension: string | null
  system: boolean
  schema: Schema
  labelKey: string
  section: string
  order: number
}

export const SYSTEM = ['createdAt', 'createdBy', 'updatedAt', 'updatedBy']
const HIDDEN = new Set(['id', 'version', 'extensions'])

/** In the order of sections and `x-order`: own fields, those of extensions, the system's. */
export function fieldsOf(resource: Pick<Resource, 'name' | 'plugin'>, schema: Schema): Field[] {
  const properties = propertiesOf(schema)
  const place = { extension: null, namespace: resource.plugin, prefix: '', resource: resource.name }
  const own = Object.keys(properties)
    .filter((name) => !HIDDEN.has(name) && !SYSTEM.includes(name) && !isNormalised(name, properties))
    .map((name) => fieldOf(name, properties[name]!, place))
  const extensions = Object.entries(propertiesOf(properties.extensions)).flatMap(([plugin, extension]) => {
    const inside = propertiesOf(extension)
    const there = { ...place, extension: plugin, namespace: plugin, prefix: `extensions.${plugin}.` }
    const names = Object.keys(inside).filter((name) => !isNormalised(name, inside))
    return sorted(names.map((name) => fieldOf(name, inside[name]!, there)))
  })
  const system = SYSTEM.filter((name) => properties[name]).map((name) => systemField(name, properties[name]!))
  return [...sorted(own), ...extensions, ...system]
}

interface Place {
  extension: string | null
  namespace: string
  prefix: string
  resource: string
}

function fieldOf(name: string, schema: Schema, { extension, namespace, prefix, resource }: Place): Field {
  const section = schema['x-section'] ? `${namespace}:section.${schema['x-section']}` : ''
  const labelKey = `${namespace}:${resource}.${name}`
  return { path: prefix + name, name, extension, system: false, schema, labelKey, section, order: orderOf(schema) }
}

function systemField(name: string, schema: Schema): Field {
  const users = name.endsWith('By') ? { 'x-ref': 'users' } : {}
  return {
    path: name,
    name,
    extension: null,
    system: true,
    schema: { ...users, ...schema },
    labelKey: `host:system.${name}`,
    section: 'host:section.system',
    order: orderOf(schema),
  }
}

const orderOf = (schema: Schema): number => schema['x-order'] ?? Number.MAX_SAFE_INTEGER
const sorted = (fields: Field[]) => fields.toSorted((a, b) => a.order - b.order)
const propertiesOf = (schema: Schema | undefined) => (schema?.properties ?? {}) as Record<string, Schema>

/** `phoneE164` stands beside `phone` and is no field of its own for people. */
function isNormalised(name: string, properties: Record<string, Schema>): boolean {
  return name.endsWith('E164') && properties[name.slice(0, -4)]?.format === 'phone'
}

export function valueOf(row: Row, field: Pick<Field, 'extension' | 'name'>): unknown {
  return field.extension ? row.extensions?.[field.extension]?.[field.name] : row[field.name]
}

/** False only where the server tried to understand a phone number and could not. */
export function isCallable(row: Row, field: Field): boolean {
  const normalised = valueOf(row, { ...field, name: `${field.name}E164` })
  return field.schema.format !== 'phone' || normalised !== null
}

export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
