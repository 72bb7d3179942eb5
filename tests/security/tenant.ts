/** What a tenant has, as one value that changes with any of it. */
import type { TestDatabase } from '../support/database.ts'

/** One hash over every row of every table that a tenant has, but for its sessions. */
export async function hashOfTenant(database: TestDatabase, tenant: string): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where n.nspname in ('public', 'kernel') and c.relkind = 'r' and c.relname <> 'sessions' order by 1`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    const [row] = await database.query<{ hash: string }>(
      `select md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as hash from ${name} t where tenant_id = $1`,
      [tenant],
    )
    parts.push(`${name} ${row?.hash}`)
  }
  return parts.join('\n')
}
