import { queryOptions } from '@tanstack/react-query'
import { api, queries } from '../../shell/client.ts'
import type { Condition } from '../list/view.ts'

/** Rows of one's own, rows of one's teams, or those that a filter finds. */
export type RowTerm = 'own' | 'team' | Condition
export type RowGrant = 'all' | readonly RowTerm[]
export type FieldGrant = 'read' | 'masked'
type RowGrants = Readonly<Record<string, { read: RowGrant; write?: RowGrant }>>
export type FieldGrants = Readonly<Record<string, Readonly<Record<string, FieldGrant>>>>

/** What is said of a role that may not be there yet. */
export interface RoleBody {
  name: string
  permissions: readonly string[]
  rows: RowGrants
  fields: FieldGrants
}

/** A role of the organisation's own: `GET /api/roles`. */
export interface Role extends RoleBody {
  id: string
  version: number
}

/** People who may meet each other's records: `GET /api/teams`. */
export interface Team {
  id: string
  name: string
  version: number
  members: readonly string[]
}

/** Nobody but an administrator may have it. */
export const MANAGE = 'roles.manage'

export const rolesOptions = queryOptions({
  queryKey: ['roles'],
  queryFn: async () => (await api.get<{ items: Role[] }>('/api/roles')).items,
})

export const teamsOptions = queryOptions({
  queryKey: ['teams'],
  queryFn: async () => (await api.get<{ items: Team[] }>('/api/teams')).items,
})

const settle = (kind: 'roles' | 'teams') => queries.invalidateQueries({ queryKey: [kind] })

export const saveRole = (body: RoleBody, before: Pick<Role, 'id' | 'version'> | null) =>
  before
    ? api.send<Role>('PATCH', `/api/roles/${before.id}`, { version: before.version, ...body })
    : api.send<Role>('POST', '/api/roles', body)

export const removeRole = (id: string) => api.send('DELETE', `/api/roles/${id}`).finally(() => settle('roles'))

export const saveTeam = (body: Pick<Team, 'name' | 'members'>, before: Team | null) =>
  (before
    ? api.send<Team>('PATCH', `/api/teams/${before.id}`, { version: before.version, ...body })
    : api.send<Team>('POST', '/api/teams', body)
  ).finally(() => settle('teams'))

export const removeTeam = (id: string) => api.send('DELETE', `/api/teams/${id}`).finally(() => settle('teams'))
