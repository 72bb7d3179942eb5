/** Processes are killed at random while others write, until so many are; then everything settles and is counted. */
import { setTimeout as pause } from 'node:timers/promises'
import { createRandom } from '../../support/random.ts'
import { eventually } from '../../support/harness.ts'
import { Node } from '../fleet.ts'
import { Person } from '../person.ts'
import { checkAll } from './checks.ts'
import type { Finding } from './finding.ts'
import { Ledger } from './ledger.ts'
import { Sender } from './sender.ts'
import { Rotation } from './rotation.ts'
import { emailOf, REPLACED, type Stage, TENANTS } from './stage.ts'
import { Writer } from './writer.ts'

const WEBS = 2
const WORKERS = 3
const WRITERS = 3
/** Between two kills, at most; and writes that are acknowledged in between, at least, or a slow machine would prove nothing. */
const REST_MS = 900
const LEAST_WRITES = 8
/** Of the kills, how many hit a supervisor and how many PostgreSQL, where it is ours. */
const SUPERVISORS = 0.15
const POSTGRES = 0.04
const START_MS = 180_000
/** Longer than all attempts of a delivery together, and than the lease of one whose worker is gone. */
const SETTLE_MS = 480_000

export interface Order {
  readonly stage: Stage
  readonly kills: number
  readonly seed: number
  readonly log: (line: string) => void
}

export interface Outcome {
  readonly findings: readonly Finding[]
  /** How often each was killed. */
  readonly killed: Readonly<Record<'web' | 'worker' | 'supervisor' | 'PostgreSQL' | 'rotation', number>>
  readonly seconds: number
}

const MINUTELY = 'minutely'

class Course {
  readonly #order: Order
  readonly #random: () => number
  readonly #ledger = new Ledger()
  readonly #killed = { web: 0, worker: 0, supervisor: 0, PostgreSQL: 0 }
  #nodes: readonly Node[] = []

  constructor(order: Order) {
    this.#order = order
    this.#random = createRandom(order.seed)
  }

  async run(): Promise<Outcome> {
    const { stage, kills, log } = this.#order
    const kinds = [...Array(WEBS).fill('web'), ...Array(WORKERS).fill('worker')] as ('web' | 'worker')[]
    this.#nodes = await Promise.all(kinds.map((kind) => Node.start(kind, stage.settings)))
    try {
      await this.#untilReady(() => this.#nodes.every(({ isReady }) => isReady))
      const begin = performance.now()
      const senders = await Promise.all(TENANTS.map((tenant) => this.#senderOf(tenant)))
      const writing = new AbortController()
      const writers = senders.flatMap((sender, t) =>
        Array.from({ length: WRITERS }, (_, w) => new Writer(sender, `${t}.${w}`, REPLACED[w] ?? null)),
      )
      await Promise.all(writers.map((writer) => writer.prepare()))
      const bells = await Promise.all(senders.map((sender) => this.#ringEachMinute(sender)))
      log('writing and killing')
      const rotation = new Rotation({ ...stage, random: this.#random, ledger: this.#ledger })
      const rotating = rotation.work(writing.signal)
      const work = Promise.all([...writers.map((writer) => writer.work(writing.signal)), rotating])
      // Awaited below; until then its failure must not end the process.
      work.catch(() => {})
      await Promise.race([this.#kill(kills), work])
      writing.abort()
      const settling = this.#settle(work)
      await work
      await Promise.all(bells.map((hush) => hush()))
      await settling
      await rotation.finish()
      log('counting')
      const findings = await checkAll(stage, this.#ledger)
      return {
        findings,
        killed: { ...this.#killed, rotation: this.#ledger.cutRotations },
        seconds: (performance.now() - begin) / 1_000,
      }
    } finally {
      await Promise.all(this.#nodes.map((node) => node.stop()))
    }
  }

  async #senderOf(tenant: string): Promise<Sender> {
    const webs = this.#nodes.filter(({ kind }) => kind === 'web')
    const person = await Person.signIn(webs[0]!.origin, emailOf(tenant))
    return new Sender({ tenant, person, webs, ledger: this.#ledger, random: this.#random })
  }

  /** @returns what ends it */
  async #ringEachMinute(sender: Sender): Promise<() => Promise<unknown>> {
    const client = { type: 'person', lastName: `Bell ${this.#random()}` }
    const { answer } = await sender.insist(['POST', '/api/clients', { body: client }])
    const body = { recordId: answer.body.id, word: MINUTELY, every: '* * * * *', key: MINUTELY }
    await sender.insist(['POST', '/api/probe/ring', { body }])
    return () => sender.insist(['POST', '/api/probe/hush', { body: { key: MINUTELY } }])
  }

  async #untilReady(check: () => boolean): Promise<void> {
    await eventually(async () => check(), 'processes are ready', START_MS).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.#nodes.map(({ lastWords }) => lastWords).join('\n')}`)
    })
  }

  async #kill(kills: number): Promise<void> {
    const { stage, log } = this.#order
    for (let n = 1; n <= kills; n++) {
      const least = this.#ledger.acknowledged + LEAST_WRITES
      await pause(this.#random() * REST_MS)
      await this.#untilReady(() => this.#ledger.acknowledged >= least && this.#nodes.some(({ isReady }) => isReady))
      if (n % 50 === 0) log(`${n} kills, ${this.#ledger.acknowledged} writes acknowledged`)
      if (stage.killPostgres && this.#random() < POSTGRES) {
        this.#killed.PostgreSQL++
        await stage.killPostgres()
        continue
      }
      const ready = this.#nodes.filter(({ isReady }) => isReady)
      const node = ready[Math.floor(this.#random() * ready.length)] as Node
      const whom = this.#random() < SUPERVISORS ? 'supervisor' : 'serving'
      this.#killed[whom === 'supervisor' ? whom : node.kind]++
      node.kill(whom)
    }
    await this.#untilReady(() => this.#nodes.every(({ isReady }) => isReady))
  }

  /** Until the writers are done and nothing is left to tell. */
  async #settle(work: Promise<unknown>): Promise<void> {
    const { query, isImpatient } = this.#order.stage
    let isWorking = true
    let left: Record<string, number> = {}
    work.finally(() => (isWorking = false)).catch(() => {})
    const isSettled = async () => {
      if (isImpatient)
        await query(`update kernel.deliveries set leased_until = now() - interval '1 second'
          where state = 'queued' and updated_at < now() - interval '2 seconds'`)
      const [found] = await query<Record<string, number>>(`select
          (select count(*) from kernel.deliveries where state in ('waiting', 'queued'))::int as deliveries,
          (select count(*) from kernel.tasks where state in ('waiting', 'running', 'undoing'))::int as tasks,
          (select count(*) from kernel.schedules where not declared)::int as schedules,
          (select count(*) from kernel.facts f, kernel.relay r where (f.xid, f.id) > (r.xid, r.fact))::int as facts`)
      left = { ...found, writers: isWorking ? 1 : 0 }
      return Object.values(left).every((count) => count === 0)
    }
    await eventually(() => isSettled().then((is) => pause(200).then(() => is)), 'everything is told', SETTLE_MS).catch(
      (error: Error) => {
        throw new Error(`${error.message}: left are ${JSON.stringify(left)}`)
      },
    )
  }
}

export const runKills = (order: Order): Promise<Outcome> => new Course(order).run()
