/** Writes compiled into one statement each: references, version check, row, answer for its idempotency key. */
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
}

class Slots {
  readonly values: unknown[]
  constructor(...values: unknown[]) {
    this.values = values
  }
  add(value: unknown, type: string): string {
    this.values.push(value)
    return `$${this.values.length}::${type}`
  }
}

const parameterOf = (field: Field, value: unknown) =>
  castOf(field) === 'jsonb' && value !== null ? JSON.stringify(value) : value

/** A condition for each reference of the change: the row is there and is not deleted. */
function referencesOf({ columns }: Change, slots: Map<Field, string>): string[] {
  return [...columns].flatMap(([field, value]) => {
    if (field.ref === null || field.ref === 'users' || value === null) return []
    const resource = field.ref === 'any' ? '' : ` and resource = '${field.ref}'`
    return [
      `exists (select 1 from kernel.records where tenant_id = $1::uuid and id = ${slots.get(field)} ` +
        `and deleted_at is null${resource})`,
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
  const conditions = referencesOf(change, cells)
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
  const conditions = referencesOf(change, cells)
  const sets = [...cells].map(([field, slot]) => `${field.sql} = ${slot}`)
  if (change.extensions) sets.push(`extensions = ${slots.add(JSON.stringify(change.extensions), 'jsonb')}`)
  // A patch without effect is still a write: it checks the version and moves it on.
  if (sets.length === 0) sets.push('deleted_at = null')
  const where = [
    'tenant_id = $1::uuid',
    'id = $2::uuid',
    'version = $3::integer',
    'deleted_at is null',
    ...conditions,
  ].join(' and ')
  return withAnswer(change, `update ${model.table} set ${sets.join(', ')} where ${where} returning *`, slots)
}

/** Soft deletion. Returns `{ id }`, or no row where the version has moved on. */
export function compileDelete(model: Model, at: { tenant: string; id: string; version: number }): Statement {
  return named(
    `update ${model.table} set deleted_at = statement_timestamp() ` +
      `where tenant_id = $1::uuid and id = $2::uuid and version = $3::integer and deleted_at is null returning id`,
    [at.tenant, at.id, at.version],
  )
}

/** Returns `{ id, version, body }`, or no row where it is not deleted, or gone into another one by a merge. */
export function compileRestore(model: Model, at: { tenant: string; id: string }): Statement {
  const write = `update ${model.table} set deleted_at = null where tenant_id = $1::uuid and id = $2::uuid and deleted_at is not null and not exists (select 1 from kernel.records where tenant_id = $1::uuid and id = $2::uuid and merged_into is not null) returning *`
  const change: Change = { model, tenant: at.tenant, columns: new Map(), extensions: null, answer: null }
  return withAnswer(change, write, new Slots(at.tenant, at.id))
}

/** The row for a change that must be checked whole: `{ version, stored, body }`, locked until the end of the transaction. */
export function compileLock(model: Model, at: { tenant: string; id: string }): Statement {
  return named(
    `select ${model.table}.version, ${model.table}.extensions as stored, row_to_json(body)::text as body from (select * from ${model.table} ` +
      `where tenant_id = $1::uuid and id = $2::uuid and deleted_at is null for no key update) as ${model.table}, ` +
      `lateral (select ${projectionOf(model)}) as body`,
    [at.tenant, at.id],
  )
}
