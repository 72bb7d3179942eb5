/** The folders that the house rules hold for: every shipped plugin, the kernel's own resources and those of the tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { readCandidate } from '../../core/commands/check/candidate.ts'
import type { Candidate } from '../../core/commands/check/rule.ts'
import { describe, loadPlugins, ROOT } from '../../core/host/catalogue.ts'
import type { Fault } from '../../core/host/manifest.ts'
import { compileModels } from '../../core/resource/description.ts'
import { pluginFolders } from '../support/settings.ts'

const NOT_OURS = ['node_modules', '.git', '.build', '.data', 'coverage']

function walk(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.includes(entry.name)) return []
    const path = join(dir, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}

/** Paths below `dir`, with slashes. */
export const filesOf = (dir: string): string[] =>
  walk(dir)
    .map((path) => relative(dir, path).split(sep).join('/'))
    .toSorted()

export const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')

export const root = ROOT
export const faults: Fault[] = []
const installed = await loadPlugins(pluginFolders, faults)

export const models = compileModels(describe(installed))

/** By their places in the repository. */
export const candidates: ReadonlyMap<string, Candidate> = new Map(
  installed.map((each) => [relative(ROOT, each.dir).split(sep).join('/'), readCandidate(each)]),
)

/** How many folders lie there, loaded or not. */
export const present = 2 + pluginFolders.length + shippedFolders().length

function shippedFolders(): string[] {
  const entries = readdirSync(join(ROOT, 'plugins'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}
