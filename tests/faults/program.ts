/** Weft as an operator runs it: `core/main.ts` as a process of its own, on a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostmaster } from '../../core/data/server-process.ts'
import { programEnvironment } from '../../core/config.ts'

const MAIN = join(import.meta.dirname, '../../core/main.ts')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Program {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

export type Settings = Readonly<Record<string, string>>

/** Runs a command with nothing in its environment but the settings. */
export function run(words: readonly string[], settings: Settings): Program {
  // Many processes share one server.
  const env = { ...programEnvironment(), DATABASE_CONNECTIONS: '12', ...settings }
  const child = spawn(process.execPath, [MAIN, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => (texts.out += bytes))
  child.stderr.on('data', (bytes: Buffer) => (texts.err += bytes))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...texts }))
  return { process: child, ended }
}

/** Also of one that somebody has killed. */
export const hasEnded = ({ process: { exitCode, signalCode } }: Program) => exitCode !== null || signalCode !== null

/** Folders for data, and the end of every PostgreSQL that was started in one. */
export class Folders {
  readonly #base = mkdtempSync(join(tmpdir(), 'weft-faults-'))

  path(name: string): string {
    return join(this.#base, name)
  }

  postmaster(name: string): number | null {
    return findPostmaster(join(this.path(name), 'postgres'))?.pid ?? null
  }

  remove(names: readonly string[]): void {
    for (const pid of names.map((name) => this.postmaster(name))) if (pid !== null) process.kill(pid, 'SIGKILL')
    rmSync(this.#base, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
  }
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  listener.close()
  await once(listener, 'close')
  return port
}
