/** Uploads in parts, so that a kill meets some of them in their middle, and has some claimed. */
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Sender } from './sender.ts'

const MAX_PARTS = 12
const PART_BYTES = 16_384
const PART_REST_MS = 25
const CLAIMED = 0.5

export class Uploader {
  readonly #sender: Sender

  constructor(sender: Sender) {
    this.#sender = sender
  }

  #compose(name: string): string[] {
    const { random } = this.#sender
    const count = 1 + Math.floor(random() * MAX_PARTS)
    return Array.from({ length: count }, (_, i) => `${name} ${i} ${random()}`.padEnd(PART_BYTES, '.'))
  }

  /** @param record the living record that it is claimed for */
  async upload(name: string, record: string): Promise<void> {
    const { ledger, random } = this.#sender
    const parts = this.#compose(name)
    // Such a name has a plugin look at its bytes.
    const path = `/api/files?plugin=probe&name=scan-${encodeURIComponent(name)}.txt`
    ledger.uploads++
    const answer = await this.#sender.once(['POST', path, { content: () => this.#send(parts) }])
    if (!answer) return
    if (answer.status !== 201) return this.#sender.accuse('upload', answer)
    const sha256 = createHash('sha256').update(parts.join('')).digest('hex')
    const file = { id: answer.body.id as string, sha256, state: 'staged' as 'staged' | 'kept' | 'unknown' }
    ledger.files.push(file)
    if (random() < CLAIMED) return
    const body = { id: file.id, recordId: record }
    const claim = await this.#sender.once(['POST', '/api/probe/files/claim/command', { body }])
    if (claim && claim.status !== 200) return this.#sender.accuse('claim', claim)
    file.state = claim ? 'kept' : 'unknown'
  }

  async *#send(parts: readonly string[]): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      yield Buffer.from(part)
      await pause(this.#sender.random() * PART_REST_MS)
    }
  }
}
