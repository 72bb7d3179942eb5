/** Every refusal leaves as `application/problem+json` (RFC 9457); what is not a problem is ours and says only its id. */
import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import { locationOf } from './merge-routes.ts'

/** Fastify's own refusals, by the words of this contract. */
const CODES: Record<number, string> = {
  400: 'invalid_request',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'timeout',
  413: 'too_large',
  414: 'too_long',
  415: 'unsupported_media_type',
  431: 'too_large',
}

function readProblem(error: unknown): Problem | null {
  const known = problemOf(error)
  if (known instanceof Problem) return known
  const status = (error as FastifyError).statusCode
  return status !== undefined && status >= 400 && status < 500
    ? new Problem(status, CODES[status] ?? 'invalid_request')
    : null
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, code, errors } = problem
  const wait = errors.find(({ params }) => typeof params?.retryAfter === 'number')?.params?.retryAfter
  if (wait !== undefined) reply.header('retry-after', String(wait))
  else if (status === 503) reply.header('retry-after', '1')
  return reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify({ type: `about:blank#${code}`, title: STATUS_CODES[status] ?? 'Error', status, code, errors }))
}

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = readProblem(error)
  if (problem?.status === 308) {
    const location = locationOf(request, problem)
    return location === null ? handleUnknown(request, reply) : sendProblem(reply.header('location', location), problem)
  }
  if (problem) return sendProblem(reply, problem)
  request.log.error({ err: error, request: request.id, route: request.routeOptions.url }, 'request failed')
  return sendProblem(
    reply,
    new Problem(500, 'internal', [{ path: '', code: 'internal', params: { request: request.id } }]),
  )
}

export const handleUnknown = (_request: FastifyRequest, reply: FastifyReply) =>
  sendProblem(reply, new Problem(404, 'not_found'))
