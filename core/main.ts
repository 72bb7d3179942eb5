/** The command line: `npm start`, and `npm run weft -- <command>`. */
import { StartFault } from './fault.ts'

interface Command {
  readonly usage: string
  readonly summary: string
  run(args: readonly string[]): Promise<void>
}

const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./commands/start.ts')).start,
  web: async () => (await import('./commands/start.ts')).web,
  worker: async () => (await import('./commands/start.ts')).worker,
  migrate: async () => (await import('./commands/migrate.ts')).migrate,
  indexes: async () => (await import('./commands/indexes.ts')).indexes,
  tenant: async () => (await import('./commands/tenant.ts')).tenant,
  secrets: async () => (await import('./commands/secrets.ts')).secrets,
  generate: async () => (await import('./commands/generate.ts')).generate,
  plugin: async () => (await import('./commands/plugin.ts')).plugin,
}

async function printHelp(): Promise<void> {
  const all = await Promise.all(Object.values(commands).map((load) => load()))
  const lines = all.map(({ usage, summary }) => `  ${usage}\n      ${summary}`)
  console.log(`Usage: npm run weft -- <command>\n\n${lines.join('\n')}`)
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === 'help' || name === '--help') return printHelp()
  const load = commands[name]
  if (!load) throw new StartFault(`There is no command '${name}': npm run weft -- help lists them.`)
  const command = await load()
  if (args.includes('--help')) return console.log(`Usage: npm run weft -- ${command.usage}\n${command.summary}`)
  const [word] = args
  if (word !== undefined && !command.usage.includes(' ')) {
    throw new StartFault(
      `'${name}' takes no words like '${word}': what can be set is set by the environment (README.md).`,
    )
  }
  await command.run(args)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  // What the operator can mend is one sentence; anything else is ours and shows where.
  console.error(error instanceof StartFault ? error.message : error)
  process.exit(1)
}
