/** The MikroORM metadata of a resource: the comparator makes reviewed migrations from it. */
import { createHash } from 'node:crypto'
import { EntitySchema } from '@mikro-orm/core'
import type { Field, Model } from './model.ts'

const TENANT = 'tenant_id = (select kernel.tenant())'
const LIVING = 'deleted_at is null'
/** Rollups change nothing but `derived`: no version, no fact. */
const NOT_DERIVED = 'old.derived is not distinct from new.derived'
/** What changes nothing, as a rollup whose value stays, makes no version either. */
const CHANGED = `old.* is distinct from new.* and ${NOT_DERIVED}`
const ICU = 'und-x-icu'

const short = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 6)

/** A name bears a hash of what it stands for, because the comparator compares indexes by name alone. */
function index(table: string, label: string, body: string, unique = false) {
  const name = `${`${table}_${label}`.slice(0, 50)}_${short(body)}`
  return { name, expression: `create ${unique ? 'unique ' : ''}index "${name}" on "${table}" ${body}` }
}

function indexesOf(model: Model) {
  const { table, keep } = model
  const all = [index(table, 'created_at', `(tenant_id, created_at, id) where ${LIVING}`)]
  if (keep !== 'log') {
    all.push(index(table, 'updated_at', `(tenant_id, updated_at, id) where ${LIVING}`))
    for (const by of ['created_by', 'updated_by']) all.push(index(table, by, `(tenant_id, ${by}) where ${LIVING}`))
  }
  if (keep === 'record' || model.own.some(({ search }) => search))
    all.push(index(table, 'search', `using gin (tenant_id, search_text gin_trgm_ops) where ${LIVING}`))
  return [...all, ...model.own.flatMap((field) => indexesOfField(model, field))]
}

function indexesOfField(model: Model, field: Field) {
  const { table } = model
  const { column, sql, filter, sort } = field
  const unique = field.unique
    ? [index(table, `${column}_unique`, `(tenant_id, lower(${sql})) where ${LIVING}`, true)]
    : []
  if (filter && (field.type.endsWith('[]') || field.type === 'jsonb'))
    return [index(table, column, `using gin (tenant_id, ${sql}) where ${LIVING}`), ...unique]
  if (field === model.owner)
    return [index(table, column, `(tenant_id, ${sql}, ${ownerOrder(model)}id) where ${LIVING}`), ...unique]
  if (!sort && !filter) return unique
  // Without ids a value of many rows stands in the index once.
  const id = sort || !filter?.few ? ', id' : ''
  return [index(table, column, `(tenant_id, ${sql}${id}) where ${LIVING}`), ...unique]
}

/** The rows of one owner are read in the resource's own order. */
function ownerOrder(model: Model): string {
  const key = model.defaultSort[0] as string
  const field = model.fields.get(key.replace(/^-/, ''))
  return field && field.extension === null ? `${field.sql}${key.startsWith('-') ? ' desc' : ''}, ` : ''
}

function checksOf(model: Model) {
  const enums = model.own.filter((field) => Array.isArray(field.schema.enum))
  return enums.map(({ column, schema }) => {
    const values = (schema.enum as unknown[]).map((value) => `'${String(value).replaceAll("'", "''")}'`)
    return { name: `${model.table}_${column}_enum`, expression: `"${column}" in (${values.join(', ')})` }
  })
}

function triggersOf({ table, name, owner, keep }: Model) {
  const trigger = (label: string, when: string, run: string) => ({
    name: label,
    timing: when.startsWith('before') ? ('before' as const) : ('after' as const),
    events: (['insert', 'update', 'delete'] as const).filter((event) => when.includes(event)),
    expression: `create trigger ${label} ${when.replace('on table', `on "${table}"`)} execute function ${run}`,
  })
  const fact = `kernel.write_fact('${name}', '${owner?.column ?? ''}')`
  const moved = 'old.deleted_at is distinct from new.deleted_at'
  const enter = `kernel.enter_record('${name}')`
  const created = trigger('stamp_created', 'before insert on table for each row', 'kernel.stamp_row()')
  if (keep === 'log') return [created]
  const updated = trigger(
    'stamp_updated',
    `before update on table for each row when (${CHANGED})`,
    'kernel.stamp_row()',
  )
  if (keep === 'scratch') return [created, updated]
  return [
    created,
    updated,
    trigger('fact_written', 'after insert or delete on table for each row', fact),
    trigger('fact_updated', `after update on table for each row when (${NOT_DERIVED})`, fact),
    trigger('record_entered', 'after insert or delete on table for each row', enter),
    trigger('record_moved', `after update on table for each row when (${moved})`, enter),
  ]
}

function propertyOf(field: Field) {
  const precise = field.type === 'timestamptz' ? 'timestamptz(3)' : field.type
  return {
    fieldName: field.column,
    columnType: precise,
    type: 'unknown' as never,
    nullable: !field.filled,
    ...(field.sort && field.type === 'text' ? { collation: ICU } : {}),
    ...('default' in field.schema ? { defaultRaw: literal(field.schema.default) } : {}),
    ...(field.fallback === 'now' ? { defaultRaw: 'now()' } : {}),
  }
}

const literal = (value: unknown) => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value))

/** Kernel tables that resources refer to, so that foreign keys have an end. */
export const recordsEntity = new EntitySchema<object>({
  name: 'KernelRecord',
  tableName: 'records',
  schema: 'kernel',
  properties: {
    tenantId: { fieldName: 'tenant_id', columnType: 'uuid', type: 'uuid', primary: true },
    id: { columnType: 'uuid', type: 'uuid', primary: true },
  } as never,
})

/** `resolve` finds the entity name of another resource. */
export function entityOf(model: Model, resolve: (resource: string) => string): EntitySchema<object> {
  const properties: Record<string, object> = {
    tenantId: { fieldName: 'tenant_id', columnType: 'uuid', type: 'uuid', primary: true },
    id: { columnType: 'uuid', type: 'uuid', primary: true, defaultRaw: 'gen_random_uuid()' },
    version: { columnType: 'integer', type: 'integer', defaultRaw: '1' },
    createdAt: { fieldName: 'created_at', columnType: 'timestamptz(3)', type: 'unknown', defaultRaw: 'now()' },
    updatedAt: { fieldName: 'updated_at', columnType: 'timestamptz(3)', type: 'unknown', defaultRaw: 'now()' },
    createdBy: { fieldName: 'created_by', columnType: 'uuid', type: 'uuid', nullable: true },
    updatedBy: { fieldName: 'updated_by', columnType: 'uuid', type: 'uuid', nullable: true },
    deletedAt: { fieldName: 'deleted_at', columnType: 'timestamptz(3)', type: 'unknown', nullable: true },
  }
  for (const field of model.own) {
    properties[field.name] = propertyOf(field)
    if (field.ref !== null && field.ref !== 'users') {
      properties[`${field.name}Row`] = {
        kind: 'm:1',
        entity: () => (field.ref === 'any' ? 'KernelRecord' : resolve(field.ref as string)),
        fieldNames: ['tenant_id', field.column],
        joinColumns: ['tenant_id', field.column],
        referencedColumnNames: ['tenant_id', 'id'],
        ownColumns: [field.column],
        foreignKeyName: `${model.table}_${field.column}_fk`,
        updateRule: 'no action',
        deleteRule: field === model.owner ? 'cascade' : 'no action',
        nullable: !field.filled,
      }
      // The relation owns the column; MikroORM refuses it the other way round.
      properties[field.name] = { ...properties[field.name], persist: false }
    }
  }
  properties.extensions = { columnType: 'jsonb', type: 'unknown', defaultRaw: "'{}'" }
  properties.derived = { columnType: 'jsonb', type: 'unknown', defaultRaw: "'{}'" }
  properties.searchText = { fieldName: 'search_text', columnType: 'text', type: 'unknown', defaultRaw: "''" }
  return new EntitySchema<object>({
    name: model.table,
    tableName: model.table,
    properties: properties as never,
    indexes: indexesOf(model) as never,
    checks: checksOf(model) as never,
    triggers: triggersOf(model) as never,
    policies: [{ name: 'tenant_isolation', using: TENANT, check: TENANT }] as never,
    rowLevelSecurity: 'force',
  })
}
