/** What a plugin's screen adds to the page. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../host/catalogue.ts'
import type { Installed } from '../../host/manifest.ts'
import { type Finding, findings } from '../check/rule.ts'

export const BUNDLE = 'bundle'
/** Packed by gzip: all widgets of a plugin are loaded together. */
const MOST_BYTES = 50 * 1024

interface Builder {
  weighPlugin(root: string, plugin: { id: string; dir: string }): Promise<number>
}

export async function judgeBundle({ id, dir }: Installed): Promise<Finding[]> {
  if (!existsSync(join(dir, 'ui/index.ts'))) return []
  // The screen is a program of its own: the server knows only how to have it built.
  const builder = (await import(join(ROOT, 'host-ui/build.ts'))) as Builder
  const bytes = await builder.weighPlugin(ROOT, { id, dir })
  return findings(
    bytes > MOST_BYTES ? [`its screen has ${bytes} bytes packed, and ${MOST_BYTES} are the most`] : [],
    'leave out what the widgets do not need, or load it by import() when it is needed',
  )
}
