/** Applies the migrations of the kernel and of each plugin, and what the engine derives from their schemas. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { StartFault } from '../fault.ts'
import type { Derived, RoleNames } from '../resource/derived.ts'

export interface MigrationFolder {
  readonly plugin: string
  readonly folder: string
}

interface MigrationFile {
  readonly name: string
  readonly text: string
  readonly checksum: string
}

function readFolder({ folder }: MigrationFolder): MigrationFile[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
    .sort()
  return names.map((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return { name: name.replace(/\.sql$/, ''), text, checksum: createHash('sha256').update(text).digest('hex') }
  })
}

async function applyFolder(client: Client, source: MigrationFolder): Promise<string[]> {
  const { rows } = await client.query('select name, checksum from kernel.migrations where plugin = $1', [source.plugin])
  const applied = new Map(rows.map((row) => [row.name as string, row.checksum as string]))
  const done: string[] = []
  for (const file of readFolder(source)) {
    const known = applied.get(file.name)
    if (known === file.checksum) continue
    if (known)
      throw new StartFault(`The migration ${source.plugin}/${file.name} was changed after it had been applied.`)
    await client.query(file.text)
    await client.query('insert into kernel.migrations (plugin, name, checksum) values ($1, $2, $3)', [
      source.plugin,
      file.name,
      file.checksum,
    ])
    done.push(`${source.plugin}/${file.name}`)
  }
  return done
}

async function inTransaction<T>(client: Client, run: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await run()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

async function applyDerived(client: Client, derived: Derived, roles: RoleNames): Promise<void> {
  const { rows } = await client.query('select hash, search_hash from kernel.derived where "table" = $1', [
    derived.table,
  ])
  const view = await client.query('select to_regclass($1) as view', [derived.view])
  if (rows[0]?.hash === derived.hash && view.rows[0].view) return
  await client.query(`grant create on schema public to ${roles.reader}`)
  for (const statement of derived.statements) await client.query(statement)
  await client.query(`revoke create on schema public from ${roles.reader}`)
  await replaceIndexes(client, derived)
  if (rows[0] && rows[0].search_hash !== derived.searchHash) {
    for (const statement of derived.searchBackfill) await client.query(statement)
  }
  await client.query(
    `insert into kernel.derived ("table", hash, search_hash) values ($1, $2, $3)
     on conflict ("table") do update set hash = excluded.hash, search_hash = excluded.search_hash`,
    [derived.table, derived.hash, derived.searchHash],
  )
}

async function replaceIndexes(client: Client, { table, indexes }: Derived): Promise<void> {
  const { rows } = await client.query(
    `select indexname from pg_indexes where schemaname = 'public' and tablename = $1 and starts_with(indexname, $2)`,
    [table, `${table}_x_`],
  )
  const wanted = new Set(indexes.map(({ name }) => name))
  for (const { indexname } of rows) if (!wanted.has(indexname)) await client.query(`drop index "${indexname}"`)
  const known = await client.query('select stxname from pg_statistic_ext where stxrelid = $1::regclass', [table])
  for (const { stxname } of known.rows) if (!wanted.has(stxname)) await client.query(`drop statistics "${stxname}"`)
  for (const { text, statistics } of indexes) {
    await client.query(text)
    if (statistics) await client.query(statistics)
  }
  await client.query(`analyze "${table}"`)
}

/** Those of tables whose plugin is gone stay as they are. */
async function keepReferences(client: Client, all: readonly Derived[]): Promise<void> {
  await client.query('delete from kernel.record_references where "table" = any($1)', [all.map(({ table }) => table)])
  for (const { table, resource, references } of all) {
    for (const { column, refersTo, isOwner } of references) {
      await client.query('insert into kernel.record_references values ($1, $2, $3, $4, $5)', [
        table,
        column,
        resource,
        refersTo,
        isOwner,
      ])
    }
  }
}

export interface Migration {
  readonly folders: readonly MigrationFolder[]
  /** What follows from the schemas of the resources whose tables are there. */
  readonly derive: (tables: ReadonlySet<string>) => readonly Derived[]
  readonly roles: RoleNames
  /** SQL of the kernel's grants, made anew each time. */
  readonly grants: string
}

/**
 * Runs under a lock, one transaction for each plugin, so that a failed one leaves the others whole.
 * @returns the names of the files applied now, as `plugin/name`
 * @throws StartFault for a file that changed after it had been applied
 */
export async function migrate(client: Client, migration: Migration): Promise<string[]> {
  await client.query(`select pg_advisory_lock(hashtext('weft migrate'))`)
  try {
    await client.query(`create table if not exists kernel.migrations (plugin text, name text, checksum text not null,
      applied_at timestamptz(3) not null default now(), primary key (plugin, name))`)
    await client.query(`create table if not exists kernel.derived ("table" text primary key, hash text not null,
      search_hash text not null)`)
    const done: string[] = []
    for (const folder of migration.folders) {
      done.push(...(await inTransaction(client, () => applyFolder(client, folder))))
    }
    const { rows } = await client.query(`select tablename from pg_tables where schemaname = 'public'`)
    const all = migration.derive(new Set(rows.map(({ tablename }) => tablename as string)))
    for (const derived of all) await inTransaction(client, () => applyDerived(client, derived, migration.roles))
    await inTransaction(client, () => keepReferences(client, all))
    await inTransaction(client, () => client.query(migration.grants))
    return done
  } finally {
    await client.query(`select pg_advisory_unlock(hashtext('weft migrate'))`)
  }
}
