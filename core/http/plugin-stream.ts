/** Answers of plugins that are sent piece by piece: streams of JSON, and bytes. */
import type { OutgoingHttpHeaders } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Json, Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import type { Life } from './lasting.ts'
import { Outlet, SLOW_MS } from './outlet.ts'

/** How long the first value is waited for, so that a refusal still has a status of its own. */
const HEAD_MS = 250
const BEAT_MS = 15_000
/** How long code may take until there is something to send. */
const BEGIN_MS = 60_000

export interface Format<T> {
  readonly headers: Record<string, string>
  write(value: T): string | Uint8Array
  /** Says now and then that it is still there. */
  readonly beat?: string
  /** The last words of one that has failed; without them it is broken off. */
  fail?(problem: Problem): string
}

const EVENTS: Format<Json> = {
  headers: { 'content-type': 'text/event-stream; charset=utf-8' },
  write: (value) => `data: ${JSON.stringify(value)}\n\n`,
  beat: ': still here\n\n',
  fail: ({ status, code, errors }) => `event: problem\ndata: ${JSON.stringify({ status, code, errors })}\n\n`,
}
const LINES: Format<Json> = {
  headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
  write: (value) => `${JSON.stringify(value)}\n`,
}

/** @throws Problem 406 `not_acceptable` */
export function formatFor({ headers }: FastifyRequest): Format<Json> {
  const accept = headers.accept ?? '*/*'
  if (accept.includes('text/event-stream')) return EVENTS
  if (/application\/(x-ndjson|\*)|\*\/\*/.test(accept)) return LINES
  throw new Problem(406, 'not_acceptable', [{ path: 'Accept', code: 'media_type' }])
}

/** One answer that lasts: its head is sent with the first piece, or when that lets itself be waited for. */
export class Sending<T> {
  readonly #reply: FastifyReply
  readonly #life: Life
  readonly #outlet: Outlet
  readonly #late: NodeJS.Timeout
  #format: Format<T> | null = null
  #beat: NodeJS.Timeout | undefined

  constructor(reply: FastifyReply, life: Life) {
    this.#reply = reply
    this.#life = life
    this.#outlet = new Outlet(reply.raw)
    this.#late = setTimeout(() => life.end(new Problem(504, 'deadline')), BEGIN_MS)
    reply.raw.once('close', () => life.end(new Problem(400, 'aborted')))
  }

  #begin(format: Format<T>): void {
    clearTimeout(this.#late)
    this.#format = format
    // Its end is the end of the connection: a server that closes waits for none that is kept alive.
    this.#reply.hijack().headers({ ...format.headers, 'x-accel-buffering': 'no', connection: 'close' })
    this.#reply.raw.writeHead(200, this.#reply.getHeaders() as OutgoingHttpHeaders)
    this.#reply.raw.flushHeaders()
    // It may have nothing to say for longer than a connection may idle.
    this.#reply.raw.socket?.setTimeout(0)
    const { beat } = format
    if (beat) this.#beat = setInterval(() => this.#outlet.write(beat), BEAT_MS)
  }

  /** Sends what is given, at the pace of the client. @throws what the values throw */
  async pump(values: AsyncIterable<T>, format: Format<T>): Promise<void> {
    const { signal } = this.#life
    const iterator = values[Symbol.asyncIterator]()
    try {
      let next = iterator.next()
      await Promise.race([next, wait(HEAD_MS)])
      if (signal.aborted) return
      this.#begin(format)
      for (;;) {
        const { done, value } = await next
        if (done || signal.aborted || this.#outlet.isEnded) return
        this.#outlet.write(format.write(value))
        await this.#outlet.drained(SLOW_MS)
        next = iterator.next()
      }
    } finally {
      // It may be waiting for what never comes: nobody waits with it.
      iterator.return?.().catch(() => {})
    }
  }

  /** @returns whether the answer was begun, and is ended by this */
  end(error?: unknown): boolean {
    clearTimeout(this.#late)
    clearInterval(this.#beat)
    if (!this.#format) return false
    const problem = problemOf(error)
    const last = problem instanceof Problem ? this.#format.fail?.(problem) : undefined
    if (last) this.#outlet.write(last)
    // Half an answer is not to be taken for the whole.
    if (error !== undefined && !last) this.#outlet.cut()
    else this.#outlet.end()
    return true
  }
}
