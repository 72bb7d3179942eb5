/** The migrations of one plugin: written from its schemas, taken back, brought up again. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { takeConfig } from '../config.ts'
import { compare } from '../data/comparison.ts'
import { StartFault } from '../fault.ts'
import { printFaults, sentenceOf } from '../host/judgement.ts'
import { migrateDatabase } from '../host/preparation.ts'
import { describePlugins } from '../host/trial.ts'
import { compileModels } from '../resource/description.ts'
import { prepare } from './preparation.ts'

const USAGE = 'npm run weft -- plugin migrate <id> [--to <number>] [--lose-data]'

function nextName(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const last = readdirSync(folder)
    .filter((name) => /^\d{4}_/.test(name))
    .sort()
    .at(-1)
  const number = String(Number(last?.slice(0, 4) ?? 0) + 1).padStart(4, '0')
  return `${number}_${last ? 'change' : 'init'}`
}

async function writeMigration(id: string): Promise<void> {
  const config = takeConfig()
  const { described, faults } = await describePlugins(config.plugins)
  if (faults.length > 0) throw new StartFault(printFaults(faults))
  const plugin = described.find((each) => each.id === id)
  if (!plugin) throw new StartFault(`There is no plugin '${id}'.`)
  const { course, databaseUrl, faults: refused } = await prepare(config, { migrate: true })
  try {
    const fault = refused.find(({ plugin: other, code }) => other === id && code === 'taken_back')
    if (fault) throw new StartFault(`${sentenceOf(fault)}: ${fault.mend}.`)
    const found = await compare(config.databaseOwnerUrl ?? databaseUrl, compileModels(described), id)
    for (const { statement, reason } of found.refused) console.log(`needs a person (${reason}):\n  ${statement}`)
    if (found.passed.length === 0) return console.log(`The tables of '${id}' are as its schemas say.`)
    write(join(plugin.dir, 'migrations'), found)
  } finally {
    await course.end()
  }
}

const sqlOf = (statements: readonly string[]) => statements.map((statement) => `${statement};\n`).join('')

function write(folder: string, { passed, back }: { passed: readonly string[]; back: readonly string[] }): void {
  const path = join(folder, nextName(folder))
  writeFileSync(`${path}.sql`, sqlOf(passed))
  const name = relative(process.cwd(), path)
  if (back.length === 0)
    return console.log(`Wrote ${name}.sql. With what needs a person its way back does, too: write ${name}.down.sql.`)
  writeFileSync(`${path}.down.sql`, sqlOf(back))
  console.log(`Wrote ${name}.sql and its way back, ${name}.down.sql: read them, then run npm run weft -- migrate.`)
}

async function stepTo(plugin: string, to: number, losesData: boolean): Promise<void> {
  const config = takeConfig()
  const { course, databaseUrl } = await prepare(config, { migrate: true })
  try {
    const { described } = await describePlugins(config.plugins)
    const ownerUrl = config.databaseOwnerUrl ?? databaseUrl
    const step = { plugin, to, losesData }
    const { stepped } = await migrateDatabase({ ownerUrl, secret: config.secret, described, step })
    const { applied = [], takenBack = [], lost = {}, held = null } = stepped ?? {}
    if (takenBack.length > 0) console.log(`Taken back: ${takenBack.join(', ')}.`)
    for (const [what, n] of Object.entries(lost)) console.log(`  lost: ${n} ${what}`)
    if (applied.length > 0) console.log(`Applied ${applied.join(', ')}.`)
    if (held) console.log(`'${plugin}' is left out until npm run weft -- migrate brings it up again.`)
  } finally {
    await course.end()
  }
}

/** @throws StartFault for words that are not understood */
export async function migratePlugin(id: string, words: readonly string[]): Promise<void> {
  if (words.length === 0) return writeMigration(id)
  const [to, number = '', flag, ...more] = words
  const isKnown = to === '--to' && /^\d{1,4}$/.test(number) && (flag ?? '--lose-data') === '--lose-data'
  if (!isKnown || more.length > 0) throw new StartFault(`Usage: ${USAGE}`)
  await stepTo(id, Number(number), flag !== undefined)
}
