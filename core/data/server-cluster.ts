/** The folder of a PostgreSQL server of our own, below the data folder: where it is, and how it is made. */
import { once } from 'node:events'
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
} from 'node:fs'
import { renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf, StartFault } from '../fault.ts'
import { makeFolder } from '../folder.ts'
import { keepSecret } from '../secret-file.ts'
import { type Account, serverAccount, spawnIn } from './server-account.ts'
import type { Binaries } from './server-binaries.ts'
import { lastWord, openLog } from './server-log.ts'

export interface Home {
  readonly dataDir: string
  /** The cluster itself. */
  readonly folder: string
  readonly logFile: string
  /** Of the superuser `postgres`, kept in `passwordFile`. */
  readonly password: string
  readonly passwordFile: string
  /** Who runs the server; null is ourselves. */
  readonly account: Account | null
}

const settings = `
# Weft: a small server on one machine. What follows may be changed here; address and port are given at each start.
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
jit = off
# Errors of statements are answered to Weft, which reports them; kept here they would hold personal data.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
`

/** Makes the data folder and the password in it where they are missing. Throws StartFault. */
export function openHome(dataDir: string): Home {
  makeFolder(dataDir)
  const folder = join(dataDir, 'postgres')
  const passwordFile = `${folder}.password`
  const password = keepSecret(passwordFile)
  return { dataDir, folder, logFile: `${folder}.log`, passwordFile, password, account: serverAccount(folder) }
}

/** Address of one database of the server, with the superuser's password. */
export function addressOf(home: Home, port: number, database: string): string {
  return `postgresql://postgres:${home.password}@127.0.0.1:${port}/${database}`
}

/** The major version that made the cluster, null when there is none yet. Throws StartFault when it is damaged. */
export function majorOf(home: Home): number | null {
  if (!existsSync(home.folder) || readdirSync(home.folder).length === 0) return null
  const file = join(home.folder, 'PG_VERSION')
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  if (/^\d+$/.test(version)) return Number(version)
  throw new StartFault(
    `The database in ${home.folder} is damaged (no valid PG_VERSION): restore the folder from a backup; ` +
      `what PostgreSQL last said is in ${home.logFile}.`,
  )
}

/** Makes the cluster beside its place and moves it there when it is whole. Throws StartFault. */
export async function createCluster(home: Home, binaries: Binaries): Promise<void> {
  const draft = `${home.folder}.new`
  const secret = `${draft}.password`
  try {
    // The initdb of a start that was killed may still be writing there.
    rmSync(draft, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    mkdirSync(draft, { mode: 0o700 })
    writeFileSync(secret, home.password, { mode: 0o600 })
    if (home.account) for (const path of [draft, secret]) chownSync(path, home.account.uid, home.account.gid)
    await initialize(home, binaries, draft, secret)
    appendFileSync(join(draft, 'postgresql.conf'), settings)
    if (existsSync(home.folder)) rmdirSync(home.folder)
    renameSync(draft, home.folder)
  } catch (error) {
    if (error instanceof StartFault) throw error
    throw new StartFault(`Cannot make a database in ${home.folder}: ${reasonOf(error)}.`, { cause: error })
  } finally {
    rmSync(secret, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

async function initialize(home: Home, binaries: Binaries, draft: string, secret: string): Promise<void> {
  const log = openLog(home.logFile)
  const handle = openSync(secret, 'r')
  try {
    const at = { folder: draft, account: home.account, output: log.handle, secret: handle }
    // The account may not walk to the secret, but it may read a file of its own that it is handed open.
    const passwordFile = home.account === null ? secret : '/dev/fd/4'
    const words = (folder: string) => initArguments(binaries.major, folder, passwordFile)
    const [status] = await once(spawnIn(at, join(binaries.bin, 'initdb'), words), 'exit')
    if (status === 0) return
    throw new StartFault(
      `Cannot make a database in ${home.folder}: ${lastWord(home, log.since())}; see ${home.logFile}.`,
    )
  } finally {
    closeSync(handle)
    log.close()
  }
}

function initArguments(major: number, folder: string, passwordFile: string): string[] {
  // From 17 PostgreSQL has its own C.UTF-8; before, the system's.
  const own = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const locale = major >= 17 ? own : ['--locale=C.UTF-8', '--lc-messages=C']
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  return ['-D', folder, '--encoding=UTF8', '--data-checksums', ...locale, ...access]
}
