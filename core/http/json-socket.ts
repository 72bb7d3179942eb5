/** A WebSocket as plugin code sees it: messages in, messages out, one end. */
import type { WebSocket } from '@fastify/websocket'
import { type Json, Problem, type Socket } from '../contract.ts'
import { readBody } from './gate.ts'

/** In bytes, of one message that comes in. */
export const MAX_MESSAGE = 256 * 1024
/** What may wait for a client that does not read. */
const MAX_WAITING = 1024 * 1024
/** How many messages may wait for code that does not read. */
const MAX_QUEUED = 32
const PING_MS = 15_000
/** How long a client may take to answer the end. */
const END_MS = 1_000

const CODES: Record<number, number> = { 503: 1001 }
const closed = () => new Problem(409, 'closed')

export class JsonSocket implements Socket {
  readonly #ws: WebSocket
  readonly #queue: Json[] = []
  readonly #ping: NodeJS.Timeout
  #wake: () => void = () => {}
  #isOver = false
  #isAlive = true

  /** @param onClose called once when the connection is over */
  constructor(ws: WebSocket, onClose: () => void, pingMs = PING_MS) {
    this.#ws = ws
    ws.on('message', (data, isBinary) => this.#take(data as Buffer, isBinary))
    ws.on('pong', () => (this.#isAlive = true))
    ws.once('close', () => {
      this.#isOver = true
      clearInterval(this.#ping)
      this.#wake()
      onClose()
    })
    this.#ping = setInterval(() => this.#beat(), pingMs)
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.close(1003, 'json_only')
    let message: Json | undefined
    try {
      message = readBody(data)
    } catch {
      message = undefined
    }
    if (message === undefined) return this.close(1007, 'invalid_body')
    this.#queue.push(message)
    if (this.#queue.length >= MAX_QUEUED) this.#ws.pause()
    this.#wake()
  }

  #beat(): void {
    // While nobody reads here, an answer could not be heard.
    if (this.#ws.isPaused) return
    if (!this.#isAlive) return this.#ws.terminate()
    this.#isAlive = false
    this.#ws.ping()
  }

  #resume(): void {
    // Its last answer may still lie unread.
    this.#isAlive = true
    this.#ws.resume()
  }

  get messages(): AsyncIterable<Json> {
    return this.#read()
  }

  async *#read(): AsyncGenerator<Json, void> {
    for (;;) {
      while (this.#queue.length > 0) {
        const message = this.#queue.shift() as Json
        if (this.#ws.isPaused && this.#queue.length < MAX_QUEUED / 2) this.#resume()
        yield message
      }
      if (this.#isOver) return
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async send(message: Json): Promise<void> {
    if (this.#isOver || this.#ws.readyState !== this.#ws.OPEN) throw closed()
    const text = JSON.stringify(message)
    if (this.#ws.bufferedAmount > MAX_WAITING) {
      this.#ws.terminate()
      throw closed()
    }
    await new Promise<void>((resolve, reject) => this.#ws.send(text, (error) => (error ? reject(closed()) : resolve())))
  }

  close(code = 1000, reason = ''): void {
    if (this.#isOver) return
    this.#ws.close(code, reason)
    this.#isOver = true
    this.#wake()
    // One that waits for room would never hear the answer.
    if (this.#ws.isPaused) this.#ws.resume()
    const late = setTimeout(() => this.#ws.terminate(), END_MS)
    this.#ws.once('close', () => clearTimeout(late))
  }

  /** With 4000 and the status of a problem, 1001 when the server ends, 1011 for what is not a problem. */
  fail(error: unknown): void {
    if (!(error instanceof Problem)) return this.close(1011, 'internal')
    this.close(CODES[error.status] ?? 4000 + error.status, error.code)
  }
}
