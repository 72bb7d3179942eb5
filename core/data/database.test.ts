import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../tests/support/database.ts'
import { configFor, eventually } from '../../tests/support/harness.ts'
import { openKernel } from '../kernel.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database?.drop())

test('a kernel that is closed leaves no connection behind', async () => {
  const text = `select pid from pg_stat_activity where datname = current_database() and application_name like 'weft %'`
  const count = async () => (await database.query(text)).length
  const config = configFor(database)
  const kernel = await openKernel({ config, databaseUrl: database.ownerUrl, screen: null, report: () => {} })
  await kernel.worker.start()
  expect(await count()).toBeGreaterThan(0)
  await kernel.close()
  // The pools would give up what idles after ten seconds by themselves.
  await eventually(async () => (await count()) === 0, 'every connection is given back', 5_000)
})
