/**
 * Runs the serving process and starts it again when it dies. It holds no connection and runs no plugin code, so that nothing
 * that goes on there can reach it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Fault } from '../host/manifest.ts'
import type { Quarantine } from '../host/quarantine.ts'
import { CHANNEL, type Incident, type WatchLine } from '../host/watch.ts'

export type Part = 'start' | 'web' | 'worker'

/** What the serving process is told. */
export interface ServeOrders {
  readonly part: Part
  /** What the process before it has found out; null for the first one, which finds it out. */
  readonly before: Ready | null
  /** Plugins that are no more to be loaded. */
  readonly quarantine: readonly Quarantine[]
}
/** What it says when it serves. */
export interface Ready {
  readonly faults: readonly Fault[]
  readonly port: number
}
/** `anew`: the plugins are to be tried and loaded once more. `indexes`: tenants have defined fields that want some. */
export type Said = Ready | 'anew' | 'indexes'

const SCRIPT = fileURLToPath(new URL('../serve.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
/** A plugin that brings the process down twice within this is quarantined. */
const TWICE_MS = 10 * 60_000
/** So many lives without one that serves, and the supervisor gives up. */
const LIVES = 5
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly isAnew: boolean
}

const begin = (): ChildProcess =>
  spawn(process.execPath, [...process.execArgv, SCRIPT], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'],
  })

class Supervisor {
  readonly #part: Part
  #child: ChildProcess | null = null
  /** Waits for its orders, so that it can serve as soon as the one that serves is ended. */
  #next: ChildProcess | null = null
  #asked: NodeJS.Signals | null = null
  #ready: Ready | null = null
  #lives = 0
  #incidents: (Incident & { at: number })[] = []
  #indexing: ChildProcess | null = null
  #isIndexingAgain = false

  constructor(part: Part) {
    this.#part = part
    for (const signal of SIGNALS)
      process.on(signal, () => {
        this.#asked ??= signal
        this.#indexing?.kill(signal)
        this.#child?.kill(signal)
      })
  }

  /** Plugins that have done it twice; what is told once is not told again. */
  #takeQuarantine(): Quarantine[] {
    const recent = this.#incidents.filter(({ at }) => at > performance.now() - TWICE_MS)
    const guilty = recent.filter(
      ({ plugin }, i) => plugin !== null && recent.findIndex((each) => each.plugin === plugin) < i,
    )
    this.#incidents = recent.filter(({ plugin }) => !guilty.some((each) => each.plugin === plugin))
    return guilty.map(({ plugin, reason }) => ({ plugin: plugin as string, reason }))
  }

  /** The serving process has not the rights of who owns the tables: it asks, and a process without plugins does it. */
  #index(): void {
    this.#isIndexingAgain = this.#indexing !== null
    if (this.#indexing || this.#asked) return
    const child = spawn(process.execPath, [...process.execArgv, MAIN, 'indexes'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.#indexing = child
    child.on('error', () => {})
    child.on('close', () => {
      this.#indexing = null
      if (this.#isIndexingAgain) this.#index()
    })
  }

  #takeLine(line: WatchLine): void {
    if (!('isSlow' in line)) {
      if (line.plugin === null) console.error(`The process endangers itself: ${JSON.stringify(line.reason)}.`)
      return void this.#incidents.push({ ...line, at: performance.now() })
    }
    if (line.isSlow) return void (this.#next ??= begin())
    this.#next?.kill('SIGKILL')
    this.#next = null
  }

  async #live(): Promise<End> {
    const orders: ServeOrders = { part: this.#part, before: this.#ready, quarantine: this.#takeQuarantine() }
    const child = this.#next?.exitCode === null && this.#next.signalCode === null ? this.#next : begin()
    this.#next = null
    this.#child = child
    // One that cannot be told is seen to end.
    child.send(orders, () => {})
    let isAnew = false
    child.on('message', (said: Said) => {
      this.#lives = 0
      if (said === 'indexes') return this.#index()
      if (said !== 'anew') return (this.#ready = said)
      isAnew = true
      this.#ready = null
      return child.kill('SIGTERM')
    })
    const lines = createInterface({ input: child.stdio[CHANNEL] as Readable })
    lines.on('line', (line) => this.#takeLine(JSON.parse(line) as WatchLine))
    const told = once(lines, 'close')
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    this.#child = null
    // What it has said last may still be on its way.
    await Promise.race([told, pause(500)])
    return { code, signal, isAnew }
  }

  /** @returns the code with which the command ends */
  async run(): Promise<number> {
    for (;;) {
      const hadServed = this.#ready !== null
      const { code, signal, isAnew } = await this.#live()
      if (this.#asked) return signal === this.#asked ? 0 : (code ?? 1)
      if (isAnew) continue
      const serves = this.#ready !== null
      if (!serves || (hadServed && ++this.#lives > LIVES)) return code ?? 1
      console.error(`The process ended (${signal ?? `code ${code}`}) and is started again.`)
      // Whoever waits for an answer waits for the next life: only one that does not come up is given time.
      if (this.#lives > 1) await pause(Math.min(250 * 2 ** this.#lives, 10_000))
    }
  }
}

export async function supervise(part: Part): Promise<void> {
  process.exit(await new Supervisor(part).run())
}
