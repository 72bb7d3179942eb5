/** One stream of server-sent events: it reads its own tenant's changes from its own cursor when it is told to. */
import type { Writable } from 'node:stream'
import { Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import type { Position } from '../facts/changes.ts'
import { type Follower, readChanges, writePosition } from '../work/changes.ts'

/** What may wait for a client that does not read; it begins anew where it stopped. */
export const MAX_WAITING = 1024 * 1024
const PAGE = 200
/** How long a client waits before it comes back. */
const RETURN_MS = 2_000
/** A database that is away is asked again. */
const RETRY_MS = 1_000
/** How long a client may take to read the end. */
const END_MS = 1_000

export interface Listener {
  /** Reads anew who listens, and what it may be told. @throws Problem 401 when its session or key has ended */
  admit(): Promise<Follower>
  report(error: unknown): void
}

export class Stream {
  readonly #out: Writable
  readonly #listener: Listener
  #position: Position
  #isTold = false
  #isReading = false
  #isEnded = false

  constructor(out: Writable, listener: Listener, position: Position) {
    this.#out = out
    this.#listener = listener
    this.#position = position
    out.once('close', () => (this.#isEnded = true))
    // The client has gone; `close` says the same.
    out.on('error', () => {})
  }

  /** The cursor comes first, so that a stream which breaks before the first change is taken up at its beginning. */
  begin(follower: Follower): void {
    this.#write(`retry: ${RETURN_MS}\n${this.#mark(follower)}`)
    this.tell()
  }

  #mark({ cursorKey, tenant }: Follower): string {
    return `id: ${writePosition(cursorKey, tenant, this.#position)}\n\n`
  }

  #write(text: string): void {
    if (this.#isEnded || text === '') return
    this.#out.write(text)
    if (this.#out.writableLength > MAX_WAITING) this.#out.destroy()
  }

  /** There may be something to read. */
  tell(): void {
    this.#isTold = true
    if (!this.#isReading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    while (this.#isTold && !this.#isEnded) {
      this.#isTold = false
      await this.#readPage().catch((error) => this.#fail(error))
    }
    this.#isReading = false
  }

  async #readPage(): Promise<void> {
    const follower = await this.#listener.admit()
    const { items, end, isEnd } = await readChanges(follower, this.#position, PAGE)
    this.#position = end
    this.#write(
      items.map(({ change, cursor }) => `id: ${cursor}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`).join(''),
    )
    if (isEnd) return
    // A long way to catch up is walked at the pace of the client, and no connection of the database waits with it.
    this.#isTold = true
    await this.#drained()
  }

  #drained(): Promise<void> {
    const out = this.#out
    if (this.#isEnded || !out.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        out.off('drain', done).off('close', done)
        resolve()
      }
      out.on('drain', done).on('close', done)
    })
  }

  /** Says that it is still there, and how far it has looked, when its client still may listen. */
  async beat(): Promise<void> {
    await this.#whileAdmitted((follower) => this.#write(`: still here\n${this.#mark(follower)}`))
  }

  /** Plugins of the tenant were switched. */
  async recompose(): Promise<void> {
    await this.#whileAdmitted(() => this.#write('event: composition\ndata: {}\n\n'))
  }

  async #whileAdmitted(run: (follower: Follower) => void): Promise<void> {
    if (this.#isEnded) return
    try {
      run(await this.#listener.admit())
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const problem = problemOf(error)
    if (problem instanceof Problem && problem.status >= 500) return void setTimeout(() => this.tell(), RETRY_MS).unref()
    if (!(problem instanceof Problem)) this.#listener.report(error)
    this.end()
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#out.end()
    const late = setTimeout(() => this.#out.destroy(), END_MS)
    this.#out.once('close', () => clearTimeout(late))
  }
}
