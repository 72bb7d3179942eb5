/** What a process says to its supervisor of plugins that endanger it: blocked threads, filled memory, ends, errors that nobody awaits. */
import { writeSync } from 'node:fs'
import { totalmem } from 'node:os'
import { pathToFileURL } from 'node:url'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Cause } from '../data/schemas.ts'
import type { Guard } from '../work/guard.ts'
import { runningPlugin, shareEntries } from '../work/running.ts'
import type { Installed } from './manifest.ts'

export interface Incident {
  /** Null where nobody can say whose code it was. */
  readonly plugin: string | null
  readonly reason: Cause
}

/** `isSlow`: it may have to be ended soon, or no more. */
export type WatchLine = Incident | { readonly isSlow: boolean }

export interface WatchOrders {
  /** The beat of the serving thread, and the last plugin whose code was entered. */
  readonly cells: Int32Array
  readonly plugins: readonly { readonly id: string; readonly base: string }[]
  /** The descriptor on which the supervisor listens. */
  readonly channel: number
  readonly blockedMs: number
  readonly slowMs: number
  readonly memoryMb: number
}

type Report = (message: string, fields: Record<string, unknown>) => void

/** The supervisor listens there for lines. */
export const CHANNEL = 4
const BLOCKED_MS = 5_000
const SLOW_MS = 2_000
const BEAT_MS = 200
const MB = 1024 * 1024
/** Of the machine's or the container's memory: the rest is for PostgreSQL and the system. */
const SHARE = 0.75

/** What the process takes beside its heap, at least. */
const BESIDE_MB = 64
/** What it takes when all is well, and half as much again. */
const LEAST_MB = 512

/** What is more than this would end the process without a word, by Node or by the system. */
function mostMemoryMb(): number {
  const allowed = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  const heap = getHeapStatistics().heap_size_limit / MB + BESIDE_MB
  return Math.max(LEAST_MB, Math.floor(Math.min((allowed / MB) * SHARE, heap)))
}

export class Watch {
  readonly #plugins: WatchOrders['plugins']
  readonly #guard: Guard
  readonly #report: Report

  constructor(installed: readonly Installed[], guard: Guard, report: Report) {
    const isForeign = ({ isKernel }: Installed) => !isKernel
    this.#plugins = installed
      .filter(isForeign)
      .map(({ id, dir }) => ({ id, base: `${pathToFileURL(dir).href.replace(/\/$/, '')}/` }))
    this.#guard = guard
    this.#report = report
  }

  /**
   * Looks after this thread from another one.
   * @param memoryMb what the process may take
   */
  beat(memoryMb: number | null): void {
    const cells = new Int32Array(new SharedArrayBuffer(8))
    const ids = this.#plugins.map(({ id }) => id)
    shareEntries(cells.subarray(1), ids)
    const bounds = { blockedMs: BLOCKED_MS, slowMs: SLOW_MS, memoryMb: memoryMb ?? mostMemoryMb() }
    const workerData: WatchOrders = { cells, plugins: this.#plugins, channel: CHANNEL, ...bounds }
    new Worker(new URL('./watchdog.ts', import.meta.url), { workerData, execArgv: [] }).unref()
    setInterval(() => Atomics.add(cells, 0, 1), BEAT_MS).unref()
  }

  /** By the name that its promises and timers bear, else by the innermost of its files in the stack. */
  #blame(error: unknown): string | null {
    const running = runningPlugin()
    if (running !== undefined && this.#plugins.some(({ id }) => id === running)) return running
    const stack = error instanceof Error ? (error.stack ?? '') : ''
    return this.#plugins.find(({ base }) => stack.includes(base))?.id ?? null
  }

  #tell(incident: Incident): void {
    writeSync(CHANNEL, `${JSON.stringify(incident satisfies WatchLine)}\n`)
  }

  /** What a plugin throws where nobody awaits it must not end the process for all. */
  catchStrays(): void {
    process.on('unhandledRejection', (error) => {
      const plugin = this.#blame(error)
      if (plugin !== null) this.#guard.fail(plugin, error)
      this.#report('a promise failed and nobody awaits it', { level: 'error', plugin, err: error })
    })
    process.on('uncaughtException', (error) => {
      const plugin = this.#blame(error)
      this.#report('an error was thrown where nobody catches it', { level: 'error', plugin, err: error })
      // The kernel's own state may be torn; a plugin's is its own.
      if (plugin === null) process.exit(1)
      this.#guard.fail(plugin, error)
    })
    process.on('exit', (code) => {
      const plugin = this.#blame(new Error('exit'))
      if (plugin !== null) this.#tell({ plugin, reason: { code: 'ended_process', params: { code } } })
    })
  }
}
