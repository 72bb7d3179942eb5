import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, closeSync, lstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { programEnvironment } from '../config.ts'
import { StartFault } from '../fault.ts'

/** The unprivileged user that PostgreSQL runs as, because it refuses to run as root. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * Null when PostgreSQL can run as ourselves; as root the owner of the cluster's folder, else of the folder it will
 * stand in, or `nobody` where root owns it. Throws StartFault when root finds no such user.
 */
export function serverAccount(folder: string): Account | null {
  if (process.getuid?.() !== 0) return null
  const cluster = statSync(folder, { throwIfNoEntry: false })
  if (cluster !== undefined && cluster.uid !== 0) return { uid: cluster.uid, gid: cluster.gid }
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  // To make a cluster PostgreSQL wants a user with a name.
  const owner = users.find((fields) => Number(fields[2]) === statSync(dirname(folder)).uid)
  const named = ['nobody', 'postgres', '_postgres', 'daemon'].map((name) => users.find((fields) => fields[0] === name))
  // macOS gives nobody the number -2.
  const user = [owner, ...named].find((fields) => fields !== undefined && Number(fields[2]) > 0)
  if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) }
  throw new StartFault(
    'PostgreSQL does not run as root and /etc/passwd has no user nobody: start Weft as another or set DATABASE_URL.',
  )
}

/** The name of its folder to a program that may not walk there: see spawnIn. */
export const heldFolder = '/proc/self/fd/3'

/**
 * Starts a program of PostgreSQL on a folder of the account; `words` makes its arguments from the folder's name.
 *
 * Root's own folders (a clone below /root, a data folder of mode 700) are closed to the account, and PostgreSQL walks
 * to its folder by an absolute path. So the program is handed the folder open, and on Linux calls it by that
 * handle, which needs no right to the folders above. `output` takes its words; `secret` is an open file, `/dev/fd/4`.
 */
export function spawnIn(
  at: { folder: string; account: Account | null; output: number; secret?: number },
  program: string,
  words: (folder: string) => string[],
): ChildProcess {
  const held = at.account !== null && process.platform === 'linux'
  const handle = held ? openSync(at.folder, 'r') : null
  try {
    const stdio = ['ignore', at.output, at.output, handle ?? 'ignore', at.secret ?? 'ignore'] as const
    // A group of its own, so that Ctrl-C in the terminal reaches Weft only, which stops the server when it is done.
    const options = { ...at.account, cwd: held ? '/' : at.folder, detached: true, env: programEnvironment() }
    return spawn(program, words(held ? heldFolder : at.folder), { ...options, stdio: [...stdio] })
  } finally {
    if (handle !== null) closeSync(handle)
  }
}

/** Hands a folder with all in it to the account (a backup copied back by root is root's), closed to all others. */
export function handOver(folder: string, account: Account | null): void {
  if (account !== null && statSync(folder).uid !== account.uid) giveTree(folder, account)
  // PostgreSQL refuses a folder that others may enter, which a restored copy or an unpacked archive often is.
  if ((statSync(folder).mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(folder, 0o700)
}

function giveTree(path: string, account: Account): void {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  chownSync(path, account.uid, account.gid)
  if (entry.isDirectory()) for (const name of readdirSync(path)) giveTree(join(path, name), account)
}
