/**
 * Takes the migrations of one plugin back to a number, or up to it. What would be lost is counted first, by comparing the rows
 * before and after, whatever the statements say.
 */
import type { Client } from 'pg'
import { StartFault } from '../fault.ts'
import { compileModels, type Described } from '../resource/description.ts'
import { dropRollups, followMerges, inWords, recount, type Subject } from './archive.ts'
import { inTransaction } from './derivation.ts'
import { applyFolder, explain, type MigrationFile, numberOf, readFolder } from './migration.ts'
import { type Cause, type Kept, withKept } from './schemas.ts'
import type { RoleNames } from '../resource/derived.ts'

export interface Step {
  readonly plugin: string
  /** The number of the last migration that is to stand; 0 for none. */
  readonly to: number
  /** Whether rows and values may go. */
  readonly losesData: boolean
}
export interface Stepped {
  readonly applied: readonly string[]
  /** The latest first. */
  readonly takenBack: readonly string[]
  /** How many rows or values went, by table or column. */
  readonly lost: Readonly<Record<string, number>>
  /** Where it stays below its last migration: why it is left out. */
  readonly held: Cause | null
}

interface Place extends Pick<Subject, 'plugin' | 'own' | 'models'> {
  readonly isKernel: boolean
  readonly folder: string
  readonly files: readonly MigrationFile[]
}

const padded = (number: number) => String(number).padStart(4, '0')

/** Why a plugin that stands below its last migration is left out. */
export const heldCause = (at: number): Cause => ({ code: 'taken_back', params: { to: padded(at) } })

/** Ids of plugins whose tables stand on those of this one. */
export function standingOn({ id, isKernel, resources }: Described, others: readonly Described[]): string[] {
  const names = new Set(resources.map(({ name }) => name))
  const refersTo = (each: Described) =>
    each.extensions.some(([of]) => names.has(of)) ||
    each.resources.some(({ schema }) =>
      Object.values((schema.properties ?? {}) as Record<string, { 'x-ref'?: string }>).some((field) =>
        names.has(field['x-ref'] ?? ''),
      ),
    )
  const isOn = (each: Described) => each.requires.includes(id) || (isKernel && refersTo(each))
  return others.filter(isOn).map((each) => each.id)
}

/** @throws StartFault for a plugin that is not here, is detached, or carries others */
function placeOf(plugin: string, described: readonly Described[], kept: readonly Kept[]): Place {
  const mine = described.find(({ id }) => id === plugin)
  if (!mine) throw new StartFault(`There is no plugin '${plugin}'.`)
  const away = kept.filter(({ detached, held }) => detached || held !== null).map((each) => each.plugin)
  const known = kept.find((each) => each.plugin === plugin)
  if (known?.detached) throw new StartFault(`'${plugin}' is detached: restore it first.`)
  const live = described.filter(({ id }) => id !== plugin && !away.includes(id))
  const others = withKept(
    live,
    kept.filter((each) => each.plugin !== plugin && each.held === null),
  )
  const users = standingOn(mine, others)
  if (users.length > 0)
    throw new StartFault(
      `The migrations of '${plugin}' cannot be changed while ${inWords(users)} ${users.length > 1 ? 'stand' : 'stands'} on it: take ${users.length > 1 ? 'those' : 'that'} back or away first.`,
    )
  // What the engine has derived follows from the schemas as they were when they were last brought in.
  const models = compileModels([...others, known?.description ?? mine])
  const folder = { plugin, folder: `${mine.dir}/migrations`, isKernel: mine.isKernel, requires: mine.requires }
  return {
    plugin,
    isKernel: mine.isKernel,
    folder: folder.folder,
    files: readFolder(folder),
    models,
    own: models.filter((model) => model.plugin === plugin),
  }
}

/** Numbers of what is applied, the latest first. @throws StartFault where the files are not those that were applied */
async function readApplied(client: Client, { plugin, files }: Place): Promise<MigrationFile[]> {
  const { rows } = await client.query(
    'select name, checksum from kernel.migrations where plugin = $1 order by name desc',
    [plugin],
  )
  return rows.map(({ name, checksum }) => {
    const file = files.find((each) => each.name === name)
    if (!file) throw new StartFault(`The migration ${plugin}/${name} was applied, and its file is not here.`)
    if (file.checksum !== checksum)
      throw new StartFault(`The migration ${plugin}/${name} was changed after it had been applied.`)
    return file
  })
}

type Counts = Map<string, number>

/** The tables that bear the plugin's id, whatever its schemas say now. */
async function tablesOf(client: Client, { plugin, isKernel, own }: Place): Promise<string[]> {
  const prefix = `${plugin.replaceAll('-', '_')}__`
  const { rows } = await client.query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
      and (starts_with(relname, $1) or relname = any($2)) order by relname`,
    [isKernel ? null : prefix, own.map(({ table }) => table)],
  )
  return rows.map(({ name }) => name as string)
}

/** Tables whose rows go with the records that they belong to. */
async function dependents(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `select distinct c.relname as name from pg_constraint k join pg_class c on c.oid = k.conrelid
      where k.contype = 'f' and k.confdeltype = 'c' and k.confrelid = 'kernel.records'::regclass
      and c.relnamespace = 'public'::regnamespace order by 1`,
  )
  return rows.map(({ name }) => name as string)
}

/** Rows by table, and values that are there by `table.column`. */
async function count(client: Client, tables: readonly string[]): Promise<Counts> {
  const counts: Counts = new Map()
  for (const table of tables) {
    const { rows: columns } = await client.query(
      `select attname as name from pg_attribute where attrelid = to_regclass(format('public.%I', $1::text)) and attnum > 0
        and not attisdropped`,
      [table],
    )
    if (columns.length === 0) continue
    const sums = columns.map(({ name }) => `count("${name}")::int`).join(', ')
    await client.query(`alter table public."${table}" no force row level security`)
    const text = `select count(*)::int as rows, array[${sums}] as values from public."${table}"`
    const { rows, values } = (await client.query(text)).rows[0] as { rows: number; values: number[] }
    await client.query(`alter table public."${table}" force row level security`)
    counts.set(table, rows)
    columns.forEach(({ name }, i) => counts.set(`${table}.${name}`, values[i] as number))
  }
  return counts
}

/** Of a row that went its values are not told as well. */
function lossOf(before: Counts, after: Counts): Record<string, number> {
  const lost: Record<string, number> = {}
  for (const [what, number] of before) {
    const [table, column] = what.split('.') as [string, string?]
    const gone = number - (after.get(what) ?? 0)
    const rows = lost[`rows of ${table}`] ?? 0
    if (column === undefined && gone > 0) lost[`rows of ${table}`] = gone
    if (column !== undefined && rows === 0 && gone > 0) lost[`values of ${table}.${column}`] = gone
  }
  return lost
}

/** What migrate makes anew, and what stands in the way of a change of the table. */
async function dropDerived(client: Client, place: Place): Promise<void> {
  await dropRollups(client, place)
  for (const { table, view } of place.own) {
    await client.query(`drop view if exists public."${view}"`)
    for (const suffix of ['search', 'references'])
      await client.query(`drop function if exists public."${table}_${suffix}"() cascade`)
  }
  await client.query('delete from kernel.derived where "table" = any($1)', [place.own.map(({ table }) => table)])
}

/** Records of tables that are gone, and where rows refer to others in columns that are gone. */
async function sweep(client: Client, { own }: Place): Promise<void> {
  const known = `to_regclass(format('public.%I', t."table"))`
  await client.query(
    `delete from kernel.record_references t where t."table" = any($1) and not exists (select from pg_attribute a
      where a.attrelid = ${known} and a.attname = t."column" and not a.attisdropped)`,
    [own.map(({ table }) => table)],
  )
  await client.query('alter table kernel.records no force row level security')
  for (const { table, name } of own)
    await client.query(
      `delete from kernel.records where resource = $2 and to_regclass(format('public.%I', $1::text)) is null`,
      [table, name],
    )
  await client.query('alter table kernel.records force row level security')
}

/** @throws StartFault where a file has no way back, or its way back fails */
async function takeBack(client: Client, { plugin, folder }: Place, { name, down }: MigrationFile): Promise<void> {
  if (down === null)
    throw new StartFault(`The migration ${plugin}/${name} has no way back: ${folder}/${name}.down.sql is not there.`)
  await client.query(down).catch((error: unknown) => {
    throw new StartFault(`The way back of ${plugin}/${name} fails: ${explain(error)}.`)
  })
  await client.query('delete from kernel.migrations where plugin = $1 and name = $2', [plugin, name])
}

const list = (lost: Readonly<Record<string, number>>) =>
  new Intl.ListFormat('en').format(Object.entries(lost).map(([what, n]) => `${n} ${what}`))

async function goDown(client: Client, place: Place, files: readonly MigrationFile[], { to, losesData }: Step) {
  const tables = [...new Set([...(await tablesOf(client, place)), ...(await dependents(client))])]
  const before = await count(client, tables)
  await dropDerived(client, place)
  for (const file of files) await takeBack(client, place, file)
  await sweep(client, place)
  const lost = lossOf(before, await count(client, tables))
  if (Object.keys(lost).length > 0 && !losesData)
    throw new StartFault(
      `'${place.plugin}' would lose ${list(lost)}: npm run weft -- plugin migrate ${place.plugin} --to ${to} --lose-data does it all the same.`,
    )
  return lost
}

/**
 * In one transaction.
 * @param context.onHeld ends it where the plugin stays below its last migration
 * @throws StartFault for a number that there is not, a way back that is missing, and what would be lost without leave
 */
export async function step(
  client: Client,
  order: Step,
  context: { described: readonly Described[]; kept: readonly Kept[]; onHeld: () => Promise<unknown> },
): Promise<Stepped> {
  const { plugin, to } = order
  const place = placeOf(plugin, context.described, context.kept)
  const last = numberOf(place.files.at(-1)?.name)
  if (to > last)
    throw new StartFault(`The last migration of '${plugin}' is ${padded(last)}: there is no ${padded(to)}.`)
  const held = to < last ? heldCause(to) : null
  return inTransaction(client, async () => {
    const standing = await readApplied(client, place)
    const at = numberOf(standing[0]?.name)
    if (at === to) throw new StartFault(`'${plugin}' is at ${padded(to)} already.`)
    const back = standing.filter(({ name }) => numberOf(name) > to)
    const lost = await goDown(client, place, back, order)
    const source = { plugin, folder: place.folder, isKernel: false, requires: [] }
    const applied = await applyFolder(client, source, to)
    if (held)
      await client.query(
        `insert into kernel.schemas (plugin, held_at, refused) select $1, $2, $3 where not $4
          on conflict (plugin) do update set held_at = excluded.held_at, refused = excluded.refused, description = null`,
        [plugin, to, JSON.stringify(held), place.isKernel],
      )
    const takenBack = back.map(({ name }) => `${plugin}/${name}`)
    const details = JSON.stringify({ from: at, to, lost })
    await client.query(`insert into kernel.operations (operation, plugin, details) values ('step', $1, $2)`, [
      plugin,
      details,
    ])
    if (held) await context.onHeld()
    return { applied, takenBack, lost, held }
  })
}

/** What happened to the records of a plugin while it stood below its last migration. */
export async function catchUp(
  client: Client,
  plugin: string,
  { described, roles }: { described: readonly Described[]; roles: RoleNames },
): Promise<void> {
  const models = compileModels(described)
  const subject = { plugin, models, own: models.filter((model) => model.plugin === plugin) }
  await inTransaction(client, async () => {
    await followMerges(client, subject, roles)
    await recount(client, subject)
  })
}
