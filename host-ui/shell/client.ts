import { QueryClient } from '@tanstack/react-query'
import { type Api, ApiProblem, createApi } from '../sdk/index.ts'

/**
 * The host's own way to the server. A 401 on any call means that the session has ended, whoever made the call: a page,
 * a form or a plugin's widget.
 */
type Listener = () => void
const listeners = new Set<Listener>()

export function onSessionEnd(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const api: Api = createApi(async (url, init) => {
  const response = await fetch(url, init)
  const signingIn = (url === '/api/session' && init.method !== 'PATCH') || url === '/api/session/passkey'
  if (response.status === 401 && !signingIn) listeners.forEach((listener) => listener())
  if (response.status === 202) void queries.invalidateQueries({ queryKey: ['proposals'] })
  return response
})

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: 'always',
      retry: (failures, error) => failures < 2 && isPassing(error),
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
    mutations: { retry: false, networkMode: 'always' },
  },
})

/** Only what may be gone in a moment is worth asking twice. */
const isPassing = (error: unknown) => !(error instanceof ApiProblem) || [502, 503, 504].includes(error.status)

export const refetchRecords = (resource: string) => queries.invalidateQueries({ queryKey: [resource] })
