/** Makes the indexes of fields that tenants have defined, and ends. A running installation does it by itself. */
import { takeConfig } from '../config.ts'
import { openServer } from '../data/server.ts'
import { migrateDatabase } from '../host/preparation.ts'
import { Course } from './course.ts'

export const indexes = {
  usage: 'indexes',
  summary: 'Makes the indexes of fields that tenants have defined, and ends. Uses DATABASE_OWNER_URL where it is set.',
  async run(): Promise<void> {
    const { dataDir, databaseUrl, databaseOwnerUrl, secret } = takeConfig()
    const course = new Course()
    course.endOnSignal()
    const server = await course.begin(
      () => openServer({ dataDir, databaseUrl, log: () => {} }),
      (each) => each.stop(),
    )
    try {
      const ownerUrl = databaseOwnerUrl ?? server.ownerUrl
      const { applied } = await migrateDatabase({ ownerUrl, secret, described: [], indexes: true })
      console.log(applied.length > 0 ? `Made ${applied.join(', ')}.` : 'Nothing to make.')
    } catch (error) {
      return course.fail(error)
    }
    await course.end()
  },
}
