/** Where a tenant's words may stand in the database. */

/** Every table of the kernel, of plugins and of the queue, by its quoted name. */
export async function listTables(query: <R>(text: string) => Promise<R[]>): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'kernel', 'bullmq') and c.relkind = 'r' order by 1`,
  )
  return rows.map(({ name }) => name)
}
