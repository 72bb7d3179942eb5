/** What plugins have sent by mail, for administrators to look at. */
import type { FastifyInstance } from 'fastify'
import { openSingle } from '../work/unit.ts'
import { claimsOf } from './caller.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

export function registerMailbox(app: FastifyInstance, { database, mails }: Services): void {
  app.get('/api/mailbox', { config: { access: 'mailbox.read', query: ['after'] } }, async (request) => {
    const caller = callerOf(request)
    const { read } = openSingle(database, claimsOf(caller, null))
    const after = new Map(pairsOf(request)).get('after') ?? null
    // `live` says whether mails go anywhere but here.
    return { ...(await mails.list(read, caller.identity.tenant.id, after)), live: mails.isLive }
  })

  app.get<{ Params: { id: string } }>('/api/mailbox/:id', { config: { access: 'mailbox.read' } }, async (request) => {
    const caller = callerOf(request)
    const { read } = openSingle(database, claimsOf(caller, null))
    return mails.get(read, caller.identity.tenant.id, request.params.id)
  })
}
