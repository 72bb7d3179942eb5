/** What every command needs first: configuration, a database server, migrations. */
import type { Config } from '../config.ts'
import { openServer } from '../data/server.ts'
import { printFaults } from '../host/judgement.ts'
import type { Fault } from '../host/manifest.ts'
import { migrateDatabase } from '../host/preparation.ts'
import { faultOf } from '../host/reason.ts'
import { describePlugins } from '../host/trial.ts'
import { Course } from './course.ts'

export interface Prepared {
  /** Ends the server, and what the command begins after it. */
  readonly course: Course
  /** Where the logins of a running server connect. */
  readonly databaseUrl: string
  readonly applied: readonly string[]
  /** Why plugins are left out. */
  readonly faults: readonly Fault[]
}

/**
 * The plugins are tried in any case, because what would block or end this process must not be loaded in it. Where a process
 * before this one has done all that, `tried` is what it found.
 * @param options.raises whether plugins are brought up whose migrations were taken back
 * @throws StartFault
 */
export async function prepare(
  config: Config,
  options: { migrate: boolean; raises?: boolean; tried?: readonly Fault[] | null },
): Promise<Prepared> {
  const course = new Course()
  course.endOnSignal()
  const { dataDir, databaseUrl } = config
  const server = await course.begin(
    () => openServer({ dataDir, databaseUrl, log: console.log }),
    (each) => each.stop(),
  )
  try {
    const ownerUrl = config.databaseOwnerUrl ?? server.ownerUrl
    const readying = async () =>
      options.tried
        ? { applied: [], faults: options.tried }
        : ready(config, options.migrate ? ownerUrl : null, options.raises)
    const done = await course.begin(readying, async () => {})
    return { course, databaseUrl: databaseUrl ?? server.ownerUrl, ...done }
  } catch (error) {
    return course.fail(error)
  }
}

async function ready(
  config: Config,
  ownerUrl: string | null,
  raises = false,
): Promise<Pick<Prepared, 'applied' | 'faults'>> {
  const { described, faults } = await describePlugins(config.plugins)
  const visitor = config.databaseUrl ? decodeURIComponent(new URL(config.databaseUrl).username) : ''
  const { applied, refused } = ownerUrl
    ? await migrateDatabase({ ownerUrl, secret: config.secret, visitor, described, raises })
    : { applied: [], refused: [] }
  const all = [...faults, ...refused.map(({ plugin, reason }) => faultOf(plugin, reason))]
  if (all.length > 0) console.error(printFaults(all))
  return { applied, faults: all }
}
