/** Prepares and migrates the database, and ends. */
import { takeConfig } from '../config.ts'
import { prepare } from './preparation.ts'

export const migrate = {
  usage: 'migrate',
  summary:
    'Makes the logins, applies what is new of every plugin and what was taken back, and ends. Uses DATABASE_OWNER_URL where it is set.',
  async run(): Promise<void> {
    const { course, applied } = await prepare(takeConfig(), { migrate: true, raises: true })
    await course.end()
    console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'Nothing to apply.')
  },
}
