/** Sends the requests of one person to whichever process answers. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Node } from '../fleet.ts'
import type { Answer, Asking, Person } from '../person.ts'
import type { Ledger } from './ledger.ts'

const AGAIN_MS = 60
/** After the last kill everything is up again: who has no answer by then will have none. */
const PATIENCE_MS = 180_000

export type Request = readonly [method: string, path: string, asking?: Asking]

export interface Insisted {
  readonly answer: Answer
  /** An attempt before it was not answered: it may have done its work all the same. */
  readonly isRepeated: boolean
}

export class Sender {
  readonly tenant: string
  readonly ledger: Ledger
  readonly random: () => number
  readonly #person: Person
  readonly #webs: readonly Node[]

  constructor(at: { tenant: string; person: Person; webs: readonly Node[]; ledger: Ledger; random: () => number }) {
    this.tenant = at.tenant
    this.#person = at.person
    this.#webs = at.webs
    this.ledger = at.ledger
    this.random = at.random
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T
  }

  /** @returns null where no answer came, or one that says that the process, its database or a plugin that is asked is away */
  async once([method, path, asking]: Request): Promise<Answer | null> {
    const { origin } = this.pick(this.#webs)
    const answer = await this.#person.ask(origin, method, path, asking).catch(() => null)
    if (answer && answer.status < 500 && answer.body?.code !== 'unanswered') {
      if (method !== 'GET' && answer.status < 300) this.ledger.acknowledged++
      return answer
    }
    if (method !== 'GET') this.ledger.unanswered++
    return null
  }

  /** The same request until it is answered. */
  async insist(request: Request): Promise<Insisted> {
    const end = Date.now() + PATIENCE_MS
    for (let isRepeated = false; Date.now() < end; isRepeated = true) {
      const answer = await this.once(request)
      if (answer) return { answer, isRepeated }
      await pause(AGAIN_MS)
    }
    throw new Error(`Nobody answers: ${request[0]} ${request[1]}`)
  }

  /** Whether the handler that welcomes each new client has been told: it could not write of one that is gone. */
  async isWelcomed(id: string): Promise<boolean> {
    const answer = await this.once(['GET', `/api/tasklist?clientId=${id}&limit=1`])
    return answer?.status === 200 && answer.body.items.length > 0
  }

  accuse(what: string, answer: Answer): void {
    this.ledger.faults.push(`${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`)
  }
}
