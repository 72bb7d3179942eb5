/** Ids of another tenant in every place that takes one: each is answered as if it never was, and nothing of it is seen. */
import { randomUUID } from 'node:crypto'
import type { JsonObject, Schema } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { type Abroad, fill, isAsked, isEnding, leakOf, lookAbroad, MEND, TENANTS } from './abroad.ts'
import { ask, type Attempt, type Bench, changingNothing, inTurns, inWords, sampleOf, versioned } from './bench.ts'
import { tryLists } from './crossing-lists.ts'
import { listenMeanwhile, tryStreams } from './crossing-streams.ts'
import type { ApiRoute, Target } from './ground.ts'
import { withValue } from './rows.ts'
import { valueOf } from './specimen.ts'
import type { Ask } from './stage.ts'

/** Ways to ask for one row: those that need a look at it and those that do not. */
function waysOf({ method, body: schema }: ApiRoute, target: Target | undefined): Omit<Attempt, 'method' | 'url'>[] {
  if (method === 'GET') {
    const given: Record<string, string>[] = [
      { 'x-tenant': 'kit-other' },
      { 'x-tenant-id': 'kit-other' },
      { 'if-none-match': '*' },
      { range: 'bytes=0-9' },
    ]
    return [{}, ...given.map((headers) => ({ headers }))]
  }
  if (method === 'DELETE') return [{ headers: versioned() }, { headers: versioned(2) }, {}]
  const patches = (target?.writable ?? [])
    .slice(0, 10)
    .map((field) => withValue({}, field, valueOf(field.schema, 1, 'x')))
  const bodies = [{}, ...(schema ? [valueOf(schema, 1, 'x')] : []), ...patches]
  return [...bodies.map((body) => ({ body, headers: versioned() })), { body: {} }]
}

const targetOf = ({ ground }: Bench, route: ApiRoute) =>
  ground.targets.find(({ model }) => model.name === route.resource)

/** An id in the path is answered like one that never was. */
async function tryPaths(bench: Bench, abroad: Abroad, askers: readonly Ask[]): Promise<void> {
  const { tally, ground } = bench
  const routes = ground.routes.filter((route) => route.path.includes('{') && isAsked(route))
  const attempts = routes.flatMap((route) => {
    const ways = waysOf(route, targetOf(bench, route))
    const of = askers.flatMap((asking) =>
      abroad.ids.flatMap((id) => ways.map((way) => ({ asking, id, route, attempt: { method: route.method, ...way } }))),
    )
    return sampleOf(bench, of, 2)
  })
  await inTurns(attempts, async ({ asking, id, route, attempt }) => {
    const never = randomUUID()
    const given = { ...attempt, url: fill(route.path, id) }
    const reply = await ask(asking, given)
    const control = await ask(asking, { ...attempt, url: fill(route.path, never) })
    tally.count(TENANTS)
    const leak = leakOf(given, reply, abroad)
    if (leak) tally.find(TENANTS, `${inWords(given)} shows ${leak}`, MEND)
    const same = reply.status === control.status && reply.text.replaceAll(id, '') === control.text.replaceAll(never, '')
    if (!same)
      tally.find(
        TENANTS,
        `${route.method} ${route.path} answers ${reply.status} for an id of the other tenant and ${control.status} for one that never was`,
        MEND,
      )
    if (reply.status >= 500) tally.find(TENANTS, `${inWords(given)} answers ${reply.status}`, MEND)
  })
}

const isReference = ({ ref, readOnly }: Field) => ref !== null && !readOnly

/** A reference to what is another tenant's is one to nothing. */
async function tryReferences(bench: Bench, abroad: Abroad): Promise<void> {
  const { stage, rows, tally, ground } = bench
  for (const { model, fields } of ground.targets) {
    const own = await rows.standing(stage.own, model.name)
    const attempts: Attempt[] = []
    for (const field of fields.filter(isReference)) {
      for (const id of abroad.ids) {
        const body = withValue(await rows.soundBody(stage.own, model.name), field, id)
        attempts.push({ method: 'POST', url: model.path, body })
        if (model.keep === 'log') continue
        const patch = withValue({}, field, id)
        attempts.push({ method: 'PATCH', url: `${model.path}/${own.id}`, body: patch, headers: versioned() })
        attempts.push({ method: 'POST', url: `${model.path}/batch`, body: { ids: [own.id], update: patch } })
      }
    }
    const asked = model.keep === 'record' ? attempts : attempts.filter(({ url }) => !url.endsWith('/batch'))
    await inTurns(sampleOf(bench, asked, 6), async (attempt) => {
      const reply = await ask(stage.own.ask, attempt)
      tally.count(TENANTS)
      // A batch begins, and what it cannot do fails row by row.
      const isRefused = [400, 404, 412, 422].includes(reply.status)
      if (!isRefused && !attempt.url.endsWith('/batch'))
        tally.find(TENANTS, `${inWords(attempt)} takes a reference to the other tenant: ${reply.status}`, MEND)
    })
  }
}

/** However it was asked for, and whatever was answered: no row refers to what is another tenant's. */
async function lookForReferences({ stage, tally, ground }: Bench, { ids }: Abroad): Promise<void> {
  for (const { model, fields } of ground.targets) {
    for (const field of fields.filter(isReference)) {
      const text = `select count(*)::int as n from ${model.table} where tenant_id = $1 and (${field.sql})::text = any($2)`
      const [found] = await stage.query<{ n: number }>(text, [stage.own.tenant, ids])
      tally.count(TENANTS)
      if (found?.n)
        tally.find(TENANTS, `${found.n} rows of ${model.name} refer to the other tenant by ${field.key}`, MEND)
    }
  }
}

const textsOf = (schema: Schema | null) =>
  Object.entries((schema?.properties ?? {}) as Record<string, Schema>).filter(([, each]) => each.type === 'string')

/** Routes of the plugin's own: whatever they take, they show and change nothing of the other tenant. */
async function tryRoutes(bench: Bench, abroad: Abroad, askers: readonly Ask[]): Promise<void> {
  const { tally, ground, stage } = bench
  // Who only reads comes first: what others have left behind is still there.
  const reads = (route: ApiRoute) => Number(route.method !== 'GET')
  const routes = ground.routes
    .filter((route) => route.verb === null && isAsked(route))
    .toSorted((a, b) => reads(a) - reads(b))
  const sound = (route: ApiRoute) => (route.body ? (valueOf(route.body, 1, stage.own.word) as JsonObject) : undefined)
  const attempts = routes.flatMap((route) => {
    const bodies = route.body
      ? [
          sound(route),
          ...textsOf(route.body).flatMap(([name]) => abroad.ids.map((id) => ({ ...sound(route), [name]: id }))),
        ]
      : [undefined]
    const queries = ['', ...route.query.flatMap((name) => abroad.ids.map((id) => `?${name}=${id}`))]
    const calls = askers.flatMap((asking) =>
      bodies.flatMap((body) =>
        (route.method === 'GET' ? queries : ['']).map((query) => ({
          asking,
          attempt: {
            method: route.method,
            url: fill(route.path, randomUUID()) + query,
            ...(body === undefined ? {} : { body }),
          },
        })),
      ),
    )
    return isEnding(route) ? [] : sampleOf(bench, calls, 2)
  })
  await inTurns(attempts, async ({ asking, attempt }) => {
    const reply = await ask(asking, attempt)
    tally.count(TENANTS)
    const leak = leakOf(attempt, reply, abroad)
    if (leak) tally.find(TENANTS, `${inWords(attempt)} shows ${leak}`, MEND)
  })
}

/** Many rows at once, of which some are the other tenant's: theirs stay as they are. */
async function tryBatches(bench: Bench, abroad: Abroad): Promise<void> {
  const { stage, rows, tally, ground } = bench
  for (const { model, writable } of ground.targets.filter(({ model: each }) => each.keep === 'record')) {
    const own = await rows.make(stage.own, model.name)
    const patches = writable
      .filter(({ ref }) => ref === null)
      .map((field) => withValue({}, field, valueOf(field.schema, 7, 'x')))
    const orders = [...patches.map((update) => ({ update })), { delete: true }, { restore: true }]
    const choices = [
      { ids: [own.id, ...abroad.rows] },
      { ids: abroad.rows },
      { filter: { id: abroad.rows[0] as string } },
    ]
    const bodies = orders.flatMap((order) => choices.map((choice) => ({ ...choice, ...order })))
    for (const body of sampleOf(bench, bodies, 2)) {
      const attempt = { method: 'POST', url: `${model.path}/batch`, body }
      const reply = await ask(stage.own.ask, attempt)
      tally.count(TENANTS)
      if (reply.status >= 500) tally.find(TENANTS, `${inWords(attempt)} answers ${reply.status}`, MEND)
    }
  }
}

/** A job of the other tenant under one's own name is nobody's, and neither is its place in the order of changes. */
async function tryJobs(bench: Bench, abroad: Abroad): Promise<void> {
  const { stage, teller, tally, ground } = bench
  const { own, other } = stage
  for (const { name } of teller.handlersOf(ground.plugin)) {
    const [fact] = await teller.factsSince(other.tenant, '0')
    if (!fact) continue
    const delivery = await teller.enter(other.tenant, name, fact.id)
    const state = await teller.deliver(own.tenant, delivery)
    tally.count(TENANTS)
    if (state !== 'gone') tally.find(TENANTS, `the job of another tenant is done under a false name by ${name}`, MEND)
    await stage.query('delete from kernel.deliveries where tenant_id = $1 and id = $2', [other.tenant, delivery])
  }
  const { body } = await other.ask('GET', '/api/changes?after=now')
  for (const url of [`/api/changes?after=${encodeURIComponent(body.next)}`, '/api/changes', '/api/changes?limit=200']) {
    const reply = await own.ask('GET', url)
    tally.count(TENANTS)
    const leak = leakOf({ method: 'GET', url }, reply, abroad)
    if (leak) tally.find(TENANTS, `GET ${url} shows ${leak}`, MEND)
  }
}

export async function checkTenants(bench: Bench, further: readonly Ask[]): Promise<void> {
  const { stage, snapshots, teller, ground, rows } = bench
  for (const { model } of ground.targets) await rows.make(stage.other, model.name)
  const abroad = await listenMeanwhile(bench, () => lookAbroad(bench))
  // What a plugin keeps between calls is filled by the other tenant first.
  for (const route of ground.routes.filter(
    (each) => each.verb === null && isAsked(each) && !isEnding(each) && each.plugin,
  ))
    await stage.other.ask(
      route.method,
      fill(route.path, randomUUID()),
      route.body ? { body: valueOf(route.body, 1, stage.other.word) } : {},
    )
  const member = await stage.addMember(stage.own)
  const askers = [stage.own.ask, member.ask, ...further]
  const last = await teller.lastFact(stage.own.tenant)
  const read = () => snapshots.ofTenant(stage.other.tenant)
  const at = { rule: TENANTS, what: 'what one tenant asks', mend: MEND, read }
  await changingNothing(bench, at, async () => {
    await tryPaths(bench, abroad, askers)
    await tryReferences(bench, abroad)
    await tryRoutes(bench, abroad, askers)
    await tryLists(bench, abroad, askers)
    await tryBatches(bench, abroad)
    await tryJobs(bench, abroad)
    await tryStreams(bench, abroad)
    await teller.tellSince(stage.own.tenant, last, ground.plugin)
    await lookForReferences(bench, abroad)
  })
}
