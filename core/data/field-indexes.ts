/**
 * Indexes of fields that tenants define: which there should be, and their making without anybody waiting. Only the owner of
 * the tables makes them, in a process without plugin code.
 */
import { createHash } from 'node:crypto'
import type { Client } from 'pg'
import type { Schema } from '../contract.ts'
import { extensionFields } from '../resource/model.ts'
import { isIndexed } from '../resource/tenant-fields.ts'
import type { Run } from './database.ts'

export interface FieldIndex {
  readonly name: string
  readonly table: string
  readonly text: string
  readonly statistics: string
}

/** Each is looked at whenever a statement over the table is planned: beyond these, fields are filtered without one. */
const MAX_PER_TABLE = 200

interface Wish {
  readonly table: string
  readonly plugin: string
  readonly name: string
  readonly schema: Schema
}

function indexOf({ table, plugin, name, schema }: Wish): FieldIndex | null {
  const properties = { [name]: schema }
  const [field] = extensionFields({ plugin, schema: { properties }, isTenants: true })
  if (!field || field.type === 'jsonb' || !isIndexed(schema)) return null
  const body = `on public."${table}" (tenant_id, (${field.sql}), id) where deleted_at is null and ${field.sql} is not null`
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const index = `${table.slice(0, 40)}_t_${hash}`
  return {
    name: index,
    table,
    text: `create index concurrently "${index}" ${body}`,
    statistics: `create statistics if not exists "${index}" on (${field.sql}) from public."${table}"`,
  }
}

/**
 * One index serves every tenant that has a field of this name and type; those that most tenants have come first.
 * @param door the login that sees the fields of all tenants
 */
async function wantedIndexes(door: Run): Promise<FieldIndex[]> {
  const { rows } = await door<Wish>({
    text: `select t."table", f.plugin, f.name, f.schema from kernel.tenant_fields f
      join kernel.resource_tables t on t.resource = f.resource
      where f.removed_at is null and (f.schema ? 'x-filter' or f.schema ? 'x-sort')
        and to_regclass(format('public.%I', t."table")) is not null order by f.tenant_id`,
  })
  const counted = new Map<string, { index: FieldIndex; count: number }>()
  for (const index of rows.flatMap((wish) => indexOf(wish) ?? [])) {
    const count = counted.get(index.name)?.count ?? 0
    counted.set(index.name, { index, count: count + 1 })
  }
  const all = [...counted.values()].toSorted((a, b) => b.count - a.count)
  const tables = Map.groupBy(all, ({ index }) => index.table)
  return [...tables.values()].flatMap((each) => each.slice(0, MAX_PER_TABLE).map(({ index }) => index))
}

interface Kept {
  readonly name: string
  readonly table: string
  readonly made: boolean
}

async function readKept(run: Run): Promise<Kept[]> {
  const { rows } = await run<Kept>({
    text: `select f.name, f."table", made_at is not null and coalesce(i.indisvalid, false) as made from kernel.field_indexes f
      left join pg_index i on i.indexrelid = to_regclass(format('public.%I', f.name))`,
  })
  return rows
}

/** Whether there is anything for the owner to make or to drop. */
export async function isIndexWanting(door: Run): Promise<boolean> {
  const kept = await readKept(door)
  const wanted = await wantedIndexes(door)
  const made = new Set(kept.filter((each) => each.made).map(({ name }) => name))
  return made.size !== wanted.length || kept.length !== made.size || wanted.some(({ name }) => !made.has(name))
}

async function drop(owner: Client, name: string): Promise<void> {
  await owner.query(`drop index concurrently if exists public."${name}"`)
  await owner.query(`drop statistics if exists public."${name}"`)
}

async function make(owner: Client, { name, table, text, statistics }: FieldIndex): Promise<void> {
  // What a build that was broken off has left is no index.
  await drop(owner, name)
  await owner.query('insert into kernel.field_indexes (name, "table") values ($1, $2) on conflict do nothing', [
    name,
    table,
  ])
  await owner.query(text)
  await owner.query(statistics)
  await owner.query('update kernel.field_indexes set made_at = now() where name = $1', [name])
}

/**
 * Outside of any transaction. Rows are read and written meanwhile.
 * @param owner the login that owns the tables
 * @returns the names of those that were made and of those that were dropped
 */
export async function keepFieldIndexes(owner: Client, door: Run): Promise<{ made: string[]; dropped: string[] }> {
  const kept = await readKept(door)
  const wanted = await wantedIndexes(door)
  const gone = kept.filter(({ name }) => !wanted.some((each) => each.name === name))
  for (const { name } of gone) {
    await drop(owner, name)
    await owner.query('delete from kernel.field_indexes where name = $1', [name])
  }
  const missing = wanted.filter(({ name }) => !kept.some((each) => each.name === name && each.made))
  for (const index of missing) await make(owner, index)
  for (const table of new Set(missing.map((index) => index.table))) await owner.query(`analyze public."${table}"`)
  return { made: missing.map(({ name }) => name), dropped: gone.map(({ name }) => name) }
}
