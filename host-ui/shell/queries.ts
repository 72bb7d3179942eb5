import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Page, Row, Schema } from '../sdk/index.ts'
import { api, queries } from './client.ts'
import { type Resource, useComposition } from './composition.tsx'

/** What the pages read, each under the name of its resource so that one invalidation reaches all of it. */
export const schemaOptions = (resource: string) =>
  queryOptions({
    queryKey: ['schema', resource],
    queryFn: () => api.get<Schema>(`/api/schemas/${resource}`),
    staleTime: 60_000,
    refetchOnWindowFocus: true,
  })

export const rowOptions = (resource: Resource, id: string) =>
  queryOptions({
    queryKey: [resource.name, 'row', id],
    queryFn: () => api.get<Row>(`${resource.path}/${encodeURIComponent(id)}`),
  })

export const listOptions = (resource: Resource, query: Record<string, string>) =>
  queryOptions({
    queryKey: [resource.name, 'list', query],
    queryFn: () => api.list<Row>(resource.path, query),
  })

/** A resting pointer announces a click; the page is then there at once. */
export const prefetchRow = (resource: Resource, id: string) =>
  void queries.prefetchQuery({ ...rowOptions(resource, id), staleTime: 15_000 })

export interface User {
  id: string
  name: string
  email: string
  role: string
}

const NOBODY: User[] = []

/** Members by id, for the names of owners and authors; without the right to see them, oneself alone. */
export function useUsers(): User[] {
  const { can, user, role } = useComposition()
  const isOpen = can('users.read')
  const { data } = useQuery({
    queryKey: ['users'],
    enabled: isOpen,
    queryFn: () => api.get<Pick<Page<User>, 'items'>>('/api/users'),
    staleTime: 300_000,
    refetchOnWindowFocus: true,
    retry: false,
  })
  const { id, name, email } = user
  const oneself = useMemo(() => [{ id, name, email, role }], [id, name, email, role])
  return isOpen ? (data?.items ?? NOBODY) : oneself
}
