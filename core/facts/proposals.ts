/** Proposals as SQL: writes that a plugin holds until a person has decided. */
import type { Json, JsonObject, ProblemEntry } from '../contract.ts'
import type { Query, Result } from '../data/database.ts'
import type { AnswerRecord } from '../resource/write.ts'

export type ProposalState = 'waiting' | 'approved' | 'rejected' | 'failed'

export interface ProposalRow {
  readonly id: string
  readonly state: ProposalState
  readonly asker_kind: 'user' | 'key'
  readonly asker: string
  readonly asker_key: string | null
  readonly method: string
  readonly route: string
  readonly params: Record<string, string>
  readonly query: Record<string, string>
  readonly body: Json
  readonly version: number | null
  readonly resource: string | null
  readonly row_id: string | null
  readonly record_id: string | null
  readonly plugin: string
  readonly point: string
  readonly code: string
  readonly errors: readonly ProblemEntry[]
  readonly released: readonly string[]
  readonly problem: { readonly status: number; readonly code: string; readonly errors: readonly ProblemEntry[] } | null
  readonly reason: string | null
  readonly decided_by: string | null
  readonly decided_at: string | null
  readonly created_at: string
}

export interface Runner {
  write<R>(query: Query): Promise<Result<R>>
}

const COLUMNS = `id, state, asker_kind, asker, asker_key, method, route, params, query, body, version, resource, row_id,
  record_id, plugin, point, code, errors, released, problem, reason, decided_by, kernel.iso(decided_at) as decided_at,
  kernel.iso(created_at) as created_at`

export type ProposalInput = Pick<
  ProposalRow,
  | 'asker_key'
  | 'method'
  | 'route'
  | 'params'
  | 'query'
  | 'body'
  | 'version'
  | 'resource'
  | 'row_id'
  | 'record_id'
  | 'plugin'
  | 'point'
  | 'code'
  | 'errors'
>

const json = (value: unknown) => (value === null ? null : JSON.stringify(value))

export async function insertProposal(run: Runner, tenant: string, input: ProposalInput): Promise<ProposalRow> {
  const { asker_key, method, route, params, query, body, version, resource, row_id, record_id } = input
  const asked = [tenant, asker_key, method, route, json(params), json(query), json(body), version]
  const held = [resource, row_id, record_id, input.plugin, input.point, input.code, json(input.errors)]
  const { rows } = await run.write<ProposalRow>({
    text: `insert into kernel.proposals (tenant_id, asker_key, method, route, params, query, body, version, resource,
      row_id, record_id, plugin, point, code, errors)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning ${COLUMNS}`,
    values: [...asked, ...held],
  })
  return rows[0] as ProposalRow
}

/** The answer of the request that made it, for the same request made again. */
export async function keepAnswer(
  run: Runner,
  tenant: string,
  { answer, id, body }: { answer: AnswerRecord; id: string; body: string },
): Promise<void> {
  const { actor, route, key, hash } = answer
  await run.write({
    text: `insert into kernel.answers (tenant_id, actor, route, key, hash, status, headers, body)
      values ($1, $2, $3, $4, $5, 202, $6, $7)`,
    values: [tenant, actor, route, key, hash, JSON.stringify({ id }), body],
  })
}

/** Those of one asker where `asker` is not null; newest first, one more than `limit`. */
export function compileProposals(page: {
  tenant: string
  asker: string | null
  state: ProposalState | null
  before: readonly (string | null)[]
  limit: number
}): Query {
  return {
    text: `select ${COLUMNS} from kernel.proposals where tenant_id = $1 and ($2::uuid is null or asker = $2)
      and ($3::text is null or state = $3) and (created_at, id) < ($4::timestamptz, $5::uuid)
      order by proposals.created_at desc, proposals.id desc limit $6`,
    values: [page.tenant, page.asker, page.state, ...page.before, page.limit + 1],
    isPlannedEachTime: true,
  }
}

export const compileWaiting = (tenant: string, asker: string | null): Query => ({
  text: `select count(*)::int as count from kernel.proposals where tenant_id = $1 and state = 'waiting'
    and ($2::uuid is null or asker = $2)`,
  values: [tenant, asker],
  isPlannedEachTime: true,
})

export const compileProposal = (tenant: string, id: string, lock = false): Query => ({
  text: `select ${COLUMNS} from kernel.proposals where tenant_id = $1 and id = $2${lock ? ' for update' : ''}`,
  values: [tenant, id],
})

export type ProposalChange = Partial<
  Pick<
    ProposalRow,
    | 'state'
    | 'reason'
    | 'problem'
    | 'resource'
    | 'row_id'
    | 'record_id'
    | 'plugin'
    | 'point'
    | 'code'
    | 'errors'
    | 'released'
  >
>

const JSON_COLUMNS = new Set(['problem', 'errors'])

export async function changeProposal(
  run: Runner,
  at: { tenant: string; id: string },
  change: ProposalChange,
): Promise<ProposalRow> {
  const entries = Object.entries(change)
  const sets = entries.map(([column], i) => `${column} = $${i + 3}`)
  const values = entries.map(([column, value]) => (JSON_COLUMNS.has(column) ? json(value) : value))
  const { rows } = await run.write<ProposalRow>({
    text: `update kernel.proposals set ${sets.join(', ')} where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    values: [at.tenant, at.id, ...values],
  })
  return rows[0] as ProposalRow
}

/** Told to whoever listens, and seen in the history of the record. */
export async function tellProposal(run: Runner, event: string, row: ProposalRow): Promise<void> {
  const { id, resource, row_id: rowId, record_id: recordId } = row
  const payload: JsonObject = { id, recordId, resource, rowId }
  await run.write({ text: 'select kernel.emit($1, $2)', values: [event, JSON.stringify(payload)] })
}
