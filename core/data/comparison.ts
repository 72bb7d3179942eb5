/** Compares a plugin's resources with the database and writes the migration between them. */
import { MikroORM } from '@mikro-orm/postgresql'
import { Client } from 'pg'
import { entityOf, recordsEntity } from '../resource/entity.ts'
import { judgeStatements, quotedValues, type Verdict } from '../resource/judge.ts'
import type { Model } from '../resource/model.ts'

/** Objects that each migrate makes anew from the schemas; the comparator does not know them. */
const DERIVED = /"(reader|write_search|keep_\w+|\w+_x_\w+)"|\b(write_search|keep_\w+)\b|_read"/

function concerns(statement: string, tables: readonly string[]): boolean {
  return (
    tables.some((table) => statement.includes(`"${table}"`)) &&
    !DERIVED.test(statement) &&
    !/"kernel"\."/.test(statement.replace(/references "kernel"\."records"/, ''))
  )
}

async function readEnums(url: string): Promise<Map<string, string[]>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(
      `select conname, pg_get_constraintdef(oid) as text from pg_constraint where contype = 'c' and conname like '%\\_enum'`,
    )
    return new Map(rows.map((row) => [row.conname as string, quotedValues(row.text as string)]))
  } finally {
    await client.end()
  }
}

export interface Difference extends Verdict {
  /** The way back of what passed; empty where something was refused, because it would take that back, too. */
  readonly back: readonly string[]
}

const split = (sql: string) =>
  sql
    .split(/;\s*\n/)
    .map((text) => text.trim().replace(/;$/, ''))
    .filter(Boolean)

/** With a table goes all that is its own. Nothing of others goes along, so what stands in the way is told. */
function shorten(statements: readonly string[]): string[] {
  const gone = statements.flatMap((each) => /^drop table if exists ("\w+")/.exec(each)?.[1] ?? [])
  return statements
    .filter((each) => !each.startsWith('drop function'))
    .filter(
      (each) =>
        !gone.some((table) => each.includes(`on ${table}`) || each.startsWith(`drop index ${table.slice(0, -1)}`)),
    )
    .map((each) => each.replace(/^drop table if exists ("\w+") cascade$/, 'drop table $1'))
}

/** @param models every resource of the installation; the statements are those of `plugin` alone */
export async function compare(url: string, models: readonly Model[], plugin: string): Promise<Difference> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [
      recordsEntity,
      ...models.map((model) => entityOf(model, (name) => models.find((m) => m.name === name)?.table ?? name)),
    ],
    ensureDatabase: false,
  })
  try {
    const { up, down } = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false })
    const tables = models.filter((model) => model.plugin === plugin).map((model) => model.table)
    const ours = (sql: string) => split(sql).filter((statement) => concerns(statement, tables))
    const verdict = judgeStatements(ours(up), await readEnums(url))
    return { ...verdict, back: verdict.refused.length > 0 ? [] : shorten(ours(down)) }
  } finally {
    await orm.close()
  }
}
