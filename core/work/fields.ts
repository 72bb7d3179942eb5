/** `ctx.fields`: what a tenant defines itself, through the plugins that let it. */
import { randomUUID } from 'node:crypto'
import { FIELDS } from '../access/policy.ts'
import {
  type DefinedFields,
  type Fields,
  Problem,
  type ProblemEntry,
  type Schema,
  type TenantFields,
} from '../contract.ts'
import type { ValueLists } from '../resource/lists.ts'
import type { Query, Result, Transaction } from '../data/database.ts'
import { tell } from '../facts/merge.ts'
import type { Model } from '../resource/model.ts'
import { findTenantFaults, labelsOf, schemaOf, type TenantField, valueSchema } from '../resource/tenant-fields.ts'
import { findFaults } from '../resource/validate.ts'
import { FIELD_COLUMNS } from '../tenancy/own-fields.ts'
import { PURGE, REFRESH } from './fields-task.ts'
import type { Frame } from './occasion.ts'
import { enterTask } from './task-store.ts'
import type { Unit } from './unit.ts'

interface Means {
  /** Where reads are made. */
  reading(): Pick<Unit, 'read'>
  /** @throws Error once the ctx is over */
  assertLives(): void
  can(permission: string): boolean
  /** What is known of the tenant is old with the commit. */
  noteChange(): void
}

interface Place {
  readonly tenant: string
  readonly plugin: string
  readonly model: Model
}

type Properties = Record<string, Schema>

async function readFields(read: <R>(query: Query) => Promise<Result<R>>, place: Place): Promise<TenantField[]> {
  const { rows } = await read<TenantField>({
    text: `select ${FIELD_COLUMNS} from kernel.tenant_fields where tenant_id = $1 and resource = $2 and plugin = $3
      order by place, name`,
    values: [place.tenant, place.model.name, place.plugin],
  })
  return rows
}

function definedOf(fields: readonly TenantField[]): DefinedFields {
  const removed = fields.filter(({ isRemoved, isPurged }) => isRemoved && !isPurged).map(({ name }) => name)
  const living = fields.filter(({ isRemoved }) => !isRemoved)
  return { schema: schemaOf(fields), labels: Object.assign({}, ...living.map(({ labels }) => labels)), removed }
}

/** Of the values that rows, deleted ones too, hold for a field: how many do not fit. */
async function countMisfits(transaction: Transaction, { tenant, plugin, model }: Place, name: string, schema: Schema) {
  const { rows } = await transaction.query<{ value: string; count: number }>({
    text: `select (extensions -> $2 -> $3)::text as value, count(*)::integer as count from "${model.table}"
      where tenant_id = $1 and extensions -> $2 ? $3 and extensions -> $2 -> $3 <> 'null' group by 1`,
    values: [tenant, plugin, name],
  })
  const checked = valueSchema(schema)
  const misfits = rows.filter(({ value }) => findFaults(checked, JSON.parse(value)).length > 0)
  return misfits.reduce((sum, { count }) => sum + count, 0)
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** @throws Problem 409 `values` */
async function assertValuesFit(
  transaction: Transaction,
  place: Place,
  { properties, known }: { properties: Properties; known: ReadonlyMap<string, TenantField> },
): Promise<void> {
  const changed = Object.entries(properties).filter(([name, schema]) => {
    const before = known.get(name)
    return before && !before.isPurged && !isSame(valueSchema(before.schema), valueSchema(schema))
  })
  const errors = []
  for (const [name, schema] of changed) {
    const count = await countMisfits(transaction, place, name, schema)
    if (count > 0) errors.push({ path: `/schema/properties/${name}`, code: 'values', params: { count } })
  }
  if (errors.length > 0) throw new Problem(409, 'values', errors)
}

/** @throws Problem 409 `busy` where the values of what comes back are going at this moment */
async function assertNotPurging(transaction: Transaction, { tenant, model }: Place, back: readonly string[]) {
  if (back.length === 0) return
  const { rowCount } = await transaction.query({
    text: `select from kernel.tasks where tenant_id = $1 and name = $2 and resource = $3 and state in ('waiting', 'running')
      and cursor -> 'names' ?| $4::text[]`,
    values: [tenant, PURGE, model.name, back],
  })
  if (rowCount) throw new Problem(409, 'busy')
}

const isSearched = (schema: Schema) => schema['x-search'] === true

async function write(transaction: Transaction, place: Place, { schema, labels }: TenantFields): Promise<void> {
  const properties = schema.properties as Properties
  const required = (schema.required ?? []) as string[]
  const lines = Object.entries(properties).map(([name, each], i) => ({
    name,
    schema: each,
    required: required.includes(name),
    labels: labelsOf(name, each, labels),
    place: i,
    personal: each['x-personal'] === true,
    words: isSearched(each),
  }))
  await transaction.query({
    text: `insert into kernel.tenant_fields as f (tenant_id, resource, plugin, name, schema, required, labels, place,
        is_personal, in_words, words_from)
      select $1, $2, $3, name, schema, required, labels, place, personal, words, now()
      from jsonb_to_recordset($4) as l (name text, schema jsonb, required boolean, labels jsonb, place integer,
        personal boolean, words boolean)
      on conflict (tenant_id, resource, plugin, name) do update set schema = excluded.schema, required = excluded.required,
        labels = excluded.labels, place = excluded.place, removed_at = null, purged_at = null,
        is_personal = f.is_personal or excluded.is_personal, in_words = f.in_words or excluded.in_words,
        words_from = case when f.removed_at is null and f.schema -> 'x-search' is not distinct from excluded.schema -> 'x-search'
          then f.words_from else excluded.words_from end`,
    values: [place.tenant, place.model.name, place.plugin, JSON.stringify(lines)],
  })
  await transaction.query({
    text: `update kernel.tenant_fields set removed_at = now(), words_from = now()
      where tenant_id = $1 and resource = $2 and plugin = $3 and removed_at is null and name <> all($4::text[])`,
    values: [place.tenant, place.model.name, place.plugin, lines.map(({ name }) => name)],
  })
}

/** Whether rows hold words of fields that are not searched any more, or hold none of fields that are now. */
function areWordsOld(properties: Properties, known: ReadonlyMap<string, TenantField>): boolean {
  return [...known].some(([name, { schema, isRemoved, isPurged }]) => {
    const now = properties[name]
    const was = !isRemoved && isSearched(schema)
    return !isPurged && was !== (now !== undefined && isSearched(now))
  })
}

async function begin(transaction: Transaction, place: Place, name: string, more: object): Promise<string> {
  const id = randomUUID()
  const { tenant, plugin, model } = place
  const { rows } = await transaction.query<{ now: string }>({ text: 'select now()::text as now' })
  const cursor = { phase: 'work', after: null, plugin, from: rows[0]?.now, ...more }
  await enterTask(transaction, { tenant, id, name, resource: model.name, permission: FIELDS, cursor })
  return id
}

/** One definition of a tenant after the other: each is judged by what those before it have left. */
const lock = (transaction: Transaction, { tenant }: Place) =>
  transaction.query({ text: `select pg_advisory_xact_lock(hashtextextended('fields ' || $1, 0))`, values: [tenant] })

async function define(transaction: Transaction, place: Place, fields: TenantFields): Promise<DefinedFields> {
  await lock(transaction, place)
  const read = transaction.query.bind(transaction)
  const properties = fields.schema.properties as Properties
  const known = new Map((await readFields(read, place)).map((field) => [field.name, field]))
  const kept = [...known.values()].filter(({ name, isPurged }) => !isPurged && !Object.hasOwn(properties, name))
  if (kept.length + Object.keys(properties).length > MOST)
    throw new Problem(400, 'invalid', [{ path: '/schema/properties', code: 'too_many', params: { limit: MOST } }])
  const back = Object.keys(properties).filter((name) => known.get(name)?.isRemoved)
  await assertNotPurging(transaction, place, back)
  await assertValuesFit(transaction, place, { properties, known })
  await write(transaction, place, fields)
  if (areWordsOld(properties, known)) await begin(transaction, place, REFRESH, {})
  const { plugin, model } = place
  await tell(transaction, 'fields.defined', { resource: model.name, plugin, fields: Object.keys(properties) })
  return definedOf(await readFields(read, place))
}

/** Of one resource and plugin, with those that were removed and not purged. */
const MOST = 200

async function purge(transaction: Transaction, place: Place, names: readonly string[]): Promise<string> {
  await lock(transaction, place)
  const fields = await readFields(transaction.query.bind(transaction), place)
  const errors = names.flatMap((name, i) => {
    const field = fields.find((each) => each.name === name && !each.isPurged)
    if (!field) return [{ path: `/names/${i}`, code: 'unknown' }]
    return field.isRemoved ? [] : [{ path: `/names/${i}`, code: 'in_use' }]
  })
  const isInUse = errors.some(({ code }) => code === 'in_use')
  if (errors.length > 0) throw new Problem(isInUse ? 409 : 400, isInUse ? 'in_use' : 'invalid', errors)
  const phones = fields.filter(({ name, schema }) => names.includes(name) && schema.format === 'phone')
  const values = [...names, ...phones.map(({ name }) => `${name}E164`)]
  return begin(transaction, place, PURGE, { names, values })
}

function findStrangeLists({ schema }: TenantFields, lists: ValueLists): ProblemEntry[] {
  const properties = Object.entries((schema?.properties ?? {}) as Properties)
  const strange = properties.filter(
    ([, each]) => each?.['x-values'] !== undefined && !lists.has(String(each['x-values'])),
  )
  return strange.map(([name]) => ({ path: `/schema/properties/${name}/x-values`, code: 'unknown' }))
}

export function fieldsOf({ occasion, plugin, unit }: Frame, means: Means): Fields {
  const placeOf = (resource: string): Place => {
    const composed = occasion.composition.resources.get(resource)
    if (!composed) throw new Problem(404, 'not_found')
    if (!plugin.opens(resource))
      throw new Error(`The manifest of ${plugin.id} does not let tenants extend '${resource}'.`)
    return { tenant: occasion.tenant.id, plugin: plugin.id, model: composed.whole }
  }
  const assertAllowed = () => {
    means.assertLives()
    if (['public', 'link'].includes(occasion.actor.kind) || !means.can(FIELDS)) throw new Problem(403, 'forbidden')
  }
  const change = async <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    if (!unit) throw new Error('An exchange holds no transaction: use ctx.work for its short commands.')
    means.noteChange()
    // In the actor's name and not in the plugin's: what is defined is the kernel's to keep, and its tasks too.
    return unit.as({ plugin: null, asKernel: true }, (own) => own.together(work))
  }
  return Object.freeze({
    async get(resource: string) {
      const place = placeOf(resource)
      return definedOf(await readFields(means.reading().read, place))
    },
    async define(resource: string, fields: TenantFields) {
      assertAllowed()
      const place = placeOf(resource)
      const given = structuredClone({ schema: fields?.schema, labels: fields?.labels }) as TenantFields
      const errors = [...findTenantFaults(given), ...findStrangeLists(given, occasion.composition.lists)]
      if (errors.length > 0) throw new Problem(400, 'invalid', errors)
      return change((transaction) => define(transaction, place, given))
    },
    async purge(resource: string, names: readonly string[]) {
      assertAllowed()
      const place = placeOf(resource)
      return change((transaction) => purge(transaction, place, [...new Set(names)].map(String)))
    },
  })
}
