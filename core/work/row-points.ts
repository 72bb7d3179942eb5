/** The veto points that every resource has: asked before a row is written, in its transaction. */
import { defineResource, type JsonObject, type Point, type Resource } from '../contract.ts'
import type { Composition } from './composition.ts'
import type { HeldRow } from './held.ts'
import type { Joined } from './unit.ts'

export type RowVerb = keyof Resource['points']

/**
 * Asks of one write. `readChange` checks what an answer would change the input to and gives the input that then counts.
 * @throws Problem 409 with the code of a refusal, `unanswered`, `held`
 */
export type AskRow = <In extends JsonObject>(
  unit: Joined,
  input: In,
  readChange: (to: JsonObject) => Promise<In>,
) => Promise<In>

export interface RowAsking {
  /** @throws Error within an answer to a point of this resource */
  assertOpen(resource: string): void
  /** @returns null where nobody answers, and the write need not wait. @throws Error as `assertOpen` */
  find(resource: string, verb: RowVerb): Promise<AskRow | null>
}

const known = new Map<string, Resource['points']>()

export function rowPoint(resource: string, verb: RowVerb): Point<unknown, unknown> {
  const points = known.get(resource) ?? defineResource({ name: resource, schema: {} }).points
  known.set(resource, points)
  return points[verb] as unknown as Point<unknown, unknown>
}

/** For writes that no plugin is asked about: those that the kernel itself makes up, as the rows of a demo. */
export const nobodyAsked: RowAsking = { assertOpen: () => {}, find: async () => null }

/** @throws Error where rows of this resource are being asked about: an answer that writes them would be asked itself */
export function assertOpen(closed: ReadonlySet<string>, resource: string): void {
  if (closed.has(resource)) throw new Error(`An answer to a point of ${resource} writes no rows of ${resource}.`)
}

/** The row of an input, and the record that it belongs to. */
export function heldRowOf(composition: Composition, resource: string, input: JsonObject): HeldRow {
  const owner = composition.resources.get(resource)?.model.owner
  const rowId = typeof input.id === 'string' ? input.id : null
  if (!owner) return { resource, rowId, recordId: rowId }
  const values = (input.row ?? input.body ?? {}) as JsonObject
  const recordId = values[owner.name]
  return { resource, rowId, recordId: typeof recordId === 'string' ? recordId : null }
}

/** What `change` may change is one part of the input; the rest stands. @throws Error for anything else */
export function readPart<In extends JsonObject>(
  input: In,
  part: keyof In & string,
  read: (value: JsonObject) => Promise<JsonObject>,
) {
  return async (to: JsonObject): Promise<In> => {
    const value = to?.[part]
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`it has no ${part}`)
    return { ...input, [part]: await read(value) }
  }
}

export const refuseChange = async (): Promise<never> => {
  throw new Error('there is nothing to change')
}
