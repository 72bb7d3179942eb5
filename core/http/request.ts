/** What the hooks have read of a request, and how answers leave. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import type { Language } from '../work/labels.ts'
import type { Act } from './acts.ts'
import type { Asker } from './asker.ts'
import type { Caller } from './caller.ts'

/** What a route says of itself. */
export interface Declared {
  readonly access: string
  /** Null for the kernel's own. */
  readonly plugin: string | null
  readonly isSocket: boolean
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route, as `GET /api/clients/:id`. */
    declared: ReadonlyMap<string, Declared>
  }
  interface FastifyRequest {
    caller: Caller | null
    /** Who asks a route of a plugin without a session. */
    guest: Asker | null
  }
  interface FastifyContextConfig {
    /**
     * A permission, `session` for any signed-in caller, `self` for a person in affairs of its own account, or `public`.
     * The boot fails without it.
     */
    access?: string
    /** What the route does, where a plugin may hold it. */
    act?: Act
    /** Its `If-Match` is read. */
    versioned?: boolean
    /** The plugin that must be on for the caller's tenant. */
    plugin?: string
    /** The parameters of its query, none unless said; `own` where the handler reads them itself. */
    query?: readonly string[] | 'own'
    /** Its body is as long as a file and taken as it comes. */
    isUpload?: boolean
    /** Lets in who asks without a session, in place of the caller. */
    guest?: (request: FastifyRequest, reply: FastifyReply) => Promise<Asker>
    /** Pages of other sites could open a socket with the cookie of a user. */
    isSocket?: boolean
  }
}

/** The caller of a route that is not public. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('A public route has no caller.')
  return caller
}

export const pairsOf = ({ query }: FastifyRequest) => query as [string, string][]

/** The one asked for by `lang`, else the caller's own, else the tenant's. */
export function languageOf(request: FastifyRequest): Language {
  const { user, tenant } = callerOf(request).identity
  const asked = new Map(pairsOf(request)).get('lang') ?? user.language ?? tenant.language
  return asked === 'fr' ? 'fr' : 'en'
}

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
