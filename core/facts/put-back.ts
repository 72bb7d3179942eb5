/** What a task has changed, put back fact by fact, the newest first: whichever plugin the rows are of, on, off or gone. */
import type { Transaction } from '../data/database.ts'
import { KEPT } from '../resource/derived.ts'
import { quote } from './merge.ts'

export interface TaskPlace {
  readonly tenant: string
  readonly task: string
}

/** What one resource's rows have become by a stretch of a task's facts. */
export interface ChangedTable {
  readonly resource: string
  /** Null where the rows and their plugin are gone for good. */
  readonly table: string | null
  readonly columns: readonly string[]
}

/** A stretch of facts, by their numbers. */
export interface Stretch {
  readonly from: string
  readonly to: string
}

/** What to write to a row so that it is as before; null where it has changed since. */
export interface PutBack {
  readonly id: string
  readonly patch: string | null
}

/** A merge or an adoption within the task, which bears an id of its own. */
export const NESTED = 'tasks.nested'

/** How many facts of rows a task has, and the acts within it that must be undone by themselves before. */
export async function readExtent(
  transaction: Transaction,
  { tenant, task }: TaskPlace,
): Promise<{ facts: number; nested: string[] }> {
  const { rows } = await transaction.query<{ facts: number; nested: string[] }>({
    text: `select (count(*) filter (where row_id is not null))::integer as facts,
        coalesce(array_agg(payload ->> 'act') filter (where event = '${NESTED}' and not exists (select 1
          from kernel.merges m where m.tenant_id = $1 and m.id = (payload ->> 'act')::uuid and unmerged_at is not null)), '{}') as nested
      from kernel.facts where tenant_id = $1 and task = $2`,
    values: [tenant, task],
  })
  return rows[0] ?? { facts: 0, nested: [] }
}

/** The next facts before a number, the newest first; null when there is none left. */
export async function readStretch(
  transaction: Transaction,
  { tenant, task }: TaskPlace,
  at: { before: string | null; limit: number },
): Promise<Stretch | null> {
  const { rows } = await transaction.query<{ from: string | null; to: string }>({
    text: `select min(id)::text as "from", max(id)::text as "to" from (select id from kernel.facts
      where tenant_id = $1 and task = $2 and row_id is not null and ($3::bigint is null or id < $3)
      order by id desc limit $4) as stretch`,
    values: [tenant, task, at.before, at.limit],
  })
  const [row] = rows
  return row?.from ? { from: row.from, to: row.to } : null
}

const WITHIN = `tenant_id = $1::uuid and task = $2::uuid and id between $3::bigint and $4::bigint and row_id is not null`

/** The tables of a stretch. `tableFor` names that of a resource, whether its plugin is there or not. */
export async function readTables(
  transaction: Transaction,
  { tenant, task }: TaskPlace,
  { from, to, tableFor }: Stretch & { tableFor: (resource: string) => string },
): Promise<ChangedTable[]> {
  const { rows: changed } = await transaction.query<{ resource: string }>({
    text: `select distinct resource from kernel.facts where ${WITHIN} order by resource`,
    values: [tenant, task, from, to],
  })
  const tables: ChangedTable[] = []
  for (const { resource } of changed) {
    const table = tableFor(resource)
    const { rows } = await transaction.query<{ name: string }>({
      text: `select attname::text as name from pg_attribute where attrelid = to_regclass(format('public.%I', $1::text))
        and attnum > 0 and not attisdropped and attname <> all($2::text[]) order by attnum`,
      values: [table, ['tenant_id', 'id', ...KEPT]],
    })
    tables.push({ resource, table: rows.length > 0 ? table : null, columns: rows.map(({ name }) => name) })
  }
  return tables
}

/**
 * Rows of one table that are no longer as the task left them in a stretch of its facts, and rows that are gone. Columns
 * that came later say nothing of a change.
 */
export async function findChangedWithin(
  transaction: Transaction,
  { tenant, task }: TaskPlace,
  { from, to, resource, table, columns, but }: Stretch & ChangedTable & { but: readonly string[] },
): Promise<string[]> {
  if (table === null) return []
  const { rows } = await transaction.query<{ id: string }>({
    text: `with images as materialized (select row_id as id, (array_agg(after order by id desc))[1] as after
        from kernel.facts where ${WITHIN} and resource = $5 and row_id <> all($7::uuid[]) group by row_id)
      select images.id from images left join lateral (select to_jsonb(t) as image from ${quote(table)} t
        where tenant_id = $1::uuid and id = images.id) as present on true
      where present.image is null or exists (select 1 from jsonb_each(images.after)
        where key = any($6::text[]) and value is distinct from present.image -> key)`,
    values: [tenant, task, from, to, resource, columns, but],
  })
  return rows.map(({ id }) => id)
}

/** Locks the rows of one table in the order of their ids, and says what to write to each. */
export async function planPutBack(
  transaction: Transaction,
  { tenant, task }: TaskPlace,
  { from, to, resource, table, columns }: Stretch & ChangedTable,
): Promise<PutBack[]> {
  const images = `select row_id as id, (array_agg(before order by id))[1] as before,
      (array_agg(after order by id desc))[1] as after
    from kernel.facts where ${WITHIN} and resource = $5 group by row_id order by row_id`
  if (table === null) {
    const { rows } = await transaction.query<PutBack>({
      text: `select id, null as patch from (${images}) as images`,
      values: [tenant, task, from, to, resource],
    })
    return rows
  }
  const { rows } = await transaction.query<PutBack>({
    text: `with images as materialized (${images})
      select images.id, kernel.put_back(present.image, images.before, images.after, $6::text[])::text as patch
      from images left join lateral (select to_jsonb(t) as image from ${quote(table)} t
        where tenant_id = $1::uuid and id = images.id for update) present on true`,
    values: [tenant, task, from, to, resource, columns],
  })
  return rows
}

export async function writePutBack(
  transaction: Transaction,
  tenant: string,
  { table, columns }: { table: string; columns: readonly string[] },
  rows: readonly PutBack[],
): Promise<void> {
  const names = columns.map(quote).join(', ')
  await transaction.query({
    text: `update ${quote(table)} as t set (${names}) = (select ${names} from jsonb_populate_record(t, put.patch))
      from unnest($2::uuid[], $3::jsonb[]) as put (id, patch) where t.tenant_id = $1::uuid and t.id = put.id`,
    values: [tenant, rows.map(({ id }) => id), rows.map(({ patch }) => patch)],
  })
}
