/**
 * Takes the data of a plugin out of the database and puts it back exactly: its tables move to a schema that no login can
 * reach, its part of other plugins' rows to tables there. Nothing is copied that can be moved; versions, times and indexes stay.
 */
import type { Client } from 'pg'
import { StartFault } from '../fault.ts'
import { derive, type RoleNames } from '../resource/derived.ts'
import { compileModels, type Described, opens } from '../resource/description.ts'
import type { Model } from '../resource/model.ts'
import { type Kept, withKept } from './schemas.ts'

/** Everything that an act on the data of one plugin has to know. */
export interface Subject {
  readonly plugin: string
  readonly description: Described
  /** Ids of the other plugins whose data is here. */
  readonly here: readonly string[]
  readonly models: readonly Model[]
  /** Its own resources. */
  readonly own: readonly Model[]
  /** Resources of others that it extends. */
  readonly extended: readonly Model[]
}

/** Plugins that require it and whose data is here. */
function requiring(plugin: string, all: readonly Described[]): string[] {
  return all.filter(({ requires }) => requires.includes(plugin)).map(({ id }) => id)
}

export const inWords = (ids: readonly string[]) => new Intl.ListFormat('en').format(ids.map((id) => `'${id}'`))

/** @throws StartFault for a plugin of which nothing is known, or that others require */
export function subjectOf(plugin: string, described: readonly Described[], kept: readonly Kept[]): Subject {
  const known = kept.find((each) => each.plugin === plugin)
  if (!known?.description) throw new StartFault(`There is no plugin '${plugin}' with data in this database.`)
  const live = described.filter(({ id }) => id !== plugin && !kept.some((each) => each.plugin === id && each.detached))
  const others = kept.filter((each) => each.plugin !== plugin)
  const here = withKept(live, others)
  const users = requiring(plugin, here)
  if (users.length > 0)
    throw new StartFault(
      `'${plugin}' cannot be taken away: ${inWords(users)} require${users.length > 1 ? '' : 's'} it, so take ${users.length > 1 ? 'those' : 'that'} away first.`,
    )
  const description = known.description
  const models = compileModels([...here, description])
  const extended = description.extensions.map(([of]) => of)
  const isTarget = ({ name }: Model) => extended.includes(name) || opens(description, name)
  return {
    plugin,
    description,
    here: here.map(({ id }) => id),
    models,
    own: models.filter((model) => model.plugin === plugin),
    extended: models.filter((model) => model.keep === 'record' && model.plugin !== plugin && isTarget(model)),
  }
}

const archiveOf = (plugin: string, { table }: Model) => `detached."${`${plugin}__in__${table}`.slice(0, 63)}"`

/** Statements on all tenants' rows that leave no fact, version or time. Only within a transaction. */
export async function quietly(client: Client, table: string, work: () => Promise<void>): Promise<void> {
  await client.query(`alter table ${table} no force row level security`)
  await client.query(`alter table ${table} disable trigger user`)
  await work()
  await client.query(`alter table ${table} enable trigger user`)
  await client.query(`alter table ${table} force row level security`)
}

const rollupsOf = ({ plugin, models }: Pick<Subject, 'plugin' | 'models'>) =>
  models.flatMap((model) =>
    [...model.fields.values()]
      .filter(({ rollup, extension }) => rollup && extension === plugin)
      .map((field) => ({
        model,
        name: `${model.table}_x_${plugin}_${field.name}`,
        child: models.find(({ name }) => name === field.rollup?.of),
      })),
  )

/** Functions that count for the plugin in tables of others, with their triggers. */
export async function dropRollups(client: Client, subject: Pick<Subject, 'plugin' | 'models'>): Promise<void> {
  for (const { name } of rollupsOf(subject)) {
    for (const signature of [`"${name}_moved"()`, `"${name}"()`, `"${name}_keep"(uuid, uuid)`])
      await client.query(`drop function if exists ${signature} cascade`)
  }
}

/** Rows of other tables that refer to the plugin's own by a foreign key. @throws StartFault naming the tables */
async function assertFree(client: Client, { plugin, own }: Subject): Promise<void> {
  const { rows } = await client.query(
    `select distinct k.conrelid::regclass::text as name from pg_constraint k join pg_class c on c.oid = k.confrelid
      join pg_class r on r.oid = k.conrelid
      where k.contype = 'f' and c.relname = any($1) and c.relnamespace = 'public'::regnamespace and r.relname <> all($1)`,
    [own.map(({ table }) => table)],
  )
  if (rows.length > 0)
    throw new StartFault(
      `'${plugin}' cannot be taken away: ${rows.map(({ name }) => name).join(', ')} refers to its rows.`,
    )
}

async function countRows(client: Client, tables: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of tables) counts[table] = (await client.query(`select count(*)::int as n from ${table}`)).rows[0].n
  return counts
}

/** What migrate derives is made anew when the tables are back. */
export async function forgetDerived(client: Client, { own }: Subject): Promise<void> {
  const tables = own.map(({ table }) => table)
  for (const { view } of own) await client.query(`drop view if exists public."${view}"`)
  await client.query('delete from kernel.derived where "table" = any($1)', [tables])
  await client.query('delete from kernel.record_references where "table" = any($1)', [tables])
}

/** @returns how many rows are in which table of the archive */
export async function detach(client: Client, subject: Subject): Promise<Record<string, number>> {
  const { plugin, own, extended } = subject
  await assertFree(client, subject)
  await client.query('create schema if not exists detached')
  const counts: Record<string, number> = {}
  for (const model of extended) {
    const archive = archiveOf(plugin, model)
    await quietly(client, `public."${model.table}"`, async () => {
      await client.query(`create table ${archive} as select tenant_id, id, extensions -> '${plugin}' as value,
        derived -> '${plugin}' as derived from public."${model.table}" where extensions ? '${plugin}' or derived ? '${plugin}'`)
      await client.query(`alter table ${archive} add primary key (tenant_id, id)`)
      await client.query(`update public."${model.table}" set extensions = extensions - '${plugin}', derived = derived - '${plugin}'
        where extensions ? '${plugin}' or derived ? '${plugin}'`)
    })
    Object.assign(counts, await countRows(client, [archive]))
  }
  await dropRollups(client, subject)
  await forgetDerived(client, subject)
  for (const { table } of own) {
    await quietly(client, `public."${table}"`, async () => {
      Object.assign(counts, { [table]: (await countRows(client, [`public."${table}"`]))[`public."${table}"`] })
    })
    await client.query(`alter table public."${table}" set schema detached`)
  }
  await client.query('update kernel.schemas set detached_at = now() where plugin = $1', [plugin])
  return counts
}

/** References to records that were merged meanwhile lead to the survivor. @returns how many were moved */
export async function followMerges(client: Client, { own }: Pick<Subject, 'own'>, roles: RoleNames): Promise<number> {
  let moved = 0
  for (const { table, references } of derive(own, roles)) {
    for (const { column } of references) {
      await quietly(client, `public."${table}"`, async () => {
        // A survivor may have been merged in its turn.
        for (let count = 1; count > 0; moved += count) {
          const { rowCount } = await client.query(
            `update public."${table}" t set "${column}" = r.merged_into from kernel.records r
              where r.tenant_id = t.tenant_id and r.id = t."${column}" and r.merged_into is not null`,
          )
          count = rowCount ?? 0
        }
      })
    }
  }
  return moved
}

async function putBack(client: Client, plugin: string, model: Model): Promise<{ gone: number; merged: number }> {
  const archive = archiveOf(plugin, model)
  const found = { gone: 0, merged: 0 }
  await quietly(client, `public."${model.table}"`, async () => {
    const gone = await client.query(`select count(*)::int as n from ${archive} a where not exists
      (select from public."${model.table}" t where t.tenant_id = a.tenant_id and t.id = a.id)`)
    found.gone = gone.rows[0].n
    for (const column of ['extensions', 'derived'])
      await client.query(`update public."${model.table}" t
        set ${column} = t.${column} || jsonb_build_object('${plugin}', a.${column === 'derived' ? 'derived' : 'value'})
        from ${archive} a where a.tenant_id = t.tenant_id and a.id = t.id
          and a.${column === 'derived' ? 'derived' : 'value'} is not null`)
    const merged = await client.query(`update public."${model.table}" s
      set extensions = s.extensions || jsonb_build_object('${plugin}', a.value)
      from ${archive} a join kernel.records r on r.tenant_id = a.tenant_id and r.id = a.id
      where s.tenant_id = a.tenant_id and s.id = r.merged_into and a.value is not null and not s.extensions ? '${plugin}'`)
    found.merged = merged.rowCount ?? 0
  })
  return found
}

export interface Restored {
  /** Rows that are back, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that went meanwhile with the record that they belonged to, or whose record is gone. */
  readonly gone: number
  /** References and values that follow a merge that happened meanwhile. */
  readonly merged: number
}

/**
 * @param before how many rows each table had when it was detached
 * @throws StartFault where a plugin that it requires is not here
 */
export async function restore(
  client: Client,
  subject: Subject,
  context: { roles: RoleNames; before: Readonly<Record<string, number>> },
): Promise<Restored> {
  const { plugin, own, extended, description, here } = subject
  const missing = description.requires.filter((id) => !here.includes(id))
  if (missing.length > 0) throw new StartFault(`'${plugin}' cannot be restored before ${inWords(missing)}.`)
  let [gone, merged] = [0, 0]
  const rows: Record<string, number> = {}
  await client.query('alter table kernel.records no force row level security')
  for (const { table } of own) {
    await client.query(`alter table detached."${table}" set schema public`)
    await quietly(client, `public."${table}"`, async () => {
      rows[table] = (await countRows(client, [`public."${table}"`]))[`public."${table}"`] as number
    })
    gone += (context.before[table] ?? rows[table] ?? 0) - (rows[table] ?? 0)
  }
  for (const model of extended) {
    const found = await putBack(client, plugin, model)
    gone += found.gone
    merged += found.merged
    await client.query(`drop table ${archiveOf(plugin, model)}`)
  }
  merged += await followMerges(client, subject, context.roles)
  await client.query('alter table kernel.records force row level security')
  await client.query('update kernel.schemas set detached_at = null where plugin = $1', [plugin])
  return { rows, gone, merged }
}

/** Counts anew what changed meanwhile in the rows that are counted. Rows of which nothing was counted stay as they are. */
export async function recount(client: Client, subject: Pick<Subject, 'plugin' | 'models'>): Promise<void> {
  for (const { model, name, child } of rollupsOf(subject)) {
    if (!child?.owner) continue
    const rows = `public."${child.table}"`
    await client.query(`alter table ${rows} no force row level security`)
    await quietly(client, `public."${model.table}"`, async () => {
      await client.query(
        `select "${name}_keep"(t.tenant_id, t.id) from public."${model.table}" t where t.derived ? '${subject.plugin}'
          or exists (select from ${rows} c where c.tenant_id = t.tenant_id and c.${child.owner?.sql} = t.id)`,
      )
    })
    await client.query(`alter table ${rows} force row level security`)
  }
}
