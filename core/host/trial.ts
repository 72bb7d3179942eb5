/**
 * Tries the plugins in a process without credentials before they are loaded where it counts. Whichever hangs, blocks,
 * floods or ends that process is found by what it said last, and is left out of the next trial.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { programEnvironment } from '../config.ts'
import type { Cause } from '../data/schemas.ts'
import { StartFault } from '../fault.ts'
import type { Described } from '../resource/description.ts'
import { LOAD_MS } from './catalogue.ts'
import type { Fault } from './manifest.ts'
import { faultOf, wordReason } from './reason.ts'

export interface TrialOrders {
  readonly further: readonly string[]
  readonly without: readonly Fault[]
  readonly ms: number
  readonly memoryMb: number
}
export interface Description {
  readonly described: readonly Described[]
  readonly faults: readonly Fault[]
}
/** `fills`: whatever runs has taken more than so many MB. */
export type TrialLine = { readonly begin: string } | { readonly fills: number } | Description

type Outcome = Description | { readonly plugin: string | null; readonly cause: Cause }

const SCRIPT = fileURLToPath(new URL('../describe.ts', import.meta.url))
/** Memory of the process, in MB: a plugin that fills it is found before it fills the machine. */
const MEMORY_MB = 1024
/** What plugins may print while they load, in bytes; more is a flood. */
const PRINTED = 1024 * 1024
/** How much of it is passed on to the operator. */
const SHOWN = 2 * 1024
/** What is waited beyond the time of a plugin, which ends by itself where it does not block; and for Node to begin. */
const PATIENCE_MS = 1_000
const BEGIN_MS = 30_000

class Trial {
  readonly #child: ChildProcess
  readonly #ms: number
  #plugin: string | null = null
  #cause: Cause | null = null
  #found: Description | null = null
  #timer: NodeJS.Timeout
  #printed = 0

  constructor(orders: TrialOrders) {
    this.#ms = orders.ms
    // What is beside the heap counts as well, so that it is weighed as a whole, and Node's own bound comes later.
    const heap = `--max-old-space-size=${orders.memoryMb * 2}`
    this.#child = spawn(process.execPath, [heap, SCRIPT, JSON.stringify(orders)], {
      env: programEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    this.#timer = this.#limit(BEGIN_MS)
    this.#read(this.#child.stdio[3] as Readable)
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (bytes: Buffer) => this.#count(bytes))
  }

  #limit(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#end({ code: 'load_late', params: { ms: this.#ms } }), ms)
  }

  #end(cause: Cause): void {
    this.#cause ??= cause
    this.#child.kill('SIGKILL')
  }

  #count(bytes: Buffer): void {
    const room = Math.max(0, SHOWN - this.#printed)
    if (room > 0) process.stderr.write(bytes.subarray(0, room))
    this.#printed += bytes.length
    if (this.#printed > PRINTED) this.#end({ code: 'load_floods', params: { bytes: PRINTED } })
  }

  #read(stream: Readable): void {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() as string
      for (const line of lines) this.#take(JSON.parse(line) as TrialLine)
    })
  }

  #take(line: TrialLine): void {
    if ('fills' in line) return this.#end({ code: 'load_fills', params: { mb: line.fills } })
    clearTimeout(this.#timer)
    if ('begin' in line) {
      this.#plugin = line.begin
      this.#timer = this.#limit(this.#ms + PATIENCE_MS)
    } else this.#found = line
  }

  async outcome(): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#child.on('error', reject)
    this.#child.on('close', (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`))
    const end = await promise.finally(() => clearTimeout(this.#timer))
    if (this.#found && this.#cause === null) return this.#found
    const ended: Cause = { code: 'load_ends', params: { end } }
    return { plugin: this.#plugin, cause: this.#cause ?? ended }
  }
}

/**
 * @param ms how long each plugin may take to load
 * @param memoryMb what the process may take that loads them
 * @returns what the plugins' resources are, and why plugins are left out
 */
export async function describePlugins(
  further: readonly string[],
  ms = LOAD_MS,
  memoryMb = MEMORY_MB,
): Promise<Description> {
  const without: Fault[] = []
  for (;;) {
    const outcome = await new Trial({ further, without, ms, memoryMb }).outcome()
    if ('described' in outcome) return outcome
    const { plugin, cause } = outcome
    if (plugin === null || without.some((each) => each.plugin === plugin))
      throw new StartFault(`The plugins cannot be read: ${wordReason(cause, 'en').rule}.`)
    without.push(faultOf(plugin, cause))
  }
}
