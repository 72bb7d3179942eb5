/** Before all tests: a PostgreSQL server, and one migrated database that each test file copies. */
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { openServer } from '../../core/data/server.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { accountOf, within } from './database.ts'
import { pluginFolders, SECRET } from './settings.ts'

declare module 'vitest' {
  interface ProvidedContext {
    ownerUrl: string
    template: string
    /** Where the databases of the tests lie. */
    tablespace: string | null
  }
}

interface Tablespace {
  readonly name: string | null
  remove(): Promise<void>
}

/** Where the server puts what it is told nothing about. */
const ORDINARY: Tablespace = { name: null, remove: async () => {} }

/** Below a folder of this machine, if the server runs here and may lie there. */
async function openTablespace(owner: Client, folder: string): Promise<Tablespace> {
  const location = mkdtempSync(join(folder, 'tables-'))
  const name = `weft_test_${process.pid}`
  try {
    const { uid, gid } = await accountOf(owner)
    chownSync(location, uid, gid)
    await owner.query(`create tablespace ${name} location '${location}'`)
  } catch {
    rmSync(location, { recursive: true })
    return ORDINARY
  }
  return {
    name,
    async remove() {
      const text = `select datname as name from pg_database d join pg_tablespace t on t.oid = d.dattablespace where spcname = $1`
      const left = await owner.query<{ name: string }>(text, [name])
      for (const each of left.rows) await owner.query(`drop database ${each.name} with (force)`)
      await owner.query(`drop tablespace ${name}`)
      rmSync(location, { recursive: true })
    },
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL, WEFT_TEST_TABLES } = process.env
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-test-'))
  const server = await openServer({ dataDir, databaseUrl: DATABASE_URL, log: () => {} })
  const template = `weft_template_${process.pid}`
  const owner = new Client({ connectionString: server.ownerUrl })
  await owner.connect()
  const tablespace = DATABASE_URL && WEFT_TEST_TABLES ? await openTablespace(owner, WEFT_TEST_TABLES) : ORDINARY
  await owner.query(`create database ${template} ${within(tablespace.name)}`)
  const url = new URL(server.ownerUrl)
  url.pathname = `/${template}`
  const { described, faults } = await describePlugins(pluginFolders)
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  await migrateDatabase({ ownerUrl: url.href, secret: SECRET, described })
  project.provide('ownerUrl', server.ownerUrl)
  project.provide('template', template)
  project.provide('tablespace', tablespace.name)
  return async () => {
    await owner.query(`drop database if exists ${template} with (force)`)
    await tablespace.remove()
    await owner.end()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
