/** Reads the folder of a plugin whose code is loaded. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { ROOT } from '../../host/catalogue.ts'
import type { Installed } from '../../host/manifest.ts'
import type { Candidate } from './rule.ts'

const NOT_OURS = ['node_modules', 'coverage']

function walk(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.includes(entry.name) || entry.name.startsWith('.')) return []
    const path = join(dir, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}

export function readCandidate(installed: Installed): Candidate {
  const { dir } = installed
  const files = walk(dir).map((path) => relative(dir, path).split(sep).join('/'))
  return {
    installed,
    files: files.toSorted(),
    isShipped: dirname(dir) === join(ROOT, 'plugins'),
    text: (file) => readFileSync(join(dir, file), 'utf8'),
  }
}
