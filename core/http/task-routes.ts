/** Long work: how far it is, its cancelling, its undo; and the batches of every resource, which are such work. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Json } from '../contract.ts'
import type { Model } from '../resource/model.ts'
import { assertFits } from '../resource/validate.ts'
import type { AnswerRecord } from '../resource/write.ts'
import { beginBatch, readBatch } from '../work/batch.ts'
import { readLimit } from '../work/query.ts'
import { cancelTask, findTask, listTasks, type Onlooker } from '../work/task-store.ts'
import { beginUndo } from '../work/undo.ts'
import { openSingle } from '../work/unit.ts'
import { answerFor, findAnswer, isSecond, readIdempotencyKey } from './answers.ts'
import { type Caller, claimsOf, findComposed, scopeOf } from './caller.ts'
import { CANCEL_BODY, UNDO_BODY } from './openapi-tasks.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

const MANAGE = 'tasks.manage'

/** Those who look after the tenant see every task, anybody else their own. */
const onlookerOf = (caller: Caller): Onlooker => ({
  claims: claimsOf(caller, null),
  user: caller.permissions.has(MANAGE) ? null : caller.identity.user.id,
})

type WithId = { Params: { id: string } }

const sendTask = (reply: FastifyReply, task: string) =>
  reply.code(202).header('location', `/api/tasks/${task}`).send({ task })

export function registerTasks(app: FastifyInstance, services: Services): void {
  const { database, cursorKey } = services
  const config = { access: 'session' }

  app.get('/api/tasks', { config: { ...config, query: ['after', 'limit', 'kind'] } }, async (request) => {
    const given = new Map(pairsOf(request))
    const [after, kind] = [given.get('after') ?? null, given.get('kind') ?? null]
    const page = { after, kind, limit: readLimit(given.get('limit')), cursorKey }
    return listTasks(database, onlookerOf(callerOf(request)), page)
  })

  app.get<WithId>('/api/tasks/:id', { config }, async (request) =>
    findTask(database, onlookerOf(callerOf(request)), request.params.id),
  )

  app.patch<WithId>('/api/tasks/:id', { config }, async (request) => {
    const onlooker = onlookerOf(callerOf(request))
    // An unknown id answers alike whatever the body.
    await findTask(database, onlooker, request.params.id)
    assertFits(CANCEL_BODY, request.body ?? null)
    return cancelTask(database, onlooker, request.params.id)
  })

  app.post<WithId>('/api/tasks/:id', { config }, async (request, reply) => {
    const caller = callerOf(request)
    const onlooker = onlookerOf(caller)
    await findTask(database, onlooker, request.params.id)
    assertFits(UNDO_BODY, request.body ?? null)
    const undo = await beginUndo(database, onlooker, {
      id: request.params.id,
      key: caller.identity.keyId ?? null,
      can: (permission) => caller.permissions.has(permission),
    })
    services.wake()
    return sendTask(reply, undo)
  })
}

export function registerBatch(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  app.post(`${path}/batch`, { config: { access: 'session', plugin } }, async (request, reply) => {
    const caller = callerOf(request)
    const composed = findComposed(caller, name)
    const key = readIdempotencyKey(request)
    const body = (request.body ?? null) as Json
    const answer = key === null ? null : answerFor(caller, `POST ${path}/batch`, key, body)
    const first = answer && (await findBegun(services, caller, answer))
    if (first) return sendTask(reply.header('idempotency-replayed', 'true'), first)
    const scope = scopeOf(services, caller, openSingle(services.database, claimsOf(caller, null)))
    const batch = await readBatch(composed, scope, body)
    return begin({ services, caller, name }, { batch, answer }, reply)
  })
}

type Batch = Awaited<ReturnType<typeof readBatch>>

async function begin(
  { services, caller, name }: { services: Services; caller: Caller; name: string },
  { batch, answer }: { batch: Batch; answer: AnswerRecord | null },
  reply: FastifyReply,
) {
  const tenant = caller.identity.tenant.id
  try {
    const task = await services.database.transaction(claimsOf(caller, null), 'write', async (transaction) => {
      const id = await beginBatch(transaction, batch, { tenant, resource: name, key: caller.identity.keyId ?? null })
      if (answer)
        await transaction.query({
          text: `insert into kernel.answers (tenant_id, actor, route, key, hash, status, headers, body)
            values ($1, $2, $3, $4, $5, 202, $6, '')`,
          values: [tenant, answer.actor, answer.route, answer.key, answer.hash, JSON.stringify({ id })],
        })
      return id
    })
    services.wake()
    return sendTask(reply, task)
  } catch (error) {
    const first = answer && isSecond(error) ? await findBegun(services, caller, answer) : null
    if (first) return sendTask(reply.header('idempotency-replayed', 'true'), first)
    throw error
  }
}

/** The task that the same request has begun before. */
async function findBegun(services: Services, caller: Caller, answer: AnswerRecord): Promise<string | null> {
  const kept = await findAnswer(services, caller, answer)
  return kept ? String(kept.headers.id) : null
}
