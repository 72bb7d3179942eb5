/** The lists of values that a tenant edits. */
import type { FastifyInstance } from 'fastify'
import { LISTS } from '../access/policy.ts'
import type { ListValue } from '../contract.ts'
import { assertFits } from '../resource/validate.ts'
import { editList, LIST_BODY, readLists } from '../work/lists.ts'
import { claimsOf } from './caller.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

export function registerLists(app: FastifyInstance, { database, switches, wake }: Services): void {
  app.get('/api/lists', { config: { access: 'session' } }, async (request) => {
    const caller = callerOf(request)
    return { items: await readLists(database, claimsOf(caller, null), caller.composition) }
  })

  app.patch<{ Params: { name: string } }>('/api/lists/:name', { config: { access: LISTS } }, async (request) => {
    const caller = callerOf(request)
    assertFits(LIST_BODY, request.body ?? null)
    const body = request.body as { version: number; values: ListValue[] }
    const { composition } = caller
    const list = await editList(database, claimsOf(caller, null), { composition, name: request.params.name, body })
    switches.forget(caller.identity.tenant.id)
    wake()
    return list
  })
}
