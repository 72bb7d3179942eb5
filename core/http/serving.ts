/** Serves acts: once for each idempotency key, and as a proposal where a plugin holds them. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Json, Problem } from '../contract.ts'
import { Held } from '../work/held.ts'
import type { Asked, Done } from './acts.ts'
import { answerFor, findAnswer, isSecond, readIdempotencyKey, sendKept } from './answers.ts'
import { proposeAct } from './proposing.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'
import type { Services } from './services.ts'

/** The version that the client has seen. @throws Problem 412 for what can match nothing */
function readVersion(request: FastifyRequest): number | null {
  const given = request.headers['if-match']
  if (given === undefined) return null
  const version = /^"(\d{1,9})"$/.exec(given)?.[1]
  if (version === undefined) throw new Problem(412, 'stale')
  return Number(version)
}

const readAsked = (request: FastifyRequest): Asked => ({
  params: request.params as Record<string, string>,
  query: Object.fromEntries(pairsOf(request)),
  body: (request.body ?? null) as Json,
  version: request.routeOptions.config.versioned ? readVersion(request) : null,
})

/** Serves a route whose config has an `act`. */
export const serveAct =
  (services: Services) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = callerOf(request)
    const { act } = request.routeOptions.config
    if (!act) throw new Error('The route has no act.')
    const asked = readAsked(request)
    const key = readIdempotencyKey(request)
    const answer = key === null ? null : answerFor(caller, routeOf(request), key, asked.body)
    const again = async () => answer && (await findAnswer(services, caller, answer))
    const kept = await again()
    if (kept) return sendKept(reply, request.routeOptions.url ?? '', kept)
    try {
      const done = await act(caller, asked, answer)
      services.wake()
      return sendDone(reply, done)
    } catch (error) {
      const body = error instanceof Held ? await proposeAct(services, request, { asked, held: error, answer }) : null
      if (body) return sendProposal(reply, body)
      const first = error instanceof Held || isSecond(error) ? await again() : null
      if (first) return sendKept(reply, request.routeOptions.url ?? '', first)
      throw error
    }
  }

/** A key counts for one address, however it is spelt. */
function routeOf({ method, params, routeOptions }: FastifyRequest): string {
  const named = params as Record<string, string>
  return `${method} ${(routeOptions.url ?? '').replace(/:(\w+)/g, (_, name: string) => named[name] ?? '')}`
}

export function sendDone(reply: FastifyReply, { status, headers, body }: Done): FastifyReply {
  reply.code(status).headers(headers)
  return body === null ? reply.send() : sendJson(reply, body)
}

const sendProposal = (reply: FastifyReply, { id, body }: { id: string; body: string }) =>
  sendJson(reply.code(202).header('location', `/api/proposals/${id}`), body)
