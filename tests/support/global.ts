/** Before all tests: a PostgreSQL server, and one migrated database that each test file copies. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { openServer } from '../../core/data/server.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { pluginFolders, SECRET } from './settings.ts'

declare module 'vitest' {
  interface ProvidedContext {
    ownerUrl: string
    template: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-test-'))
  const server = await openServer({ dataDir, databaseUrl: process.env.DATABASE_URL, log: () => {} })
  const template = `weft_template_${process.pid}`
  const owner = new Client({ connectionString: server.ownerUrl })
  await owner.connect()
  await owner.query(`create database ${template}`)
  const url = new URL(server.ownerUrl)
  url.pathname = `/${template}`
  const { described, faults } = await describePlugins(pluginFolders)
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  await migrateDatabase({ ownerUrl: url.href, secret: SECRET, described })
  project.provide('ownerUrl', server.ownerUrl)
  project.provide('template', template)
  return async () => {
    await owner.query(`drop database if exists ${template} with (force)`)
    await owner.end()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
