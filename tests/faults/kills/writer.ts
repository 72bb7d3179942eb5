/** Somebody who writes without end, and notes what was acknowledged. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from '../person.ts'
import { Entruster } from './entruster.ts'
import { Eraser } from './eraser.ts'
import type { KeptClient, Pair } from './ledger.ts'
import type { Sender } from './sender.ts'
import { Uploader } from './uploader.ts'

const GROUP = 20
const PAIRS = 3
/** So that the processes have time to come back beside the work. */
const REST_MS = 60
const RING_WITHIN_MS = 2_000

export class Writer {
  readonly #sender: Sender
  readonly #name: string
  /** A client that stays, for what rings. */
  #bell = ''
  #count = 0
  readonly #own: KeptClient[] = []
  readonly #group = { ids: [] as string[], batches: 0, left: new Map<string, number>(), task: null as string | null }
  readonly #pairs: Pair[] = []
  readonly #eraser: Eraser
  readonly #acts: readonly (readonly [weight: number, act: () => Promise<void>])[]

  /** @param secret the name of one that it alone replaces */
  constructor(sender: Sender, name: string, secret: string | null) {
    this.#sender = sender
    this.#name = name
    const uploader = new Uploader(sender)
    const entruster = secret === null ? null : new Entruster(sender, secret)
    this.#eraser = new Eraser(sender)
    this.#acts = [
      [25, () => this.#create()],
      [35, () => this.#change()],
      [8, () => this.#remove()],
      [12, () => this.#ring()],
      [8, () => this.#batch()],
      [12, () => this.#merge()],
      [10, () => uploader.upload(this.#next(), this.#bell)],
      [10, () => this.#eraser.act()],
      [4, async () => entruster?.entrust(this.#next())],
    ]
  }

  /** Makes what it works on, before anything is killed. */
  async prepare(): Promise<void> {
    this.#bell = await this.#enter()
    for (let i = 0; i < GROUP; i++) this.#group.ids.push(await this.#enter())
    for (let i = 0; i < PAIRS; i++) {
      const [survivor, merged] = [await this.#enter(), await this.#enter()]
      this.#pairs.push({ survivor, merged, state: 'apart', mergeId: null })
    }
    const { ledger } = this.#sender
    ledger.groups.push(this.#group)
    ledger.pairs.push(...this.#pairs)
    await this.#create()
  }

  async work(signal: AbortSignal): Promise<void> {
    const sum = this.#acts.reduce((total, [weight]) => total + weight, 0)
    while (!signal.aborted) {
      let at = this.#sender.random() * sum
      const [, act] = this.#acts.find(([weight]) => (at -= weight) < 0) ?? this.#acts[0]!
      await act()
      await pause(this.#sender.random() * REST_MS)
    }
    // What is begun is brought to its end, so that every count is known.
    while (this.#group.task !== null) await this.#look().then(() => pause(REST_MS))
    for (const pair of this.#pairs) await this.#settle(pair)
    await this.#eraser.eraseAll()
  }

  #next(): string {
    return `${this.#name} ${++this.#count}`
  }

  async #enter(): Promise<string> {
    const body = { type: 'person', lastName: this.#next(), notes: '0' }
    const headers = { 'idempotency-key': randomUUID() }
    const { answer } = await this.#sender.insist(['POST', '/api/clients', { body, headers }])
    if (answer.status !== 201) throw new Error(`A client cannot be made: ${answer.status}`)
    return answer.body.id as string
  }

  async #create(): Promise<void> {
    const { ledger, random } = this.#sender
    const body = { type: 'person', lastName: this.#next(), notes: '0' }
    const request = ['POST', '/api/clients', { body, headers: { 'idempotency-key': randomUUID() } }] as const
    const { answer, isRepeated } = await this.#sender.insist(request)
    if (answer.status !== 201) return this.#sender.accuse('create', answer)
    if (isRepeated) ledger.repeats++
    const { id, version } = answer.body
    const client = { id, name: body.lastName, version, notes: '0', isDeleted: false }
    this.#own.push(client)
    ledger.clients.push(client)
    if (random() > 0.1) return
    ledger.repeats++
    const again = (await this.#sender.insist(request)).answer
    if (again.body.id !== id) this.#sender.accuse('the same key again', again)
  }

  #living(): KeptClient | undefined {
    return this.#sender.pick(this.#own.filter(({ isDeleted }) => !isDeleted))
  }

  async #change(): Promise<void> {
    const client = this.#living()
    if (!client) return
    const notes = this.#next()
    const path = `/api/clients/${client.id}`
    const asking = { body: { notes }, headers: { 'if-match': `"${client.version}"` } }
    const { answer, isRepeated } = await this.#sender.insist(['PATCH', path, asking])
    const after = isRepeated && answer.status === 412 ? (await this.#sender.insist(['GET', path])).answer : answer
    const isDone = after.status === 200 && after.body.version === client.version + 1 && after.body.notes === notes
    if (!isDone) return this.#sender.accuse('change', after)
    client.version++
    client.notes = notes
  }

  async #remove(): Promise<void> {
    const client = this.#living()
    if (!client || !(await this.#sender.isWelcomed(client.id))) return
    const headers = { 'if-match': `"${client.version}"` }
    const { answer, isRepeated } = await this.#sender.insist(['DELETE', `/api/clients/${client.id}`, { headers }])
    if (answer.status !== 204 && !(isRepeated && answer.status === 404)) return this.#sender.accuse('delete', answer)
    client.isDeleted = true
  }

  /** It has no idempotency key: what was not answered may have been scheduled. */
  async #ring(): Promise<void> {
    const { ledger, random } = this.#sender
    const word = this.#next()
    const at = new Date(Date.now() + random() * RING_WITHIN_MS).toISOString()
    const body = { recordId: this.#bell, word, at, key: word }
    const answer = await this.#sender.once(['POST', '/api/probe/ring', { body }])
    const isScheduled = answer?.body === 'scheduled'
    if (answer && !isScheduled) this.#sender.accuse('ring', answer)
    ledger.rings.set(word, isScheduled)
  }

  async #batch(): Promise<void> {
    if (this.#group.task !== null) return this.#look()
    const body = { ids: this.#group.ids, update: { source: this.#next() } }
    const headers = { 'idempotency-key': randomUUID() }
    const { answer, isRepeated } = await this.#sender.insist(['POST', '/api/clients/batch', { body, headers }])
    if (answer.status !== 202) return this.#sender.accuse('batch', answer)
    if (isRepeated) this.#sender.ledger.repeats++
    this.#group.task = answer.body.task
    this.#sender.ledger.tasks.push(answer.body.task)
  }

  async #look(): Promise<void> {
    const answer = await this.#sender.once(['GET', `/api/tasks/${this.#group.task}`])
    if (!answer || ['waiting', 'running'].includes(answer.body.state)) return
    const { state, done, failed, errors } = answer.body
    const late = (errors as { id: string; code: string }[]).filter(({ code }) => code === 'unanswered')
    const isWhole = state === 'done' && done === GROUP - late.length && failed === late.length
    for (const { id } of late) this.#group.left.set(id, (this.#group.left.get(id) ?? 0) + 1)
    if (!isWhole) this.#sender.accuse('task', answer)
    this.#group.task = null
    this.#group.batches++
  }

  async #merge(): Promise<void> {
    const pair = this.#sender.pick(this.#pairs)
    if (pair.state === 'unknown') return this.#settle(pair)
    if (pair.state === 'merged') return this.#unmerge(pair)
    if (!(await this.#sender.isWelcomed(pair.survivor)) || !(await this.#sender.isWelcomed(pair.merged))) return
    const path = `/api/clients/${pair.survivor}/merge`
    const answer = await this.#sender.once(['POST', path, { body: { with: pair.merged } }])
    if (!answer) return void (pair.state = 'unknown')
    if (answer.status !== 200) return this.#sender.accuse('merge', answer)
    this.#sender.ledger.merges++
    Object.assign(pair, { state: 'merged', mergeId: answer.body.mergeId })
  }

  /** Of a merge whose answer did not come nobody knows the id: such a pair stays merged. */
  async #unmerge(pair: Pair): Promise<void> {
    if (pair.mergeId === null) return
    const body = { mergeId: pair.mergeId }
    const answer = await this.#sender.once(['POST', `/api/clients/${pair.survivor}/unmerge`, { body }])
    if (!answer) return void (pair.state = 'unknown')
    if (answer.status !== 200) return this.#sender.accuse('unmerge', answer)
    this.#sender.ledger.unmerges++
    Object.assign(pair, { state: 'apart', mergeId: null })
  }

  /** Looks what has become of a merge or unmerge that was not answered. */
  async #settle(pair: Pair): Promise<void> {
    if (pair.state !== 'unknown') return
    const { answer } = await this.#sender.insist(['GET', `/api/clients/${pair.merged}`])
    const states: Record<Answer['status'], Pair['state']> = { 200: 'apart', 308: 'merged' }
    const state = states[answer.status]
    if (!state) return this.#sender.accuse('a row of a merge', answer)
    Object.assign(pair, { state, mergeId: state === 'apart' ? null : pair.mergeId })
  }
}
