/** A merge undone from its facts: rows are put back by their images, whichever plugin they are of. */
import type { Transaction } from '../data/database.ts'
import { KEPT } from '../resource/derived.ts'
import type { Model } from '../resource/model.ts'
import { quote } from './merge.ts'

export interface MergeRow {
  readonly id: string
  readonly survivor: string
  readonly merged: string
  readonly unmerged_at: Date | null
  /** The task that still moves its rows, there or back. */
  readonly moving: string | null
}

/** What has only looked so far, and has failed, has left nothing half done. */
const UNDER_WAY = `(t.state in ('waiting', 'running') or (t.state = 'failed' and t.cursor ->> 'phase' <> 'check'))`

/** The task that moves rows to this record, or back to it; null where there is none. The record is locked. */
export async function findMoving(transaction: Transaction, at: { tenant: string; id: string }): Promise<string | null> {
  const { rows } = await transaction.query<{ id: string }>({
    text: `select t.id from kernel.merges m join kernel.tasks t on t.tenant_id = m.tenant_id and t.id = m.moving
      where m.tenant_id = $1 and m.moving is not null and (m.survivor = $2 or m.merged = $2) and ${UNDER_WAY} limit 1`,
    values: [at.tenant, at.id],
  })
  return rows[0]?.id ?? null
}

/** How many rows an unmerge has to put back, counted no further than `limit`. The two records are among them. */
export async function countMoved(transaction: Transaction, { tenant, id }: Task, limit: number): Promise<number> {
  const { rows } = await transaction.query<{ count: number }>({
    text: `select (select count(*) from (select 1 from kernel.facts where tenant_id = $1 and task = $2
        and row_id is not null limit $3) as told)::integer
      + kernel.count_moved($2) as count`,
    values: [tenant, id, limit],
  })
  return rows[0]?.count ?? 0
}

/** The kernel's task that moves the rows, whoever's code has asked for it. */
export async function beginMoving(
  transaction: Transaction,
  at: { merge: string; task: string; name: 'merge' | 'unmerge'; total: number; cursor: object },
): Promise<void> {
  await transaction.query({
    text: 'select kernel.begin_moving($1, $2, $3, $4, $5)',
    values: [at.merge, at.task, at.name, at.total, JSON.stringify(at.cursor)],
  })
}

/** All rows are where they belong. */
export async function endMoving(transaction: Transaction, { id }: Pick<Task, 'id'>): Promise<void> {
  await transaction.query({ text: 'select kernel.end_moving($1)', values: [id] })
}

export async function findMerge(
  transaction: Transaction,
  place: { tenant: string; id: string; resource: string },
): Promise<MergeRow | null> {
  const { rows } = await transaction.query<MergeRow>({
    text: `select id, survivor, merged, unmerged_at, (select t.id from kernel.tasks t where t.tenant_id = m.tenant_id
        and t.id = m.moving and ${UNDER_WAY}) as moving
      from kernel.merges m where tenant_id = $1 and id = $2 and resource = $3`,
    values: [place.tenant, place.id, place.resource],
  })
  return rows[0] ?? null
}

/** A table that the task has changed, with the columns that a put-back writes. */
export interface ChangedTable {
  readonly table: string
  readonly resource: string
  readonly columns: readonly string[]
}

export interface Task {
  readonly tenant: string
  readonly id: string
}

/** Tables whose plugin and rows are gone for good are left out: there is nothing to put back. */
export async function readChangedTables(transaction: Transaction, task: Task, model: Model): Promise<ChangedTable[]> {
  const { rows } = await transaction.query<ChangedTable>({
    text: `select "table", resource, array_agg(attname::text order by attnum) as columns from (
        select distinct resource, case when resource = $3 then $4 else (select "table" from kernel.record_references r
          where r.resource = facts.resource limit 1) end as "table"
        from kernel.facts where tenant_id = $1 and task = $2 and row_id is not null) changed
      join pg_attribute on attrelid = to_regclass(format('public.%I', "table")) and attnum > 0 and not attisdropped
        and attname <> all($5::text[])
      group by "table", resource order by "table"`,
    values: [task.tenant, task.id, model.name, model.table, ['tenant_id', 'id', ...KEPT]],
  })
  return rows
}

/** What the task has made of each row of a resource: its image before the first and after the last change. */
const IMAGES = `select distinct on (row_id) row_id as id, first_value(before) over changes as before,
    last_value(after) over changes as after
  from kernel.facts where tenant_id = $1::uuid and task = $2::uuid and resource = $3 and row_id is not null
  window changes as (partition by row_id order by id rows between unbounded preceding and unbounded following)`

/**
 * Rows of one table that are no longer as the task left them, and rows that are gone. Those that are there are locked.
 * Columns that came later say nothing of a change.
 * @param only which rows are looked at; null for all
 */
export async function findChanged(
  transaction: Transaction,
  task: Task,
  changed: ChangedTable,
  only: readonly string[] | null = null,
): Promise<string[]> {
  const { rows } = await transaction.query<{ id: string }>({
    // Row by row, in the order of the ids: whatever PostgreSQL expects of the facts, it looks each row up by its key.
    text: `with images as materialized (select * from (${IMAGES}) as told where $5::uuid[] is null or id = any($5::uuid[])
        order by id)
      select images.id from images left join lateral (select to_jsonb(t) as image from ${quote(changed.table)} t
        where tenant_id = $1::uuid and id = images.id for update) as present on true
      where present.image is null or exists (select 1 from jsonb_each(images.after)
        where key = any($4::text[]) and value is distinct from present.image -> key)`,
    values: [task.tenant, task.id, changed.resource, changed.columns, only],
  })
  return rows.map(({ id }) => id)
}

/**
 * Whether a row that the merge itself left alone has changed since: the first fact of others after the first of the merge
 * tells how it stood then. Rows may have moved for long after that.
 */
export async function hasMovedOn(
  transaction: Transaction,
  task: Task,
  at: { model: Model; columns: readonly string[]; id: string },
): Promise<boolean> {
  const branch = (condition: string) =>
    `(select id, before from kernel.facts where tenant_id = $1::uuid and row_id = $3::uuid and ${condition}
      and task is distinct from $2::uuid
      and id > (select min(id) from kernel.facts where tenant_id = $1::uuid and task = $2::uuid) order by id limit 1)`
  const { rows } = await transaction.query({
    text: `select 1 from (select before from (${branch('record_id = $3::uuid')} union all
        ${branch('row_id <> record_id')}) as later order by id limit 1) as later, ${quote(at.model.table)} t
      where t.tenant_id = $1::uuid and t.id = $3::uuid and exists (select 1 from jsonb_each(later.before)
        where key = any($4::text[]) and value is distinct from to_jsonb(t) -> key)`,
    values: [task.tenant, task.id, at.id, at.columns],
  })
  return rows.length > 0
}

/** Writes the images back: of `only` some rows, or of all `but` some. @returns how many living rows it has written */
export async function putBack(
  transaction: Transaction,
  task: Task,
  { table, resource, columns, only, but }: ChangedTable & { only: readonly string[] | null; but: readonly string[] },
): Promise<number> {
  const names = columns.map(quote).join(', ')
  const { rows } = await transaction.query<{ isLiving: boolean }>({
    text: `with images as materialized (${IMAGES})
      update ${quote(table)} as t set (${names}) = (select ${names} from jsonb_populate_record(t, images.before))
      from images where t.tenant_id = $1::uuid and t.id = images.id and ($4::uuid[] is null or t.id = any($4::uuid[]))
        and t.id <> all($5::uuid[])
      returning t.deleted_at is null as "isLiving"`,
    values: [task.tenant, task.id, resource, only, but],
  })
  return rows.filter(({ isLiving }) => isLiving).length
}

/** Moves back the rows of which no fact tells, so many pieces of them or all. @returns how many */
export async function moveBack(transaction: Transaction, { id }: Task, pieces: number | null = null): Promise<number> {
  const { rows } = await transaction.query<{ number: number }>({
    text: 'select kernel.move_back($1, $2) as number',
    values: [id, pieces],
  })
  return rows[0]?.number ?? 0
}

/** Whether there are rows left of which no fact tells. */
export async function hasKept(transaction: Transaction, { id }: Task): Promise<boolean> {
  const { rows } = await transaction.query<{ count: number }>({
    text: 'select kernel.count_moved($1) as count',
    values: [id],
  })
  return (rows[0]?.count ?? 0) > 0
}

/** From here on the id that was merged away stands for itself again, and has its links again. */
export async function endMerge(transaction: Transaction, { tenant, id }: Task): Promise<void> {
  await transaction.query({
    text: 'update kernel.merges set unmerged_at = statement_timestamp() where tenant_id = $1 and id = $2',
    values: [tenant, id],
  })
  await transaction.query({ text: 'select kernel.return_links($1)', values: [id] })
}
