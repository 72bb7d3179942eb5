/** Has what bears one key run one after the other, within this process. */
export class Turns {
  readonly #turns = new Map<string, Promise<void>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work)
    const ended = turn.then(
      () => {},
      () => {},
    )
    this.#turns.set(key, ended)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === ended) this.#turns.delete(key)
    }
  }
}
