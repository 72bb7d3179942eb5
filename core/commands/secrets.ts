/** Looks after the keys of the secrets, also beside a running server. */
import { takeConfig } from '../config.ts'
import { openDatabase } from '../data/database.ts'
import { wrappingKeyOf } from '../data/roles.ts'
import { StartFault } from '../fault.ts'
import { DataKeys } from '../secrets/keys.ts'
import { rotateSecrets } from '../secrets/rotation.ts'
import { Secrets } from '../secrets/secrets.ts'
import { prepare } from './preparation.ts'

async function rotate(): Promise<void> {
  const config = takeConfig()
  const { course, databaseUrl } = await prepare(config, { migrate: true })
  try {
    const open = () => openDatabase(databaseUrl, config.secret, config.databaseConnections)
    const { database } = await course.begin(open, (each) => each.database.close())
    const keys = new DataKeys(database, wrappingKeyOf(config.secret))
    const count = await rotateSecrets({ database, keys, secrets: new Secrets(database, keys) })
    console.log(`Secrets encrypted with a new key: ${count}.`)
  } catch (error) {
    return course.fail(error)
  }
  await course.end()
}

export const secrets = {
  usage: 'secrets rotate',
  summary: 'Makes a new key and encrypts every secret with it, beside a running server too; ended early, run it again.',
  async run([action, ...rest]: readonly string[]): Promise<void> {
    if (action !== 'rotate' || rest.length > 0) throw new StartFault(`Usage: npm run weft -- ${secrets.usage}`)
    await rotate()
  },
}
