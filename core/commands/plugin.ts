/** For authors of plugins: a new folder, and the migration between schemas and database. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { takeConfig } from '../config.ts'
import { compare } from '../data/comparison.ts'
import { StartFault } from '../fault.ts'
import { printFaults } from '../host/judgement.ts'
import { describePlugins } from '../host/preparation.ts'
import { compileModels } from '../resource/description.ts'
import { ROOT } from '../host/catalogue.ts'
import { isFreeId } from '../host/manifest.ts'
import { generate } from './generate.ts'
import { describeNewPlugin } from './plugin-template.ts'
import { prepare } from './preparation.ts'

function nextName(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const last = readdirSync(folder)
    .filter((name) => /^\d{4}_/.test(name))
    .sort()
    .at(-1)
  const number = String(Number(last?.slice(0, 4) ?? 0) + 1).padStart(4, '0')
  return `${number}_${last ? 'change' : 'init'}.sql`
}

async function writeMigration(id: string): Promise<void> {
  const config = takeConfig()
  const { described, faults } = await describePlugins(config.plugins)
  if (faults.length > 0) throw new StartFault(printFaults(faults))
  const plugin = described.find((each) => each.id === id)
  if (!plugin) throw new StartFault(`There is no plugin '${id}'.`)
  const { course, databaseUrl } = await prepare(config, { migrate: true })
  try {
    const { passed, refused } = await compare(config.databaseOwnerUrl ?? databaseUrl, compileModels(described), id)
    for (const { statement, reason } of refused) console.log(`needs a person (${reason}):\n  ${statement}`)
    if (passed.length === 0) return console.log(`The tables of '${id}' are as its schemas say.`)
    const folder = join(plugin.dir, 'migrations')
    const path = join(folder, nextName(folder))
    writeFileSync(path, passed.map((statement) => `${statement};\n`).join(''))
    console.log(`Wrote ${relative(process.cwd(), path)}: read it, then run npm run weft -- migrate.`)
  } finally {
    await course.end()
  }
}

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
  await writeMigration(id)
  await generate.run([])
  console.log('`npm start` shows it as a tab on the page of each client.')
}

const ACTIONS: Readonly<Record<string, (id: string) => Promise<void>>> = { new: makePlugin, migrate: writeMigration }

export const plugin = {
  usage: 'plugin new <id> | plugin migrate <id>',
  summary:
    'Makes the folder of a new plugin, or writes the migration between the schemas of one and the database. What could lose data is printed, not written.',
  async run([action = '', id]: readonly string[]): Promise<void> {
    const act = ACTIONS[action]
    if (!act || !id) throw new StartFault(`Usage: npm run weft -- ${plugin.usage}`)
    await act(id)
  },
}
