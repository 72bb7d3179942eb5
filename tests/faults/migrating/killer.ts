/** Commands that migrate, killed with SIGKILL when the database shows that they have come as far as was drawn. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../support/harness.ts'
import { childOf } from '../fleet.ts'
import type { Query } from '../kills/finding.ts'
import { type Ended, hasEnded, type Program, run, type Settings } from '../program.ts'

/** `command` leaves behind the process that migrates, which goes on. */
export const VICTIMS = ['command', 'migrating', 'both'] as const
export type Victim = (typeof VICTIMS)[number]

/** Whether this is the moment to kill. */
export type IsTime = (sight: Sight) => boolean | Promise<boolean>

/** What the database shows of those that migrate it. */
export interface Sight {
  /** Another one whenever they have gone on. */
  readonly text: string
  /** A transaction is open that has written. */
  readonly isWriting: boolean
}

const MIGRATING = `pg_stat_activity a where a.datname = current_database() and a.application_name = 'weft migrate'`
const LOOK = `select coalesce(string_agg(format('%s %s', a.pid, (select count(*) from pg_locks l where l.pid = a.pid)), ',' order by a.pid), '') as text,
  coalesce(bool_or(a.backend_xid is not null), false) as "isWriting" from ${MIGRATING}`
const LOOK_MS = 4
const END_MS = 60_000
/** What a command says of a process that has gone without a word. */
const EARLY = /the process that does it ended early/

/** One that nobody has waited for is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const state = `/proc/${pid}/stat`
    return !existsSync(state) || !/\) Z /.test(readFileSync(state, 'utf8'))
  } catch {
    return false
  }
}

function end(pid: number | null | undefined): void {
  try {
    if (pid) process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The process below a command that migrates; null while it does something else. */
function migratingOf(command: number): number | null {
  const pid = childOf(command)
  const line = `/proc/${pid}/cmdline`
  try {
    const text = existsSync(line) ? readFileSync(line, 'utf8') : execFileSync('ps', ['-o', 'args=', '-p', `${pid}`])
    return `${text}`.includes('migrate.ts') ? pid : null
  } catch {
    return null
  }
}

export class Killer {
  readonly #random: () => number
  /** How often each was killed. */
  readonly kills = { command: 0, migrating: 0, both: 0 }
  /** Of those, how often a transaction was open that had written. */
  amid = 0
  /** Steps of a run that nobody kills, as far as is known. */
  #most = 40
  #seen = 0
  #orphans: number[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  get count(): number {
    return Object.values(this.kills).reduce((sum, n) => sum + n)
  }

  draw<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }

  /**
   * Runs the command and kills it.
   * @param query of the database that it migrates
   * @returns how it ended; null where it was killed
   */
  async run(words: readonly string[], settings: Settings, { query, victim, isTime }: Killing): Promise<Ended | null> {
    const program = run(words, settings)
    const sight = await this.#reach(
      program,
      query,
      isTime ?? this.#countSteps(1 + Math.floor(this.#random() * this.#most)),
    )
    if (!sight) return program.ended
    const exit = once(program.process, 'exit')
    this.#kill(program, victim)
    const [, signal] = await exit
    // What it has left behind holds its output open.
    const ended = victim === 'command' && signal === 'SIGKILL' ? null : await program.ended
    if (ended && ended.signal === null && !EARLY.test(ended.err)) return ended
    this.kills[victim]++
    if (sight.isWriting) this.amid++
    return null
  }

  #kill({ process: { pid } }: Program, victim: Victim): void {
    const child = migratingOf(pid as number)
    if (victim === 'command' && child) this.#orphans.push(child)
    if (victim !== 'migrating') end(pid)
    if (victim !== 'command') end(child)
  }

  /** Runs the command to its end. What is killed after it is killed at one of the steps that were seen. */
  async observe(words: readonly string[], settings: Settings, query: Query): Promise<Ended> {
    const program = run(words, settings)
    await this.#reach(program, query, this.#countSteps(Infinity))
    this.#most = this.#seen
    return program.ended
  }

  #countSteps(target: number): IsTime {
    let last = ''
    this.#seen = 0
    return ({ text }) => {
      if (text !== last) this.#seen++
      last = text
      return this.#seen >= target && text !== ''
    }
  }

  async #reach(program: Program, query: Query, isTime: IsTime): Promise<Sight | null> {
    while (!hasEnded(program)) {
      const [sight] = await query<Sight>(LOOK)
      // Whoever says that it is time may have looked later.
      if (sight && (await isTime(sight)) && !hasEnded(program)) return (await query<Sight>(LOOK))[0] ?? sight
      await pause(LOOK_MS)
    }
    return null
  }

  /** Until nobody migrates any more: what was left behind comes to its end, and PostgreSQL has ended what was killed. */
  async untilQuiet(query: Query): Promise<void> {
    await eventually(
      async () => {
        const [found] = await query<{ n: number }>(`select count(*)::int as n from ${MIGRATING}`)
        return found?.n === 0 && !this.#orphans.some(isAlive)
      },
      'nobody migrates any more',
      END_MS,
    )
    this.#orphans = []
  }
}

export interface Killing {
  readonly query: Query
  readonly victim: Victim
  /** Drawn where it is not given. */
  readonly isTime?: IsTime
}
