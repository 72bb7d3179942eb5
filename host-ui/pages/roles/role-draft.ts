/** What the editor of a role holds, and how it becomes what the server keeps. */
import { ApiProblem } from '../../sdk/index.ts'
import type { ListState } from '../list/list-state.ts'
import { type Condition, readTests } from '../list/view.ts'
import type { FieldGrants, Role, RoleBody, RowGrant, RowTerm } from './role.ts'

/** A filter as the filter bar keeps it, and what it asks; null where it asks nothing. One that nobody touches stays as it was written. */
export interface Asked {
  readonly key: string
  readonly state: ListState
  readonly condition: Condition | null
}

/** Rows that fit one of them. */
export interface Terms {
  readonly own: boolean
  readonly team: boolean
  readonly filters: readonly Asked[]
}

export type Access = 'read' | 'write'

/** Null is all of them: for writing, all that may be read. */
export type RowDraft = Readonly<Record<Access, Terms | null>>

export interface RoleDraft {
  readonly name: string
  readonly permissions: readonly string[]
  readonly rows: Readonly<Record<string, RowDraft>>
  readonly fields: FieldGrants
}

export const EMPTY: RoleDraft = { name: '', permissions: [], rows: {}, fields: {} }
export const EVERYTHING: RowDraft = { read: null, write: null }
export const SOME: Terms = { own: true, team: false, filters: [] }
const ASKS_NOTHING: ListState = { q: '', filters: [], sort: [], limit: 50, after: null }

let lastKey = 0
const freshKey = () => String((lastKey += 1))

export const newFilter = (): Asked => ({ key: freshKey(), state: ASKS_NOTHING, condition: null })

function askedOf(condition: Condition): Asked {
  const { filters, rest } = readTests(condition)
  const state = { ...ASKS_NOTHING, filters, ...(rest ? { filter: JSON.stringify(rest) } : {}) }
  return { key: freshKey(), state, condition }
}

function termsOf(grant: RowGrant | undefined): Terms | null {
  if (grant === undefined || grant === 'all') return null
  const filters = grant.filter((term) => typeof term === 'object').map(askedOf)
  return { own: grant.includes('own'), team: grant.includes('team'), filters }
}

export function draftOf({ name, permissions, rows, fields }: RoleBody): RoleDraft {
  const drafts = Object.entries(rows).map(([resource, { read, write }]) => [
    resource,
    { read: termsOf(read), write: termsOf(write) },
  ])
  return { name, permissions, rows: Object.fromEntries(drafts), fields }
}

/** Before the filters come the words. */
export const firstFilter = ({ own, team }: Terms): number => Number(own) + Number(team)

function grantOf({ own, team, filters }: Terms): RowTerm[] {
  const conditions = filters.map(({ condition }) => condition ?? {})
  return [...(own ? ['own' as const] : []), ...(team ? ['team' as const] : []), ...conditions]
}

export function bodyOf({ name, permissions, rows, fields }: RoleDraft): RoleBody {
  const said = Object.entries(rows).filter(([, { read, write }]) => read || write)
  const grants = said.map(([resource, { read, write }]) => {
    const grant = { read: read ? grantOf(read) : 'all', ...(write ? { write: grantOf(write) } : {}) }
    return [resource, grant] as const
  })
  const kept = Object.entries(fields).filter(([, each]) => Object.keys(each).length > 0)
  return {
    name: name.trim(),
    permissions: permissions.toSorted(),
    rows: Object.fromEntries(grants) as RoleBody['rows'],
    fields: Object.fromEntries(kept),
  }
}

/** Codes by the place that they are told at: `/name`, `/permissions/<name>`, `/rows/clients/read/0`, `/fields/clients/email`. */
export type Problems = Readonly<Record<string, string>>

/** What needs no server to be seen. */
export function findProblems(draft: RoleDraft): Problems {
  const problems: Record<string, string> = draft.name.trim() === '' ? { '/name': 'needed' } : {}
  for (const [resource, row] of Object.entries(draft.rows)) {
    for (const access of ['read', 'write'] as const) {
      const terms = row[access]
      if (!terms) continue
      const path = `/rows/${resource}/${access}`
      if (grantOf(terms).length === 0) problems[path] = 'needs_term'
      terms.filters.forEach(({ condition }, i) => {
        if (!condition) problems[`${path}/${firstFilter(terms) + i}`] = 'needs_condition'
      })
    }
  }
  return problems
}

/** What the server refused, at the place of the editor that shows it. */
export function problemsIn(error: unknown, { permissions }: RoleBody): Problems {
  if (!(error instanceof ApiProblem)) return {}
  const placed = error.errors
    .filter(({ path }) => path.startsWith('/'))
    .map(({ path, code }) => {
      const [kind, ...rest] = path.slice(1).split('/')
      if (kind === 'permissions') return [`/permissions/${permissions[Number(rest[0])]}`, code]
      // Where in a filter something is wrong is told at the filter.
      return [`/${[kind, ...rest.slice(0, 3)].join('/')}`, code]
    })
  return Object.fromEntries(placed)
}

export const isSame = (a: RoleDraft, b: RoleDraft) => JSON.stringify(bodyOf(a)) === JSON.stringify(bodyOf(b))

/** A role that another one is begun with. */
export const copyOf = (role: Role, name: string): RoleDraft => ({ ...draftOf(role), name })
