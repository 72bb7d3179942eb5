/** Members of the tenant, and who is invited. */
import type { FastifyInstance } from 'fastify'
import { permissionsFor } from '../access/policy.ts'
import { type ChosenRole, roleNamed } from '../access/grants.ts'
import { Problem } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { assertOwnMember, changeMember, type MemberChange, removeMember } from '../tenancy/members.ts'
import { chooseRole } from '../tenancy/roles.ts'
import { entriesOf, holdingOf } from '../work/rights.ts'
import type { Caller } from './caller.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

/** `administrator`, `member`, or the id of a role of the tenant's own. */
const role = { type: 'string', maxLength: 40 }
const INVITE = {
  type: 'object',
  required: ['email', 'role'],
  additionalProperties: false,
  properties: { email: { type: 'string', maxLength: 254 }, role },
}
const CHANGE = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { role, suspended: { type: 'boolean' } },
}
const access = 'users.manage'
type AtId = { Params: { id: string } }

/**
 * Whoever is no administrator gives no more than it has itself, and changes nobody who has more.
 * @throws Problem 403 `forbidden`
 */
function assertBelow(services: Services, { identity, state, composition, permissions }: Caller, word: string): void {
  if (identity.role === 'administrator') return
  const given = permissionsFor(
    holdingOf(roleNamed(word), state),
    entriesOf(services.permissions, composition.base ?? composition),
  )
  if (word === 'administrator' || !given.isSubsetOf(permissions)) throw new Problem(403, 'forbidden')
}

async function assertMayChange(services: Services, caller: Caller, id: string): Promise<void> {
  const member = (await services.listMembers(caller.identity.tenant.id)).find((each) => each.id === id)
  if (member) assertBelow(services, caller, member.role)
}

function readRole(services: Services, caller: Caller, word: string): ChosenRole {
  const chosen = chooseRole(word, caller.state)
  assertBelow(services, caller, word)
  return chosen
}

export function registerMembers(app: FastifyInstance, services: Services): void {
  const { database, accountTokens, listMembers } = services

  app.get('/api/users', { config: { access: 'users.read' } }, async (request) => ({
    items: await listMembers(callerOf(request).identity.tenant.id),
  }))

  app.patch<AtId>('/api/users/:id', { config: { access } }, async (request) => {
    assertFits(CHANGE, request.body)
    const caller = callerOf(request)
    const { tenant, user } = caller.identity
    const { id } = request.params
    // Who changes its own role by mistake is not there to take it back.
    if (id === user.id) throw new Problem(409, 'oneself')
    await assertMayChange(services, caller, id)
    const { role: word, suspended } = request.body as { role?: string; suspended?: boolean }
    const change: MemberChange = {
      ...(word === undefined ? {} : { role: readRole(services, caller, word) }),
      ...(suspended === undefined ? {} : { suspended }),
    }
    await changeMember(database, { tenant: tenant.id, user: id }, change)
    return (await listMembers(tenant.id)).find((member) => member.id === id)
  })

  app.delete<AtId>('/api/users/:id', { config: { access } }, async (request, reply) => {
    const caller = callerOf(request)
    const { tenant, user } = caller.identity
    if (request.params.id === user.id) throw new Problem(409, 'oneself')
    await assertMayChange(services, caller, request.params.id)
    await removeMember(database, { tenant: tenant.id, user: request.params.id })
    return reply.code(204).send()
  })

  /** For whoever has lost app and paper. */
  app.delete<AtId>('/api/users/:id/second-factor', { config: { access } }, async (request, reply) => {
    const caller = callerOf(request)
    const { tenant, user } = caller.identity
    const { id } = request.params
    if (id === user.id) throw new Problem(409, 'oneself')
    await assertMayChange(services, caller, id)
    await assertOwnMember(database, { tenant: tenant.id, user: id })
    await services.secondFactor.remove(id)
    return reply.code(204).send()
  })

  app.get('/api/invitations', { config: { access } }, async (request) => ({
    items: await accountTokens.listInvitations(callerOf(request).identity.tenant.id),
  }))

  app.post('/api/invitations', { config: { access } }, async (request, reply) => {
    assertFits(INVITE, request.body)
    const caller = callerOf(request)
    const { tenant, user } = caller.identity
    const { email, role: word } = request.body as { email: string; role: string }
    const invitation = { email, role: readRole(services, caller, word) }
    return reply.code(201).send(await accountTokens.invite(tenant.id, user.id, invitation))
  })

  app.delete<AtId>('/api/invitations/:id', { config: { access } }, async (request, reply) => {
    await accountTokens.revokeInvitation(callerOf(request).identity.tenant.id, request.params.id)
    return reply.code(204).send()
  })
}
