/** Sound rows of every resource, for both tenants, made by the server itself. */
import type { JsonObject } from '../../contract.ts'
import { StartFault } from '../../fault.ts'
import type { Field, Model } from '../../resource/model.ts'
import type { Composed } from '../../work/composition.ts'
import { valueOf } from './specimen.ts'
import type { Side } from './stage.ts'

export interface Made {
  readonly id: string
  readonly version: number
  readonly body: JsonObject
}

/** The body with one value more, wherever the field stands. */
export function withValue(body: JsonObject, { extension, name }: Field, value: unknown): JsonObject {
  if (extension === null) return { ...body, [name]: value as string }
  const extensions = (body.extensions ?? {}) as JsonObject
  const part = { ...((extensions[extension] ?? {}) as JsonObject), [name]: value as string }
  return { ...body, extensions: { ...extensions, [extension]: part } }
}

export class Rows {
  readonly #resources: ReadonlyMap<string, Composed>
  readonly #made = new Map<string, Made>()
  #number = 0

  constructor(resources: ReadonlyMap<string, Composed>) {
    this.#resources = resources
  }

  /** Numbers of which each is given once. */
  next(): number {
    return ++this.#number
  }

  composedOf(resource: string): Composed {
    return this.#resources.get(resource) as Composed
  }

  get models(): readonly Model[] {
    return [...this.#resources.values()].map(({ model }) => model)
  }

  /** A record that others may belong to. */
  get anyRecord(): string {
    const records = [...this.#resources.values()].filter(({ model }) => model.keep === 'record' && !model.rule)
    return (records.find(({ model }) => model.owner === null) ?? records[0])?.model.name as string
  }

  /** One row of each side that stays, made when it is first asked for. */
  async standing(side: Side, resource: string): Promise<Made> {
    const key = `${side.slug} ${resource}`
    const known = this.#made.get(key)
    if (known) return known
    const made = await this.make(side, resource)
    this.#made.set(key, made)
    return made
  }

  /** The id that a reference of a sound row takes; undefined for one that may be left out. */
  async refer(side: Side, field: Field, within: string): Promise<string | undefined> {
    if (field.ref === 'users') return side.user
    const of = field.ref === 'any' ? this.anyRecord : field.ref
    if (of === null || of === within || !this.#resources.has(of)) return undefined
    return (await this.standing(side, of)).id
  }

  async soundBody(side: Side, resource: string, more: JsonObject = {}): Promise<JsonObject> {
    const { model } = this.composedOf(resource)
    const n = this.next()
    let body: JsonObject = {}
    for (const field of model.fields.values()) {
      if (field.readOnly) continue
      const value = field.ref === null ? valueOf(field.schema, n, side.word) : await this.refer(side, field, resource)
      if (value !== undefined) body = withValue(body, field, value)
    }
    return { ...body, ...more }
  }

  /** @throws StartFault where the server refuses a row that its schema allows */
  async make(side: Side, resource: string, more: JsonObject = {}): Promise<Made> {
    return this.enter(side, resource, await this.soundBody(side, resource, more))
  }

  /** @throws StartFault where the server refuses the row */
  async enter(side: Side, resource: string, body: JsonObject): Promise<Made> {
    const { model } = this.composedOf(resource)
    const reply = await side.ask('POST', model.path, { body })
    if (reply.status !== 201)
      throw new StartFault(`A row of ${resource} that its schema allows is refused: ${reply.status} ${reply.text}`)
    return { id: reply.body.id, version: reply.body.version, body }
  }
}

export const ownerOf = ({ owner }: Model, id: string): JsonObject => (owner ? { [owner.name]: id } : {})
