/** For how long a tenant keeps its records and its history. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Database } from '../data/database.ts'
import { findHistory, keepHistory } from '../facts/retention.ts'
import { assertFits } from '../resource/validate.ts'
import { PRIVACY } from '../work/privacy.ts'
import { assertRule, type Ordered, RULE_BODY, RULE_CHANGE, tryRule } from '../work/retention.ts'
import { addRule, changeRule, findRule, listRules, type RetentionRule, removeRule } from '../work/retention-store.ts'
import { openSingle } from '../work/unit.ts'
import { type Caller, claimsOf, scopeOf } from './caller.ts'
import { HISTORY } from './openapi-retention.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

type WithId = { Params: { id: string } }

const PATH = '/api/privacy/retention'
const config = { access: PRIVACY }

function readOrder(request: FastifyRequest): Ordered {
  assertFits(RULE_BODY, request.body ?? null)
  return request.body as Ordered
}

/** Another filter or act is another rule: it is off until somebody says otherwise. */
function changed(rule: RetentionRule, body: Partial<RetentionRule>): RetentionRule {
  const isOther = body.filter !== undefined || body.act !== undefined
  return { ...rule, ...body, enabled: body.enabled ?? (isOther ? false : rule.enabled) }
}

const findFor = (database: Database, caller: Caller, id: string) => findRule(database, claimsOf(caller, null), id)

export function registerRetention(app: FastifyInstance, services: Services): void {
  const { database } = services
  const scope = (caller: Caller) => scopeOf(services, caller, openSingle(database, claimsOf(caller, null)))

  app.get(PATH, { config }, async (request) => ({
    items: await listRules(database, claimsOf(callerOf(request), null)),
  }))

  app.post(PATH, { config }, async (request, reply) => {
    const caller = callerOf(request)
    const order = readOrder(request)
    assertRule(scope(caller), order)
    const rule = await addRule(database, claimsOf(caller, null), order)
    services.wake()
    return reply.code(201).header('location', `${PATH}/${rule.id}`).send(rule)
  })

  app.post(`${PATH}/dry-run`, { config }, (request) => tryRule(scope(callerOf(request)), readOrder(request)))

  app.patch<WithId>(`${PATH}/:id`, { config }, async (request) => {
    const caller = callerOf(request)
    const found = await findFor(database, caller, request.params.id)
    assertFits(RULE_CHANGE, request.body ?? null)
    const rule = changed(found, request.body as Partial<RetentionRule>)
    // What does nothing may stand as it is, also when its plugin is off.
    if (rule.enabled || rule.filter !== found.filter || rule.act !== found.act) assertRule(scope(caller), rule)
    const kept = await changeRule(database, claimsOf(caller, null), rule)
    services.wake()
    return kept
  })

  app.delete<WithId>(`${PATH}/:id`, { config }, async (request, reply) => {
    await removeRule(database, claimsOf(callerOf(request), null), request.params.id)
    services.wake()
    return reply.code(204).send()
  })

  app.post<WithId>(`${PATH}/:id/dry-run`, { config }, async (request) => {
    const caller = callerOf(request)
    return tryRule(scope(caller), await findFor(database, caller, request.params.id))
  })

  app.get('/api/privacy/history', { config }, async (request) =>
    findHistory(database, callerOf(request).identity.tenant.id),
  )

  app.patch('/api/privacy/history', { config }, async (request) => {
    assertFits(HISTORY, request.body ?? null)
    const { months } = request.body as { months: number | null }
    await keepHistory(database, claimsOf(callerOf(request), null), months)
    services.wake()
    return { months }
  })
}
