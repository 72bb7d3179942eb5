/** Idempotency keys: the same request made again gets the same answer, whatever happened to the first one. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Json, Problem } from '../contract.ts'
import type { AnswerRecord } from '../resource/write.ts'
import { type Caller, claimsOf } from './caller.ts'
import type { Services } from './services.ts'

interface Kept {
  readonly hash: Buffer
  readonly status: number
  readonly headers: Record<string, string | number>
  readonly body: string
}

/** @throws Problem 400 `invalid_header` */
export function readIdempotencyKey(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new Problem(400, 'invalid_header', [{ path: 'Idempotency-Key', code: 'format' }])
}

/**
 * What is kept with the effects of the request. The key counts for one caller and one route, and while the same fields
 * are kept from that one: an old answer may hold what is masked by now.
 */
export function answerFor(caller: Caller, route: string, key: string, body: Json): AnswerRecord {
  const { kind, user } = caller.identity
  const hash = createHash('sha256')
    .update(JSON.stringify(body ?? null))
    .update(caller.composition.kept)
    .digest()
  return { actor: `${kind}:${user.id}`, route, key, hash, status: 201, headers: {} }
}

/** @throws Problem 422 `idempotency_key_reused` */
export async function findAnswer(services: Services, caller: Caller, answer: AnswerRecord): Promise<Kept | null> {
  const { rows } = await services.database.once<Kept>(claimsOf(caller, null), 'read', {
    name: 'find_answer',
    text: 'select hash, status, headers, body from kernel.answers where tenant_id = $1 and actor = $2 and route = $3 and key = $4',
    values: [caller.identity.tenant.id, answer.actor, answer.route, answer.key],
  })
  const kept = rows[0]
  if (kept && !kept.hash.equals(answer.hash)) throw new Problem(422, 'idempotency_key_reused')
  return kept ?? null
}

/**
 * Whether the error may say that the same request came first: it has taken the key, or before that a value that only
 * one row may have.
 */
export const isSecond = (error: unknown): boolean =>
  (error as { constraint?: string }).constraint === 'answers_pkey' ||
  (error instanceof Problem && error.code === 'unique')

export function sendKept(reply: FastifyReply, path: string, kept: Kept): FastifyReply {
  const { id, version } = kept.headers
  const headers =
    kept.status === 202 ? { location: `/api/proposals/${id}` } : { etag: `"${version}"`, location: `${path}/${id}` }
  return reply
    .code(kept.status)
    .headers({ ...headers, 'idempotency-replayed': 'true' })
    .type('application/json; charset=utf-8')
    .send(kept.body)
}
