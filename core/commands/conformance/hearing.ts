/** What somebody hears who listens to a stream while others write: over a real connection, as browsers do. */
import { once } from 'node:events'
import type { Change } from '../../facts/changes.ts'
import type { Side, Stage } from './stage.ts'

/** A change is told when the transactions of the whole server that were open have ended. */
const PATIENCE_MS = 30_000
/** Of one that has no end so much is listened to. */
const MOST_CHARACTERS = 1024 * 1024

interface Place {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

export class Hearing {
  readonly url: string
  readonly status: number
  readonly #ending: AbortController
  #text = ''
  #isOver = false
  #next = Promise.withResolvers<void>()

  private constructor(url: string, reply: Response, ending: AbortController) {
    this.url = url
    this.status = reply.status
    this.#ending = ending
    void this.#listen(reply)
  }

  static async open({ origin }: Pick<Stage, 'origin'>, { cookie }: Pick<Side, 'cookie'>, { url, headers }: Place) {
    const ending = new AbortController()
    const given = { accept: 'text/event-stream', cookie, ...headers }
    return new Hearing(url, await fetch((await origin()) + url, { headers: given, signal: ending.signal }), ending)
  }

  async #listen({ body }: Response): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const piece of body ?? []) {
        this.#text += decoder.decode(piece as Uint8Array, { stream: true })
        if (this.#text.length > MOST_CHARACTERS) break
        this.#wake()
      }
    } catch {
      // It was closed, or has broken off: what was heard is heard.
    }
    this.#isOver = true
    this.#wake()
  }

  #wake(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }

  get text(): string {
    return this.#text
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Of the rows whose changes are told. */
  changesOf(id: string): Change[] {
    if (!this.tells(id)) return []
    const whole = this.#text.slice(0, this.#text.lastIndexOf('\n\n'))
    const all = [...whole.matchAll(/^event: change\ndata: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data as string) as Change,
    )
    return all.filter(({ rowId }) => rowId === id)
  }

  tells(id: string): boolean {
    return this.#text.includes(`"rowId":"${id}"`)
  }

  /** @returns false where it has ended before, or half a minute has passed */
  async until(is: (heard: this) => boolean): Promise<boolean> {
    const late = AbortSignal.timeout(PATIENCE_MS)
    const waited = once(late, 'abort')
    while (!is(this)) {
      if (this.#isOver || late.aborted) return false
      await Promise.race([this.#next.promise, waited])
    }
    return true
  }

  close(): void {
    this.#ending.abort()
  }
}
