/** Writes that wait for a person, for those who asked and those who decide. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import {
  compileProposal,
  compileProposals,
  compileWaiting,
  type ProposalRow,
  type ProposalState,
} from '../facts/proposals.ts'
import { readCursor, writeCursor } from '../resource/cursor.ts'
import { isUuid } from '../resource/formats.ts'
import { assertFits } from '../resource/validate.ts'
import { readLimit } from '../work/query.ts'
import type { Acts } from './acts.ts'
import { type Caller, claimsOf } from './caller.ts'
import { approveProposal, rejectProposal } from './deciding.ts'
import { mayReadProposal, meetsRow, type ProposalView, viewOf } from './proposing.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

const DECIDE = 'proposals.decide'
const STATES: readonly string[] = ['waiting', 'approved', 'rejected', 'failed']
const LAST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
export const REJECTION = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: { type: 'string', maxLength: 1000 } },
}

type WithId = { Params: { id: string } }

export function registerProposals(app: FastifyInstance, services: Services, acts: Acts): void {
  const { database, namesOf } = services

  async function describe(caller: Caller, rows: readonly ProposalRow[]): Promise<ProposalView[]> {
    const people = rows.flatMap(({ asker, decided_by: decider }) => (decider === null ? [asker] : [asker, decider]))
    const names = await namesOf(caller.identity.tenant.id, people)
    const views: ProposalView[] = []
    for (const row of rows) {
      const isReadable = mayReadProposal(caller, acts, row) && (await meetsRow(services, caller, row))
      views.push(viewOf(row, { isReadable, names }))
    }
    return views
  }

  async function find(caller: Caller, id: string): Promise<ProposalRow> {
    const query = compileProposal(caller.identity.tenant.id, id)
    const row = isUuid(id) ? (await database.once<ProposalRow>(claimsOf(caller, null), 'read', query)).rows[0] : null
    const isTheirs = row && (caller.permissions.has(DECIDE) || row.asker === caller.identity.user.id)
    if (!row || !isTheirs) throw new Problem(404, 'not_found')
    return row
  }

  app.get('/api/proposals', { config: { access: 'session', query: ['state', 'limit', 'after'] } }, async (request) => {
    const caller = callerOf(request)
    const { rows, next, waiting } = await listProposals(services, caller, new Map(pairsOf(request)))
    return { items: await describe(caller, rows), next, waiting }
  })

  app.get<WithId>('/api/proposals/:id', { config: { access: 'session' } }, async (request) => {
    const caller = callerOf(request)
    return (await describe(caller, [await find(caller, request.params.id)]))[0]
  })

  const answer = async (request: FastifyRequest, reply: FastifyReply, row: ProposalRow) =>
    reply.send((await describe(callerOf(request), [row]))[0])

  app.post<WithId>('/api/proposals/:id/approve', { config: { access: DECIDE } }, async (request, reply) => {
    if (request.body !== undefined) assertFits({ type: 'object', additionalProperties: false }, request.body)
    return answer(request, reply, await approveProposal({ services, acts, request }, request.params.id))
  })

  app.post<WithId>('/api/proposals/:id/reject', { config: { access: DECIDE } }, async (request, reply) => {
    assertFits(REJECTION, request.body ?? {})
    const { reason = '' } = (request.body ?? {}) as { reason?: string }
    const row = await rejectProposal({ services, acts, request }, request.params.id, reason.trim() || null)
    return answer(request, reply, row)
  })
}

async function listProposals({ database, cursorKey }: Services, caller: Caller, given: ReadonlyMap<string, string>) {
  const tenant = caller.identity.tenant.id
  const state = given.get('state') ?? null
  if (state !== null && !STATES.includes(state))
    throw new Problem(400, 'invalid_query', [{ path: 'state', code: 'enum' }])
  const asker = caller.permissions.has(DECIDE) ? null : caller.identity.user.id
  const scope = `proposals ${tenant} ${asker ?? ''} ${state ?? ''}`
  const after = given.get('after')
  const before = after === undefined ? LAST : readCursor(cursorKey, scope, after)
  const limit = readLimit(given.get('limit'))
  const claims = claimsOf(caller, null)
  const query = compileProposals({ tenant, asker, state: state as ProposalState | null, before, limit })
  const [found, waiting] = await Promise.all([
    database.once<ProposalRow>(claims, 'read', query),
    database.once<{ count: number }>(claims, 'read', compileWaiting(tenant, asker)),
  ])
  const rows = found.rows.slice(0, limit)
  const last = found.rows.length > limit ? rows.at(-1) : undefined
  const next = last ? writeCursor(cursorKey, scope, [last.created_at, last.id]) : null
  return { rows, next, waiting: waiting.rows[0]?.count ?? 0 }
}
