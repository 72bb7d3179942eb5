/** What the system knows of a PostgreSQL server that runs, or ran, on a folder. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { codeOf } from '../fault.ts'

export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** It takes connections: neither starting nor stopping. */
  readonly ready: boolean
}

/** The server that postmaster.pid names, if that process lives and is the server of this folder. */
export function findPostmaster(folder: string): Postmaster | null {
  const [pid, , , port, , , , state] = readPidFile(folder)
  if (pid === undefined || !isThere(Number(pid)) || !servesFolder(Number(pid), folder)) return null
  return { pid: Number(pid), port: Number(port), ready: state === 'ready' }
}

/**
 * PostgreSQL itself judges a stale postmaster.pid by its number alone, so it refuses to start for ever when another
 * process of the same user has taken that number since. The file is removed only where no process of the dead server
 * can still write: after a reboot, or when no living process works in the folder.
 */
export function dropStalePidFile(folder: string): void {
  const [pid] = readPidFile(folder)
  if (pid === undefined || !isThere(Number(pid)) || servesFolder(Number(pid), folder)) return
  const file = join(folder, 'postmaster.pid')
  const bootedAt = Date.now() - uptime() * 1000
  if (statSync(file).mtimeMs < bootedAt || nobodyWorksIn(folder)) rmSync(file, { force: true })
}

function readPidFile(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'postmaster.pid'), 'utf8')
      .split('\n')
      .map((line) => line.trim())
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function isThere(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** A zombie, which a container without an init process keeps for ever, works nowhere and thus does not count. */
function servesFolder(pid: number, folder: string): boolean {
  if (process.platform === 'win32') return true
  if (process.platform === 'linux') return worksIn(pid, realpathSync(folder))
  try {
    const words = execFileSync('ps', ['-p', `${pid}`, '-o', 'state=,comm='], { encoding: 'utf8' }).trim()
    return words.endsWith('postgres') && !words.startsWith('Z')
  } catch {
    return false
  }
}

function nobodyWorksIn(folder: string): boolean {
  if (process.platform !== 'linux') return false
  const real = realpathSync(folder)
  return !readdirSync('/proc').some((name) => /^\d+$/.test(name) && worksIn(Number(name), real))
}

/** Every process of a server works in its folder; one that we may not look into is another user's, so not ours. */
function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    return false
  }
}
