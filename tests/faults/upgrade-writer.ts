/** Somebody who writes while the processes that answer are changed, and notes what was acknowledged. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { clientOf, type Version } from './diary.ts'
import type { Node } from './fleet.ts'
import type { Answer, Asking, Person } from './person.ts'

/** The machine is shared with the processes that answer. */
const REST_MS = 200

export interface Web {
  readonly node: Node
  readonly version: Version
}

/** What was acknowledged of one client and of what belongs to it. */
export interface Written {
  readonly id: string
  readonly nick: string
  readonly firstName: string
  /** Written by the newer version alone. */
  readonly pet: string | null
  readonly mood: string | null
  readonly text: string
  /** What a handler was to be told. */
  readonly noted: string
  /** Which version wrote last to the client. */
  readonly by: Version
}

type Request = readonly [method: string, path: string, asking?: Asking]

export class Writer {
  readonly written: Written[] = []
  /** Whatever nobody is to meet. */
  readonly faults: string[] = []
  readonly #name: string
  readonly #person: Person
  /** Those that answer, shared by all who write. */
  readonly #webs: Web[]
  #turn = 0

  constructor(name: string, person: Person, webs: Web[]) {
    this.#name = name
    this.#person = person
    this.#webs = webs
  }

  async work(signal: AbortSignal): Promise<void> {
    for (let n = 0; !signal.aborted; n++) {
      await this.#round(`${this.#name} ${n}`)
      await pause(REST_MS)
    }
  }

  /** One after the other, as something that shares out requests does. */
  #next(): Web {
    return this.#webs[this.#turn++ % this.#webs.length] as Web
  }

  /** A process that was asked to end may be gone before it answers: then another one is asked the same. */
  async #send(first: Web, [method, path, asking]: Request, expected: number): Promise<Answer> {
    for (let web = first, isRepeated = false; ; web = this.#next(), isRepeated = true) {
      const answer = await this.#person.ask(web.node.origin, method, path, asking).catch((error: Error) => error)
      if (answer instanceof Error) {
        if (!web.node.isStopped) this.faults.push(`${method} ${path}: ${answer.message} ${String(answer.cause)}`)
        const at = this.#webs.indexOf(web)
        if (at >= 0) this.#webs.splice(at, 1)
        continue
      }
      // It was done by the one that could not say so any more.
      const isDone = isRepeated && method === 'PATCH' && answer.status === 412
      if (answer.status !== expected && !isDone)
        this.faults.push(`${method} ${path} by the ${web.version} one: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    }
  }

  async #round(name: string): Promise<void> {
    const [one, other] = [this.#next(), this.#next()]
    // Of two, each is the first one in turn.
    this.#next()
    const isNewer = one.version === 'newer'
    const key = () => ({ 'idempotency-key': randomUUID() })
    const [pet, mood] = isNewer ? [`Pet ${name}`, 'calm'] : [null, null]
    const body = clientOf(name, pet ? { pet } : {})
    const made = await this.#send(one, ['POST', '/api/clients', { body, headers: key() }], 201)
    const id = made.body.id as string
    const [nick, firstName, text] = [`Nick ${name}`, `First ${name}`, `after ${name}`]
    const change = { firstName, extensions: { diary: { nick } } }
    const seen = { 'if-match': '"1"' }
    await this.#send(other, ['PATCH', `/api/clients/${id}`, { body: change, headers: seen }], 200)
    const entry = { recordId: id, text: `before ${name}`, ...(mood ? { mood } : {}) }
    const note = await this.#send(one, ['POST', '/api/diary', { body: entry, headers: key() }], 201)
    await this.#send(other, ['PATCH', `/api/diary/${note.body.id}`, { body: { text }, headers: seen }], 200)
    const told = { recordId: id, text: name }
    await this.#send(other, ['POST', '/api/diary/note', { body: told, headers: key() }], 204)
    const row = await this.#send(other, ['GET', `/api/clients/${id}`], 200)
    if (row.body.firstName !== firstName) this.faults.push(`GET /api/clients/${id}: ${JSON.stringify(row.body)}`)
    this.written.push({ id, nick, firstName, pet, mood, text, noted: `noted ${name}`, by: other.version })
  }
}
