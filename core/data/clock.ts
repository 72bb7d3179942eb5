/**
 * The database's time, told by the clock of this process that nobody sets: what several processes must agree on goes by it,
 * and the machine's own time may be wrong, or be put right while all goes on.
 */
export class Clock {
  /** How far the database's time is ahead of the steady clock, in milliseconds. */
  #ahead = Date.now() - performance.now()

  /** @param ask gives the database's time in milliseconds */
  async measure(ask: () => Promise<number>): Promise<void> {
    const asked = await ask()
    this.#ahead = asked - performance.now()
  }

  now(): number {
    return this.#ahead + performance.now()
  }
}
