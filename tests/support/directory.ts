/** The directory of tenants and users over a database of its own, as the kernel's own login sees it. */
import { type Database, openDatabase } from '../../core/data/database.ts'
import { createTestDatabase } from './database.ts'
import { SECRET } from './settings.ts'

export interface Directory {
  readonly database: Database
  /** For what a test arranges behind the back of the code. */
  run<R = Record<string, unknown>>(text: string, values?: unknown[]): Promise<R[]>
  close(): Promise<void>
}

export async function openDirectory(): Promise<Directory> {
  const own = await createTestDatabase()
  const { database } = await openDatabase(own.ownerUrl, SECRET, 12)
  return {
    database,
    run: own.query,
    async close() {
      await database.close()
      await own.drop()
    },
  }
}
