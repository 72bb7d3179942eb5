/** The REST verbs of every resource. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Json, type JsonObject, Problem } from '../contract.ts'
import { changesOf, compileHistory, type FactRow } from '../facts/history.ts'
import type { Model } from '../resource/model.ts'
import { readInclude, readListQuery } from '../work/query.ts'
import type { RowReply } from '../work/verbs.ts'
import { answerFor, findAnswer, isSecond, readIdempotencyKey, sendKept } from './answers.ts'
import { type Caller, claimsOf, demand, findComposed, verbsOf } from './caller.ts'
import type { Services } from './services.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'

const etag = (version: number) => `"${version}"`

function readBodyObject(request: FastifyRequest): JsonObject {
  const body = request.body as Json | undefined
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new Problem(400, 'invalid', [{ path: '', code: 'type' }])
}

/** The version that the client has seen. @throws Problem 428 without the header, 412 when it can match nothing */
function readVersion(request: FastifyRequest): number {
  const given = request.headers['if-match']
  if (given === undefined) throw new Problem(428, 'precondition_required', [{ path: 'If-Match', code: 'required' }])
  const version = /^"(\d{1,9})"$/.exec(given)?.[1]
  if (version === undefined) throw new Problem(412, 'stale')
  return Number(version)
}

function sendRow(reply: FastifyReply, row: RowReply): FastifyReply {
  return sendJson(reply.header('etag', etag(row.version)), row.body)
}

type WithId = { Params: { id: string } }

/** Registers the verbs of one resource. Whether its plugin is on for the caller's tenant is asked on each request. */
export function registerResource(app: FastifyInstance, services: Services, model: Model): void {
  const { name, path } = model
  const config = { access: `${name}.read`, plugin: model.plugin }
  const row = `${path}/:id`

  app.get(path, { config: { ...config, query: 'own' } }, async (request, reply) => {
    const caller = callerOf(request)
    const composed = findComposed(caller, name)
    demand(caller, `${name}.read`)
    const can = (permission: string) => caller.permissions.has(permission)
    const input = readListQuery(composed, pairsOf(request), { now: caller.now, can })
    const { items, next, total } = await verbsOf(services, caller, name).list(input)
    return sendJson(
      reply,
      `{"items":[${items.join(',')}],"next":${JSON.stringify(next)},"total":${JSON.stringify(total)}}`,
    )
  })

  app.get<WithId>(row, { config: { ...config, query: ['include'] } }, async (request, reply) => {
    const caller = callerOf(request)
    const include = readInclude(findComposed(caller, name), new Map(pairsOf(request)).get('include'), (permission) =>
      caller.permissions.has(permission),
    )
    return sendRow(reply, await verbsOf(services, caller, name).get(request.params.id, include))
  })

  app.post(path, { config: { ...config, access: `${name}.create` } }, async (request, reply) => {
    const caller = callerOf(request)
    return createRow({ services, caller, model }, request, reply)
  })

  app.patch<WithId>(row, { config: { ...config, access: `${name}.update` } }, async (request, reply) => {
    const verbs = verbsOf(services, callerOf(request), name)
    const at = { id: request.params.id, version: readVersion(request) }
    const changed = await verbs.update(at, readBodyObject(request))
    services.wake()
    return sendRow(reply, changed)
  })

  app.delete<WithId>(row, { config: { ...config, access: `${name}.delete` } }, async (request, reply) => {
    const verbs = verbsOf(services, callerOf(request), name)
    await verbs.remove({ id: request.params.id, version: readVersion(request) })
    services.wake()
    return reply.code(204).send()
  })

  app.post<WithId>(`${row}/restore`, { config: { ...config, access: `${name}.delete` } }, async (request, reply) => {
    const restored = await verbsOf(services, callerOf(request), name).restore(request.params.id)
    services.wake()
    return sendRow(reply, restored)
  })

  app.get<WithId>(`${row}/history`, { config: { ...config, query: ['after'] } }, async (request, reply) => {
    const caller = callerOf(request)
    demand(caller, `${name}.read`)
    return sendJson(reply, JSON.stringify(await readHistory(services, caller, name, request)))
  })
}

type Place = { services: Services; caller: Caller; model: Model }

async function createRow({ services, caller, model }: Place, request: FastifyRequest, reply: FastifyReply) {
  const verbs = verbsOf(services, caller, model.name)
  const body = readBodyObject(request)
  const key = readIdempotencyKey(request)
  const answer = key === null ? null : answerFor(caller, `POST ${model.path}`, key, body)
  const kept = answer && (await findAnswer(services, caller, answer))
  if (kept) return sendKept(reply, model.path, kept)
  try {
    const row = await verbs.create(body, { answer })
    services.wake()
    return sendRow(reply.code(201).header('location', `${model.path}/${row.id}`), row)
  } catch (error) {
    const first = answer && isSecond(error) ? await findAnswer(services, caller, answer) : null
    if (first) return sendKept(reply, model.path, first)
    throw error
  }
}

const HISTORY_LIMIT = 50

async function readHistory(services: Services, caller: Caller, name: string, request: FastifyRequest) {
  const composed = findComposed(caller, name)
  const { id } = request.params as { id: string }
  const after = new Map(pairsOf(request)).get('after') ?? null
  if (after !== null && !/^\d{1,18}$/.test(after))
    throw new Problem(400, 'invalid_cursor', [{ path: 'after', code: 'cursor' }])
  // A history ends with the row: what the caller could not read, it cannot read here.
  await verbsOf(services, caller, name).get(id)
  const resources = [...caller.composition.resources.values()].filter(({ model }) =>
    caller.permissions.has(`${model.name}.read`),
  )
  const query = {
    tenant: caller.identity.tenant.id,
    id,
    before: after,
    limit: HISTORY_LIMIT,
    resources: resources.map(({ model }) => model.name),
  }
  const { rows } = await services.database.once<FactRow>(claimsOf(caller, null), 'read', compileHistory(query))
  const page = rows.slice(0, HISTORY_LIMIT)
  const names = await services.namesOf(query.tenant, [...new Set(page.flatMap(({ actor }) => actor ?? []))])
  const items = page.map((fact) => ({
    id: fact.id,
    at: fact.at,
    event: fact.event,
    resource: fact.resource,
    rowId: fact.row_id,
    actor: fact.actor === null ? null : { id: fact.actor, name: names.get(fact.actor) ?? null },
    plugin: fact.plugin,
    changes: changesOf((caller.composition.resources.get(fact.resource) ?? composed).model, fact),
  }))
  return { items, next: rows.length > HISTORY_LIMIT ? (page.at(-1)?.id ?? null) : null }
}
