/** All streams of this process: how many one user may have, who is told what, and when they are asked for their right. */
import type { Writable } from 'node:stream'
import { Problem } from '../contract.ts'
import type { Database } from '../data/database.ts'
import type { Position } from '../facts/changes.ts'
import { PeopleWatch, type Signal, SIGNALS } from '../facts/people.ts'
import { FactWatch } from '../facts/watch.ts'
import type { Switches } from '../tenancy/switches.ts'
import type { Follower } from '../work/changes.ts'
import { type Listener, Stream } from './stream.ts'

const MAX_STREAMS = 8
export const HEARTBEAT_MS = 15_000

interface Owner {
  readonly tenant: string
  readonly user: string
}

interface Means {
  readonly database: Pick<Database, 'directory' | 'door' | 'listen'>
  readonly switches: Pick<Switches, 'watch'>
  readonly heartbeatMs: number
  report(error: unknown): void
}

export class Streams {
  readonly #streams = new Map<Stream, Owner>()
  readonly #watch: FactWatch
  readonly #people: PeopleWatch
  readonly #unwatchSwitches: () => void
  readonly #timer: NodeJS.Timeout
  #isClosed = false

  constructor({ database, switches, heartbeatMs, report }: Means) {
    this.#watch = new FactWatch(database, {
      isEmpty: () => this.#streams.size === 0,
      tell: (tenants) => this.#among(tenants).forEach((stream) => stream.tell()),
      report,
    })
    this.#people = new PeopleWatch(database, {
      tell: ({ signal, tenant, user }) => this.#signal(signal, { tenant, user }),
      gap: () => SIGNALS.forEach((signal) => this.#signal(signal, null)),
      report,
    })
    this.#unwatchSwitches = switches.watch((tenant) =>
      this.#among(tenant === null ? null : [tenant]).forEach((stream) => void stream.recompose()),
    )
    // All at once, so that one statement reads all sessions.
    this.#timer = setInterval(() => this.#among(null).forEach((stream) => void stream.beat()), heartbeatMs).unref()
  }

  #among(tenants: readonly string[] | null): Stream[] {
    const told = tenants && new Set(tenants)
    return [...this.#streams].flatMap(([stream, { tenant }]) => (told && !told.has(tenant) ? [] : [stream]))
  }

  /** @param whose null where it may be anybody's: a stream whose listener has none of its own asks for its right */
  #signal(signal: Signal, whose: { tenant: string; user: string | null } | null): void {
    for (const [stream, { tenant, user }] of this.#streams)
      if (!whose || whose.tenant === tenant)
        stream.signal(signal, whose ? whose.user === user : signal !== 'deliveries')
  }

  /** @throws Problem 429 `too_many_streams`, 503 `interrupted` when the server ends */
  assertRoom(user: string): void {
    if (this.#isClosed) throw new Problem(503, 'interrupted')
    const open = [...this.#streams.values()].filter((owner) => owner.user === user)
    if (open.length >= MAX_STREAMS) throw new Problem(429, 'too_many_streams')
  }

  /** Streams to `out` from `position` on, until one side ends it. */
  open(out: Writable, to: { owner: Owner; listener: Listener; follower: Follower; position: Position }): void {
    // It went while it was asked for, and would never be heard to close.
    if (out.destroyed) return
    const stream = new Stream(out, to.listener, to.position)
    this.#streams.set(stream, to.owner)
    out.once('close', () => this.#streams.delete(stream))
    this.#watch.start()
    this.#people.start()
    stream.begin(to.follower)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#unwatchSwitches()
    this.#among(null).forEach((stream) => stream.end())
    await Promise.all([this.#watch.stop(), this.#people.stop()])
  }
}
