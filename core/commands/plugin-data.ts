/** What can be done with the data of a plugin: taken out, put back, removed for good. */
import { takeConfig } from '../config.ts'
import { StartFault } from '../fault.ts'
import { type ActResult, type DataAct, migrateDatabase } from '../host/preparation.ts'
import { describePlugins } from '../host/trial.ts'
import { prepare } from './preparation.ts'

async function act(order: DataAct): Promise<ActResult> {
  const config = takeConfig()
  const { course, databaseUrl } = await prepare(config, { migrate: true })
  try {
    const { described } = await describePlugins(config.plugins)
    const ownerUrl = config.databaseOwnerUrl ?? databaseUrl
    const { result } = await migrateDatabase({ ownerUrl, secret: config.secret, described, act: order })
    return result as ActResult
  } finally {
    await course.end()
  }
}

const listOf = ({ rows }: ActResult) =>
  Object.entries(rows)
    .map(([what, n]) => `  ${n} ${what}`)
    .join('\n')

export async function detachPlugin(plugin: string): Promise<void> {
  const result = await act({ act: 'detach', plugin })
  console.log(
    `The data of '${plugin}' is detached:\n${listOf(result)}\nnpm run weft -- plugin restore ${plugin} puts it back.`,
  )
}

export async function restorePlugin(plugin: string): Promise<void> {
  const result = await act({ act: 'restore', plugin })
  console.log(`The data of '${plugin}' is back:\n${listOf(result)}`)
  if (result.gone > 0) console.log(`  ${result.gone} rows went meanwhile with the records that they belonged to`)
  if (result.merged > 0) console.log(`  ${result.merged} rows or values follow records that were merged meanwhile`)
}

export async function purgePlugin(plugin: string, [word]: readonly string[]): Promise<void> {
  if (word !== undefined && word !== '--yes')
    throw new StartFault(`Usage: npm run weft -- plugin purge ${plugin} [--yes]`)
  const result = await act({ act: word === '--yes' ? 'purge' : 'list', plugin })
  if (word === '--yes') return console.log(`The data of '${plugin}' is removed:\n${listOf(result)}`)
  console.log(`This would remove for good, of every tenant:\n${listOf(result)}\nSay it with --yes to do so.`)
}
