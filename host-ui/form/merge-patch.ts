/** RFC 7396 between what a form started from and what it holds now, and the same between two people's changes. */

export type Values = { [field: string]: any }

/** Only what differs; a value that was emptied becomes null. Arrays are values: they are replaced whole. */
export function patchOf(before: Values, after: Values): Values {
  const patch: Values = {}
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[field], after[field]]
    if (same(old, now)) continue
    if (isObject(now) && (isObject(old) || isEmpty(old))) {
      const inner = patchOf(isObject(old) ? old : {}, now)
      if (Object.keys(inner).length > 0) patch[field] = inner
    } else if (isObject(old) && isEmpty(now)) {
      const inner = patchOf(old, {})
      if (Object.keys(inner).length > 0) patch[field] = inner
    } else {
      patch[field] = isEmpty(now) ? null : now
    }
  }
  return patch
}

/** The inverse of `patchOf`: a value of null removes its field. */
export function applyPatch(target: Values, patch: Values): Values {
  const result: Values = { ...target }
  for (const [field, value] of Object.entries(patch)) {
    if (isObject(value)) result[field] = applyPatch(isObject(result[field]) ? result[field] : {}, value)
    else if (value === null) delete result[field]
    else result[field] = value
  }
  return result
}

export interface Conflict {
  readonly path: readonly string[]
  readonly mine: unknown
  readonly theirs: unknown
}

/** My changes laid over their row. Where both changed a field differently mine stays, and the field is listed. */
export function mergeChanges(base: Values, mine: Values, theirs: Values): { merged: Values; conflicts: Conflict[] } {
  const [myPatch, theirPatch] = [patchOf(base, mine), patchOf(base, theirs)]
  const conflicts = leaves(myPatch).filter((path) => {
    const other = at(theirPatch, path)
    return other !== undefined && !same(other, at(myPatch, path))
  })
  return {
    merged: applyPatch(theirs, myPatch),
    conflicts: conflicts.map((path) => ({ path, mine: at(mine, path), theirs: at(theirs, path) })),
  }
}

/** Sets one value without touching the original; undefined removes the field. */
export function withValue(target: Values, path: readonly string[], value: unknown): Values {
  const nested = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value === undefined ? null : value)
  return applyPatch(target, nested as Values)
}

export function at(target: unknown, path: readonly string[]): any {
  return path.reduce<any>((value, name) => (isObject(value) ? value[name] : undefined), target)
}

export const isEmpty = (value: unknown) =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

export const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function same(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (isObject(a) && isObject(b)) return Object.keys({ ...a, ...b }).every((key) => same(a[key], b[key]))
  return Object.is(a, b)
}

function leaves(patch: Values, above: readonly string[] = []): string[][] {
  return Object.entries(patch).flatMap(([name, value]) =>
    isObject(value) ? leaves(value, [...above, name]) : [[...above, name]],
  )
}
