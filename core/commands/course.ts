/** What a command has begun, ended in the reverse order: when it is done, when it fails, when it is asked to stop. */

/** What does not end by itself is ended: a stuck request must not keep the process. */
const PATIENCE_MS = 20_000

export class Course {
  readonly #ends: (() => Promise<void>)[] = []
  #beginning: Promise<unknown> = Promise.resolve()
  #ending: Promise<void> | null = null

  /** Begins one thing, after those before it. Never returns once the course is ending: nothing more may begin. */
  async begin<T>(start: () => Promise<T>, end: (made: T) => Promise<void>): Promise<T> {
    if (this.#ending) return new Promise(() => {})
    const beginning = start().then((made) => {
      this.#ends.push(() => end(made))
      return made
    })
    this.#beginning = beginning.catch(() => {})
    await this.#beginning
    return this.#ending ? new Promise(() => {}) : beginning
  }

  /** Ends everything once; what is just beginning is awaited, so that it is not left behind. */
  end(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  /** Ends everything because of a fault, which is no news where the operator has ended it first. */
  async fail(error: unknown): Promise<never> {
    if (this.#ending) return new Promise(() => {})
    await this.end()
    throw error
  }

  async #end(): Promise<void> {
    await this.#beginning
    const faults: unknown[] = []
    for (const end of this.#ends.toReversed()) await end().catch((error: unknown) => faults.push(error))
    if (faults.length > 0) throw faults[0]
  }

  /** Ends the course and then the process when the operator or the system asks for it. */
  endOnSignal(): void {
    const end = () => {
      if (this.#ending) return
      setTimeout(() => process.exit(1), PATIENCE_MS).unref()
      this.end().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error)
          process.exit(1)
        },
      )
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
  }
}
