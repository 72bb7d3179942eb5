/** For authors of plugins: a new folder, and the migration between schemas and database. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StartFault } from '../fault.ts'
import { ROOT } from '../host/catalogue.ts'
import { isFreeId } from '../host/manifest.ts'
import { generate } from './generate.ts'
import { checkPlugin } from './plugin-check.ts'
import { detachPlugin, purgePlugin, restorePlugin } from './plugin-data.ts'
import { migratePlugin } from './plugin-migration.ts'
import { describeNewPlugin } from './plugin-template.ts'

async function makePlugin(id: string): Promise<void> {
  if (!isFreeId(id))
    throw new StartFault(
      `A plugin cannot be called '${id}': lower-case letters, digits and single hyphens, and no name of the kernel.`,
    )
  const folder = join(ROOT, 'plugins', id)
  if (existsSync(folder)) throw new StartFault(`There is a plugin '${id}' already.`)
  for (const [path, text] of describeNewPlugin(id)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  console.log(`Made plugins/${id}.`)
  await migratePlugin(id, [])
  await generate.run([])
  console.log('`npm start` shows it as a tab on the page of each client.')
}

const ACTIONS: Readonly<Record<string, (id: string, more: readonly string[]) => Promise<void>>> = {
  new: makePlugin,
  check: checkPlugin,
  migrate: migratePlugin,
  detach: detachPlugin,
  restore: restorePlugin,
  purge: purgePlugin,
}

export const plugin = {
  usage:
    'plugin new|detach|restore <id> | plugin check <id or folder> [--json] | plugin migrate <id> [--to <number>] [--lose-data] | plugin purge <id> [--yes]',
  summary:
    'Makes the folder of a new plugin, or writes the migration between the schemas of one and the database. What could lose data is printed, not written. With --to its migrations are taken back, or brought up, to a number; what would be lost is counted first. Check says what is wrong with a plugin, here or in any folder, before it is shipped: its manifest, schemas, names, imports and texts, and on a database made for it tables, the way down and up, serving and switches; each finding with its mend, code 1 where there is one. Detach takes the data of a plugin out of the database, restore puts it back, purge lists it and removes it for good.',
  async run([action = '', id, ...more]: readonly string[]): Promise<void> {
    const act = ACTIONS[action]
    if (!act || !id) throw new StartFault(`Usage: npm run weft -- ${plugin.usage}`)
    await act(id, more)
  },
}
