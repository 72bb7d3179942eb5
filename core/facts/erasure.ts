/** Access and erasure as SQL: the rows of a record, what is kept of them, and the one way in which it is blanked. */
import type { AccessPack, ErasureReport, JsonObject } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import type { Model } from '../resource/model.ts'
import { projectionOf } from '../resource/projection.ts'
import type { FactRow } from './history.ts'
import { quote, type RecordRow } from './merge.ts'

/** The tenant and the record. */
export interface Subject {
  readonly tenant: string
  readonly id: string
}

/** Deletes the record where it still lives, by a write like any other. */
export async function deleteRecord(transaction: Transaction, model: Model, subject: Subject): Promise<void> {
  await transaction.query({
    text: `update ${model.table} set deleted_at = statement_timestamp()
      where tenant_id = $1::uuid and id = $2::uuid and deleted_at is null`,
    values: [subject.tenant, subject.id],
  })
}

/** To be called as the kernel; PostgreSQL refuses it to a plugin. */
export async function eraseRecord(transaction: Transaction, { id }: Subject): Promise<ErasureReport> {
  const { rows } = await transaction.query<ErasureReport>({
    text: 'select rows, facts from kernel.erase($1)',
    values: [id],
  })
  return rows[0] as ErasureReport
}

interface KeptRows {
  readonly resource: string
  readonly table: string
  readonly ids: string[]
}

export async function findRows(transaction: Transaction, { id }: Subject): Promise<KeptRows[]> {
  const { rows } = await transaction.query<KeptRows>({
    text: `select resource, "table", array_agg(id order by id) as ids from kernel.rows_of($1)
      group by resource, "table" order by resource`,
    values: [id],
  })
  return rows
}

/** Parts of plugins that are gone stand beside those that a schema describes. */
const WHOLE = `row_to_json(body)::jsonb || jsonb_build_object('extensions',
  coalesce(t.extensions, '{}') || (row_to_json(body)::jsonb -> 'extensions'))`

/** @param model null for a resource whose plugin is gone: then columns are told as they are */
export async function readRows(
  transaction: Transaction,
  { tenant }: Subject,
  { table, ids }: KeptRows,
  model: Model | null,
): Promise<JsonObject[]> {
  const body = model
    ? `select ${WHOLE} as row from ${model.table} as t, lateral (select ${projectionOf(model)}) as body`
    : `select to_jsonb(t) - '{tenant_id,search_text,derived}'::text[] as row from ${quote(table)} as t`
  const { rows } = await transaction.query<{ row: JsonObject }>({
    text: `${body} where t.tenant_id = $1::uuid and t.id = any($2::uuid[]) order by t.id`,
    values: [tenant, ids],
  })
  return rows.map(({ row }) => row)
}

export async function readPast(
  transaction: Transaction,
  { tenant }: Subject,
  ids: readonly string[],
  limit: number,
): Promise<FactRow[]> {
  const { rows } = await transaction.query<FactRow>({
    text: `select id::text, kernel.iso(at) as at, event, resource, row_id, changed, before, after, actor, actor_kind, plugin
      from (select * from kernel.facts where tenant_id = $1::uuid and record_id = any($2::uuid[]) union
        select * from kernel.facts where tenant_id = $1::uuid and row_id = any($2::uuid[]) and row_id <> record_id) as facts
      order by facts.id desc limit $3`,
    values: [tenant, ids, limit],
  })
  return rows
}

type HeldWrite = AccessPack['held'][number]

/** Held writes that are about these rows, decided or not. */
export async function readHeld(
  transaction: Transaction,
  { tenant }: Subject,
  ids: readonly string[],
  limit: number,
): Promise<HeldWrite[]> {
  const { rows } = await transaction.query<HeldWrite>({
    text: `select kernel.iso(created_at) as at, state, method, route, resource, row_id as "rowId", query, body, code, reason
      from kernel.proposals where tenant_id = $1 and (row_id = any($2::uuid[]) or record_id = any($2::uuid[]))
      order by proposals.created_at desc, id limit $3`,
    values: [tenant, ids, limit],
  })
  return rows
}

/** Whether the record is one of this resource, living or deleted. */
export const isOf = (record: RecordRow | undefined, resource: string): record is RecordRow =>
  record?.resource === resource && record.merged_into === null
