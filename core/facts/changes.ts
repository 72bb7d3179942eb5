/**
 * What changed in a tenant, read from the facts in the order of their transactions. Reading stops before the oldest
 * running transaction, so that a fact with a lower number which commits later is not missed.
 */
import type { Actor, Json, JsonObject } from '../contract.ts'
import { Parameters } from '../resource/filter.ts'
import { compileGuards, type Ruled } from '../resource/guard.ts'
import { named, type Statement } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'

/** Everything up to it has been read. */
export interface Position {
  readonly xid: string
  readonly id: string
}

export interface ChangedFact {
  readonly xid: string
  readonly id: string
  readonly at: string
  readonly event: string
  /** Null for a named fact. */
  readonly resource: string | null
  readonly row_id: string | null
  readonly record_id: string | null
  readonly changed: readonly string[]
  readonly past: JsonObject | null
  readonly present: JsonObject | null
  readonly actor_kind: Actor['kind']
  readonly actor: string | null
  readonly plugin: string | null
}

export interface ChangePage {
  readonly items: readonly ChangedFact[]
  /** How far was looked. */
  readonly end: Position
  /** Whether nothing is left to be looked at now. */
  readonly isEnd: boolean
}

/** A change as clients are told of it: ids and names, never values. */
export interface Change {
  readonly id: string
  readonly at: string
  readonly event: string
  readonly resource: string | null
  readonly rowId: string | null
  readonly recordId: string | null
  /** Fields by the names that clients know. */
  readonly changed: readonly string[]
  /** The row is gone: whoever keeps a copy drops it. */
  readonly deleted: boolean
  readonly plugin: string | null
  readonly actor: Actor
}

/** Before the oldest fact that is kept. */
export const BEGINNING: Position = { xid: '0', id: '0' }

/** How many facts one page looks through at most for those that it may tell. */
const MAX_LOOKED = 5_000
const HORIZON = 'pg_snapshot_xmin(pg_current_snapshot())'
const RANGE = `from kernel.facts where tenant_id = $1::uuid and (xid, id) > ($2::xid8, $3::bigint) and xid < ${HORIZON}
  order by xid, id`

const COLUMNS = `xid::text, id::text, kernel.iso(at) as at, event, resource, row_id, record_id, changed, actor_kind, actor, plugin,
  case when 'extensions' = any(changed) then before -> 'extensions' end as past,
  case when 'extensions' = any(changed) then after -> 'extensions' end as present`

const SUBJECT = '(select r.resource from kernel.records r where r.tenant_id = $1::uuid and r.id = looked.record_id)'

/**
 * `resources` are those whose rows may be told, `plugins` those whose named facts may be. A full page ends with its last
 * item, another one where was looked up to.
 */
export function compileChanges(place: {
  tenant: string
  after: Position
  resources: readonly string[]
  plugins: readonly string[]
  limit: number
  /** Resources of which the follower meets some rows alone. */
  ruled?: readonly Ruled[]
}): Statement {
  const { tenant, after, resources, plugins, limit } = place
  const parameters = new Parameters(tenant)
  parameters.values.push(after.xid, after.id, resources, plugins, limit)
  const ruled = place.ruled ?? []
  const met = compileGuards(ruled, parameters, { resource: 'looked.resource', id: 'looked.row_id' })
  // A named fact tells the id of the record that it is about.
  const about = compileGuards(ruled, parameters, { resource: SUBJECT, id: 'looked.record_id' })
  const text = `with page as materialized (select ${COLUMNS} from (select * ${RANGE} limit ${MAX_LOOKED}) as looked
    where (resource = any($4::text[])${met}) or (resource is null and split_part(event, '.', 1) = any($5::text[])${about})
    order by looked.xid, looked.id limit $6::integer),
  full_page as materialized (select xid, id from page offset $6::integer - 1 limit 1),
  looked_up_to as materialized (select xid::text, id::text from (select xid, id ${RANGE} offset ${MAX_LOOKED - 1} limit 1) as last
    where not exists (select from full_page))
  select (select coalesce(json_agg(page), '[]') from page) as items, coalesce(
      (select row_to_json(full_page) from full_page), (select row_to_json(looked_up_to) from looked_up_to),
      json_build_object('xid', ${HORIZON}::text, 'id', '0')) as "end",
    not exists (select from full_page) and not exists (select from looked_up_to) as "isEnd"`
  return { ...named(text, parameters.values), isOrdered: true }
}

/** Everything that is committed already lies before it, save what overtook a transaction that still runs. */
export const compilePresent = (): Statement => named(`select ${HORIZON}::text as xid, '0' as id`, [])

const isTombstone = ({ resource, event }: ChangedFact) => resource !== null && /\.(deleted|erased)$/.test(event)
const isSame = (one: Json | undefined, other: Json | undefined) =>
  JSON.stringify(one ?? null) === JSON.stringify(other ?? null)
const partOf = (image: JsonObject | null, plugin: string) => (image?.[plugin] ?? null) as JsonObject | null

/** Fields of plugins that are off for the tenant are not named, and neither are those that every change renews. */
function fieldsOf(model: Model | undefined, { changed, past, present }: ChangedFact): string[] {
  return [...(model?.fields.values() ?? [])]
    .filter(({ extension, column, name }) => {
      if (extension === null) return changed.includes(column)
      return !isSame(partOf(past, extension)?.[name], partOf(present, extension)?.[name])
    })
    .map(({ key }) => key)
}

/** `model` is that of the fact's resource, as the caller's tenant has it. */
export function toChange(fact: ChangedFact, model: Model | undefined): Change {
  return {
    id: fact.id,
    at: fact.at,
    event: fact.event,
    resource: fact.resource,
    rowId: fact.row_id,
    recordId: fact.record_id,
    changed: fieldsOf(model, fact),
    deleted: isTombstone(fact),
    plugin: fact.plugin,
    actor: { kind: fact.actor_kind, id: fact.actor },
  }
}
