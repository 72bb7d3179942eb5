/** What a merge makes of two rows of one resource: the survivor's values, those taken over, and those that differ. */
import type { Json, JsonObject, MergeConflict } from '../contract.ts'
import { companionOf, type Field, type MergeRule, type Model } from './model.ts'
import { findFaults } from './validate.ts'

/** A row as clients see it, and its whole extension column with the parts of plugins that are off or gone. */
export interface MergedRow {
  readonly id: string
  readonly row: JsonObject
  readonly stored: JsonObject
}

export interface Merging {
  /** Columns that are taken over as they stand in the other row. */
  readonly taken: readonly Field[]
  /** Columns with a value of their own. */
  readonly joined: ReadonlyMap<Field, Json>
  readonly extensions: JsonObject
  readonly conflicts: readonly MergeConflict[]
}

interface Pair {
  readonly kept: Json
  readonly other: Json
}

interface Verdict {
  readonly choice: 'kept' | 'other' | 'joined'
  readonly value: Json
  readonly isConflict: boolean
}

const isEmpty = (value: Json | undefined) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
const isSame = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b)

/** Lists without doubles; texts one below the other; null where the two cannot be joined. */
function join({ kept, other }: Pair): Json {
  if (Array.isArray(kept) && Array.isArray(other))
    return [...kept, ...other].filter((each, i, all) => all.findIndex((met) => isSame(met, each)) === i)
  if (typeof kept !== 'string' || typeof other !== 'string') return null
  return kept.includes(other) ? kept : `${kept}\n\n${other}`
}

function judge(pair: Pair, rule: MergeRule, scope: { schema: Field['schema']; isOtherLater: boolean }): Verdict {
  const { kept, other } = pair
  const keep = (isConflict: boolean): Verdict => ({ choice: 'kept', value: kept, isConflict })
  const take: Verdict = { choice: 'other', value: other, isConflict: false }
  if (isEmpty(other) || isSame(kept, other)) return keep(false)
  if (isEmpty(kept)) return take
  if (rule === 'latest') return scope.isOtherLater ? take : keep(false)
  if (rule !== 'union') return keep(rule === 'ask')
  const value = join(pair)
  // What would be too long for the schema is left to a person, as what cannot be joined.
  if (value === null || findFaults(scope.schema, value).length > 0) return keep(true)
  return isSame(value, kept) ? keep(false) : { choice: 'joined', value, isConflict: false }
}

type Groups = Record<string, JsonObject>
const names = (a: object, b: object) => [...new Set([...Object.keys(a), ...Object.keys(b)])]

/** A phone is the same in any spelling. */
const isSameNumber = (name: string, kept: JsonObject, other: JsonObject) =>
  !isEmpty(kept[companionOf(name)]) && isSame(kept[companionOf(name)] ?? null, other[companionOf(name)] ?? null)

interface Sides {
  readonly kept: MergedRow
  readonly other: MergedRow
  readonly isOtherLater: boolean
}

/** A reference to one of the two would be one of the survivor to itself. */
function readOwn(field: Field, row: JsonObject, { kept, other }: Sides): Json {
  const value = row[field.name] ?? null
  return field.ref !== null && !field.filled && (value === kept.id || value === other.id) ? null : value
}

function mergeColumns(model: Model, sides: Sides) {
  const taken: Field[] = []
  const joined = new Map<Field, Json>()
  const conflicts: MergeConflict[] = []
  for (const field of model.own.filter(({ readOnly }) => !readOnly)) {
    const pair = { kept: readOwn(field, sides.kept.row, sides), other: readOwn(field, sides.other.row, sides) }
    const verdict = judge(pair, field.merge, { schema: field.schema, isOtherLater: sides.isOtherLater })
    const companion = model.fields.get(companionOf(field.name))
    if (verdict.choice === 'other') taken.push(field, ...(companion ? [companion] : []))
    else if (verdict.choice === 'joined') joined.set(field, verdict.value)
    else if (!isSame(pair.kept, sides.kept.row[field.name] ?? null)) joined.set(field, pair.kept)
    if (verdict.isConflict && !isSameNumber(field.name, sides.kept.row, sides.other.row))
      conflicts.push({ field: field.key, ...pair })
  }
  return { taken, joined, conflicts }
}

function mergeGroup(model: Model, plugin: string, sides: { kept: JsonObject; other: JsonObject; later: boolean }) {
  const { kept, other, later } = sides
  const group: JsonObject = { ...kept }
  const conflicts: MergeConflict[] = []
  const all = names(kept, other)
  // A companion goes where its number goes, also when nobody knows the schema any more.
  const companions = new Set(all.map(companionOf))
  for (const name of all.filter((each) => !companions.has(each))) {
    const field = model.fields.get(`extensions.${plugin}.${name}`)
    const pair = { kept: kept[name] ?? null, other: other[name] ?? null }
    const verdict = judge(pair, field?.merge ?? 'keep', { schema: field?.schema ?? {}, isOtherLater: later })
    if (verdict.choice !== 'kept') group[name] = verdict.value
    if (verdict.choice === 'other') {
      const companion = companionOf(name)
      delete group[companion]
      if (other[companion] !== undefined) group[companion] = other[companion]
    }
    if (verdict.isConflict && !isSameNumber(name, kept, other))
      conflicts.push({ field: `extensions.${plugin}.${name}`, ...pair })
  }
  return { group, conflicts }
}

/** @param model with the extensions of every installed plugin; a value without a schema is kept */
export function mergeRows(model: Model, kept: MergedRow, other: MergedRow): Merging {
  const isOtherLater = String(other.row.updatedAt) > String(kept.row.updatedAt)
  const columns = mergeColumns(model, { kept, other, isOtherLater })
  const extensions: Groups = {}
  const conflicts = [...columns.conflicts]
  for (const plugin of names(kept.stored, other.stored)) {
    const [own, theirs] = [kept.stored[plugin] ?? {}, other.stored[plugin] ?? {}] as JsonObject[]
    const merged = mergeGroup(model, plugin, { kept: own ?? {}, other: theirs ?? {}, later: isOtherLater })
    extensions[plugin] = merged.group
    conflicts.push(...merged.conflicts)
  }
  return { ...columns, extensions, conflicts }
}
