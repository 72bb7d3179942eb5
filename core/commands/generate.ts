/** Writes what follows from the plugins' folders: types for their code, and the list of what they bring. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartFault } from '../fault.ts'
import { describe, loadPlugins, ROOT } from '../host/catalogue.ts'
import { printFaults } from '../host/judgement.ts'
import type { Fault } from '../host/manifest.ts'
import { describeSurface } from '../host/surface.ts'
import { generateTypes } from '../resource/typing.ts'

/** Each generated file with its text. @throws StartFault for a plugin with a fault */
async function generateAll(): Promise<ReadonlyMap<string, string>> {
  const faults: Fault[] = []
  const installed = await loadPlugins([], faults)
  if (faults.length > 0) throw new StartFault(printFaults(faults))
  return new Map([
    ['schemas/resources.ts', await generateTypes(describe(installed))],
    ['plugin.manifest.json', describeSurface(installed)],
  ])
}

function read(path: string): string {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return ''
  }
}

/** The generated files that are not what they would be now, by their paths. @throws StartFault */
export async function findStale(): Promise<string[]> {
  return [...(await generateAll())].flatMap(([path, text]) => (read(path) === text ? [] : [path]))
}

export const generate = {
  usage: 'generate [--check]',
  summary: 'Writes schemas/resources.ts and plugin.manifest.json; with --check only says whether they are fresh.',
  async run(args: readonly string[]): Promise<void> {
    if (args.includes('--check')) {
      const paths = await findStale()
      if (paths.length > 0) throw new StartFault(`Not fresh: ${paths.join(', ')}. Run npm run generate.`)
      return console.log('Generated files are fresh.')
    }
    const files = await generateAll()
    const stale = [...files].filter(([path, text]) => read(path) !== text)
    for (const [path, text] of stale) writeFileSync(join(ROOT, path), text)
    console.log(stale.length > 0 ? `Wrote ${stale.map(([path]) => path).join(', ')}.` : 'Generated files are fresh.')
  },
}
