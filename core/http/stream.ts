/** One stream of server-sent events: it reads its own tenant's changes from its own cursor when it is told to. */
import type { Writable } from 'node:stream'
import { Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import type { Position } from '../facts/changes.ts'
import type { Signal } from '../facts/people.ts'
import { type Follower, readChanges, writePosition } from '../work/changes.ts'
import { Outlet } from './outlet.ts'

/** What may wait for a client that does not read; it begins anew where it stopped. */
export const MAX_WAITING = 1024 * 1024
const PAGE = 200
/** How long a client waits before it comes back. */
const RETURN_MS = 2_000
/** A database that is away is asked again. */
const RETRY_MS = 1_000

/** Who is concerned beside the one whose it is. */
const OVERSEERS: Readonly<Record<Signal, string | null>> = {
  notified: null,
  task: 'tasks.manage',
  approvals: 'proposals.decide',
  deliveries: 'deliveries.manage',
}

function isConcerned({ can }: Pick<Follower, 'can'>, signal: Signal, isOwn: boolean): boolean {
  const overseer = OVERSEERS[signal]
  return isOwn || (overseer !== null && can(overseer))
}

export interface Listener {
  /** Reads anew who listens, and what it may be told. @throws Problem 401 when its session or key has ended */
  admit(): Promise<Follower>
  report(error: unknown): void
}

export class Stream {
  readonly #out: Outlet
  readonly #listener: Listener
  #position: Position
  #isTold = false
  #isReading = false
  /** What is to be fetched again, and whether it is the listener's own. */
  readonly #signals = new Map<Signal, boolean>()
  #isSignalling = false
  /** As it was admitted last. */
  #last: Follower | null = null

  constructor(out: Writable, listener: Listener, position: Position) {
    this.#out = new Outlet(out, MAX_WAITING)
    this.#listener = listener
    this.#position = position
  }

  /** The cursor comes first, so that a stream which breaks before the first change is taken up at its beginning. */
  begin(follower: Follower): void {
    this.#last = follower
    this.#out.write(`retry: ${RETURN_MS}\n${this.#mark(follower)}`)
    this.tell()
  }

  #mark({ cursorKey, tenant }: Follower): string {
    return `id: ${writePosition(cursorKey, tenant, this.#position)}\n\n`
  }

  /** There may be something to read. */
  tell(): void {
    this.#isTold = true
    if (!this.#isReading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    while (this.#isTold && !this.#out.isEnded) {
      this.#isTold = false
      await this.#readPage().catch((error) => this.#fail(error))
    }
    this.#isReading = false
  }

  async #readPage(): Promise<void> {
    const follower = await this.#admit()
    const { items, end, isEnd } = await readChanges(follower, this.#position, PAGE)
    this.#position = end
    this.#out.write(
      items.map(({ change, cursor }) => `id: ${cursor}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`).join(''),
    )
    if (isEnd) return
    // A long way to catch up is walked at the pace of the client, and no connection of the database waits with it.
    this.#isTold = true
    await this.#out.drained()
  }

  async #admit(): Promise<Follower> {
    this.#last = await this.#listener.admit()
    return this.#last
  }

  /**
   * Something happened that may be the listener's own, or another's: told is that there is something to fetch, not what.
   * Who was no overseer a moment ago is asked for no right; a new right counts from the next heartbeat on.
   */
  signal(signal: Signal, isOwn: boolean): void {
    if (!this.#last || !isConcerned(this.#last, signal, isOwn)) return
    this.#signals.set(signal, isOwn || this.#signals.get(signal) === true)
    if (!this.#isSignalling) void this.#tellSignals()
  }

  async #tellSignals(): Promise<void> {
    this.#isSignalling = true
    while (this.#signals.size > 0 && !this.#out.isEnded) {
      const follower = await this.#admit().catch((error) => this.#fail(error))
      // What could not be told stays, and is told with the next try.
      if (!follower) break
      const concerned = [...this.#signals].filter(([signal, isOwn]) => isConcerned(follower, signal, isOwn))
      this.#signals.clear()
      this.#out.write(concerned.map(([signal]) => `event: ${signal}\ndata: {}\n\n`).join(''))
    }
    this.#isSignalling = false
  }

  /** Says that it is still there, and how far it has looked, when its client still may listen. */
  async beat(): Promise<void> {
    await this.#whileAdmitted((follower) => this.#out.write(`: still here\n${this.#mark(follower)}`))
  }

  /** Plugins of the tenant were switched. */
  async recompose(): Promise<void> {
    await this.#whileAdmitted(() => this.#out.write('event: composition\ndata: {}\n\n'))
  }

  async #whileAdmitted(run: (follower: Follower) => void): Promise<void> {
    if (this.#out.isEnded) return
    try {
      run(await this.#admit())
    } catch (error) {
      this.#fail(error)
    }
  }

  #retry(): void {
    this.tell()
    if (!this.#isSignalling) void this.#tellSignals()
  }

  #fail(error: unknown): void {
    const problem = problemOf(error)
    if (problem instanceof Problem && problem.status >= 500)
      return void setTimeout(() => this.#retry(), RETRY_MS).unref()
    if (!(problem instanceof Problem)) this.#listener.report(error)
    this.end()
  }

  end(): void {
    this.#out.end()
  }
}
