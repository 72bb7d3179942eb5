/** The SQL that turns stored columns into the row that clients see; PostgreSQL writes the JSON. */
import type { Field, Model } from './model.ts'
import { columnType } from './model.ts'

/** The body of one field. Instants are ISO 8601 in UTC with milliseconds; decimals stay exact as text. */
export function bodyOf(field: Pick<Field, 'type' | 'sql'>): string {
  if (field.type === 'timestamptz') return `to_char(${field.sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  if (field.type === 'numeric') return `${field.sql}::text`
  return field.sql
}

/** A row that nothing was ever counted for reads like one that everything was taken from. */
function derivedOf(plugin: string, rollups: readonly (readonly [string, Record<string, unknown>])[]): string {
  const empty = rollups.map(([name, each]) => [name, (each['x-rollup'] as object & { count?: true }).count ? 0 : null])
  return `'${JSON.stringify(Object.fromEntries(empty))}'::jsonb || coalesce(derived->'${plugin}', '{}')`
}

const without = (part: string, names: readonly string[] = []) =>
  names.length === 0 ? part : `(${part}) - array[${names.map((name) => `'${name}'`).join(', ')}]::text[]`

/** Each enabled plugin's part of the row: what it stores beside what the kernel derives for it. One of which nothing is shown has none. */
function extensionsOf(model: Model): string {
  if (model.extensions.length === 0) return `'{}'::jsonb`
  const plugins = [...new Set(model.extensions.map(({ plugin }) => plugin))]
  const parts = plugins.flatMap((plugin) => {
    const extension = model.extensions.find((each) => each.plugin === plugin)
    const schema = extension?.schema
    const properties = Object.entries((schema?.properties ?? {}) as Record<string, Record<string, unknown>>)
    const derived = properties.filter(([, each]) => each['x-rollup'] !== undefined)
    const stored = derived.length < properties.length
    const sources = [
      stored && `coalesce(${without(`extensions->'${plugin}'`, extension?.hidden)}, '{}')`,
      derived.length > 0 && without(derivedOf(plugin, derived), extension?.hidden),
    ].filter(Boolean)
    return sources.length === 0 ? [] : `'${plugin}', ${sources.join(' || ')}`
  })
  return `json_build_object(${parts.join(', ')})`
}

/** `id as "id", ...` over the unqualified columns of the table or its read view. */
export function projectionOf(model: Model): string {
  const columns = [...model.fields.values()]
    .filter((field) => field.extension === null)
    .map((field) => `${bodyOf(field)} as "${field.name}"`)
  return [...columns, `${extensionsOf(model)} as "extensions"`].join(', ')
}

/** How many rows of one owner an `include` brings. */
const INCLUDE_LIMIT = 100

/**
 * The rows of `child` that belong to a row of `view`, in the child's own order. They have a name of their own, because
 * what belongs to any record may belong to its like.
 * @param met ` and ...`, where not all of them are
 */
export function includeOf(child: Model, view: string, met: string): string {
  const order = orderBy(child)
  return (
    `(select coalesce(json_agg(row_to_json(p)), '[]') from (select ${projectionOf(child)} from ${child.view} as child ` +
    `where child.tenant_id = $1 and child.deleted_at is null ` +
    `and child.${child.owner?.sql} = ${view}.id${met} order by ${order} limit ${INCLUDE_LIMIT}) p) ` +
    `as "${child.name}"`
  )
}

function orderBy(model: Model): string {
  const keys = model.defaultSort.map((key) => {
    const field = model.fields.get(key.replace(/^-/, '')) as Field
    return `${field.sql} ${key.startsWith('-') ? 'desc' : 'asc'}`
  })
  return [...keys, 'id'].join(', ')
}

/** The type of a column as parameters of a write are cast. */
export const castOf = (field: Field): string =>
  field.type === 'timestamptz' ? 'timestamptz' : columnType(field.schema)
