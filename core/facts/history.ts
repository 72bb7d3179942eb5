/** The history of a record, read from the facts: its own changes and those of the rows that belong to it. */
import type { Json, JsonObject } from '../contract.ts'
import { Parameters } from '../resource/filter.ts'
import { compileGuards, type Ruled } from '../resource/guard.ts'
import { named, type Statement } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'

export interface FactRow {
  readonly id: string
  readonly at: string
  readonly event: string
  /** Null for a decision. */
  readonly resource: string | null
  readonly row_id: string | null
  readonly changed: readonly string[]
  readonly before: JsonObject | null
  readonly after: JsonObject | null
  readonly actor: string | null
  readonly actor_kind: string
  readonly plugin: string | null
  readonly request: string | null
}

export interface HistoryChange {
  readonly field: string
  readonly before: Json
  readonly after: Json
}

const COLUMNS =
  'id::text, kernel.iso(at) as at, event, resource, row_id, changed, before, after, actor, actor_kind, plugin, request'

/** Decisions on proposals are seen beside the writes that they led to. */
const DECISIONS = `resource is null and event in ('proposals.held', 'proposals.approved', 'proposals.rejected', 'proposals.failed')`

/** Newest first. `resources` are those whose rows the caller may read. */
export function compileHistory(place: {
  tenant: string
  id: string
  resources: readonly string[]
  before: string | null
  limit: number
  /** Resources of which the caller meets some rows alone. */
  ruled?: readonly Ruled[]
}): Statement {
  const parameters = new Parameters(place.tenant)
  for (const value of [place.id, place.resources, place.before ?? '9223372036854775807', place.limit + 1])
    parameters.values.push(value)
  const met = compileGuards(place.ruled ?? [], parameters, { resource: 'facts.resource', id: 'facts.row_id' })
  const branch = (condition: string) =>
    `(select * from kernel.facts where tenant_id = $1::uuid and ${condition} and (resource = any($3::text[]) or ${DECISIONS}) ` +
    `and id < $4::bigint${met} order by id desc limit $5)`
  // Two ranges of two indexes: what happened to the row, and to the rows that belong to it.
  const own = branch('row_id = $2::uuid and row_id <> record_id')
  const below = branch('record_id = $2::uuid')
  const text = `select ${COLUMNS} from (${own} union all ${below}) as facts order by facts.id desc limit $5`
  return named(text, parameters.values)
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Stored images hold PostgreSQL's spelling of instants. */
function bodyValue(value: Json | undefined, type: string): Json {
  if (value === undefined || value === null) return null
  return type === 'timestamptz' && typeof value === 'string' ? new Date(value).toISOString() : value
}

/**
 * What changed, by the names that clients know. Fields of plugins that are off for the tenant are not told.
 * A creation tells the values that it gave.
 */
export function changesOf(model: Model, { before, after, event }: FactRow): HistoryChange[] {
  if (before === null && after === null) return []
  if (event.endsWith('.deleted') || event.endsWith('.restored')) return []
  return [...model.fields.values()].flatMap((field) => {
    const read = (image: JsonObject | null): Json => {
      if (field.extension === null) return bodyValue(image?.[field.column], field.type)
      const group = (image?.[field.column] as JsonObject | undefined)?.[field.extension]
      return isObject(group) ? bodyValue(group[field.name], field.type) : null
    }
    if (['version', 'updatedAt', 'updatedBy', 'createdAt', 'createdBy', 'id'].includes(field.key)) return []
    const [past, present] = [read(before), read(after)]
    return JSON.stringify(past) === JSON.stringify(present) ? [] : [{ field: field.key, before: past, after: present }]
  })
}
