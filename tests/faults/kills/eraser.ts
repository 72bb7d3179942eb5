/** Enters people whose words are known, has things said of them in many places, and has them erased. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Sender } from './sender.ts'

/** Of people who wait to be erased. */
const MOST = 3
const REST_MS = 60
/** Beyond the end of the run. */
const LATER_MS = 24 * 3_600_000

interface Doomed {
  readonly id: string
  readonly words: string
}

export class Eraser {
  readonly #sender: Sender
  readonly #doomed: Doomed[] = []

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** Enters one, or erases one. */
  async act(): Promise<void> {
    const isMany = this.#doomed.length >= MOST
    if (isMany || this.#sender.random() < 0.5) return this.#erase(this.#doomed.shift())
    return this.#enter()
  }

  async eraseAll(): Promise<void> {
    while (this.#doomed.length > 0) await this.#erase(this.#doomed.shift()).then(() => pause(REST_MS))
  }

  async #enter(): Promise<void> {
    const words = `doomed-${randomUUID()}`
    const body = { type: 'person', lastName: words, notes: `${words} says` }
    const { answer } = await this.#sender.insist([
      'POST',
      '/api/clients',
      { body, headers: { 'idempotency-key': randomUUID() } },
    ])
    if (answer.status !== 201) return this.#sender.accuse('create', answer)
    const { id: recordId, version } = answer.body
    this.#doomed.push({ id: recordId, words })
    // Whether each of these was answered matters to nobody: what it left goes as well.
    const file = { name: `${words}.txt`, content: `${words} sings`, recordId }
    await this.#sender.once(['POST', '/api/probe/files/put/exchange', { body: file }])
    const at = new Date(Date.now() + LATER_MS).toISOString()
    await this.#sender.once(['POST', '/api/probe/ring', { body: { recordId, word: words, at } }])
    await this.#sender.once(['POST', '/api/probe/share', { body: { subject: recordId, note: words } }])
    const headers = { 'if-match': `"${version}"` }
    await this.#sender.once(['PATCH', `/api/clients/${recordId}`, { body: { notes: `${words} said` }, headers }])
  }

  async #erase(doomed: Doomed | undefined): Promise<void> {
    if (!doomed) return
    // Its welcome could not be written any more.
    if (!(await this.#sender.isWelcomed(doomed.id))) return void this.#doomed.push(doomed)
    const { answer } = await this.#sender.insist(['POST', `/api/clients/${doomed.id}/erase`])
    if (answer.status !== 200) return this.#sender.accuse('erase', answer)
    this.#sender.ledger.erased.push(doomed.words)
  }
}
