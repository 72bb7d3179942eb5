/** Builds the screen when its sources are newer than what was built. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { takeLock } from '../data/server-lock.ts'
import { StartFault } from '../fault.ts'
import { findFolders, ROOT } from '../host/catalogue.ts'

/** The folder of the built screen. */
export const OUT = join(ROOT, '.build/ui')

interface Input {
  readonly root: string
  readonly out: string
  readonly plugins: readonly { id: string; dir: string }[]
}
interface Builder {
  buildScreen(input: Input): Promise<void>
  screenIsStale(input: Input): Promise<boolean>
}

const USUAL = { out: OUT, say: (line: string) => console.log(line) }

/** @returns the folder of the built screen */
export async function prepareScreen(further: readonly string[], { out, say } = USUAL): Promise<string> {
  const folders = findFolders(further, []).filter(({ dir }) => existsSync(join(dir, 'ui/index.ts')))
  const plugins = folders.map(({ dir, manifest }) => ({ id: manifest.id, dir }))
  // The screen is a program of its own: the server knows only how to have it built.
  const builder = (await import(join(ROOT, 'host-ui/build.ts'))) as Builder
  const input = { root: ROOT, out, plugins }
  try {
    if (await builder.screenIsStale(input)) await alone(out, () => buildStale(builder, input, say))
  } catch (error) {
    throw new StartFault(`The screen cannot be built: ${(error as Error).message}`)
  }
  return out
}

async function buildStale(
  { buildScreen, screenIsStale }: Builder,
  input: Input,
  say: (line: string) => void,
): Promise<void> {
  // Another start may have built it meanwhile.
  if (!(await screenIsStale(input))) return
  say('Building the screen ...')
  await buildScreen(input)
}

/** One build at a time; what a build that was cut off has left behind is swept away. */
async function alone(out: string, build: () => Promise<void>): Promise<void> {
  const folder = dirname(out)
  mkdirSync(folder, { recursive: true })
  const letGo = await takeLock(`${out}.lock`)
  try {
    const left = new RegExp(`^${basename(out)}\\.\\d+\\.next$`)
    const halves = readdirSync(folder).filter((name) => left.test(name))
    for (const name of halves) rmSync(join(folder, name), { recursive: true, force: true })
    await build()
  } finally {
    letGo()
  }
}
