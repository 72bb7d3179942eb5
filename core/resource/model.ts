/** A resource as the engine sees it: its schema mapped to columns, with the extensions of a set of plugins. */
import type { Resource, Schema } from '../contract.ts'

export type ColumnType =
  | 'text'
  | 'uuid'
  | 'integer'
  | 'bigint'
  | 'double precision'
  | 'numeric'
  | 'boolean'
  | 'date'
  | 'time'
  | 'timestamptz'
  | 'text[]'
  | 'uuid[]'
  | 'integer[]'
  | 'date[]'
  | 'jsonb'

export interface FilterOptions {
  /** False where the values are so few that an index would not pay. */
  readonly index: boolean
}

/** What a merge does with two values of a field. */
export type MergeRule = 'keep' | 'union' | 'latest' | 'ask'

/** One value of a row: a column of its own, or a leaf of the extension column of a plugin. */
export interface Field {
  /** As clients write it: `lastName`, `extensions.couple.lastName`. */
  readonly key: string
  /** The JSON pointer into a body. */
  readonly pointer: string
  readonly name: string
  /** The plugin that brings the field; null for the resource's own. */
  readonly extension: string | null
  readonly type: ColumnType
  /** The SQL that reads it, over unqualified columns. */
  readonly sql: string
  readonly column: string
  readonly schema: Schema
  /** Never null in a row. */
  readonly filled: boolean
  /** Written by the kernel alone. */
  readonly readOnly: boolean
  readonly filter: FilterOptions | null
  readonly sort: boolean
  readonly search: boolean
  readonly unique: boolean
  readonly personal: boolean
  readonly ref: string | null
  readonly merge: MergeRule
  /** `now`: the kernel's clock where the body gives nothing. */
  readonly fallback: 'now' | null
  readonly rollup: Rollup | null
}

/** A value kept on the owner from the rows that belong to it. */
export interface Rollup {
  readonly of: string
  readonly fn: 'count' | 'sum' | 'min' | 'max'
  readonly field: string | null
}

export interface Extension {
  readonly plugin: string
  readonly schema: Schema
}

export interface Model {
  readonly name: string
  readonly plugin: string
  readonly table: string
  readonly view: string
  /** `/api/clients` */
  readonly path: string
  readonly belongsTo: string | null
  /** The field that holds the owner's id. */
  readonly owner: Field | null
  readonly schema: Schema
  readonly extensions: readonly Extension[]
  /** The resource's own columns, in the order of the schema. */
  readonly own: readonly Field[]
  readonly fields: ReadonlyMap<string, Field>
  readonly title: readonly string[]
  /** The order of a list that asks for none. */
  readonly defaultSort: readonly string[]
}

type Properties = Record<string, Schema>

export const SYSTEM_FIELDS = {
  id: { type: 'string', format: 'uuid', readOnly: true },
  version: { type: 'integer', readOnly: true },
  createdAt: { type: 'string', format: 'date-time', readOnly: true, 'x-filter': true, 'x-sort': true },
  updatedAt: { type: 'string', format: 'date-time', readOnly: true, 'x-filter': true, 'x-sort': true },
  createdBy: { type: 'string', format: 'uuid', readOnly: true, 'x-ref': 'users' },
  updatedBy: { type: 'string', format: 'uuid', readOnly: true, 'x-ref': 'users' },
} as const satisfies Properties

const FILLED_SYSTEM_FIELDS = ['id', 'version', 'createdAt', 'updatedAt']

const snake = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)

export function columnType(schema: Schema): ColumnType {
  const { type, format } = schema as { type?: unknown; format?: string }
  if (type === 'string') return stringType(format)
  if (type === 'boolean') return 'boolean'
  if (type === 'integer') return Number(schema.maximum ?? 0) > 2 ** 31 - 1 ? 'bigint' : 'integer'
  if (type === 'number') return 'double precision'
  if (type === 'array') {
    const item = columnType((schema.items ?? {}) as Schema)
    if (item === 'text' || item === 'uuid' || item === 'integer' || item === 'date') return `${item}[]`
  }
  return 'jsonb'
}

function stringType(format: string | undefined): ColumnType {
  if (format === 'date-time') return 'timestamptz'
  if (format === 'date' || format === 'uuid' || format === 'time') return format
  return format === 'decimal' ? 'numeric' : 'text'
}

const JSON_CASTS: Partial<Record<ColumnType, (text: string) => string>> = {
  integer: (text) => `(${text})::integer`,
  bigint: (text) => `(${text})::bigint`,
  'double precision': (text) => `(${text})::double precision`,
  numeric: (text) => `(${text})::numeric`,
  boolean: (text) => `(${text})::boolean`,
  uuid: (text) => `(${text})::uuid`,
  date: (text) => `kernel.to_date(${text})`,
  timestamptz: (text) => `kernel.to_instant(${text})`,
}

/** The read-only companion of a phone: the same number in E.164, null where it is not valid. */
export const companionOf = (name: string) => `${name}E164`
const COMPANION: Schema = { type: 'string', readOnly: true, 'x-personal': true }

function withCompanions(properties: Properties): Properties {
  const all: Properties = {}
  for (const [name, schema] of Object.entries(properties)) {
    all[name] = schema
    if (schema.format === 'phone') all[companionOf(name)] = { ...COMPANION, 'x-search': schema['x-search'] === true }
  }
  return all
}

function filterOptions(schema: Schema): FilterOptions | null {
  const given = schema['x-filter'] as boolean | { index?: boolean } | undefined
  if (!given) return null
  const few = schema.enum !== undefined || schema.type === 'boolean'
  return { index: given === true ? !few : given.index !== false }
}

function rollupOf(schema: Schema): Rollup | null {
  const given = schema['x-rollup'] as Record<string, string> | undefined
  if (!given) return null
  const fn = (['sum', 'min', 'max'] as const).find((name) => name in given) ?? 'count'
  return { of: given.of as string, fn, field: fn === 'count' ? null : (given[fn] as string) }
}

/** The SQL that reads a value out of a plugin's part of the extension column. */
function leafOf(type: ColumnType, schema: Schema, [part, name]: readonly [string, string]): string {
  if (type === 'jsonb' || type.endsWith('[]')) return `(${part}->${name})`
  const text = `${part}->>${name}`
  // A column has its collation from its table; a leaf that is sorted must name it, here and in its index.
  const leaf = schema['x-sort'] === true && type === 'text' ? `((${text}) collate "und-x-icu")` : `(${text})`
  return JSON_CASTS[type]?.(text) ?? leaf
}

function fieldOf(name: string, schema: Schema, place: { extension: string | null; filled: boolean }): Field {
  const { extension, filled } = place
  const type = columnType(schema)
  const rollup = rollupOf(schema)
  const store = rollup ? 'derived' : 'extensions'
  const column = extension === null ? snake(name) : store
  const isJson = type === 'jsonb' || type.endsWith('[]')
  const leaf = extension === null ? `"${column}"` : leafOf(type, schema, [`${store}->'${extension}'`, `'${name}'`])
  const sql = rollup?.fn === 'count' ? `coalesce(${leaf}, 0)` : leaf
  return Object.freeze({
    key: extension === null ? name : `extensions.${extension}.${name}`,
    pointer: extension === null ? `/${name}` : `/extensions/${extension}/${name}`,
    name,
    extension,
    type: extension !== null && isJson ? 'jsonb' : type,
    sql,
    column,
    schema,
    filled,
    readOnly: schema.readOnly === true,
    filter: filterOptions(schema),
    sort: schema['x-sort'] === true,
    search: schema['x-search'] === true,
    unique: schema['x-unique'] === true,
    personal: schema['x-personal'] === true,
    ref: (schema['x-ref'] as string | undefined) ?? null,
    merge: (schema['x-merge'] as MergeRule | undefined) ?? 'keep',
    fallback: (schema['x-default'] as 'now' | undefined) ?? null,
    rollup,
  })
}

/** The fields of one extension schema, each a leaf of the plugin's own part of the extension column. */
export function extensionFields({ plugin, schema }: Extension): Field[] {
  const properties = withCompanions((schema.properties ?? {}) as Properties)
  return Object.entries(properties).map(([name, each]) => fieldOf(name, each, { extension: plugin, filled: false }))
}

/** Table and view names of a resource: `clients`, `interactions__interactions`, `documents__versions`. */
export function tableOf(resource: string, isKernel: boolean): string {
  const [plugin, noun] = resource.split('.') as [string, string | undefined]
  return isKernel ? snake(plugin) : `${plugin.replaceAll('-', '_')}__${(noun ?? plugin).replaceAll('-', '_')}`
}

/**
 * Maps a resource and the extensions of some plugins to columns. Cheap enough to be made for each set of enabled
 * plugins and kept.
 */
export function compileModel(
  resource: Resource,
  place: { plugin: string; isKernel: boolean },
  extensions: readonly Extension[] = [],
): Model {
  const { schema, name } = resource
  const required = new Set((schema.required ?? []) as string[])
  const properties = withCompanions((schema.properties ?? {}) as Properties)
  const own = Object.entries(properties).map(([field, each]) =>
    fieldOf(field, each, {
      extension: null,
      filled: required.has(field) || 'default' in each || each['x-default'] !== undefined,
    }),
  )
  const system = Object.entries(SYSTEM_FIELDS).map(([field, each]) =>
    fieldOf(field, each, { extension: null, filled: FILLED_SYSTEM_FIELDS.includes(field) }),
  )
  const all = [...system, ...own, ...extensions.flatMap(extensionFields)]
  const table = tableOf(name, place.isKernel)
  const list = schema['x-list'] as { sort?: string } | undefined
  const owner = own.find((field) => field.ref !== null && field.ref === resource.belongsTo) ?? null
  return Object.freeze({
    name,
    plugin: place.plugin,
    table,
    view: `${table}_read`,
    path: `/api/${name.replace('.', '/')}`,
    belongsTo: resource.belongsTo ?? null,
    owner,
    schema,
    extensions,
    own,
    fields: new Map(all.map((field) => [field.key, field])),
    title: (schema['x-title'] ?? []) as string[],
    defaultSort: (list?.sort ?? '-createdAt').split(','),
  })
}
