/** From a held request to a proposal, and what of a proposal a caller may see. */
import type { FastifyRequest } from 'fastify'
import type { ProblemEntry } from '../contract.ts'
import { insertProposal, keepAnswer, type ProposalRow, tellProposal } from '../facts/proposals.ts'
import { compileGet } from '../resource/list.ts'
import type { AnswerRecord } from '../resource/write.ts'
import type { Held } from '../work/held.ts'
import { joinTransaction } from '../work/unit.ts'
import type { Acts, Asked } from './acts.ts'
import { isSecond } from './answers.ts'
import { type Caller, claimsOf } from './caller.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

/**
 * Keeps what was asked, and with it the answer of its idempotency key.
 * @returns the answer; null where the same request was answered meanwhile
 */
export async function proposeAct(
  services: Services,
  request: FastifyRequest,
  { asked, held, answer }: { asked: Asked; held: Held; answer: AnswerRecord | null },
): Promise<{ id: string; body: string } | null> {
  const caller = callerOf(request)
  const tenant = caller.identity.tenant.id
  const names = await services.namesOf(tenant, [caller.identity.user.id])
  try {
    return await services.database.transaction(claimsOf(caller, null), 'write', async (transaction) => {
      const unit = joinTransaction(transaction, claimsOf(caller, null))
      const row = await insertProposal(unit, tenant, {
        ...asked,
        ...heldColumns(held),
        asker_key: caller.identity.keyId ?? null,
        method: request.method,
        route: request.routeOptions.url as string,
      })
      await tellProposal(unit, 'proposals.created', row)
      const body = JSON.stringify({ proposal: viewOf(row, { isReadable: true, names }) })
      if (answer) await keepAnswer(unit, tenant, { answer, id: row.id, body })
      return { id: row.id, body }
    })
  } catch (error) {
    if (answer && isSecond(error)) return null
    throw error
  } finally {
    services.wake()
  }
}

/** Where it is held, as the table has it. */
export function heldColumns({ hold, row }: Held) {
  const { plugin, point, code, errors } = hold
  const { resource = null, rowId = null, recordId = null } = row ?? {}
  return { plugin, point, code, errors, resource, row_id: rowId, record_id: recordId }
}

export interface ProposalView {
  readonly id: string
  readonly state: ProposalRow['state']
  readonly asker: { readonly kind: string; readonly id: string; readonly name: string | null }
  readonly method: string
  readonly route: string
  readonly params: object
  /** Query, body and what plugins said of them are null for those who may not read the row. */
  readonly query: object | null
  readonly body: unknown
  readonly hidden: boolean
  readonly version: number | null
  readonly resource: string | null
  readonly rowId: string | null
  readonly recordId: string | null
  readonly plugin: string
  readonly point: string
  readonly code: string
  readonly errors: readonly ProblemEntry[]
  readonly problem: ProposalRow['problem']
  readonly reason: string | null
  readonly decidedBy: { readonly id: string; readonly name: string | null } | null
  readonly decidedAt: string | null
  readonly createdAt: string
}

type Names = ReadonlyMap<string, string>

/** Parameters of a problem may quote what somebody typed. */
const withoutParams = (errors: readonly ProblemEntry[]) => errors.map(({ path, code }) => ({ path, code }))

export function viewOf(row: ProposalRow, { isReadable, names }: { isReadable: boolean; names: Names }): ProposalView {
  const { id, state, method, route, params, version, resource, plugin, point, code, problem } = row
  return {
    id,
    state,
    asker: { kind: row.asker_kind, id: row.asker, name: names.get(row.asker) ?? null },
    method,
    route,
    params,
    query: isReadable ? row.query : null,
    body: isReadable ? row.body : null,
    hidden: !isReadable,
    version,
    resource,
    rowId: row.row_id,
    recordId: row.record_id,
    plugin,
    point,
    code,
    errors: isReadable ? row.errors : withoutParams(row.errors),
    problem: problem && { ...problem, errors: isReadable ? problem.errors : withoutParams(problem.errors) },
    reason: row.reason,
    decidedBy: row.decided_by === null ? null : { id: row.decided_by, name: names.get(row.decided_by) ?? null },
    decidedAt: row.decided_at,
    createdAt: row.created_at,
  }
}

const isOwn = ({ identity }: Caller, { asker, asker_kind: kind }: ProposalRow) =>
  asker === identity.user.id && kind === identity.kind

/** Whether a caller meets the row that it is about. A row that is not there yet is met by its asker alone, where rules stand. */
export async function meetsRow({ database }: Services, caller: Caller, row: ProposalRow): Promise<boolean> {
  const model = row.resource === null ? undefined : caller.composition.resources.get(row.resource)?.model
  const rule = model && caller.rules.of(model, 'read')
  if (!rule || isOwn(caller, row)) return true
  if (row.row_id === null) return false
  const place = { tenant: caller.identity.tenant.id, id: row.row_id }
  const query = compileGet(model, place, { rule: () => rule })
  return (await database.once(claimsOf(caller, null), 'read', query)).rows.length > 0
}

const READ = /\.(create|update|delete)$/

/**
 * Whether a caller sees what was asked: one's own request, or the rows that it is about. Of a route of a plugin one must
 * have the right to it.
 */
export function mayReadProposal(caller: Caller, acts: Acts, row: ProposalRow): boolean {
  const { permissions, composition } = caller
  if (isOwn(caller, row)) return true
  // What was asked may hold values of fields that are masked to the caller.
  if (composition.base !== null) return false
  const known = acts.get(`${row.method} ${row.route}`)
  if (!known) return false
  const needed = known.access.replace(READ, '.read')
  const isAllowed = permissions.has(known.access) || (needed !== known.access && permissions.has(needed))
  return isAllowed && (row.resource === null || permissions.has(`${row.resource}.read`))
}
