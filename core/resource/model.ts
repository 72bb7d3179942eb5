/** A resource as the engine sees it: its schema mapped to columns, with the extensions of a set of plugins. */
import type { AnyResource, Keep, RowRule, Schema } from '../contract.ts'

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
  /** Many rows have the same value: the index is kept without their ids, so that each value stands in it once. */
  readonly few: boolean
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
  /** Defined by the tenant: rows may hold what was written before it was. */
  readonly isTenants: boolean
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
  /** Defined by the tenant and not by the plugin itself. */
  readonly isTenants?: boolean
  /** Names of values that are kept and not shown. */
  readonly hidden?: readonly string[]
}

export interface Model {
  readonly name: string
  readonly plugin: string
  readonly isKernel: boolean
  readonly table: string
  readonly view: string
  /** `/api/clients` */
  readonly path: string
  readonly belongsTo: string | null
  /** The field that holds the owner's id. */
  readonly owner: Field | null
  readonly schema: Schema
  readonly extensions: readonly Extension[]
  /** Whether some plugin lets tenants give it fields of their own. */
  readonly isOpen: boolean
  readonly keep: Keep
  /** After how many days rows are swept away; null for records. */
  readonly days: number | null
  /** Which rows whom; null where everybody who may meets all. */
  readonly rule: RowRule | null
  /** The resource's own columns, in the order of the schema. */
  readonly own: readonly Field[]
  readonly fields: ReadonlyMap<string, Field>
  readonly title: readonly string[]
  /** Whether the screen shows a list of it. */
  readonly hasPage: boolean
  /** The order of a list that asks for none. */
  readonly defaultSort: readonly string[]
}

type Properties = Record<string, Schema>

const SYSTEM_FIELDS = {
  id: { type: 'string', format: 'uuid', readOnly: true, 'x-filter': true },
  version: { type: 'integer', readOnly: true },
  createdAt: { type: 'string', format: 'date-time', readOnly: true, 'x-filter': true, 'x-sort': true },
  updatedAt: { type: 'string', format: 'date-time', readOnly: true, 'x-filter': true, 'x-sort': true },
  createdBy: { type: 'string', format: 'uuid', readOnly: true, 'x-ref': 'users', 'x-filter': { few: true } },
  updatedBy: { type: 'string', format: 'uuid', readOnly: true, 'x-ref': 'users', 'x-filter': { few: true } },
} as const satisfies Properties

/** Rows of a log never change, and come by the thousand: what nobody looks for costs them no index. */
const LOG_FIELDS: Properties = {
  ...SYSTEM_FIELDS,
  updatedAt: { type: 'string', format: 'date-time', readOnly: true },
  createdBy: { type: 'string', format: 'uuid', readOnly: true, 'x-ref': 'users' },
  updatedBy: { type: 'string', format: 'uuid', readOnly: true, 'x-ref': 'users' },
}

export const systemFieldsOf = (keep: Keep): Properties => (keep === 'log' ? LOG_FIELDS : SYSTEM_FIELDS)

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
  time: (text) => `kernel.to_time(${text})`,
  date: (text) => `kernel.to_date(${text})`,
  timestamptz: (text) => `kernel.to_instant(${text})`,
}

/** Of tenants' fields nothing is certain but the place: a name may stand for other values elsewhere, or before. */
const SAFE_READS: Partial<Record<ColumnType, string>> = {
  text: 'kernel.read_text',
  bigint: 'kernel.read_integer',
  'double precision': 'kernel.read_number',
  numeric: 'kernel.read_decimal',
  boolean: 'kernel.read_boolean',
  date: 'kernel.read_date',
  timestamptz: 'kernel.read_instant',
}

function tenantLeafOf(type: ColumnType, schema: Schema, [part, name]: readonly [string, string]): string {
  const isAsked = schema['x-filter'] === true || schema['x-sort'] === true
  if (type === 'text' && !isAsked) return `(${part}->>${name})`
  const read = SAFE_READS[type]
  if (!read) return `(${part}->${name})`
  const leaf = `${read}(${part}->${name})`
  return schema['x-sort'] === true && type === 'text' ? `(${leaf} collate "und-x-icu")` : leaf
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
  const given = schema['x-filter'] as true | { few: true } | undefined
  if (!given) return null
  return { few: schema.enum !== undefined || schema.type === 'boolean' || given !== true }
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

interface FieldPlace {
  readonly extension: string | null
  readonly filled: boolean
  readonly isTenants?: boolean
}

function typeOf(schema: Schema, isTenants: boolean): ColumnType {
  const type = columnType(schema)
  return isTenants && type === 'integer' ? 'bigint' : type
}

/** Of a column of its own, or of a leaf of the extension column or of what is derived. */
function sqlOf(column: string, schema: Schema, { type, name, extension, isTenants = false }: FieldPlace & Leaf) {
  if (extension === null) return `"${column}"`
  const read = isTenants ? tenantLeafOf : leafOf
  return read(type, schema, [`${column}->'${extension}'`, `'${name}'`])
}

interface Leaf {
  readonly name: string
  readonly type: ColumnType
}

function fieldOf(name: string, schema: Schema, place: FieldPlace): Field {
  const { extension, filled, isTenants = false } = place
  const type = typeOf(schema, isTenants)
  const rollup = rollupOf(schema)
  const column = extension === null ? snake(name) : rollup ? 'derived' : 'extensions'
  const isJson = type === 'jsonb' || type.endsWith('[]')
  const leaf = sqlOf(column, schema, { ...place, name, type })
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
    isTenants,
  })
}

/** The fields of one extension schema, each a leaf of the plugin's own part of the extension column. */
export function extensionFields({ plugin, schema, isTenants = false }: Extension): Field[] {
  const properties = withCompanions((schema.properties ?? {}) as Properties)
  const place = { extension: plugin, filled: false, isTenants }
  return Object.entries(properties).map(([name, each]) => fieldOf(name, each, place))
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
  resource: AnyResource,
  place: { plugin: string; isKernel: boolean; isOpen?: boolean },
  extensions: readonly Extension[] = [],
): Model {
  const { schema, name, keep = 'record' } = resource
  const required = new Set((schema.required ?? []) as string[])
  const properties = withCompanions((schema.properties ?? {}) as Properties)
  const own = Object.entries(properties).map(([field, each]) =>
    fieldOf(field, each, {
      extension: null,
      filled: required.has(field) || 'default' in each || each['x-default'] !== undefined,
    }),
  )
  const system = Object.entries(systemFieldsOf(keep)).map(([field, each]) =>
    fieldOf(field, each, { extension: null, filled: FILLED_SYSTEM_FIELDS.includes(field) }),
  )
  const all = [...system, ...own, ...extensions.flatMap(extensionFields)]
  const table = tableOf(name, place.isKernel)
  const list = schema['x-list'] as { sort?: string; page?: false } | undefined
  const owner = own.find((field) => field.ref !== null && field.ref === resource.belongsTo) ?? null
  return Object.freeze({
    name,
    plugin: place.plugin,
    isKernel: place.isKernel,
    table,
    view: `${table}_read`,
    path: `/api/${name.replace('.', '/')}`,
    belongsTo: resource.belongsTo ?? null,
    keep,
    days: resource.retention?.days ?? null,
    rule: resource.rule ?? null,
    owner,
    schema,
    extensions,
    isOpen: place.isOpen === true && keep === 'record',
    own,
    fields: new Map(all.map((field) => [field.key, field])),
    title: (schema['x-title'] ?? []) as string[],
    hasPage: list?.page !== false,
    defaultSort: (list?.sort ?? '-createdAt').split(','),
  })
}
