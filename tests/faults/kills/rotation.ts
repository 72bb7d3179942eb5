/** Rotates the keys of the secrets by its command, again and again, and kills it in its middle. */
import { setTimeout as pause } from 'node:timers/promises'
import { hasEnded, type Program, run, type Settings } from '../program.ts'
import type { Query } from './finding.ts'
import type { Ledger } from './ledger.ts'

const REST_MS = 4_000
const LOOK_MS = 5
const ROTATE = ['secrets', 'rotate']

interface Means {
  readonly settings: Settings
  readonly query: Query
  readonly random: () => number
  readonly ledger: Ledger
}

export class Rotation {
  readonly #means: Means

  constructor(means: Means) {
    this.#means = means
  }

  async work(signal: AbortSignal): Promise<void> {
    // One at least is cut, or the promise would not be tried.
    while (!signal.aborted || this.#means.ledger.cutRotations === 0) {
      await this.#cut()
      await pause(this.#means.random() * REST_MS)
    }
  }

  /** How much is encrypted with the key of a rotation that is not at its end; 0 before it has begun. */
  async #progress(): Promise<number> {
    const [found] = await this.#means
      .query<{ part: number }>(
        `select avg((s.key_id = k.id)::int)::float8 as part from kernel.secrets s,
          (select id from kernel.secret_keys where swept_at is null order by id desc limit 1) k`,
      )
      .catch(() => [])
    return found?.part ?? 0
  }

  async #cut(): Promise<void> {
    const program = run(ROTATE, this.#means.settings)
    const end = this.#means.random()
    while (!hasEnded(program)) {
      const part = await this.#progress()
      if (part > 0 && part < 1 && part >= end) return this.#kill(program)
      await pause(LOOK_MS)
    }
    await program.ended
  }

  async #kill({ process, ended }: Program): Promise<void> {
    process.kill('SIGKILL')
    const { signal } = await ended
    if (signal === 'SIGKILL') this.#means.ledger.cutRotations++
  }

  /** @throws Error where it cannot be brought to its end */
  async finish(): Promise<void> {
    const { code, err } = await run(ROTATE, this.#means.settings).ended
    if (code !== 0) throw new Error(`The rotation ends with ${code}: ${err}`)
  }
}
