/** Decisions on proposals: approved, a request is done again as its asker; of two who decide at once one wins. */
import type { FastifyRequest } from 'fastify'
import { findAsker } from '../access/asker.ts'
import { Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import {
  changeProposal,
  compileProposal,
  type ProposalChange,
  type ProposalRow,
  tellProposal,
} from '../facts/proposals.ts'
import { isUuid } from '../resource/formats.ts'
import { Held, releaseOf } from '../work/held.ts'
import { type Joined, joinTransaction } from '../work/unit.ts'
import type { Acts, Done } from './acts.ts'
import { callerFor, claimsOf, demand } from './caller.ts'
import { heldColumns } from './proposing.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

interface Desk {
  readonly services: Services
  readonly acts: Acts
  readonly request: FastifyRequest
}

/** @throws Problem 404 `not_found`, 409 `decided` */
async function decide(
  { services, request }: Desk,
  id: string,
  choose: (row: ProposalRow, unit: Joined) => Promise<{ event: string; change: ProposalChange }>,
): Promise<ProposalRow> {
  if (!isUuid(id)) throw new Problem(404, 'not_found')
  const caller = callerOf(request)
  const claims = claimsOf(caller, null)
  const tenant = caller.identity.tenant.id
  const decided = await services.database.transaction(claims, 'write', (transaction) =>
    joinTransaction(transaction, claims).join(async (unit) => {
      const row = (await unit.write<ProposalRow>(compileProposal(tenant, id, true))).rows[0]
      if (!row) throw new Problem(404, 'not_found')
      if (row.state !== 'waiting') throw new Problem(409, 'decided')
      const { event, change } = await choose(row, unit)
      const after = await changeProposal(unit, { tenant, id }, change)
      await tellProposal(unit, event, after)
      return after
    }),
  )
  services.wake()
  return decided
}

export const rejectProposal = (desk: Desk, id: string, reason: string | null): Promise<ProposalRow> =>
  decide(desk, id, async () => ({ event: 'proposals.rejected', change: { state: 'rejected', reason } }))

/**
 * Does what was asked, in the transaction of the decision. What another plugin holds waits on; what is not possible any
 * more has failed, with the problem.
 */
export const approveProposal = (desk: Desk, id: string): Promise<ProposalRow> =>
  decide(desk, id, async (row, unit) => {
    const released = [...row.released, releaseOf(row)]
    try {
      const { rowId } = await unit.attempt(() => perform(desk, row, { unit, released }))
      const made = row.row_id === null && rowId !== undefined ? madeBy(desk, row, rowId) : {}
      return { event: 'proposals.approved', change: { state: 'approved', released, ...made } }
    } catch (error) {
      if (error instanceof Held) return { event: 'proposals.held', change: { released, ...heldColumns(error) } }
      const problem = problemOf(error)
      // What may go well in a moment, or is our own fault, decides nothing.
      if (!(problem instanceof Problem) || problem.status >= 500 || problem.code === 'busy') throw error
      const { status, code, errors } = problem
      return { event: 'proposals.failed', change: { state: 'failed', released, problem: { status, code, errors } } }
    }
  })

/** @throws Problem 403 `asker` where the asker may do nothing here any more, and those of the act */
async function perform(
  { services, acts, request }: Desk,
  row: ProposalRow,
  { unit, released }: { unit: Joined; released: readonly string[] },
): Promise<Done> {
  const tenant = callerOf(request).identity.tenant.id
  const identity = await findAsker(services.database, { tenant, user: row.asker, key: row.asker_key })
  if (!identity) throw new Problem(403, 'asker', [{ path: '', code: 'asker' }])
  const caller = await callerFor(services, identity, request)
  const known = acts.get(`${row.method} ${row.route}`)
  if (!known || (known.plugin !== undefined && !caller.state.enabled.has(known.plugin)))
    throw new Problem(404, 'not_found')
  demand(caller, known.access)
  const { params, query, body, version } = row
  const claims = { actorKind: identity.kind, actor: identity.user.id }
  return unit.as(claims, (own) =>
    known.act({ ...caller, unit: own, released: new Set(released) }, { params, query, body, version }, null),
  )
}

/** The row that a creation has made. Of a plugin's route it is not known which. */
function madeBy({ services }: Desk, { resource }: ProposalRow, rowId: string): ProposalChange {
  const model = resource === null ? undefined : services.compositions.whole.resources.get(resource)?.model
  return { row_id: rowId, ...(model?.owner ? {} : { record_id: rowId }) }
}
