/** The sending side of an answer that lasts. */
import type { Writable } from 'node:stream'

/** How long a client may take to read the end. */
const END_MS = 1_000
/** How long a client may leave unread what was sent. */
export const SLOW_MS = 30_000

export class Outlet {
  readonly #out: Writable
  readonly #maxWaiting: number
  #isEnded = false

  /** @param maxWaiting how many bytes may wait for a client that does not read; beyond them it is cut off */
  constructor(out: Writable, maxWaiting = Infinity) {
    this.#out = out
    this.#maxWaiting = maxWaiting
    out.once('close', () => (this.#isEnded = true))
    // The client has gone; `close` says the same.
    out.on('error', () => {})
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  write(piece: string | Uint8Array): void {
    if (this.#isEnded || piece.length === 0) return
    this.#out.write(piece)
    if (this.#out.writableLength > this.#maxWaiting) this.#out.destroy()
  }

  /** Waits until the client has read; with `ms`, one that takes longer is cut off. */
  drained(ms?: number): Promise<void> {
    const out = this.#out
    if (this.#isEnded || !out.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      const late = ms === undefined ? undefined : setTimeout(() => out.destroy(), ms).unref()
      const done = () => {
        clearTimeout(late)
        out.off('drain', done).off('close', done)
        resolve()
      }
      out.on('drain', done).on('close', done)
    })
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#out.end()
    const late = setTimeout(() => this.#out.destroy(), END_MS)
    this.#out.once('close', () => clearTimeout(late))
  }

  /** Breaks it off, so that what was sent is not taken for the whole. */
  cut(): void {
    this.#isEnded = true
    this.#out.destroy()
  }
}
