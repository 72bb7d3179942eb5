/** Brings what the engine derives from schemas into the database, and finds out whose schema does not fit. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'pg'
import type { Derived, RoleNames } from '../resource/derived.ts'

/** What fails because others read and write meanwhile: serialization, a deadlock, a lock that is not to be had. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set(['40001', '40P01', '55P03'])
const MAX_ATTEMPTS = 10
const PAUSE_MS = 100

/** A table may be in use while it is changed: a transaction that has lost begins anew. */
async function again<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !OF_THE_MOMENT.has((error as { code?: string }).code ?? '')) throw error
      await pause(Math.random() * PAUSE_MS * attempt)
    }
  }
}

/** @param run is run anew where the transaction has lost against others */
export const inTransaction = <T>(client: Client, run: () => Promise<T>): Promise<T> =>
  again(async () => {
    await client.query('begin')
    try {
      const result = await run()
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback')
      throw error
    }
  })

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
  const known = await client.query(
    'select stxname from pg_statistic_ext where stxrelid = $1::regclass and starts_with(stxname, $2)',
    [table, `${table}_x_`],
  )
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

/** The first that cannot be applied, with the error; those before it are in the database. */
async function applyEach(client: Client, all: readonly Derived[], roles: RoleNames) {
  for (const derived of all) {
    try {
      await inTransaction(client, () => applyDerived(client, derived, roles))
    } catch (error) {
      return { derived, error }
    }
  }
  return null
}

/** Runs what must leave nothing behind. */
export const undone = <T>(client: Client, work: () => Promise<T>): Promise<T> =>
  again(async () => {
    await client.query('begin')
    try {
      return await work()
    } finally {
      await client.query('rollback')
    }
  })

const wouldApply = (client: Client, derived: Derived, roles: RoleNames): Promise<boolean> =>
  undone(client, () => applyDerived(client, derived, roles)).then(
    () => true,
    () => false,
  )

/** What follows from the schemas where those of some plugins are left out. */
export type Derive = (without: readonly string[]) => readonly Derived[]

/**
 * @param refuse is told of a plugin whose schemas do not fit, and why; what is derived without it is applied
 * @throws Error where it is nobody's but the kernel's
 */
export async function deriveAll(
  client: Client,
  means: { derive: Derive; roles: RoleNames; refuse: (plugin: string, error: unknown) => void },
): Promise<readonly Derived[]> {
  const { derive, roles, refuse } = means
  const tried = new Set<string>()
  for (let all = derive([]); ; all = derive([])) {
    const failed = await applyEach(client, all, roles)
    if (!failed) return all
    const { derived, error } = failed
    let culprit = derived.isKernel ? null : derived.plugin
    for (const suspect of derived.extending) {
      const other = derive([suspect]).find(({ table }) => table === derived.table)
      if (other && (await wouldApply(client, other, roles))) culprit = suspect
    }
    if (culprit === null || tried.has(culprit)) throw error
    tried.add(culprit)
    refuse(culprit, error)
  }
}

/** Which tables hold no records, and how long; those of plugins that are gone stay. */
async function keepKinds(client: Client, all: readonly Derived[]): Promise<void> {
  await client.query('delete from kernel.kept_tables where "table" = any($1) or resource = any($2)', [
    all.map(({ table }) => table),
    all.map(({ resource }) => resource),
  ])
  for (const { table, resource, keep, days } of all.filter((each) => each.keep !== 'record'))
    await client.query('insert into kernel.kept_tables values ($1, $2, $3, $4)', [table, resource, keep, days])
}

/** What stands in a part of a plugin that is gone stays personal. */
async function keepPersonal(client: Client, { table, resource, personal }: Derived): Promise<void> {
  await client.query('delete from kernel.resource_tables where resource = $1 or "table" = $2', [resource, table])
  await client.query('insert into kernel.resource_tables values ($1, $2)', [resource, table])
  const present = personal.flatMap(({ path }) => (path.length > 1 ? [path[1]] : []))
  await client.query(
    `delete from kernel.personal_fields where "table" = $1 and (cardinality(path) = 1 or path[2] = any($2))`,
    [table, present],
  )
  for (const { path, body } of personal)
    await client.query('insert into kernel.personal_fields values ($1, $2, $3, $4)', [table, resource, path, body])
}

/** What is read of all of them elsewhere in the kernel. Only within a transaction. */
export async function keepAll(client: Client, all: readonly Derived[]): Promise<void> {
  await keepReferences(client, all)
  await keepKinds(client, all)
  for (const derived of all) await keepPersonal(client, derived)
}

/** Of tables that are there again. Only within a transaction. */
export async function deriveAnew(client: Client, all: readonly Derived[], roles: RoleNames): Promise<void> {
  for (const derived of all) await applyDerived(client, derived, roles)
  await keepAll(client, all)
}
