import { queryOptions } from '@tanstack/react-query'
import { api, queries } from '../../shell/client.ts'

/** What a plugin has handed out: `GET /api/links`. */
export interface SharedLink {
  id: string
  plugin: string
  name: string
  subject: string | null
  resource: string | null
  hasPassword: boolean
  expiresAt: string | null
  usesLeft: number | null
  usedCount: number
  usedAt: string | null
  revokedAt: string | null
  createdBy: string | null
  createdAt: string
}

/** What still opens something, or does so no more. */
export const VIEWS = ['open', 'over'] as const
export type View = (typeof VIEWS)[number]

const KEY = 'links'

export const linksOptions = (asked: { state: View; plugin: string; after: string | null }) =>
  queryOptions({
    queryKey: [KEY, asked],
    queryFn: () => api.get<{ items: SharedLink[]; next: string | null }>('/api/links', { ...asked, limit: 25 }),
  })

export const revokeLink = (id: string) =>
  api.send('DELETE', `/api/links/${id}`).finally(() => queries.invalidateQueries({ queryKey: [KEY] }))
