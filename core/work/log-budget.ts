/** Bounds what one plugin may write to the log, so that it cannot bury what the others say. */
import type { Log } from '../contract.ts'

const LINES = 200
const WINDOW_MS = 10_000
const LEVELS = ['info', 'warn', 'error'] as const

interface Window {
  begin: number
  lines: number
  dropped: number
}

export class LogBudget {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** @returns how many lines were dropped before this one, null where this one is dropped too */
  #take(plugin: string): number | null {
    const now = this.#now()
    const window = this.#windows.get(plugin)
    if (!window || now - window.begin >= WINDOW_MS) {
      this.#windows.set(plugin, { begin: now, lines: 1, dropped: 0 })
      return window?.dropped ?? 0
    }
    if (window.lines++ < LINES) return 0
    window.dropped++
    return null
  }

  /** The same log with at most 200 lines in ten seconds; the next line says how many were dropped. */
  bound(plugin: string, log: Log): Log {
    const write = (level: (typeof LEVELS)[number]) => (message: string, fields?: Record<string, unknown>) => {
      const dropped = this.#take(plugin)
      if (dropped === null) return
      if (dropped > 0) log.warn('lines of this plugin were dropped', { dropped })
      log[level](message, fields)
    }
    return { info: write('info'), warn: write('warn'), error: write('error') }
  }
}
