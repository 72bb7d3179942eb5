import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { ProblemEntry, Row } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import type { Resource } from '../../shell/composition.tsx'
import { type Field, valueOf } from '../fields/field.ts'
import { labelOf, type Reading, textOf } from '../fields/text.ts'
import type { Line } from '../record/history-entry.ts'

/** A write that waits for a person, or did: `GET /api/proposals`. */
export interface Proposal {
  id: string
  state: 'waiting' | 'approved' | 'rejected' | 'failed'
  asker: { kind: string; id: string; name: string | null }
  method: string
  route: string
  params: Record<string, string>
  body: Record<string, unknown> | null
  hidden: boolean
  resource: string | null
  rowId: string | null
  plugin: string
  code: string
  errors: ProblemEntry[]
  problem: { status: number; code: string } | null
  reason: string | null
  decidedBy: { id: string; name: string | null } | null
  decidedAt: string | null
  createdAt: string
}

interface ProposalPage {
  items: Proposal[]
  next: string | null
  waiting: number
}

export type View = 'waiting' | 'decided'

export const pageOptions = (view: View) =>
  infiniteQueryOptions({
    queryKey: ['proposals', view],
    queryFn: ({ pageParam }) =>
      api.get<ProposalPage>('/api/proposals', { ...(view === 'waiting' ? { state: view } : {}), after: pageParam }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })

/** How many wait: of all for those who decide, else of one's own. */
export const countOptions = queryOptions({
  queryKey: ['proposals', 'count'],
  queryFn: async () => (await api.get<ProposalPage>('/api/proposals', { state: 'waiting', limit: 1 })).waiting,
})

export type Verb = 'create' | 'update' | 'delete' | 'merge' | 'other'

/** What would be done, told by the route alone: a plugin's own route says nothing of it. */
export function verbOf({ method, route }: Pick<Proposal, 'method' | 'route'>, resource: Resource | undefined): Verb {
  if (!resource) return 'other'
  const row = `${resource.path}/:id`
  const verbs: Record<string, Verb> = {
    [`POST ${resource.path}`]: 'create',
    [`PATCH ${row}`]: 'update',
    [`DELETE ${row}`]: 'delete',
    [`POST ${row}/merge`]: 'merge',
  }
  return verbs[`${method} ${route}`] ?? 'other'
}

const isGiven = (body: object, { extension, name }: Field): boolean => {
  const group = extension ? (body as Row).extensions?.[extension] : body
  return Object.hasOwn((group ?? {}) as object, name)
}

/** Field by field what would be written, beside what stands there now. */
export function linesOf(body: object | null, row: Row | undefined, fields: readonly Field[], reading: Reading): Line[] {
  if (!body) return []
  return fields
    .filter((field) => !field.system && isGiven(body, field))
    .map((field) => {
      const say = (values: Row | undefined) => (values ? textOf(field, valueOf(values, field), reading) : '')
      return { path: field.path, label: labelOf(field, reading), before: say(row), after: say(body as Row) }
    })
    .filter(({ before, after }) => before !== after)
}
