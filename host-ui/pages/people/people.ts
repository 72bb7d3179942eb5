import { queryOptions } from '@tanstack/react-query'
import { ApiProblem } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'

/** The two that every organisation has. */
export const KERNEL_ROLES = ['member', 'administrator'] as const

export interface Member {
  id: string
  name: string
  email: string
  /** One of the kernel's, or the id of one of the organisation's own. */
  role: string
  suspended: boolean
}

export interface Invitation {
  id: string
  email: string
  role: string
  createdBy: { id: string; name: string } | null
  expiresAt: string
  sent: boolean
  reason: string | null
}

export const membersOptions = queryOptions({
  queryKey: ['people', 'members'],
  queryFn: async () => (await api.get<{ items: Member[] }>('/api/users')).items,
})

export const invitationsOptions = queryOptions({
  queryKey: ['people', 'invitations'],
  queryFn: async () => (await api.get<{ items: Invitation[] }>('/api/invitations')).items,
  // Whether its mail has gone out is known in a moment.
  refetchInterval: ({ state }) => (state.data?.some(({ sent, reason }) => !sent && !reason) ? 2_000 : false),
})

interface ActingEntry {
  id: string
  user: { id: string; name: string }
  by: { id: string; name: string }
  beganAt: string
  endedAt: string | null
}

export const actingOptions = queryOptions({
  queryKey: ['people', 'acting'],
  queryFn: async () => (await api.get<{ items: ActingEntry[] }>('/api/acting-sessions')).items,
})

export const refetchPeople = () => queries.invalidateQueries({ queryKey: ['people'] })

/** Whoever is no administrator is refused what gives more than it has. */
export const explain = (error: unknown): unknown =>
  error instanceof ApiProblem && error.status === 403 ? new ApiProblem(403, 'beyond_own') : error
