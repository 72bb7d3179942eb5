/** What every command needs first: configuration, a database server, migrations. */
import type { Config } from '../config.ts'
import { openServer } from '../data/server.ts'
import { printFaults } from '../host/judgement.ts'
import { describePlugins, migrateDatabase } from '../host/preparation.ts'
import { Course } from './course.ts'

export interface Prepared {
  /** Ends the server, and what the command begins after it. */
  readonly course: Course
  /** Where the logins of a running server connect. */
  readonly databaseUrl: string
  readonly applied: readonly string[]
}

/** @throws StartFault */
export async function prepare(config: Config, options: { migrate: boolean }): Promise<Prepared> {
  const course = new Course()
  course.endOnSignal()
  const { dataDir, databaseUrl } = config
  const server = await course.begin(
    () => openServer({ dataDir, databaseUrl, log: console.log }),
    (each) => each.stop(),
  )
  try {
    const ownerUrl = config.databaseOwnerUrl ?? server.ownerUrl
    const migrating = () => (options.migrate ? migrateAll(config, ownerUrl) : Promise.resolve([]))
    const applied = await course.begin(migrating, async () => {})
    return { course, databaseUrl: databaseUrl ?? server.ownerUrl, applied }
  } catch (error) {
    return course.fail(error)
  }
}

async function migrateAll(config: Config, ownerUrl: string): Promise<string[]> {
  const { described, faults } = await describePlugins(config.plugins)
  if (faults.length > 0) console.error(printFaults(faults))
  const visitor = config.databaseUrl ? decodeURIComponent(new URL(config.databaseUrl).username) : ''
  return migrateDatabase({ ownerUrl, secret: config.secret, visitor, described })
}
