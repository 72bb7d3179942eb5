/** PostgreSQL's refusals as problems of the contract. */
import { Problem } from '../contract.ts'
import { codeOf } from '../fault.ts'
import type { Model } from '../resource/model.ts'

interface DatabaseFault {
  readonly code: string
  readonly constraint?: string
}

function pathOf(model: Model | null, constraint: string | undefined): string {
  const field = model?.own.find(({ column }) => constraint?.startsWith(`${model.table}_${column}_`))
  return field?.pointer ?? ''
}

/** By SQLSTATE or its class; the first that fits. The fault is not in one field. */
const REFUSALS: readonly (readonly [RegExp, number, string])[] = [
  // A statement too deep or too large for the server's limits.
  [/^54/, 400, 'too_complex'],
  [/^55P03$/, 409, 'busy'],
  [/^57014$/, 503, 'timeout'],
  [/^40/, 503, 'conflict'],
  [/^53100$/, 503, 'disk_full'],
  [/^(53|57P|08)|^E[A-Z]+$/, 503, 'database_unavailable'],
]

/** What the driver says, without a code, of a connection that was lost or could not be had. */
const LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** The problem that an error of PostgreSQL means; any other error as it is. */
export function problemOf(error: unknown, model: Model | null = null): unknown {
  if (error instanceof Error && LOST.test(error.message)) return new Problem(503, 'database_unavailable')
  const code = codeOf(error)
  if (code === undefined || error instanceof Problem) return error
  const path = pathOf(model, (error as DatabaseFault).constraint)
  // The web server tells the first answer again.
  if ((error as DatabaseFault).constraint === 'answers_pkey') return error
  if ((error as DatabaseFault).constraint === 'records_erased_check') return new Problem(409, 'erased')
  if (code === '23505') return new Problem(409, 'unique', [{ path, code: 'unique' }])
  if (code === '23503') return new Problem(422, 'reference', [{ path, code: 'reference' }])
  if (code.startsWith('22') || code === '23514' || code === '23502')
    return new Problem(400, 'invalid', [{ path, code: 'value' }])
  const refusal = REFUSALS.find(([pattern]) => pattern.test(code))
  return refusal ? caused(new Problem(refusal[1], refusal[2]), error) : error
}

/** A whole transaction is tried again for what was its reason, also where plugin code has met it as a problem. */
function caused(problem: Problem, error: unknown): Problem {
  problem.cause = error
  return problem
}
