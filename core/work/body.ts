/** From a body to columns: strangers refused, defaults given, the whole checked, phones read. */
import { type Json, type JsonObject, Problem, type ProblemEntry } from '../contract.ts'
import { toE164 } from '../resource/formats.ts'
import { listOf } from '../resource/lists.ts'
import { companionOf, type Field, type Model } from '../resource/model.ts'
import { assertFits, findFaults, findStrangers, withoutNulls } from '../resource/validate.ts'
import type { Composed } from './composition.ts'

export interface Written {
  readonly columns: Map<Field, unknown>
  readonly extensions: JsonObject | null
}

export interface BodyScope {
  readonly now: Date
  /** The country that national phone numbers are read in where the row names none. */
  readonly country: string | null
}

function refuseStrangers({ read }: Composed, body: JsonObject): void {
  const errors = findStrangers(read, body)
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
}

const isPhone = (field: Field) => field.schema.format === 'phone'

function countryOf(model: Model, row: JsonObject, scope: BodyScope): string | undefined {
  const field = model.own.find(({ schema }) => schema.format === 'country')
  return ((field && row[field.name]) ?? scope.country ?? undefined) as string | undefined
}

const groupOf = (row: JsonObject, plugin: string) => ((row.extensions as JsonObject)?.[plugin] ?? {}) as JsonObject

/** Instants of extensions are stored as text; one spelling keeps them comparable. */
function extensionValue(field: Field, value: unknown): unknown {
  return field.type === 'timestamptz' && typeof value === 'string' ? new Date(value).toISOString() : value
}

/** What an extension stores, with the companions of its phones. Fields of plugins that are off stay as they are. */
function extensionsOf(model: Model, row: JsonObject, country: string | undefined, stored: JsonObject): JsonObject {
  const groups: JsonObject = { ...stored }
  for (const field of model.fields.values()) {
    if (field.extension === null || field.readOnly) continue
    const given = groupOf(row, field.extension)[field.name]
    const group = { ...((groups[field.extension] ?? {}) as JsonObject) }
    if (given === undefined || given === null) delete group[field.name]
    else group[field.name] = extensionValue(field, given) as string
    if (isPhone(field)) {
      const number = typeof given === 'string' ? toE164(given, country) : null
      if (number) group[companionOf(field.name)] = number
      else delete group[companionOf(field.name)]
    }
    groups[field.extension] = group
  }
  return Object.fromEntries(Object.entries(groups).filter(([, group]) => Object.keys(group as object).length > 0))
}

function columnsOf(model: Model, row: JsonObject, country: string | undefined, isChosen: (field: Field) => boolean) {
  const columns = new Map<Field, unknown>()
  for (const field of model.own) {
    if (field.readOnly || !isChosen(field)) continue
    const value = row[field.name] ?? null
    columns.set(field, value)
    const companion = isPhone(field) && model.fields.get(companionOf(field.name))
    if (companion) columns.set(companion, typeof value === 'string' ? toE164(value, country) : null)
  }
  return columns
}

function withDefaults(model: Model, body: JsonObject, { now }: BodyScope): JsonObject {
  const given = { ...body }
  for (const { name, schema, fallback } of model.own) {
    if (given[name] !== undefined) continue
    if (fallback === 'now') given[name] = now.toISOString()
    else if ('default' in schema) given[name] = schema.default as string
  }
  return given
}

/** The body as it will be written, defaults given. @throws Problem 400 `invalid` with every fault of it */
export function completeCreation(composed: Composed, body: JsonObject, scope: BodyScope): JsonObject {
  refuseStrangers(composed, body)
  const row = withDefaults(composed.model, withoutNulls(composed.read, body), scope)
  const missing = composed.demanded.filter((field) => isAbsent(leafIn(row, field)))
  const errors = [...findFaults(composed.write, row), ...missing.map(requiredFault)]
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
  return row
}

const isAbsent = (value: unknown) => value === undefined || value === null
const requiredFault = ({ pointer }: Field) => ({ path: pointer, code: 'required' })

/** What a body or a row says of a field. */
function leafIn(body: JsonObject, { extension, name }: Field): Json | undefined {
  if (extension === null) return body[name]
  const groups = isGroup(body.extensions) ? body.extensions : {}
  const group = groups[extension]
  return isGroup(group) && Object.hasOwn(group, name) ? group[name] : undefined
}

/** What the tenant demands and the patch takes away. */
const emptiedFaults = ({ demanded }: Composed, patch: JsonObject) =>
  demanded.filter((field) => leafIn(patch, field) === null).map(requiredFault)

/**
 * Faults of a row without those of values that the patch leaves as they are, where the tenant has said since what they
 * may be: nobody who changes something else has to mend them.
 */
function withoutOld(
  { model }: Composed,
  errors: readonly ProblemEntry[],
  { patch, row }: { patch: JsonObject; row: JsonObject },
): ProblemEntry[] {
  if (errors.length === 0) return []
  const isOld = (field: Field) => {
    const given = leafIn(patch, field)
    return given === undefined || JSON.stringify(given) === JSON.stringify(leafIn(row, field))
  }
  const isTenants = (field: Field) => field.isTenants || listOf(field) !== null
  const old = [...model.fields.values()].filter((field) => isTenants(field) && isOld(field))
  const isIn = (path: string, { pointer }: Field) => path === pointer || path.startsWith(`${pointer}/`)
  return errors.filter(({ path }) => !old.some((field) => isIn(path, field)))
}

/** @throws Problem 400 `invalid` with every fault of the body */
export function readCreation(composed: Composed, body: JsonObject, scope: BodyScope): Written {
  const { model } = composed
  const row = completeCreation(composed, body, scope)
  const country = countryOf(model, row, scope)
  return { columns: columnsOf(model, row, country, () => true), extensions: extensionsOf(model, row, country, {}) }
}

/**
 * A patch that needs no look at the row it changes, or null: it touches no extension, no phone, no field that a
 * rule of the schema watches, and no value that is kept as JSON.
 * @throws Problem 400 `invalid`
 */
export function readPlainPatch(composed: Composed, patch: JsonObject, scope: BodyScope): Written | null {
  const { model, watched } = composed
  refuseStrangers(composed, patch)
  const touched = model.own.filter(({ name }) => Object.hasOwn(patch, name))
  const isPlain =
    !Object.hasOwn(patch, 'extensions') &&
    touched.every((field) => {
      const { format } = field.schema as { format?: string }
      const empties = patch[field.name] === null && (watched.has(field.name) || field.filled)
      return (
        !empties &&
        !isRuled(composed, field) &&
        listOf(field) === null &&
        field.type !== 'jsonb' &&
        format !== 'phone' &&
        format !== 'country'
      )
    })
  if (!isPlain) return null
  assertFits(composed.patch, withoutNulls(composed.read, patch))
  return {
    columns: columnsOf(model, patch, scope.country ?? undefined, (field) => touched.includes(field)),
    extensions: null,
  }
}

/**
 * What can be said of a patch before any row is seen. @throws Problem 400 `invalid` for what fits no row
 */
export function assertPatch(composed: Composed, patch: JsonObject): void {
  refuseStrangers(composed, patch)
  const required = (composed.model.schema.required ?? []) as string[]
  const emptied = required.filter((name) => patch[name] === null)
  const errors = [
    ...findFaults(composed.patch, withoutNulls(composed.read, patch)),
    ...emptied.map((name) => ({ path: `/${name}`, code: 'required' })),
    ...emptiedFaults(composed, patch),
  ]
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
}

/** Whether a condition of the schema looks at the field: its change may make others required. */
function isRuled({ model }: Composed, field: Field): boolean {
  const rules = (model.schema.allOf ?? []) as { if?: { properties?: object } }[]
  return rules.some((rule) => Object.hasOwn(rule.if?.properties ?? {}, field.name))
}

const isGroup = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396. */
function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...target }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = isGroup(value) ? mergePatch(isGroup(merged[name]) ? merged[name] : {}, value) : value
  }
  return merged
}

/** The row as a client could have written it. */
function writable({ write }: Composed, row: JsonObject): JsonObject {
  const keep = (schema: { properties: Record<string, { properties?: object }> }, value: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value).flatMap(([name, each]) => {
        const property = schema.properties[name]
        if (!property || each === null) return []
        if (!property.properties || !isGroup(each)) return [[name, each]]
        // A group that only the kernel writes does not stand in what clients write.
        const group = keep(property as never, each)
        return Object.keys(group).length > 0 ? [[name, group]] : []
      }),
    )
  return keep(write as never, row)
}

/**
 * A patch checked against the row that it changes.
 * @param stored the extension column, with the parts of plugins that are off
 * @throws Problem 400 `invalid`
 */
export function readPatch(
  composed: Composed,
  patch: JsonObject,
  scope: BodyScope & { row: JsonObject; stored: JsonObject },
): Written {
  const { model } = composed
  refuseStrangers(composed, patch)
  const row = withDefaults(model, mergePatch(writable(composed, scope.row), patch), scope)
  // Wrong types in the patch are told as they stand in it; only then is the whole row judged.
  const found = [...findFaults(composed.patch, withoutNulls(composed.read, patch)), ...findFaults(composed.write, row)]
  const faults = [...withoutOld(composed, found, { patch, row: scope.row }), ...emptiedFaults(composed, patch)]
  const errors = faults.filter((e, i) => faults.findIndex((o) => o.path === e.path && o.code === e.code) === i)
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
  const country = countryOf(model, row, scope)
  const moves = model.own.some(({ name, schema }) => schema.format === 'country' && Object.hasOwn(patch, name))
  const isChosen = (field: Field) => Object.hasOwn(patch, field.name) || (moves && isPhone(field))
  const touchesExtensions = Object.hasOwn(patch, 'extensions') || moves
  return {
    columns: columnsOf(model, row, country, isChosen),
    extensions: touchesExtensions ? extensionsOf(model, row, country, scope.stored) : null,
  }
}
