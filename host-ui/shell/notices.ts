import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'

export interface Notice {
  id: string
  plugin: string
  text: string
  recordId: string | null
  url: string | null
  at: string
  read: boolean
}
interface NoticePage {
  items: Notice[]
  next: string | null
  /** At most a hundred. */
  unread: number
}
export interface Preference {
  plugin: string
  inApp: boolean
  mail: boolean
}

export const noticesOptions = infiniteQueryOptions({
  queryKey: ['notifications'],
  queryFn: ({ pageParam }) => api.get<NoticePage>('/api/notifications', { after: pageParam }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next,
  refetchOnWindowFocus: true,
})

export const preferencesOptions = queryOptions({
  queryKey: ['notification-preferences'],
  queryFn: async () => (await api.get<{ items: Preference[] }>('/api/notifications/preferences')).items,
})
