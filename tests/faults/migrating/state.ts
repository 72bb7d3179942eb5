/** What a database is when everything is in it, without what says when something was done. */
import { hashTables, readCatalogue } from '../../../core/data/catalogue.ts'
import type { TestDatabase } from '../../support/database.ts'

/** Made anew by each who migrates, from schemas alone. */
const DERIVED = ['derived', 'record_references', 'kept_tables', 'personal_fields', 'resource_tables'].map(
  (table) => `kernel.${table}`,
)
/** Their rows say when something was done, or how far somebody has read. */
const TIMES = [
  'kernel.migrations',
  'kernel.schemas',
  'kernel.installation',
  'kernel.operations',
  'kernel.relay',
  'kernel.field_indexes',
  'kernel.tenant_plugins',
  'kernel.sessions',
]
const PARTS = {
  migrations: `select format('%s/%s %s', plugin, name, checksum) from kernel.migrations`,
  plugins: `select format('%s %s %s %s %s', plugin, version, description, refused, held_at) from kernel.schemas`,
  indexes: `select format('%s %s', name, made_at is not null) from kernel.field_indexes`,
  installations: `select fingerprint from kernel.installation`,
  queue: `select format('%s %s %s', c.relname, c.relkind, (select array_agg(acl::text order by acl::text) from unnest(c.relacl) acl))
    from pg_class c where c.relnamespace = 'bullmq'::regnamespace`,
  settings: `select format('%s %s', s.setrole::regrole, s.setconfig) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
    where d.datname = current_database()`,
  schemas: `select format('%s %s', nspname, (select array_agg(acl::text order by acl::text) from unnest(nspacl) acl)) from pg_namespace
    where nspname in ('public', 'kernel', 'bullmq')`,
}

export interface State {
  readonly catalogue: readonly string[]
  readonly parts: Readonly<Record<string, readonly string[]>>
  /** A hash of the rows of each table. */
  readonly rows: Readonly<Record<string, string>>
  /** The same of the rows of people and of plugins, without what is made anew from schemas. */
  readonly kept: Readonly<Record<string, string>>
}

export async function readState(database: TestDatabase): Promise<State> {
  const parts: Record<string, string[]> = {}
  for (const [part, text] of Object.entries(PARTS)) {
    const lines = await database.query<{ line: string }>(`select line from (${text}) as x (line)`)
    parts[part] = lines.map(({ line }) => line).toSorted()
  }
  const rows = await hashTables(database, TIMES)
  const kept = await hashTables(database, [...TIMES, ...DERIVED], ['search_text'])
  return { catalogue: await readCatalogue(database), parts, rows, kept }
}
