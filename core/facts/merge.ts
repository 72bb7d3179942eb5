/** Merges as SQL: locks, the survivor's new values, and the rows of every resource that follow their record. */
import type { Json, JsonObject } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import type { Merging } from '../resource/merging.ts'
import type { Field, Model } from '../resource/model.ts'
import { castOf, projectionOf } from '../resource/projection.ts'

export interface RecordRow {
  readonly id: string
  readonly resource: string
  readonly deleted_at: Date | null
  readonly merged_into: string | null
}

/** Two records of one tenant. */
export interface Two {
  readonly tenant: string
  readonly from: string
  readonly to: string
}

/** Table and column names come from the kernel's own list, and are quoted all the same. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Locks records in the order of their ids, so that two merges of the same records wait for each other and do not
 * embrace. Nobody can enter a row that refers to one of them before the transaction ends.
 */
export async function lockRecords(transaction: Transaction, ids: readonly string[]): Promise<Map<string, RecordRow>> {
  const { rows } = await transaction.query<RecordRow>({
    text: 'select id, resource, deleted_at, merged_into from kernel.lock_records($1::uuid[])',
    values: [ids],
  })
  return new Map(rows.map((row) => [row.id, row]))
}

export interface LockedRow {
  readonly id: string
  readonly row: JsonObject
  readonly stored: JsonObject
}

/** The rows themselves, living or deleted, locked like their records. */
export async function lockRows(
  transaction: Transaction,
  model: Model,
  place: { tenant: string; ids: readonly string[] },
): Promise<Map<string, LockedRow>> {
  const { rows } = await transaction.query<{ id: string; stored: JsonObject; body: string }>({
    text:
      `select t.id, t.extensions as stored, row_to_json(body)::text as body from (select * from ${model.table} ` +
      `where tenant_id = $1::uuid and id = any($2::uuid[]) order by id for update) as t, ` +
      `lateral (select ${projectionOf(model)}) as body`,
    values: [place.tenant, place.ids],
  })
  return new Map(rows.map(({ id, stored, body }) => [id, { id, stored, row: JSON.parse(body) as JsonObject }] as const))
}

const parameterOf = (field: Field, value: Json) =>
  castOf(field) === 'jsonb' && value !== null ? JSON.stringify(value) : value

/** Deletes the one row and gives the other what the merge made of both, in this order: a unique value changes hands. */
export async function writeSurvivor(
  transaction: Transaction,
  model: Model,
  { tenant, from, to, merging }: Two & { merging: Merging },
): Promise<void> {
  await transaction.query({
    text: `update ${model.table} set deleted_at = statement_timestamp() where tenant_id = $1::uuid and id = $2::uuid`,
    values: [tenant, from],
  })
  const values: unknown[] = [tenant, from, to, JSON.stringify(merging.extensions)]
  // Copied from column to column: a number that passed through JavaScript might not be the same.
  const sets = merging.taken.map(({ sql }) => `${sql} = other.${sql}`)
  for (const [field, value] of merging.joined) {
    values.push(parameterOf(field, value))
    sets.push(`${field.sql} = $${values.length}::${castOf(field)}`)
  }
  await transaction.query({
    text:
      `update ${model.table} as own set ${[...sets, 'extensions = $4::jsonb'].join(', ')} from ${model.table} as other ` +
      `where own.tenant_id = $1::uuid and own.id = $3::uuid and other.tenant_id = $1::uuid and other.id = $2::uuid`,
    values,
  })
}

interface ReferringTable {
  readonly table: string
  readonly isRecord: boolean
  readonly resource: string
  readonly columns: string[]
}

/** Tables with columns that hold ids of such records, also those of plugins that are off or gone. */
async function readReferring(transaction: Transaction, refersTo: readonly string[]): Promise<ReferringTable[]> {
  const { rows } = await transaction.query<ReferringTable>({
    text: `select "table", min(resource) as resource, array_agg("column" order by "column") as columns,
        not exists (select from kernel.kept_tables k where k."table" = record_references."table") as "isRecord"
      from kernel.record_references join pg_attribute on attrelid = to_regclass(format('public.%I', "table"))
        and attname = "column" and not attisdropped
      where refers_to = any($1::text[]) group by "table" order by "table"`,
    values: [refersTo],
  })
  return rows
}

/**
 * Some rows of one table that refer to `from`, but for the two themselves. Living and deleted ones have an index each; an
 * OR of both would gather all of them before it gives the first.
 */
function referringTo({ table, columns }: ReferringTable): string {
  const arms = columns
    .flatMap((name) => [
      `${quote(name)} = $2::uuid and deleted_at is null`,
      `${quote(name)} = $2::uuid and deleted_at is not null`,
    ])
    .map(
      (arm) =>
        `(select id from ${quote(table)} where tenant_id = $1::uuid and id <> $2::uuid and id <> $3::uuid and ${arm} limit $4)`,
    )
  return `select id from (${arms.join(' union all ')}) as referring limit $4`
}

function moveOf(referring: ReferringTable): string {
  const names = referring.columns.map(quote)
  const sets = names.map((name) => `${name} = case when ${name} = $2::uuid then $3::uuid else ${name} end`)
  return (
    `update ${quote(referring.table)} set ${sets.join(', ')} where tenant_id = $1::uuid ` +
    `and id in (${referringTo(referring)}) returning deleted_at is null as "isLiving"`
  )
}

/** Of a table without facts. @returns how many rows moved */
async function moveKept(
  transaction: Transaction,
  {
    table,
    from,
    to,
    kinds,
    limit,
  }: { table: string; from: string; to: string; kinds: readonly string[]; limit: number },
): Promise<number> {
  const { rows } = await transaction.query<{ number: number }>({
    text: 'select kernel.move_rows($1, $2, $3, $4, $5) as number',
    values: [table, from, to, kinds, limit],
  })
  return rows[0]?.number ?? 0
}

/** Two records, the resources whose references follow, and how many rows at most. */
export type Move = Two & { readonly resources: readonly string[]; readonly limit: number }

/** How many rows a move finds, counted no further than its limit: a table at a time, by its indexes. */
export async function countRows(
  transaction: Transaction,
  { tenant, from, to, resources, limit }: Move,
): Promise<number> {
  let count = 0
  for (const referring of await readReferring(transaction, ['any', ...resources])) {
    if (count >= limit) break
    const { rows } = await transaction.query<{ count: number }>({
      text: `select count(*)::integer as count from (${referringTo(referring)}) as found`,
      values: [tenant, from, to, limit - count],
    })
    count += rows[0]?.count ?? 0
  }
  return count
}

/**
 * Moves the rows that belong or refer to a record of one of `resources` or to any, from one to the other, in one
 * statement a table; no more than `limit` of a table. Deleted rows go too, so that they can be restored.
 * @returns how many living rows moved, and whether there may be more
 */
export async function moveRows(
  transaction: Transaction,
  { tenant, from, to, resources, limit }: Move,
): Promise<{ moved: number; isWhole: boolean }> {
  let moved = 0
  for (const referring of await readReferring(transaction, ['any', ...resources])) {
    const { table } = referring
    const found = referring.isRecord
      ? await moveRecords(transaction, moveOf(referring), [tenant, from, to, limit])
      : await moveKept(transaction, { table, from, to, kinds: ['any', ...resources], limit })
    moved += typeof found === 'number' ? found : found.living
    // Others have their turn in the next piece: two full ones might take longer than a transaction may.
    if ((typeof found === 'number' ? found : found.all) >= limit) return { moved, isWhole: false }
  }
  return { moved, isWhole: true }
}

async function moveRecords(transaction: Transaction, text: string, values: unknown[]) {
  const { rows } = await transaction.query<{ isLiving: boolean }>({ text, values })
  return { all: rows.length, living: rows.filter(({ isLiving }) => isLiving).length }
}

/** More than any record has. */
export const ALL = 2 ** 31 - 1

/** The same at once. @returns how many living rows moved */
export async function adoptRows(
  transaction: Transaction,
  move: Two & { resources: readonly string[] },
): Promise<number> {
  return (await moveRows(transaction, { ...move, limit: ALL })).moved
}

/** Links about the one record, or about what was merged into it, are about the other one from here on. */
export async function adoptLinks(transaction: Transaction, { from, to }: Pick<Two, 'from' | 'to'>): Promise<void> {
  await transaction.query({ text: 'select kernel.move_links($1, $2)', values: [from, to] })
}

/** Enters the merge: from here on the merged id stands for the survivor. */
export async function enterMerge(
  transaction: Transaction,
  { tenant, from, to, id, resource }: Two & { id: string; resource: string },
): Promise<void> {
  await transaction.query({
    text: 'insert into kernel.merges (tenant_id, id, resource, survivor, merged) values ($1, $2, $3, $4, $5)',
    values: [tenant, id, resource, to, from],
  })
}

/** A named fact of the kernel, told after commit. */
export async function tell(transaction: Transaction, event: string, payload: JsonObject): Promise<void> {
  await transaction.query({ text: 'select kernel.emit($1, $2)', values: [event, JSON.stringify(payload)] })
}

/** @returns the id that stands at the end of the merges of a record, or null where it was not merged */
export function compileSurvivor(place: { tenant: string; id: string; resource: string }) {
  return {
    name: 'find_survivor',
    text: `with recursive chain as (
        select id, merged_into from kernel.records where tenant_id = $1::uuid and id = $2::uuid and resource = $3
          and merged_into is not null
        union select next.id, next.merged_into from chain join kernel.records next
          on next.tenant_id = $1::uuid and next.id = chain.merged_into)
      select id from chain where merged_into is null`,
    values: [place.tenant, place.id, place.resource],
  }
}
