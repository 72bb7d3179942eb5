/** The kit's stage over a copy of the tests' database. */
import { openStage, type Stage, type StageOptions } from '../../core/commands/conformance/stage.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { configFor } from '../support/harness.ts'

export interface TestStage extends Stage {
  readonly database: TestDatabase
}

export interface Trial {
  /** Folders of plugins in place of those of the tests. */
  readonly plugins?: readonly string[]
  readonly doctor?: StageOptions['doctor']
  /** Makes the tables of plugins that the template does not have. */
  readonly prepare?: (database: TestDatabase) => Promise<void>
}

export async function openTestStage({ plugins, doctor, prepare }: Trial = {}): Promise<TestStage> {
  const database = await createTestDatabase()
  await prepare?.(database)
  const config = { ...configFor(database), ...(plugins ? { plugins } : {}) }
  const stage = await openStage({
    config,
    databaseUrl: database.ownerUrl,
    query: (text, values) => database.query(text, values),
    ...(doctor ? { doctor } : {}),
  })
  return {
    ...stage,
    database,
    async close() {
      await stage.close()
      await database.drop()
    },
  }
}
