import { queryOptions } from '@tanstack/react-query'
import { api } from '../../shell/client.ts'

export interface ApiKey {
  id: string
  name: string
  permissions: string[]
  expiresAt: string | null
  createdAt: string
  usedAt: string | null
}

export const keysOptions = queryOptions({
  queryKey: ['api-keys'],
  queryFn: async () => (await api.get<{ items: ApiKey[] }>('/api/api-keys')).items,
})

export const LIFETIMES = [30, 90, 365, 0] as const

/** Until the end of that day where one sits; 0 is for ever. */
export function expiryOf(days: number, now = new Date()): string | null {
  if (days === 0) return null
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 23, 59, 59).toISOString()
}
