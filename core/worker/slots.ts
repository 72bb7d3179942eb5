/** How many deliveries run at a time. Of those that wait, the tenant with the fewest running ones has its turn. */
export class Slots {
  #free: number
  readonly #running = new Map<string, number>()
  readonly #waiting: { readonly tenant: string; readonly go: () => void }[] = []

  constructor(size: number) {
    this.#free = size
  }

  async run(tenant: string, work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((go) => this.#waiting.push({ tenant, go }))
    this.#count(tenant, 1)
    try {
      await work()
    } finally {
      this.#count(tenant, -1)
      this.#next()
    }
  }

  #count(tenant: string, change: 1 | -1): void {
    const count = (this.#running.get(tenant) ?? 0) + change
    if (count === 0) this.#running.delete(tenant)
    else this.#running.set(tenant, count)
  }

  #next(): void {
    const loads = this.#waiting.map(({ tenant }) => this.#running.get(tenant) ?? 0)
    const [next] = this.#waiting.splice(loads.indexOf(Math.min(...loads)), 1)
    if (next) next.go()
    else this.#free++
  }
}
