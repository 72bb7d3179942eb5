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

/** @param models every resource of the installation; the statements are those of `plugin` alone */
export async function compare(url: string, models: readonly Model[], plugin: string): Promise<Verdict> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [
      recordsEntity,
      ...models.map((model) => entityOf(model, (name) => models.find((m) => m.name === name)?.table ?? name)),
    ],
    ensureDatabase: false,
  })
  try {
    const sql = await orm.schema.getUpdateSchemaSQL({ wrap: false })
    const tables = models.filter((model) => model.plugin === plugin).map((model) => model.table)
    const statements = sql
      .split(/;\s*\n/)
      .map((text) => text.trim().replace(/;$/, ''))
      .filter(Boolean)
    return judgeStatements(
      statements.filter((statement) => concerns(statement, tables)),
      await readEnums(url),
    )
  } finally {
    await orm.close()
  }
}
