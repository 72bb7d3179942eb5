/** The REST verbs of every resource. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import { changesOf, compileHistory, type FactRow } from '../facts/history.ts'
import type { Model } from '../resource/model.ts'
import { readInclude, readListQuery } from '../work/query.ts'
import type { RowReply } from '../work/verbs.ts'
import { type Act, bodyObjectOf, rowDone, versionOf } from './acts.ts'
import { serveAct } from './serving.ts'
import { askingOf, type Caller, claimsOf, demand, findComposed, verbsOf } from './caller.ts'
import type { Services } from './services.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'

function sendRow(reply: FastifyReply, row: RowReply): FastifyReply {
  return sendJson(reply.header('etag', `"${row.version}"`), row.body)
}

type WithId = { Params: { id: string } }

/** Registers the verbs of one resource. Whether its plugin is on for the caller's tenant is asked on each request. */
export function registerResource(app: FastifyInstance, services: Services, model: Model): void {
  const { name, path } = model
  const config = { access: `${name}.read`, plugin: model.plugin }
  const row = `${path}/:id`
  const serve = serveAct(services)

  app.get(path, { config: { ...config, query: 'own' } }, async (request, reply) => {
    const caller = callerOf(request)
    const composed = findComposed(caller, name)
    demand(caller, `${name}.read`)
    const input = readListQuery(composed, pairsOf(request), askingOf(caller))
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

  const creating: Act = async (caller, asked, answer) => {
    const made = await verbsOf(services, caller, name).create(bodyObjectOf(asked), { answer })
    return rowDone(201, made, `${path}/${made.id}`)
  }
  app.post(path, { config: { ...config, access: `${name}.create`, act: creating } }, serve)

  if (model.keep !== 'log') registerChanges(app, services, model)
  if (model.keep === 'record') registerPast(app, services, model)
}

function registerChanges(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  const row = `${path}/:id`
  const config = { plugin, versioned: true }
  const serve = serveAct(services)

  const updating: Act = async (caller, asked) => {
    const at = { id: asked.params.id ?? '', version: versionOf(asked) }
    return rowDone(200, await verbsOf(services, caller, name).update(at, bodyObjectOf(asked)))
  }
  app.patch(row, { config: { ...config, access: `${name}.update`, act: updating } }, serve)

  const deleting: Act = async (caller, asked) => {
    const at = { id: asked.params.id ?? '', version: versionOf(asked) }
    await verbsOf(services, caller, name).remove(at)
    return { status: 204, headers: {}, body: null }
  }
  app.delete(row, { config: { ...config, access: `${name}.delete`, act: deleting } }, serve)
}

/** What is deleted, and what was before, only records know. */
function registerPast(app: FastifyInstance, services: Services, { name, path, plugin }: Model): void {
  const row = `${path}/:id`

  app.post<WithId>(`${row}/restore`, { config: { access: `${name}.delete`, plugin } }, async (request, reply) => {
    const restored = await verbsOf(services, callerOf(request), name).restore(request.params.id)
    services.wake()
    return sendRow(reply, restored)
  })

  app.get<WithId>(
    `${row}/history`,
    { config: { access: `${name}.read`, plugin, query: ['after'] } },
    async (request, reply) => {
      const caller = callerOf(request)
      demand(caller, `${name}.read`)
      return sendJson(reply, JSON.stringify(await readHistory(services, caller, name, request)))
    },
  )
}

const HISTORY_LIMIT = 50

/** Null for the system and for guests: the id of a link is that of nobody. */
const userOf = ({ actor, actor_kind }: FactRow) => (['user', 'key'].includes(actor_kind) ? actor : null)

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
    ruled: caller.rules.ruled.filter(({ model }) => model.name === name || composed.children.has(model.name)),
  }
  const { rows } = await services.database.once<FactRow>(claimsOf(caller, null), 'read', compileHistory(query))
  const page = rows.slice(0, HISTORY_LIMIT)
  const users = page.flatMap((fact) => userOf(fact) ?? [])
  const made = page.flatMap(({ request: each }) => each ?? [])
  const [names, authors] = await Promise.all([
    services.namesOf(query.tenant, [...new Set(users)]),
    services.acting.authorsOf(query.tenant, made),
  ])
  const items = page.map((fact) => ({
    id: fact.id,
    at: fact.at,
    event: fact.event,
    resource: fact.resource,
    rowId: fact.row_id,
    actor: userOf(fact) === null ? null : { id: userOf(fact), name: names.get(fact.actor as string) ?? null },
    /** Who did it in the name of the actor. */
    actingBy: authors.get(fact.request ?? '') ?? null,
    actorKind: fact.actor_kind,
    plugin: fact.plugin,
    changes: changesOf((caller.composition.resources.get(fact.resource ?? '') ?? composed).model, fact),
  }))
  return { items, next: rows.length > HISTORY_LIMIT ? (page.at(-1)?.id ?? null) : null }
}
