/** Applies the migrations of the kernel and of each plugin, and what the engine derives from their schemas. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'pg'
import { reasonOf, StartFault } from '../fault.ts'
import type { Derived, RoleNames } from '../resource/derived.ts'
import type { Run } from './database.ts'
import { deriveAll, inTransaction, keepAll } from './derivation.ts'
import type { Cause } from './schemas.ts'

export interface MigrationFolder {
  readonly plugin: string
  readonly folder: string
  /** The kernel's own: when it fails nothing starts. */
  readonly isKernel: boolean
  readonly requires: readonly string[]
}

/** A file that is no more what was applied. */
class ChangedMigration extends StartFault {
  readonly migration: string

  constructor(migration: string) {
    super(`The migration ${migration} was changed after it had been applied.`)
    this.migration = migration
  }
}

export interface MigrationFile {
  readonly name: string
  readonly text: string
  readonly checksum: string
  /** Its way back, `<name>.down.sql`; null where there is none. */
  readonly down: string | null
}

/** Of `0002_change`; 0 of nothing. */
export const numberOf = (name: string | undefined): number => Number(name?.slice(0, 4) ?? 0)

/** In their order. */
export function readFolder({ folder }: MigrationFolder): MigrationFile[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
    .sort()
  return names.map((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    const name = file.replace(/\.sql$/, '')
    const back = join(folder, `${name}.down.sql`)
    const down = existsSync(back) ? readFileSync(back, 'utf8') : null
    return { name, text, checksum: createHash('sha256').update(text).digest('hex'), down }
  })
}

/** One that was applied, by a newer version, after the last that is here. */
async function findAhead(client: Client, source: MigrationFolder): Promise<string | null> {
  const last = numberOf(readFolder(source).at(-1)?.name)
  const text = 'select name from kernel.migrations where plugin = $1 order by name desc limit 1'
  const { rows } = await client.query(text, [source.plugin])
  return numberOf(rows[0]?.name) > last ? rows[0].name : null
}

/** @throws StartFault where a newer Weft has prepared the database */
async function applyOwn(client: Client, source: MigrationFolder): Promise<string[]> {
  const ahead = await findAhead(client, source)
  if (ahead) throw newerFault(`${source.plugin}/${ahead}`)
  return applyFolder(client, source)
}

const newerFault = (migration: string): StartFault =>
  new StartFault(`A newer Weft has prepared the database: its migration ${migration} is not here. Start that one.`)

/** @throws StartFault where a newer Weft has prepared the database */
export async function assertNotAhead(run: Run, folder: string): Promise<void> {
  const text = `select max(name) as name from kernel.migrations where plugin = 'kernel'`
  const [newest] = (await run<{ name: string }>({ text })).rows
  const last = readFolder({ plugin: 'kernel', folder, isKernel: true, requires: [] }).at(-1)
  if (newest && numberOf(newest.name) > numberOf(last?.name)) throw newerFault(`kernel/${newest.name}`)
}

/** @param to the number of the last one to apply */
export async function applyFolder(client: Client, source: MigrationFolder, to = Infinity): Promise<string[]> {
  const { rows } = await client.query('select name, checksum from kernel.migrations where plugin = $1', [source.plugin])
  const applied = new Map(rows.map((row) => [row.name as string, row.checksum as string]))
  const done: string[] = []
  for (const file of readFolder(source).filter(({ name }) => numberOf(name) <= to)) {
    const known = applied.get(file.name)
    if (known === file.checksum) continue
    if (known) throw new ChangedMigration(`${source.plugin}/${file.name}`)
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

export interface Migration {
  readonly folders: readonly MigrationFolder[]
  /**
   * What follows from the schemas of the resources whose tables are there. Of a plugin that is refused the schemas count
   * with which it was last migrated.
   */
  readonly derive: (tables: ReadonlySet<string>, refused: ReadonlySet<string>) => readonly Derived[]
  readonly roles: RoleNames
  /** SQL of the kernel's grants, made anew each time. */
  readonly grants: string
}

/** The reason with what PostgreSQL says of the place: which statement of which file. */
export function explain(error: unknown): string {
  const { detail, position } = error as { detail?: string; position?: string }
  const more = [detail, position && `at character ${position}`].filter(Boolean).join(', ')
  return `${reasonOf(error)}${more ? ` (${more})` : ''}`
}

/** Why plugins are left as they were, by id. */
export type Refused = Map<string, Cause>

function refuse(
  plugin: string,
  reason: Cause,
  { folders, refused }: { folders: Migration['folders']; refused: Refused },
) {
  if (refused.has(plugin)) return
  refused.set(plugin, reason)
  refuseUsers(plugin, reason, { folders, refused })
}

function refuseUsers(plugin: string, because: Cause, { folders, refused }: Parameters<typeof refuse>[2]): void {
  for (const { plugin: other, requires } of folders)
    if (requires.includes(plugin))
      refuse(other, { code: 'requires_left_out', params: { other: plugin, because } }, { folders, refused })
}

const causeOf = (error: unknown): Cause =>
  error instanceof ChangedMigration
    ? { code: 'migration_changed', params: { migration: error.migration } }
    : { code: 'migration_fails', params: { error: explain(error) } }

async function applyAll(client: Client, folders: readonly MigrationFolder[], refused: Refused): Promise<string[]> {
  const done: string[] = []
  for (const folder of folders) {
    if (refused.has(folder.plugin)) continue
    const ahead = folder.isKernel ? null : await findAhead(client, folder)
    if (ahead) {
      refuse(folder.plugin, { code: 'ahead', params: { migration: ahead } }, { folders, refused })
      continue
    }
    try {
      const apply = folder.isKernel ? applyOwn : applyFolder
      done.push(...(await inTransaction(client, () => apply(client, folder))))
    } catch (error) {
      if (folder.isKernel) throw error
      refuse(folder.plugin, causeOf(error), { folders, refused })
    }
  }
  return done
}

const AGAIN_MS = 100

/** Runs under the lock of all that changes the schema of a database. @returns null where somebody else holds it */
export async function ifUnlocked<T>(client: Client, work: () => Promise<T>): Promise<T | null> {
  const { rows } = await client.query(`select pg_try_advisory_lock(hashtext('weft migrate')) as mine`)
  if (!rows[0].mine) return null
  try {
    return await work()
  } finally {
    await client.query(`select pg_advisory_unlock(hashtext('weft migrate'))`)
  }
}

/**
 * The same, as soon as it is free. It is asked for again and again: a statement that waited would be one that an index
 * which is built meanwhile waits for.
 * @param isWanted asked before it begins: what nobody waits for any more is not done later, after other orders
 * @throws StartFault where it is not wanted any more
 */
export async function underLock<T>(client: Client, work: () => Promise<T>, isWanted: () => boolean): Promise<T> {
  for (;;) {
    if (!isWanted()) throw new StartFault('Whoever has ordered this is gone.')
    const done = await ifUnlocked(client, async () => ({ value: await work() }))
    if (done) return done.value
    await pause(AGAIN_MS)
  }
}

/** The kernel's own tables, before anything of a plugin. @returns the names of the files applied now */
export async function migrateKernel(client: Client, folder: string): Promise<string[]> {
  await client.query(`create table if not exists kernel.migrations (plugin text, name text, checksum text not null,
    applied_at timestamptz(3) not null default now(), primary key (plugin, name))`)
  await client.query(`create table if not exists kernel.derived ("table" text primary key, hash text not null,
    search_hash text not null)`)
  return inTransaction(client, () => applyOwn(client, { plugin: 'kernel', folder, isKernel: true, requires: [] }))
}

/**
 * Runs in one transaction for each plugin, so that a failed one leaves the others whole: it is entered in `refused` with
 * those that require it.
 * @returns the names of the files applied now, as `plugin/name`
 * @throws Error for what is the kernel's own
 */
export async function migrate(client: Client, migration: Migration, refused: Refused): Promise<string[]> {
  const { folders, roles, grants } = migration
  // Whoever requires a plugin that is left out from the start is left out with it.
  for (const [plugin, reason] of refused) refuseUsers(plugin, reason, { folders, refused })
  const done = await applyAll(client, folders, refused)
  const { rows } = await client.query(`select tablename from pg_tables where schemaname = 'public'`)
  const tables = new Set(rows.map(({ tablename }) => tablename as string))
  const all = await deriveAll(client, {
    roles,
    derive: (without) => migration.derive(tables, new Set([...refused.keys(), ...without])),
    refuse: (plugin, error) =>
      refuse(plugin, { code: 'schemas_fail', params: { error: explain(error) } }, { folders, refused }),
  })
  await inTransaction(client, () => keepAll(client, all))
  await inTransaction(client, () => client.query(grants))
  return done
}
