/** What a tenant may say of a role. */
import type { Grants } from '../access/grants.ts'
import { Problem, type ProblemEntry, type RowGrant } from '../contract.ts'
import { readFilter } from '../resource/filter.ts'
import type { Field } from '../resource/model.ts'
import type { Composed, Composition } from './composition.ts'
import type { OwnedPermission } from './rights.ts'

interface Place {
  readonly composition: Composition
  readonly known: readonly OwnedPermission[]
  /** What the role gave before: what was said of a plugin that has gone may stay. */
  readonly before: Grants
}

const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

function permissionFaults({ permissions }: Grants, { known, before }: Place): ProblemEntry[] {
  return permissions.flatMap((name, i) => {
    const entry = known.find((each) => each.name === name)
    const path = `/permissions/${i}`
    if (entry?.administratorsOnly) return [{ path, code: 'administrators_only' }]
    return entry || before.permissions.includes(name) ? [] : [{ path, code: 'unknown' }]
  })
}

function termFaults({ model }: Composed, grant: RowGrant | undefined, path: string): ProblemEntry[] {
  if (grant === undefined || grant === 'all') return []
  return grant.flatMap((term, i): readonly ProblemEntry[] => {
    if (term === 'own' || term === 'team') return []
    try {
      readFilter({ model, children: new Map(), now: new Date(), me: null, rule: () => null }, term, `${path}/${i}`)
      return []
    } catch (error) {
      if (error instanceof Problem) return error.errors
      throw error
    }
  })
}

function rowFaults({ rows }: Grants, { composition, before }: Place): ProblemEntry[] {
  return Object.entries(rows).flatMap(([name, { read, write }]) => {
    const path = `/rows/${escape(name)}`
    const composed = composition.resources.get(name)
    if (!composed) return Object.hasOwn(before.rows, name) ? [] : [{ path, code: 'unknown' }]
    return [...termFaults(composed, read, `${path}/read`), ...termFaults(composed, write, `${path}/write`)]
  })
}

const KEPT = new Set(['id', 'version', 'createdAt', 'updatedAt', 'createdBy', 'updatedBy'])

/** Why a field cannot be kept from somebody who meets the row; null where it can. */
function refusalOf({ watched, model }: Composed, field: Field, grant: 'read' | 'masked'): string | null {
  if (KEPT.has(field.key)) return 'kept_by_kernel'
  if (grant === 'read') return field.readOnly ? 'read_only' : null
  // Without it no row is valid, or nobody could say to what it belongs.
  const isNeeded = field.filled || field === model.owner || (field.extension === null && watched.has(field.name))
  return isNeeded ? 'required' : null
}

function fieldFaults({ fields }: Grants, { composition, before }: Place): ProblemEntry[] {
  return Object.entries(fields).flatMap(([name, grants]) => {
    const composed = composition.resources.get(name)
    const isOld = Object.hasOwn(before.fields, name)
    if (!composed) return isOld ? [] : [{ path: `/fields/${escape(name)}`, code: 'unknown' }]
    return Object.entries(grants).flatMap(([key, grant]) => {
      const field = composed.model.fields.get(key)
      const path = `/fields/${escape(name)}/${escape(key)}`
      if (!field) return isOld && Object.hasOwn(before.fields[name] ?? {}, key) ? [] : [{ path, code: 'unknown' }]
      const code = refusalOf(composed, field, grant)
      return code === null ? [] : [{ path, code }]
    })
  })
}

/** @returns what is wrong, by paths in the body; empty where nothing is */
export const findGrantFaults = (grants: Grants, place: Place): ProblemEntry[] => [
  ...permissionFaults(grants, place),
  ...rowFaults(grants, place),
  ...fieldFaults(grants, place),
]
