/** What a database is, without its rows, and what its rows are, as texts that can be compared. */
import { createHash } from 'node:crypto'

interface Asked {
  query<R>(text: string, values?: unknown[]): Promise<R[]>
}

const SCHEMAS = `('public', 'kernel', 'detached')`
const IN = `n.nspname in ${SCHEMAS} and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`
const CLASS = 'pg_class c join pg_namespace n on n.oid = c.relnamespace'

const PARTS = [
  `select 'table', n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
    (select array_agg(acl::text order by acl::text) from unnest(c.relacl) acl)::text from ${CLASS} where ${IN} and c.relkind in ('r', 'v')`,
  `select 'column', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl::text,
    pg_get_expr(d.adbin, d.adrelid) from ${CLASS} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where ${IN} and c.relkind in ('r', 'v')`,
  `select 'index', n.nspname, c.relname, pg_get_indexdef(c.oid) from ${CLASS} where ${IN} and c.relkind = 'i'`,
  `select 'view', n.nspname, c.relname, pg_get_viewdef(c.oid), c.relowner::regrole::text from ${CLASS} where ${IN} and c.relkind = 'v'`,
  `select 'constraint', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid) from ${CLASS} join pg_constraint k on k.conrelid = c.oid where ${IN}`,
  `select 'trigger', n.nspname, c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) from ${CLASS} join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal where ${IN}`,
  `select 'policy', schemaname, tablename, policyname, roles::text, cmd, qual, with_check from pg_policies where schemaname in ${SCHEMAS}`,
  `select 'statistics', n.nspname, c.stxname, pg_get_statisticsobjdef(c.oid) from pg_statistic_ext c join pg_namespace n on n.oid = c.stxnamespace where ${IN}`,
  `select 'function', n.nspname, c.proname, pg_get_functiondef(c.oid), c.proacl::text from pg_proc c join pg_namespace n on n.oid = c.pronamespace where ${IN} and c.prokind = 'f'`,
]

/** Every object with its definition, a line each. */
export async function readCatalogue(database: Asked): Promise<string[]> {
  const lines: string[] = []
  for (const text of PARTS) {
    const rows = await database.query<{ line: string }>(`select to_jsonb(x)::text as line from (${text}) as x`)
    lines.push(...rows.map(({ line }) => line))
  }
  return lines.toSorted()
}

/**
 * @param except tables that are not looked at, as `kernel.sessions`
 * @param columns that are not looked at in any table
 * @returns a hash of the rows of each table
 */
export async function hashTables(
  database: Asked,
  except: readonly string[],
  columns: readonly string[] = [],
): Promise<Record<string, string>> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ${SCHEMAS} order by 1`,
  )
  const hashes: Record<string, string> = {}
  for (const { name } of tables.filter((table) => !except.includes(table.name))) {
    const rows = await database.query<{ line: string }>(
      `select (to_jsonb(t) - $1::text[])::text as line from ${name} t`,
      [columns],
    )
    const lines = rows.map(({ line }) => line).toSorted()
    hashes[name] = `${lines.length} ${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)}`
  }
  return hashes
}
