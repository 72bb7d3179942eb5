/** The verbs of a resource, once for every resource and every caller: HTTP, handlers, plugins. */
import { randomUUID } from 'node:crypto'
import { type JsonObject, Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import { isUuid } from '../resource/formats.ts'
import { compileGet } from '../resource/list.ts'
import type { Field, Model } from '../resource/model.ts'
import {
  type AnswerRecord,
  type Change,
  compileCreate,
  compileDelete,
  compileLock,
  compileReferences,
  compileRestore,
  compileUpdate,
} from '../resource/write.ts'
import { type AggregateInput, type AggregateReply, aggregateRows } from './aggregate.ts'
import { completeCreation, readCreation, readPatch, readPlainPatch, type Written } from './body.ts'
import type { Composed } from './composition.ts'
import { listRows, type ListInput, type ListReply, ruleOf, streamRows } from './listing.ts'
import { notFound, refuseMissing } from './missing.ts'
import { type AskRow, readPart, refuseChange } from './row-points.ts'
import type { Scope } from './scope.ts'
import type { Joined } from './unit.ts'
import { assertView, isView } from './view.ts'

/** A row as JSON text, ready to send, with what its headers say. */
export interface RowReply {
  readonly id: string
  readonly version: number
  readonly body: string
}

export interface CreateOptions {
  readonly answer?: AnswerRecord | null
  readonly id?: string
}

type At = { readonly id: string; readonly version: number }

export class Verbs {
  readonly #scope: Scope
  readonly #composed: Composed
  readonly #model: Model

  constructor(scope: Scope, composed: Composed) {
    this.#scope = scope
    this.#composed = composed
    this.#model = composed.model
  }

  /** Which rows may be written. */
  get #rule() {
    return this.#scope.rules.of(this.#model, 'write')
  }

  #demand(verb: 'read' | 'create' | 'update' | 'delete'): void {
    if (!this.#scope.can(`${this.#model.name}.${verb}`)) throw new Problem(403, 'forbidden')
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw problemOf(error, this.#model)
    }
  }

  list(input: ListInput): Promise<ListReply> {
    this.#demand('read')
    return this.#run(() => listRows(this.#scope, this.#composed, input))
  }

  /** Rows as JSON text, page by page. @param open the scope of each page */
  async *stream(open: () => Scope, input: Pick<ListInput, 'where' | 'q' | 'sort'>): AsyncGenerator<string[]> {
    this.#demand('read')
    const pages = streamRows(open, this.#composed, input)
    try {
      yield* pages
    } catch (error) {
      throw problemOf(error, this.#model)
    }
  }

  aggregate(input: AggregateInput): Promise<AggregateReply> {
    this.#demand('read')
    return this.#run(() => aggregateRows(this.#scope, this.#composed, input))
  }

  async get(id: string, include: readonly Model[] = []): Promise<RowReply> {
    this.#demand('read')
    if (!isUuid(id)) throw notFound()
    const statement = compileGet(
      this.#model,
      { tenant: this.#scope.tenant, id },
      { include, rule: ruleOf(this.#scope) },
    )
    const { rows } = await this.#run(() => this.#scope.unit.read<{ version: number; body: string }>(statement))
    return rows[0] ? { id, ...rows[0] } : this.#refuseMissing(id)
  }

  /** The row, which nobody else changes before the transaction ends. @throws Problem 403 for one that is only read */
  async getLocked(id: string): Promise<RowReply> {
    this.#demand('read')
    this.#demand('update')
    if (!isUuid(id)) throw notFound()
    const place = { tenant: this.#scope.tenant, id, rule: this.#rule }
    const statement = compileLock(this.#model, place)
    const { rows } = await this.#run(() => this.#scope.unit.write<Omit<RowReply, 'id'>>(statement))
    if (rows[0]) return { id, version: rows[0].version, body: rows[0].body }
    // There for the caller, but not to be written.
    await this.get(id)
    throw new Problem(403, 'forbidden')
  }

  /** Within one transaction, however many statements it takes. */
  #join<T>(work: (verbs: Verbs, unit: Joined) => Promise<T>): Promise<T> {
    const { unit } = this.#scope
    return this.#run(() =>
      unit.join((joined) => work(new Verbs({ ...this.#scope, unit: joined }, this.#composed), joined)),
    )
  }

  /** `id` is chosen by the kernel unless the caller must know it beforehand. */
  async create(body: JsonObject, options: CreateOptions = {}): Promise<RowReply> {
    this.#demand('create')
    const ask = await this.#scope.points.find(this.#model.name, 'creating')
    if (!ask) return this.#insert(await this.#readCreation(body), options)
    const given = { body: completeCreation(this.#composed, body, this.#scope) }
    return this.#join(async (verbs, unit) => {
      const read = async (each: JsonObject) => {
        await verbs.#readCreation(each)
        return completeCreation(this.#composed, each, this.#scope)
      }
      const asked = await ask(unit, given, readPart(given, 'body', read))
      return verbs.#insert(await verbs.#readCreation(asked.body), options)
    })
  }

  async #readCreation(body: JsonObject): Promise<Written> {
    const written = readCreation(this.#composed, body, this.#scope)
    assertView(this.#scope, this.#model, { row: {}, written })
    await this.#assertUsers(written)
    return written
  }

  async #insert(written: Written, { answer = null, id = randomUUID() }: CreateOptions): Promise<RowReply> {
    const change = this.#change(written, answer)
    const { rows } = await this.#run(() => this.#scope.unit.write<RowReply>(compileCreate(change, id)))
    return rows[0] ?? this.#refuseReferences(change)
  }

  async update(at: At, patch: JsonObject): Promise<RowReply> {
    this.#demand('update')
    if (!isUuid(at.id)) throw notFound()
    const ask = await this.#scope.points.find(this.#model.name, 'updating')
    const plain = isView(this.#model) ? null : readPlainPatch(this.#composed, patch, this.#scope)
    if (!plain || ask) return this.#updateWhole(at, patch, ask)
    await this.#assertUsers(plain)
    const change = this.#change(plain, null)
    const { rows } = await this.#run(() => this.#scope.unit.change<RowReply>(compileUpdate(change, at)))
    return rows[0] ?? this.#explain(at, change)
  }

  /** For a patch that only fits or fails together with the rest of the row, or that others are asked about. */
  async #updateWhole(at: At, patch: JsonObject, ask: AskRow | null): Promise<RowReply> {
    return this.#join(async (verbs, unit) => {
      const { row, stored } = await verbs.#lock(at)
      const read = async (each: JsonObject) => {
        const written = readPatch(this.#composed, each, { ...this.#bodyScope(), row, stored })
        assertView(this.#scope, this.#model, { row, written })
        await this.#assertUsers(written)
        return written
      }
      let written = await read(patch)
      if (ask) {
        const given = { id: at.id.toLowerCase(), row, patch }
        const asked = await ask(
          unit,
          given,
          readPart(given, 'patch', async (each) => {
            await read(each)
            return each
          }),
        )
        written = await read(asked.patch)
      }
      const change = this.#change(written, null)
      const done = await unit.write<RowReply>(compileUpdate(change, at))
      return done.rows[0] ?? verbs.#refuseReferences(change)
    })
  }

  /** @throws Problem 404, 308 `merged`, 403 for a row that the caller only reads, 412 `stale` */
  async #lock(at: At): Promise<{ row: JsonObject; stored: JsonObject }> {
    type Locked = { version: number; stored: JsonObject; body: string }
    const place = { tenant: this.#scope.tenant, id: at.id, rule: this.#rule }
    const { rows } = await this.#scope.unit.write<Locked>(compileLock(this.#model, place))
    const found = rows[0]
    if (!found) return this.#explain(at, null)
    if (found.version !== at.version) throw new Problem(412, 'stale')
    return { row: JSON.parse(found.body) as JsonObject, stored: found.stored }
  }

  async remove(at: At): Promise<void> {
    this.#demand('delete')
    if (!isUuid(at.id)) throw notFound()
    const ask = await this.#scope.points.find(this.#model.name, 'deleting')
    if (!ask) return this.#delete(at)
    return this.#join(async (verbs, unit) => {
      const { row } = await verbs.#lock(at)
      await ask(unit, { id: at.id.toLowerCase(), row }, refuseChange)
      await verbs.#delete(at)
    })
  }

  async #delete(at: At): Promise<void> {
    const statement = compileDelete(this.#model, { tenant: this.#scope.tenant, ...at, rule: this.#rule })
    const { rows } = await this.#run(() => this.#scope.unit.change(statement))
    if (!rows[0]) await this.#explain(at, null)
  }

  /** What is no record was deleted for good. */
  async restore(id: string): Promise<RowReply> {
    this.#demand('delete')
    if (this.#model.keep !== 'record') throw notFound()
    if (!isUuid(id)) throw notFound()
    this.#scope.points.assertOpen(this.#model.name)
    const statement = compileRestore(this.#model, { tenant: this.#scope.tenant, id, rule: this.#rule })
    const { rows } = await this.#run(() => this.#scope.unit.write<RowReply>(statement))
    return rows[0] ?? this.get(id)
  }

  #refuseMissing(id: string): Promise<never> {
    return this.#run(() =>
      refuseMissing(this.#scope.unit, { tenant: this.#scope.tenant, id, model: this.#model, rules: this.#scope.rules }),
    )
  }

  #bodyScope() {
    return { now: this.#scope.now, country: this.#scope.country }
  }

  #change({ columns, extensions }: Written, answer: AnswerRecord | null): Change {
    const { tenant, rules } = this.#scope
    return { model: this.#model, tenant, columns, extensions, answer, rule: this.#rule, ruled: rules.ruled }
  }

  #assertUsers(written: Written): Promise<void> {
    return assertUsers(this.#scope, written, this.#model)
  }

  /** Why a write changed nothing: the row is gone, has moved on, or refers to what is not there. */
  async #explain(at: At, change: Change | null): Promise<never> {
    const statement = compileGet(this.#model, { tenant: this.#scope.tenant, id: at.id }, { rule: ruleOf(this.#scope) })
    const { rows } = await this.#run(() => this.#scope.unit.read<{ version: number }>(statement))
    if (!rows[0]) return this.#refuseMissing(at.id)
    if (!(await this.#mayWrite(at.id))) throw new Problem(403, 'forbidden')
    if (rows[0].version !== at.version || !change) throw new Problem(412, 'stale')
    return this.#refuseReferences(change)
  }

  /** Of a row that is there to be read. */
  async #mayWrite(id: string): Promise<boolean> {
    const rule = this.#rule
    if (!rule) return true
    const statement = compileGet(this.#model, { tenant: this.#scope.tenant, id }, { rule: () => rule })
    return (await this.#run(() => this.#scope.unit.read(statement))).rows.length > 0
  }

  async #refuseReferences({ columns }: Change): Promise<never> {
    const given = [...columns].filter(([field, value]) => field.ref !== null && field.ref !== 'users' && value !== null)
    const ids = given.map(([, value]) => value)
    const { rows } = await this.#run(() =>
      this.#scope.unit.read<{ id: string; resource: string }>(
        compileReferences({ tenant: this.#scope.tenant, ids, ruled: this.#scope.rules.ruled }),
      ),
    )
    const isThere = ([field, id]: [Field, unknown]) =>
      rows.some((row) => row.id === String(id).toLowerCase() && (field.ref === 'any' || field.ref === row.resource))
    const missing = given.filter((each) => !isThere(each)).map(([field]) => field)
    // A row that came or went between the two statements leaves nothing to name: the caller may try again.
    throw missing.length > 0 ? referenceProblem(missing) : new Problem(409, 'busy')
  }
}

/** @throws Problem 422 `reference` for a user who is no member */
export async function assertUsers(scope: Scope, { columns, extensions }: Written, model: Model): Promise<void> {
  const parts = (extensions ?? {}) as Record<string, JsonObject>
  const leaves = [...model.fields.values()].flatMap((field) =>
    field.extension === null ? [] : [[field, parts[field.extension]?.[field.name]] as const],
  )
  for (const [field, value] of [...columns, ...leaves]) {
    if (field.ref !== 'users' || typeof value !== 'string') continue
    if (!(await scope.isMember(value))) throw referenceProblem([field])
  }
}

function referenceProblem(fields: readonly Field[]): Problem {
  return new Problem(
    422,
    'reference',
    fields.map(({ pointer }) => ({ path: pointer, code: 'reference' })),
  )
}
