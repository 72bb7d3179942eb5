/** Starts, awaits and stops the PostgreSQL server of a home. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { reasonOf, StartFault } from '../fault.ts'
import { handOver, spawnIn } from './server-account.ts'
import type { Binaries } from './server-binaries.ts'
import { addressOf, type Home } from './server-cluster.ts'
import { lastWord, type Log, openLog } from './server-log.ts'
import { type Answer, makeDatabase, probe } from './server-probe.ts'
import { dropStalePidFile, findPostmaster } from './server-process.ts'

/** Recovery after a crash may take minutes; `npm start` has four for everything. */
const patience = 180_000

/** Passing faults: the dying helpers of a killed server still hold its memory, or somebody took the port we chose. */
const passing = /pre-existing shared memory|postmaster\.pid" already exists|could not bind|could not create any TCP/

/**
 * Waits until the server that runs on the home takes logins and has the database `weft`; its port, or null when no
 * server runs there. Throws StartFault when it refuses us, stays silent, or (by `log`, since its start) keeps crashing.
 */
export async function awaitRunning(home: Home, log: Log | null = null): Promise<number | null> {
  const deadline = performance.now() + patience
  let made = false
  for (let master = findPostmaster(home.folder); master !== null; master = findPostmaster(home.folder)) {
    const answer: Answer = master.ready ? await probe(addressOf(home, master.port, 'weft'), 5000) : { state: 'busy' }
    if (answer.state === 'ready') return master.port
    const reason =
      reasonUnwell(home, answer, { made, isLate: performance.now() > deadline }) ?? reasonDamaged(home, log)
    if (reason !== null) throw new StartFault(`The database in ${home.folder} ${reason}; see ${home.logFile}.`)
    if (answer.state === 'no database') made = await makeDatabase(addressOf(home, master.port, 'postgres'), 'weft')
    else await pause(25)
  }
  return null
}

function reasonUnwell(home: Home, answer: Answer, so: { made: boolean; isLate: boolean }): string | null {
  if (answer.state === 'denied') return `refuses the password in ${home.passwordFile}: put back the file made with it`
  // A second time means that the database is listed and its files are gone.
  if (answer.state === 'broken' || (answer.state === 'no database' && so.made)) return `is damaged: ${answer.reason}`
  if (!so.isLate) return null
  return answer.state === 'silent' ? `does not answer: ${answer.reason}` : 'is still recovering'
}

function reasonDamaged(home: Home, log: Log | null): string | null {
  const crashes = log?.since().match(/all server processes terminated; reinitializing/g)?.length ?? 0
  return log !== null && crashes > 2 ? `is damaged: ${lastWord(home, log.since())}` : null
}

/**
 * Starts the server and waits until it takes logins; its port: `wanted`, else that of the last time where it is free,
 * because another process may still look for the server there. Throws StartFault.
 */
export async function startPostgres(home: Home, binaries: Binaries, wanted: number | null = null): Promise<number> {
  handOver(home.folder, home.account)
  const giveUp = performance.now() + 20_000
  for (let last = lastPort(home); ; last = 0) {
    dropStalePidFile(home.folder)
    const log = openLog(home.logFile)
    try {
      const port = await awaitBorn(home, launch(home, binaries, wanted ?? (await freePort(last)), log), log)
      if (port !== null) return port
      const word = log.since()
      if (!passing.test(word) || performance.now() > giveUp) {
        throw new StartFault(
          `The database in ${home.folder} does not start: ${lastWord(home, word)}; see ${home.logFile}.`,
        )
      }
    } finally {
      log.close()
    }
    await pause(100)
  }
}

/** SIGINT is PostgreSQL's fast stop (cuts connections, writes all), SIGQUIT leaves the rest to the next start. */
type StopSignal = 'SIGINT' | 'SIGQUIT'

/** Ends the server; each signal has 30 s until the next one is tried. */
export async function stopPostgres(home: Home, signals: readonly StopSignal[] = ['SIGINT', 'SIGQUIT']): Promise<void> {
  const master = findPostmaster(home.folder)
  if (master === null) return
  for (const signal of signals) {
    await askToStop(home, master.pid, signal)
    for (const deadline = performance.now() + 30_000; performance.now() < deadline; await pause(20)) {
      if (findPostmaster(home.folder)?.pid !== master.pid) return
    }
  }
}

function launch(home: Home, binaries: Binaries, port: number, log: Log): ChildProcess {
  const server = ['-p', `${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
  const at = { folder: home.folder, account: home.account, output: log.handle }
  // On Windows pg_ctl drops an administrator's rights, with which PostgreSQL does not run.
  const child =
    process.platform === 'win32'
      ? spawnIn(at, join(binaries.bin, 'pg_ctl'), (folder) => ['start', '-ws', '-D', folder, '-o', server.join(' ')])
      : spawnIn(at, join(binaries.bin, 'postgres'), (folder) => ['-D', folder, ...server])
  child.unref()
  return child
}

/** The port of the server that this process becomes, null when it ends instead. */
async function awaitBorn(home: Home, child: ChildProcess, log: Log): Promise<number | null> {
  let ended = false
  child.once('exit', () => {
    ended = true
  })
  child.once('error', () => {
    ended = true
  })
  // The two listeners modify it.
  // oxlint-disable-next-line no-unmodified-loop-condition
  while (!ended) {
    const port = await awaitRunning(home, log).catch(async (error: unknown) => {
      // One that crashes on and on may miss the other signal.
      await stopPostgres(home, ['SIGQUIT'])
      throw error
    })
    if (port !== null) return port
    await pause(25)
  }
  return process.platform === 'win32' ? awaitRunning(home, log) : null
}

async function askToStop(home: Home, pid: number, signal: StopSignal): Promise<void> {
  if (process.platform !== 'win32') return void process.kill(pid, signal)
  const mode = signal === 'SIGINT' ? 'fast' : 'immediate'
  const program = programOf(home).replace(/postgres(\.exe)?$/, 'pg_ctl$1')
  await once(spawn(program, ['stop', '-s', '-W', '-m', mode, '-D', home.folder], { stdio: 'ignore' }), 'exit')
}

/** Path of the program that runs, or last ran, on the home. */
export function programOf(home: Home): string {
  const [, program = ''] = /^"?(.*?postgres(?:\.exe)?)"? "/.exec(lastOptions(home)) ?? []
  return program
}

/** 0 where none has run. */
function lastPort(home: Home): number {
  return Number(/"-p" "(\d+)"/.exec(lastOptions(home))?.[1] ?? 0)
}

/** The words of the server that runs, or last ran, on the home. */
function lastOptions(home: Home): string {
  const file = join(home.folder, 'postmaster.opts')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

async function freePort(preferred: number): Promise<number> {
  const listener = createServer()
  try {
    listener.listen(preferred, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('no address')
    return address.port
  } catch (error) {
    if (preferred !== 0) return freePort(0)
    throw new StartFault(`Cannot find a free port on 127.0.0.1: ${reasonOf(error)}.`, { cause: error })
  } finally {
    listener.close()
  }
}
