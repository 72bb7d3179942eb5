/** Several processes of Weft on one database, run apart as `npm run weft -- web` and `worker` run them. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { type Ended, freePort, type Program, run, type Settings } from './program.ts'

export type Kind = 'web' | 'worker'

/** What a process says when it serves, each time that it does. */
const READY = /Weft is ready at|Weft works\./

/** The first process below another; null while there is none. */
export function childOf(pid: number): number | null {
  const list = `/proc/${pid}/task/${pid}/children`
  try {
    const found = existsSync(list) ? readFileSync(list, 'utf8') : execFileSync('pgrep', ['-P', `${pid}`]).toString()
    return Number(found.trim().split(/\s+/)[0]) || null
  } catch {
    return null
  }
}

/** One of them. Whatever ends it, it is started again until it is stopped. */
export class Node {
  readonly kind: Kind
  readonly port: number
  isReady = false
  /** What it has said last; for a person who wonders why it does not start. */
  lastWords = ''
  readonly #settings: Settings
  #program: Program | null = null
  #running: Promise<void> = Promise.resolve()
  #ended: Ended | null = null
  #isStopped = true

  private constructor(kind: Kind, port: number, settings: Settings) {
    this.kind = kind
    this.port = port
    this.#settings = settings
  }

  static async start(kind: Kind, settings: Settings): Promise<Node> {
    const port = await freePort()
    const node = new Node(kind, port, { ...settings, PORT: `${port}` })
    node.#isStopped = false
    node.#running = node.#keep()
    return node
  }

  /** It is asked to end, or has ended. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async #keep(): Promise<void> {
    while (!this.#isStopped) {
      const program = run([this.kind], this.#settings)
      this.#program = program
      program.process.stdout?.on('data', (bytes: Buffer) => {
        if (READY.test(`${bytes}`)) this.isReady = true
      })
      this.#ended = await program.ended
      this.isReady = false
      this.lastWords = this.#ended.err.slice(-2_000)
    }
  }

  /** With no chance to end in good order: the serving process, which its supervisor starts again, or the supervisor. */
  kill(whom: 'serving' | 'supervisor'): void {
    const pid = this.#program?.process.pid
    if (pid === undefined) return
    this.isReady = false
    const victim = whom === 'serving' ? childOf(pid) : pid
    try {
      process.kill(victim ?? pid, 'SIGKILL')
    } catch (error) {
      // It has ended by itself in the meantime.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** Asks it to end. @returns how it has; null where it had ended before it was ever started */
  async stop(): Promise<Ended | null> {
    this.#isStopped = true
    this.#program?.process.kill('SIGTERM')
    await this.#running
    return this.#ended
  }
}
