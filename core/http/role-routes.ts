/** Roles and teams of the tenant's own. */
import type { FastifyInstance } from 'fastify'
import {
  type Grants,
  ROLE_BODY,
  ROLE_CHANGE,
  type Team,
  TEAM_BODY,
  TEAM_CHANGE,
  type TenantRole,
} from '../access/grants.ts'
import { ROLES } from '../access/policy.ts'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { changeOwn, createOwn, removeOwn } from '../tenancy/roles.ts'
import { findGrantFaults } from '../work/grants.ts'
import { callerOf } from './request.ts'
import type { Caller } from './caller.ts'
import type { Services } from './services.ts'

type AtId = { Params: { id: string } }
type RoleBody = Partial<Grants> & { name?: string; version?: number }
type TeamBody = Partial<Pick<Team, 'name' | 'members'>> & { version?: number }

const EMPTY: Grants = { permissions: [], rows: {}, fields: {} }
const show = ({ id, name, version, grants }: TenantRole) => ({ id, name, version, ...grants })

/** What is said anew stands for what was said before of the same thing. */
function grantsOf(services: Services, caller: Caller, body: RoleBody, before: Grants): Grants {
  const { permissions = before.permissions, rows = before.rows, fields = before.fields } = body
  const grants = { permissions, rows, fields }
  const errors = findGrantFaults(grants, { composition: caller.composition, known: services.permissions, before })
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
  return grants
}

function registerRoles(app: FastifyInstance, services: Services): void {
  const { database, switches } = services

  app.get('/api/roles', { config: { access: 'users.read' } }, (request) => {
    const { state } = callerOf(request)
    return { items: [...state.roles.values()].map(show) }
  })

  app.post('/api/roles', { config: { access: ROLES } }, async (request, reply) => {
    assertFits(ROLE_BODY, request.body)
    const caller = callerOf(request)
    const body = request.body as RoleBody
    const given = { name: body.name?.trim(), grants: JSON.stringify(grantsOf(services, caller, body, EMPTY)) }
    const role = await createOwn<TenantRole>(database, 'roles', caller.identity.tenant.id, given)
    switches.forget(caller.identity.tenant.id)
    return reply.code(201).header('location', `/api/roles/${role.id}`).send(show(role))
  })

  app.get<AtId>('/api/roles/:id', { config: { access: 'users.read' } }, (request) => {
    const role = callerOf(request).state.roles.get(request.params.id)
    if (!role) throw new Problem(404, 'not_found')
    return show(role)
  })

  app.patch<AtId>('/api/roles/:id', { config: { access: ROLES } }, async (request) => {
    assertFits(ROLE_CHANGE, request.body)
    const caller = callerOf(request)
    const { id } = request.params
    const before = caller.state.roles.get(id)
    if (!before) throw new Problem(404, 'not_found')
    const { name, version = 0, ...body } = request.body as RoleBody
    const given = {
      ...(name === undefined ? {} : { name: name.trim() }),
      grants: JSON.stringify(grantsOf(services, caller, body, before.grants)),
    }
    const tenant = caller.identity.tenant.id
    const role = await changeOwn<TenantRole>(database, 'roles', { tenant, id, version }, given)
    switches.forget(tenant)
    return show(role)
  })

  app.delete<AtId>('/api/roles/:id', { config: { access: ROLES } }, async (request, reply) => {
    const { tenant } = callerOf(request).identity
    await removeOwn(database, 'roles', tenant.id, request.params.id)
    switches.forget(tenant.id)
    return reply.code(204).send()
  })
}

async function assertMembers({ listMembers }: Services, tenant: string, ids: readonly string[]): Promise<void> {
  const members = new Set((await listMembers(tenant)).map(({ id }) => id))
  const errors = ids.flatMap((id, i) => (members.has(id) ? [] : [{ path: `/members/${i}`, code: 'unknown' }]))
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
}

function registerTeams(app: FastifyInstance, services: Services): void {
  const { database, switches } = services

  app.get('/api/teams', { config: { access: 'users.read' } }, (request) => ({ items: callerOf(request).state.teams }))

  app.post('/api/teams', { config: { access: ROLES } }, async (request, reply) => {
    assertFits(TEAM_BODY, request.body)
    const { tenant } = callerOf(request).identity
    const { name, members = [] } = request.body as TeamBody
    await assertMembers(services, tenant.id, members)
    const team = await createOwn<Team>(database, 'teams', tenant.id, { name: name?.trim(), members })
    switches.forget(tenant.id)
    return reply.code(201).header('location', `/api/teams/${team.id}`).send(team)
  })

  app.patch<AtId>('/api/teams/:id', { config: { access: ROLES } }, async (request) => {
    assertFits(TEAM_CHANGE, request.body)
    const { identity, state } = callerOf(request)
    const tenant = identity.tenant.id
    const { name, members, version = 0 } = request.body as TeamBody
    const before = state.teams.find(({ id }) => id === request.params.id)?.members ?? []
    // Who was in it and has left the organisation may stay.
    await assertMembers(
      services,
      tenant,
      (members ?? []).filter((id) => !before.includes(id)),
    )
    const given = {
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(members === undefined ? {} : { members }),
    }
    const team = await changeOwn<Team>(database, 'teams', { tenant, id: request.params.id, version }, given)
    switches.forget(tenant)
    return team
  })

  app.delete<AtId>('/api/teams/:id', { config: { access: ROLES } }, async (request, reply) => {
    const { tenant } = callerOf(request).identity
    await removeOwn(database, 'teams', tenant.id, request.params.id)
    switches.forget(tenant.id)
    return reply.code(204).send()
  })
}

export function registerRights(app: FastifyInstance, services: Services): void {
  registerRoles(app, services)
  registerTeams(app, services)
}
