import { queryOptions } from '@tanstack/react-query'
import { api, queries } from '../../shell/client.ts'
import type { KERNEL_ROLES } from '../people/people.ts'

export const PATH = '/api/identity-providers'

/** An identity provider of the organisation; its secret is never shown. */
export interface Provider {
  id: string
  name: string
  issuer: string
  clientId: string
  domains: string[]
  /** As what unknown people of the domains join; null where they do not. */
  joinRole: (typeof KERNEL_ROLES)[number] | null
  passwords: boolean
  linked: number
  redirectUri: string
}

/** Whether a provider is reached, and why not. */
export interface Tested {
  reached: boolean
  reason: string | null
}

export const providersOptions = queryOptions({
  queryKey: ['providers'],
  queryFn: async () => (await api.get<{ items: Provider[] }>(PATH)).items,
})

export const refetchProviders = () => queries.invalidateQueries({ queryKey: providersOptions.queryKey })
