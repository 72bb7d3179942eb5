/** Many rows of every resource, written past the engine: what a test of plans or pages needs within a second. */
import type { Schema } from '../../core/contract.ts'
import { type ColumnType, columnType, type Field, type Model } from '../../core/resource/model.ts'
import { searchExpression, searchFields } from '../../core/resource/search.ts'
import type { TestDatabase } from './database.ts'

interface Rows {
  readonly tenant: string
  readonly count: number
}

/** The id of the n-th row of a resource, so that others can refer to it. */
const idOf = (tenant: string, resource: string, n: string) => `md5('${tenant}${resource}' || ${n})::uuid`

const TEXTS: Record<string, string> = {
  email: `'user' || i || '@example.test'`,
  country: `(array['FR', 'GB', 'DE'])[1 + i % 3]`,
  language: `(array['fr', 'en'])[1 + i % 2]`,
  phone: `'06 12 ' || lpad((i % 10000)::text, 4, '0') || ' 34'`,
}

function textOf({ name, schema, filter }: Field): string {
  const values = schema.enum as string[] | undefined
  // The last is a rare one, for one row of a thousand.
  if (values)
    return `(array[${values.map((value) => `'${value}'`).join(', ')}])[case when i % 1000 = 1 then ${values.length} else 1 + i % ${Math.max(1, values.length - 1)} end]`
  const given = TEXTS[String(schema.format)]
  if (given) return given
  if (name.endsWith('E164')) return `'+33612' || lpad((i % 10000)::text, 4, '0') || '34'`
  // Words with letters of every kind, spread so that each value stands in a few rows.
  const spread = filter?.few ? 5 : 4999
  return `(array['Léa ', 'Noël ', 'Besnard ', 'Œuvre ', 'Zoé '])[1 + i % 5] || '${name} ' || (i * 7919 % ${spread})`
}

function valueOf(field: Field, rows: Rows): string {
  const { type, ref } = field
  if (ref !== null && ref !== 'users')
    return idOf(rows.tenant, ref === 'any' ? 'clients' : ref, `(1 + i % ${rows.count})`)
  if (type === 'uuid') return `md5('${field.name}' || i % 2000)::uuid`
  if (type === 'integer' || type === 'bigint') return 'i % 1999'
  if (type === 'double precision') return '(i % 1999) / 8.0'
  if (type === 'numeric') return 'round((i % 1999) / 100.0, 2)'
  if (type === 'boolean') return 'i % 1000 = 1'
  if (type === 'date') return `date '2020-01-01' + i % 1999`
  if (type === 'timestamptz') return `timestamptz '2026-01-01 12:00:00.5+00' - (i * 7919 % 20011) * interval '1 minute'`
  if (type === 'time') return `time '08:00' + i % 600 * interval '1 minute'`
  if (field.schema.type === 'array') return listOf(field)
  return type === 'jsonb' ? `'{}'::jsonb` : textOf(field)
}

function listOf({ name, type, schema, extension }: Field): string {
  const item = columnType((schema.items ?? {}) as Schema)
  const lists: Partial<Record<ColumnType, string>> = {
    uuid: `array[md5('${name}' || i % 499)::uuid, md5('all')::uuid]`,
    integer: 'array[i % 499, -1]',
    date: `array[date '2020-01-01' + i % 499, date '2019-01-01']`,
    'double precision': 'array[(i % 499)::float8 / 4, -1]',
  }
  const list = lists[item] ?? `array['mark ' || i % 499, 'all']`
  return type === 'jsonb' && extension === null ? `to_jsonb(${list})` : list
}

/** Every seventh row has no value where it need not have one; which, differs from field to field. */
const sparse = (field: Field, sql: string) =>
  field.filled ? sql : `case when (i + ${field.name.length}) % 7 <> 0 then ${sql} end`

function groupsOf(model: Model, rows: Rows, isDerived: boolean): string {
  const fields = [...model.fields.values()].filter((f) => f.extension !== null && (f.rollup !== null) === isDerived)
  const plugins = [...new Set(fields.map((field) => field.extension))]
  const groups = plugins.map((plugin) => {
    const cells = fields
      .filter((f) => f.extension === plugin)
      .map((field) => {
        const value = sparse(field, valueOf(field, rows))
        return `'${field.name}', ${field.type === 'timestamptz' ? `kernel.iso(${value})` : field.type === 'numeric' ? `(${value})::text` : value}`
      })
    return `'${plugin}', jsonb_strip_nulls(jsonb_build_object(${cells.join(', ')}))`
  })
  return `jsonb_build_object(${groups.join(', ')})`
}

function statementOf(model: Model, rows: Rows): string {
  const own = model.own.map((field) => ({ column: field.sql, value: sparse(field, valueOf(field, rows)) }))
  const columns = [
    'tenant_id',
    'id',
    'created_at',
    'updated_at',
    'created_by',
    'updated_by',
    ...own.map(({ column }) => column),
    'extensions',
    'derived',
  ]
  const moment = `timestamptz '2026-06-01 00:00:00+00' - i / 3 * interval '1 minute'`
  const values = [
    `'${rows.tenant}'::uuid`,
    idOf(rows.tenant, model.name, 'i'),
    moment,
    `${moment} + i % 100 * interval '1 hour'`,
    `md5('user' || i % 50)::uuid`,
    `md5('user' || i % 49)::uuid`,
    ...own.map(({ value }) => value),
    groupsOf(model, rows, false),
    groupsOf(model, rows, true),
  ].map((value, i) => `${value} as ${columns[i]}`)
  // The offset keeps PostgreSQL from making each value anew wherever the search text asks for it.
  return (
    `insert into "${model.table}" (${columns.join(', ')}, search_text) ` +
    `select q.*, ${searchExpression(searchFields(model))} from (select ${values.join(', ')} from generate_series(1, ${rows.count}) as i offset 0) q`
  )
}

/**
 * Gives each tenant so many rows of a resource, without facts and without entries in `records`. Indexes are made after
 * the rows: kept up row by row they take ten times as long. Counts read indexes alone once vacuum has seen the rows.
 */
export async function fillRows(
  database: TestDatabase,
  model: Model,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const indexes = await database.query<{ name: string; text: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as text from pg_index
     where indrelid = $1::regclass and not indisprimary`,
    [model.table],
  )
  await database.query(`set session_replication_role = replica`)
  for (const { name } of indexes) await database.query(`drop index ${name}`)
  for (const [tenant, count] of Object.entries(counts)) await database.query(statementOf(model, { tenant, count }))
  for (const { text } of indexes) await database.query(text)
  await database.query(`set session_replication_role = origin`)
  await database.query(`vacuum analyze "${model.table}"`)
}
