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
  compileRestore,
  compileUpdate,
} from '../resource/write.ts'
import { readCreation, readPatch, readPlainPatch, type Written } from './body.ts'
import type { Composed } from './composition.ts'
import { listRows, type ListInput, type ListReply } from './listing.ts'
import { notFound, refuseMissing } from './missing.ts'
import type { Scope } from './scope.ts'

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

export class Verbs {
  readonly #scope: Scope
  readonly #composed: Composed
  readonly #model: Model

  constructor(scope: Scope, composed: Composed) {
    this.#scope = scope
    this.#composed = composed
    this.#model = composed.model
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

  async get(id: string, include: readonly Model[] = []): Promise<RowReply> {
    this.#demand('read')
    if (!isUuid(id)) throw notFound()
    const statement = compileGet(this.#model, { tenant: this.#scope.tenant, id }, include)
    const { rows } = await this.#run(() => this.#scope.unit.read<{ version: number; body: string }>(statement))
    return rows[0] ? { id, ...rows[0] } : this.#refuseMissing(id)
  }

  /** `id` is chosen by the kernel unless the caller must know it beforehand. */
  async create(body: JsonObject, { answer = null, id = randomUUID() }: CreateOptions = {}): Promise<RowReply> {
    this.#demand('create')
    const written = readCreation(this.#composed, body, this.#scope)
    await this.#assertUsers(written)
    const change = this.#change(written, answer)
    const { rows } = await this.#run(() => this.#scope.unit.write<RowReply>(compileCreate(change, id)))
    return rows[0] ?? this.#refuseReferences(change)
  }

  async update(at: { id: string; version: number }, patch: JsonObject): Promise<RowReply> {
    this.#demand('update')
    if (!isUuid(at.id)) throw notFound()
    const plain = readPlainPatch(this.#composed, patch, this.#scope)
    if (!plain) return this.#updateWhole(at, patch)
    await this.#assertUsers(plain)
    const change = this.#change(plain, null)
    const { rows } = await this.#run(() => this.#scope.unit.change<RowReply>(compileUpdate(change, at)))
    return rows[0] ?? this.#explain(at, change)
  }

  /** For a patch that only fits or fails together with the rest of the row. */
  async #updateWhole(at: { id: string; version: number }, patch: JsonObject): Promise<RowReply> {
    const place = { tenant: this.#scope.tenant, id: at.id }
    return this.#run(() =>
      this.#scope.unit.together(async (transaction) => {
        type Locked = { version: number; stored: JsonObject; body: string }
        const { rows } = await transaction.query<Locked>(compileLock(this.#model, place))
        const found = rows[0]
        if (!found) return this.#refuseMissing(at.id)
        if (found.version !== at.version) throw new Problem(412, 'stale')
        const row = JSON.parse(found.body) as JsonObject
        const written = readPatch(this.#composed, patch, { ...this.#bodyScope(), row, stored: found.stored })
        await this.#assertUsers(written)
        const change = this.#change(written, null)
        const done = await transaction.query<RowReply>(compileUpdate(change, at))
        return done.rows[0] ?? this.#refuseReferences(change)
      }),
    )
  }

  async remove(at: { id: string; version: number }): Promise<void> {
    this.#demand('delete')
    if (!isUuid(at.id)) throw notFound()
    const statement = compileDelete(this.#model, { tenant: this.#scope.tenant, ...at })
    const { rows } = await this.#run(() => this.#scope.unit.change(statement))
    if (!rows[0]) await this.#explain(at, null)
  }

  async restore(id: string): Promise<RowReply> {
    this.#demand('delete')
    if (!isUuid(id)) throw notFound()
    const statement = compileRestore(this.#model, { tenant: this.#scope.tenant, id })
    const { rows } = await this.#run(() => this.#scope.unit.write<RowReply>(statement))
    return rows[0] ?? this.get(id)
  }

  #refuseMissing(id: string): Promise<never> {
    return this.#run(() =>
      refuseMissing(this.#scope.unit, { tenant: this.#scope.tenant, id, resource: this.#model.name }),
    )
  }

  #bodyScope() {
    return { now: this.#scope.now, country: this.#scope.country }
  }

  #change({ columns, extensions }: Written, answer: AnswerRecord | null): Change {
    return { model: this.#model, tenant: this.#scope.tenant, columns, extensions, answer }
  }

  async #assertUsers({ columns }: Written): Promise<void> {
    for (const [field, value] of columns) {
      if (field.ref !== 'users' || typeof value !== 'string') continue
      if (!(await this.#scope.isMember(value))) throw referenceProblem([field])
    }
  }

  /** Why a write changed nothing: the row is gone, has moved on, or refers to what is not there. */
  async #explain(at: { id: string; version: number }, change: Change | null): Promise<never> {
    const statement = compileGet(this.#model, { tenant: this.#scope.tenant, id: at.id }, [])
    const { rows } = await this.#run(() => this.#scope.unit.read<{ version: number }>(statement))
    if (!rows[0]) return this.#refuseMissing(at.id)
    if (rows[0].version !== at.version || !change) throw new Problem(412, 'stale')
    return this.#refuseReferences(change)
  }

  async #refuseReferences({ columns }: Change): Promise<never> {
    const given = [...columns].filter(([field, value]) => field.ref !== null && field.ref !== 'users' && value !== null)
    const ids = given.map(([, value]) => value)
    const { rows } = await this.#run(() =>
      this.#scope.unit.read<{ id: string; resource: string }>({
        text: 'select id, resource from kernel.records where tenant_id = $1 and id = any($2::uuid[]) and deleted_at is null',
        values: [this.#scope.tenant, ids],
      }),
    )
    const isThere = ([field, id]: [Field, unknown]) =>
      rows.some((row) => row.id === String(id).toLowerCase() && (field.ref === 'any' || field.ref === row.resource))
    const missing = given.filter((each) => !isThere(each)).map(([field]) => field)
    // A row that came or went between the two statements leaves nothing to name: the caller may try again.
    throw missing.length > 0 ? referenceProblem(missing) : new Problem(409, 'busy')
  }
}

function referenceProblem(fields: readonly Field[]): Problem {
  return new Problem(
    422,
    'reference',
    fields.map(({ pointer }) => ({ path: pointer, code: 'reference' })),
  )
}
