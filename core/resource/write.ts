/** Writes compiled into one statement each: references, version check, row, answer for its idempotency key. */
import { type Condition, compileCondition, Parameters } from './filter.ts'
import { compileGuards, type Ruled } from './guard.ts'
import type { Field, Model } from './model.ts'
import { castOf, projectionOf } from './projection.ts'
import { named, type Statement } from './list.ts'

/** What one request that bore an idempotency key leaves for its repetition. */
export interface AnswerRecord {
  readonly actor: string
  readonly route: string
  readonly key: string
  readonly hash: Buffer
  readonly status: number
  readonly headers: Record<string, string>
}

export interface Change {
  readonly model: Model
  readonly tenant: string
  /** Column values by field, as text or JSON text; null removes. */
  readonly columns: ReadonlyMap<Field, unknown>
  /** The whole extension column, where the change touches it. */
  readonly extensions: object | null
  readonly answer: AnswerRecord | null
  /** Under which condition its row may be written at all; null for any. */
  readonly rule: Condition | null
  /** Resources of which some rows alone may be referred to. */
  readonly ruled: readonly Ruled[]
}

class Slots extends Parameters {
  constructor(tenant: string, ...values: unknown[]) {
    super(tenant)
    this.values.push(...values)
  }
}

/** ` and ...` for a row that not everybody may write. */
const within = (condition: Condition | null, slots: Slots, { table }: Model) =>
  condition ? ` and ${compileCondition(condition, slots, table)}` : ''

const parameterOf = (field: Field, value: unknown) =>
  castOf(field) === 'jsonb' && value !== null ? JSON.stringify(value) : value

/** A condition for each reference of the change: the row is there and is not deleted. */
function referencesOf({ columns, ruled }: Change, cells: Map<Field, string>, slots: Slots): string[] {
  return [...columns].flatMap(([field, value]) => {
    if (field.ref === null || field.ref === 'users' || value === null) return []
    const id = cells.get(field) as string
    const met = ruled.filter(({ model }) => field.ref === 'any' || field.ref === model.name)
    const guards = compileGuards(met, slots, { resource: 'resource', id })
    const resource = field.ref === 'any' ? '' : ` and resource = '${field.ref}'`
    return [
      `exists (select 1 from kernel.records where tenant_id = $1::uuid and id = ${id} ` +
        `and deleted_at is null${resource}${guards})`,
    ]
  })
}

/** `write` and what follows it: the row as clients see it, kept under the request's idempotency key. */
function withAnswer(change: Change, write: string, slots: Slots): Statement {
  const { model, answer } = change
  const body =
    `reply as (select ${model.table}.id, ${model.table}.version, row_to_json(body)::text as body ` +
    `from written as ${model.table}, lateral (select ${projectionOf(model)}) as body)`
  if (answer === null) return named(`with written as (${write}), ${body} select * from reply`, slots.values)
  const cells = [
    slots.add(answer.actor, 'text'),
    slots.add(answer.route, 'text'),
    slots.add(answer.key, 'text'),
    slots.add(answer.hash, 'bytea'),
    slots.add(answer.status, 'smallint'),
    `${slots.add(JSON.stringify(answer.headers), 'jsonb')} || jsonb_build_object('version', version, 'id', id)`,
  ]
  const keep =
    `kept as (insert into kernel.answers (tenant_id, actor, route, key, hash, status, headers, body) ` +
    `select $1::uuid, ${cells.join(', ')}, body from reply)`
  return named(`with written as (${write}), ${body}, ${keep} select * from reply`, slots.values)
}

/** Returns `{ id, version, body }`, or no row where a reference of the change is not there. */
export function compileCreate(change: Change, id: string): Statement {
  const slots = new Slots(change.tenant, id)
  const { model } = change
  const cells = new Map(
    // Every column is named, so that one resource has one statement to prepare.
    model.own.map((field) => [field, slots.add(parameterOf(field, change.columns.get(field) ?? null), castOf(field))]),
  )
  const conditions = referencesOf(change, cells, slots)
  const names = ['tenant_id', 'id', ...[...cells.keys()].map((field) => field.sql), 'extensions']
  const values = [
    '$1::uuid',
    '$2::uuid',
    ...cells.values(),
    slots.add(JSON.stringify(change.extensions ?? {}), 'jsonb'),
  ]
  const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''
  const write = `insert into ${model.table} (${names.join(', ')}) select ${values.join(', ')}${where} returning *`
  return withAnswer(change, write, slots)
}

/** Returns `{ id, version, body }`, or no row where the version has moved on, the row or a reference is not there. */
export function compileUpdate(change: Change, at: { id: string; version: number }): Statement {
  const slots = new Slots(change.tenant, at.id, at.version)
  const { model } = change
  const cells = new Map(
    [...change.columns].map(([field, value]) => [field, slots.add(parameterOf(field, value), castOf(field))]),
  )
  const conditions = referencesOf(change, cells, slots)
  const sets = [...cells].map(([field, slot]) => `${field.sql} = ${slot}`)
  if (change.extensions) sets.push(`extensions = ${slots.add(JSON.stringify(change.extensions), 'jsonb')}`)
  // A patch without effect is still a write: it checks the version and moves it on.
  if (sets.length === 0) sets.push('extensions = extensions')
  const where = [
    'tenant_id = $1::uuid',
    'id = $2::uuid',
    'version = $3::integer',
    'deleted_at is null',
    ...conditions,
  ].join(' and ')
  const met = within(change.rule, slots, model)
  return withAnswer(change, `update ${model.table} set ${sets.join(', ')} where ${where}${met} returning *`, slots)
}

/** Deletion for good, of what is no record. Returns `{ id }`, or no row where the version has moved on. */
function compileTakeAway(
  model: Model,
  at: { tenant: string; id: string; version: number; rule: Condition | null },
): Statement {
  const slots = new Slots(at.tenant, at.id, at.version)
  const met = within(at.rule, slots, model)
  return named(
    `delete from ${model.table} where tenant_id = $1::uuid and id = $2::uuid and version = $3::integer${met} returning id`,
    slots.values,
  )
}

/** Soft deletion of a record. Returns `{ id }`, or no row where the version has moved on. */
export function compileDelete(
  model: Model,
  at: { tenant: string; id: string; version: number; rule: Condition | null },
): Statement {
  if (model.keep !== 'record') return compileTakeAway(model, at)
  const slots = new Slots(at.tenant, at.id, at.version)
  const met = within(at.rule, slots, model)
  return named(
    `update ${model.table} set deleted_at = statement_timestamp() ` +
      `where tenant_id = $1::uuid and id = $2::uuid and version = $3::integer and deleted_at is null${met} returning id`,
    slots.values,
  )
}

/** Returns `{ id, version, body }`, or no row where it is not deleted, or gone into another one by a merge. */
export function compileRestore(model: Model, at: { tenant: string; id: string; rule: Condition | null }): Statement {
  const slots = new Slots(at.tenant, at.id)
  const met = within(at.rule, slots, model)
  const write = `update ${model.table} set deleted_at = null where tenant_id = $1::uuid and id = $2::uuid and deleted_at is not null and not exists (select 1 from kernel.records where tenant_id = $1::uuid and id = $2::uuid and merged_into is not null)${met} returning *`
  const change: Change = {
    model,
    tenant: at.tenant,
    columns: new Map(),
    extensions: null,
    answer: null,
    rule: null,
    ruled: [],
  }
  return withAnswer(change, write, slots)
}

/** The same change of many rows, whatever their versions. Returns `{ id }` of those that were there. */
export function compileUpdateMany(change: Change, ids: readonly string[]): Statement {
  const slots = new Slots(change.tenant, ids)
  const { model } = change
  const cells = new Map(
    [...change.columns].map(([field, value]) => [field, slots.add(parameterOf(field, value), castOf(field))]),
  )
  const sets = [...cells].map(([field, slot]) => `${field.sql} = ${slot}`)
  const where = [
    'tenant_id = $1::uuid',
    'id = any($2::uuid[])',
    'deleted_at is null',
    ...referencesOf(change, cells, slots),
  ]
  const text = `update ${model.table} set ${sets.join(', ')} where ${where.join(' and ')} returning id`
  return named(text, slots.values)
}

/** Deletes or restores many rows. Returns `{ id }` of those that it has found otherwise. */
export function compileSwitchMany(
  model: Model,
  at: { tenant: string; ids: readonly string[]; verb: 'delete' | 'restore' },
): Statement {
  const [now, was] = at.verb === 'delete' ? ['statement_timestamp()', 'is null'] : ['null', 'is not null']
  const merged = `exists (select 1 from kernel.records r where r.tenant_id = $1::uuid and r.id = ${model.table}.id and merged_into is not null)`
  return named(
    `update ${model.table} set deleted_at = ${now} where tenant_id = $1::uuid and id = any($2::uuid[]) ` +
      `and deleted_at ${was} and not ${merged} returning id`,
    [at.tenant, at.ids],
  )
}

/** Locks rows in the order of their ids: `{ id, version, deleted }`. */
export function compileLockMany(model: Model, at: { tenant: string; ids: readonly string[] }): Statement {
  return named(
    `select id, version, deleted_at is not null as deleted from ${model.table} ` +
      `where tenant_id = $1::uuid and id = any($2::uuid[]) order by id for no key update`,
    [at.tenant, at.ids],
  )
}

/** The row for a change that must be checked whole: `{ version, stored, body }`, locked until the end of the transaction. */
export function compileLock(model: Model, at: { tenant: string; id: string; rule: Condition | null }): Statement {
  const slots = new Slots(at.tenant, at.id)
  const met = within(at.rule, slots, model)
  return named(
    `select ${model.table}.version, ${model.table}.extensions as stored, row_to_json(body)::text as body from (select * from ${model.table} ` +
      `where tenant_id = $1::uuid and id = $2::uuid and deleted_at is null${met} for no key update) as ${model.table}, ` +
      `lateral (select ${projectionOf(model)}) as body`,
    slots.values,
  )
}

/** Of these ids those that are living records which the caller meets, as `{ id, resource }`. */
export function compileReferences(place: {
  tenant: string
  ids: readonly unknown[]
  ruled: readonly Ruled[]
}): Statement {
  const slots = new Slots(place.tenant, place.ids)
  const met = compileGuards(place.ruled, slots, { resource: 'records.resource', id: 'records.id' })
  return named(
    `select id, resource from kernel.records where tenant_id = $1::uuid and id = any($2::uuid[]) and deleted_at is null${met}`,
    slots.values,
  )
}
