/** Replaces a secret that nobody else replaces, so that its last value is known. */
import type { Sender } from './sender.ts'

export class Entruster {
  readonly #sender: Sender
  readonly #name: string

  constructor(sender: Sender, name: string) {
    this.#sender = sender
    this.#name = name
  }

  async entrust(value: string): Promise<void> {
    const { ledger, tenant } = this.#sender
    const path = `/api/plugins/probe/secrets/${this.#name}`
    const { answer } = await this.#sender.insist(['PUT', path, { body: { value } }])
    if (answer.status !== 204) return this.#sender.accuse('secret', answer)
    ledger.entrusted++
    ledger.secrets.set(`${tenant} ${this.#name}`, value)
  }
}
