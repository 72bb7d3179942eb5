/** Removes everything that a plugin has ever left in a database. It cannot be undone, so it is listed first and noted after. */
import type { Client } from 'pg'
import { dropRollups, forgetDerived, quietly, type Subject } from './archive.ts'

/** Where a plugin leaves rows that bear its id, beside its tables. */
async function ownedTables(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    `select c.relname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'kernel'::regnamespace and c.relkind = 'r' and a.attname = 'plugin' and not a.attisdropped
      and c.relname not in ('facts', 'operations', 'schemas', 'migrations') order by c.relname`,
  )
  return rows.map(({ name }) => name as string)
}

async function schemaOf(client: Client, table: string): Promise<'public' | 'detached' | null> {
  const { rows } = await client.query(
    `select case when to_regclass($1) is not null then 'public' when to_regclass($2) is not null then 'detached' end as name`,
    [`public."${table}"`, `detached."${table}"`],
  )
  return rows[0].name
}

type Counts = Record<string, number>

interface Part {
  /** As the operator reads it. */
  readonly what: string
  readonly table: string
  readonly where: string
  readonly act: (where: string) => string
}

const remove = (what: string, table: string, where: string): Part => ({
  what,
  table,
  where,
  act: (condition) => `delete from ${table} where ${condition}`,
})

/** Everything but the tables themselves. The id of a plugin holds no quote. */
async function partsOf(client: Client, { plugin, own, extended }: Subject): Promise<Part[]> {
  const names = own.map(({ name }) => `'${name}'`).join(', ') || `''`
  const others = extended.map(({ name }) => `'${name}'`).join(', ') || `''`
  const values = `(before -> 'extensions' ? '${plugin}' or after -> 'extensions' ? '${plugin}')`
  const parts: Part[] = [
    {
      what: 'images of its rows in the history',
      table: 'kernel.facts',
      where: `resource in (${names}) and (before is not null or after is not null)`,
      act: (where) => `update kernel.facts set before = null, after = null, changed = '{}' where ${where}`,
    },
    {
      what: 'images of its fields in the history of others',
      table: 'kernel.facts',
      where: `resource in (${others}) and ${values}`,
      act: (where) =>
        `update kernel.facts set before = before #- '{extensions,${plugin}}', after = after #- '{extensions,${plugin}}' where ${where}`,
    },
    remove('deliveries to it', 'kernel.deliveries', `split_part(handler, '.', 1) = '${plugin}'`),
    remove('kept answers of its routes', 'kernel.answers', `route ~ '/api/${plugin}(/|$)'`),
    ...(await ownedTables(client)).map((table) =>
      remove(`rows of ${table}`, `kernel.${table}`, `plugin = '${plugin}'`),
    ),
    remove('edited lists of values', 'kernel.tenant_lists', `split_part(name, '.', 1) = '${plugin}'`),
    remove('records, with all that belongs to them', 'kernel.records', `resource in (${names})`),
  ]
  for (const { table } of extended)
    parts.unshift({
      what: `rows of ${table} with its fields`,
      table: `public."${table}"`,
      where: `(extensions ? '${plugin}' or derived ? '${plugin}')`,
      act: (where) =>
        `update public."${table}" set extensions = extensions - '${plugin}', derived = derived - '${plugin}' where ${where}`,
    })
  return parts
}

async function open(client: Client, tables: readonly string[], state: 'force' | 'no force'): Promise<void> {
  for (const table of tables) {
    const { rows } = await client.query('select relrowsecurity as secured from pg_class where oid = $1::regclass', [
      table,
    ])
    if (rows[0].secured) await client.query(`alter table ${table} ${state} row level security`)
  }
}

/** @returns what would go, with how many; only within a transaction that is rolled back or goes on to `purge` */
async function count(client: Client, subject: Subject, parts: readonly Part[]): Promise<Counts> {
  const counts: Counts = await countDependents(client, subject)
  for (const { what, table, where } of parts)
    counts[what] = (await client.query(`select count(*)::int as n from ${table} where ${where}`)).rows[0].n
  for (const { table } of subject.own) {
    const schema = await schemaOf(client, table)
    if (schema === null) continue
    const name = `${schema}."${table}"`
    await client.query(`alter table ${name} no force row level security`)
    counts[`rows of ${table}`] = (await client.query(`select count(*)::int as n from ${name}`)).rows[0].n
  }
  const archived = await archivesOf(client, subject)
  for (const table of archived)
    counts[`rows of ${table}`] = (await client.query(`select count(*)::int as n from ${table}`)).rows[0].n
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0))
}

interface Dependent {
  readonly table: string
  readonly column: string
}

/** Tables of others, whose rows go with the record that they belong to. */
async function dependentsOf(client: Client, { own }: Subject): Promise<Dependent[]> {
  const { rows } = await client.query<Dependent>(
    `select c.relname as "table", a.attname as "column" from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = any(k.conkey) and a.attname <> 'tenant_id'
      where k.contype = 'f' and k.confdeltype = 'c' and k.confrelid = 'kernel.records'::regclass
        and c.relnamespace = 'public'::regnamespace and c.relname <> all($1) order by 1, 2`,
    [own.map(({ table }) => table)],
  )
  return rows
}

/** How many rows of others go, by table: what belongs to the records, to those rows, and so on. */
async function countDependents(client: Client, subject: Subject): Promise<Counts> {
  const dependents = await dependentsOf(client, subject)
  if (dependents.length === 0) return {}
  const arms = dependents.map(
    ({ table, column }) => `select tenant_id, id, "${column}" as owner, '${table}' as "table" from public."${table}"`,
  )
  const { rows } = await client.query<{ table: string; n: number }>(
    `with recursive rows as (${arms.join(' union all ')}), gone as (
      select tenant_id, id, null::text as "table" from kernel.records where resource = any($1)
      union select r.tenant_id, r.id, r."table"::text from gone join rows r on r.tenant_id = gone.tenant_id and r.owner = gone.id)
    select "table", count(*)::int as n from gone where "table" is not null group by 1 order by 1`,
    [subject.own.map(({ name }) => name)],
  )
  return Object.fromEntries(rows.map(({ table, n }) => [`rows of ${table} that belong to them`, n]))
}

async function archivesOf(client: Client, { plugin }: Subject): Promise<string[]> {
  const { rows } = await client.query(
    `select format('detached.%I', tablename) as name from pg_tables where schemaname = 'detached' and starts_with(tablename, $1)`,
    [`${plugin}__in__`],
  )
  return rows.map(({ name }) => name as string)
}

/** Tenants that lose rows, told in their own history. */
async function tell(client: Client, plugin: string, counts: Counts): Promise<void> {
  await client.query(
    `insert into kernel.facts (tenant_id, at, event, payload, actor_kind)
      select id, now(), 'plugins.purged', jsonb_build_object('plugin', $1::text), 'system' from kernel.tenants`,
    [plugin],
  )
  await client.query(`insert into kernel.operations (operation, plugin, details) values ('purge', $1, $2)`, [
    plugin,
    JSON.stringify(counts),
  ])
}

/**
 * Within a transaction.
 * @param act false only lists
 * @returns what goes, with how many
 */
export async function purge(client: Client, subject: Subject, act: boolean): Promise<Counts> {
  const parts = await partsOf(client, subject)
  const others = (await dependentsOf(client, subject)).map(({ table }) => `public."${table}"`)
  const tables = [...parts.map(({ table }) => table), ...others, ...(act ? ['kernel.facts'] : [])]
  await open(client, [...new Set(tables)], 'no force')
  const counts = await count(client, subject, parts)
  if (!act) return counts
  const { plugin, own, extended } = subject
  await dropRollups(client, subject)
  await forgetDerived(client, subject)
  const names: string[] = []
  for (const { table } of own) {
    const schema = await schemaOf(client, table)
    if (schema) names.push(`${schema}."${table}"`)
  }
  // In one statement: they may refer to each other.
  if (names.length > 0) await client.query(`drop table ${names.join(', ')}`)
  for (const { table } of own) {
    for (const suffix of ['search', 'references'])
      await client.query(`drop function if exists public."${table}_${suffix}"()`)
  }
  for (const table of await archivesOf(client, subject)) await client.query(`drop table ${table}`)
  const plain = extended.map(({ table }) => `public."${table}"`)
  for (const part of parts) {
    const work = async () => void (await client.query(part.act(part.where)))
    await (plain.includes(part.table) ? quietly(client, part.table, work) : work())
  }
  for (const table of ['schemas', 'migrations'])
    await client.query(`delete from kernel.${table} where plugin = $1`, [plugin])
  await tell(client, plugin, counts)
  await open(client, tables, 'force')
  return counts
}
