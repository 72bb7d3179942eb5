/** What the hooks have read of a request, and how answers leave. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import type { Caller } from './caller.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
  }
  interface FastifyContextConfig {
    /** A permission, `session` for any signed-in caller, or `public`. The boot fails without it. */
    access?: string
    /** The plugin that must be on for the caller's tenant. */
    plugin?: string
    /** The parameters of its query, none unless said; `own` where the handler reads them itself. */
    query?: readonly string[] | 'own'
  }
}

/** The caller of a route that is not public. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('A public route has no caller.')
  return caller
}

export const pairsOf = ({ query }: FastifyRequest) => query as [string, string][]

/** @throws Problem 400 `invalid_query`: nothing that a client means is passed over in silence */
export function assertParameters(request: FastifyRequest): void {
  const known = request.routeOptions.config.query ?? []
  if (known === 'own') return
  const names = pairsOf(request).map(([name]) => name)
  const stranger = names.find((name) => !known.includes(name))
  if (stranger !== undefined) throw new Problem(400, 'invalid_query', [{ path: stranger, code: 'unknown' }])
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  if (repeated !== undefined) throw new Problem(400, 'invalid_query', [{ path: repeated, code: 'repeated' }])
}

export const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(text)
