import { type Api, ApiProblem, type Row, type Schema } from 'weft/ui'
import { rowValues } from './form-schema.ts'
import { applyPatch, type Conflict, isObject, mergeChanges, patchOf, type Values } from './merge-patch.ts'
import { tidy } from './formats.ts'

/** A row and what a form may change of it: what edits are compared with. */
export interface Base {
  readonly row: Row
  readonly values: Values
}

export const baseOf = (schema: Schema, row: Row): Base => ({ row, values: rowValues(schema, row) })

export type Saved =
  | { readonly is: 'saved'; readonly row: Row; /** Somebody else's changes came in. */ readonly joined: boolean }
  | { readonly is: 'conflict'; readonly base: Base; readonly merged: Values; readonly conflicts: readonly Conflict[] }

interface Edit {
  readonly api: Api
  readonly path: string
  readonly schema: Schema
  readonly base: Base
  readonly values: Values
  /** The same edit sent twice waits for approval once. */
  readonly idempotencyKey?: string
}

/**
 * Sends only what changed. When the row is no longer the one that was read, both sets of changes are joined and sent
 * again, unless a field was changed on both sides: then a person decides. @throws ApiProblem
 */
export async function saveChanges(edit: Edit, rounds = 3): Promise<Saved> {
  const { api, path, schema, base, values } = edit
  const options =
    edit.idempotencyKey === undefined ? {} : { idempotencyKey: `${edit.idempotencyKey}-${base.row.version}` }
  const patch = patchOf(base.values, values)
  const joined = rounds < 3
  if (Object.keys(patch).length === 0) return { is: 'saved', row: base.row, joined }
  try {
    return { is: 'saved', row: await api.update(path, base.row, patch, options), joined }
  } catch (cause) {
    if (!(cause instanceof ApiProblem) || cause.status !== 412 || rounds === 0) throw cause
  }
  const current = baseOf(schema, await api.get<Row>(`${path}/${encodeURIComponent(base.row.id)}`))
  const { merged, conflicts } = mergeChanges(base.values, values, current.values)
  if (conflicts.length > 0) return { is: 'conflict', base: current, merged, conflicts }
  return saveChanges({ ...edit, base: current, values: merged }, rounds - 1)
}

/**
 * The values of the form, tidied where they were changed: an imported note with a space at its end must not be
 * rewritten because somebody corrected a phone number.
 */
export function settled(schema: Schema, start: Values, data: Values): Values {
  return applyPatch(start, tidied(schema, patchOf(start, data)))
}

function tidied(schema: Schema | undefined, patch: Values): Values {
  const entries = Object.entries(patch).map(([name, value]): [string, unknown] => {
    const property = schema?.properties?.[name] as Schema | undefined
    if (typeof value === 'string') return [name, tidy(property?.format, value) || null]
    return [name, isObject(value) ? tidied(property, value) : value]
  })
  return Object.fromEntries(entries)
}
