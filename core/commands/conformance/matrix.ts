/** Who may do what: every route and field by every kind of caller, and after each refusal nothing is changed. */
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../contract.ts'
import { fill, isEnding } from './abroad.ts'
import { ask, type Attempt, type Bench, changingNothing, inTurns, inWords, sampleOf, versioned } from './bench.ts'
import { type Caller, callersFor, type Cast, demandsOf, type Verdict, verdictOf } from './cast.ts'
import type { ApiRoute, Target } from './ground.ts'
import { withValue } from './rows.ts'
import { differences, type Snapshot } from './snapshot.ts'
import { valueOf } from './specimen.ts'
import type { Stage } from './stage.ts'

export const PERMISSIONS = 'permissions'
const MEND = 'declare the permission in access, and write nothing before what may be refused'

interface Given {
  readonly id: string
  readonly body: JsonObject
}
type Place = Pick<Attempt, 'method' | 'url'>

const valuesOf = ({ writable }: Target) =>
  writable.filter(({ ref }) => ref === null).map((field, n) => [field, valueOf(field.schema, n, 'x')] as const)

function listsOf({ url, method }: Place, { fields }: Target): Attempt[] {
  const asked = fields.filter(({ filter }) => filter !== null).map(({ key }) => `${key}.empty=true`)
  const sorts = fields.filter(({ sort }) => sort).map(({ key }) => `sort=${key}`)
  return ['limit=1', ...asked, ...sorts].map((query) => ({ method, url: `${url}?${query}` }))
}

/** Requests that know of single fields: one for each. */
const BY_VERB: Readonly<Record<string, (at: Place, target: Target, given: Given) => Attempt[]>> = {
  create: (at, target, { body }) => [
    { ...at, body },
    ...valuesOf(target).map(([field, value]) => ({ ...at, body: withValue(body, field, value) })),
  ],
  update: (at, target) =>
    valuesOf(target).map(([field, value]) => ({ ...at, headers: versioned(), body: withValue({}, field, value) })),
  list: listsOf,
  batch: (at, _target, { id, body }) => [{ ...at, body: { ids: [id], update: body } }],
  aggregate: ({ method, url }) => [{ method, url: `${url}?count` }],
}

function plainOf(route: ApiRoute, at: Place): Attempt {
  if (route.method === 'GET') return at
  const headers = versioned()
  if (route.body) return { ...at, headers, body: valueOf(route.body, 1, 'x') }
  // A plugin's route that describes no body takes none.
  return route.plugin !== null && route.verb === null ? { ...at, headers } : { ...at, headers, body: {} }
}

function attemptsOf(route: ApiRoute, target: Target | undefined, given: Given): Attempt[] {
  const at = { method: route.method, url: fill(route.path, given.id) }
  const ofFields = BY_VERB[route.verb ?? '']
  return target && ofFields ? ofFields(at, target, given) : [plainOf(route, at)]
}

interface Asked {
  readonly route: ApiRoute
  readonly caller: Caller
  readonly verdict: Verdict
  readonly attempts: readonly Attempt[]
}

async function judge(bench: Bench, { route, caller, verdict, attempts }: Asked): Promise<void> {
  const { tally } = bench
  await inTurns(attempts, async (attempt) => {
    const { status } = await ask(caller.ask, attempt)
    tally.count(PERMISSIONS)
    // Keys have no account of their own.
    const isOver = route.plugin === null ? [401] : [401, 403]
    const isRight = verdict === 'allowed' ? !isOver.includes(status) && status < 500 : status === verdict
    const expected = verdict === 'allowed' ? 'what it allows' : String(verdict)
    if (!isRight)
      tally.find(PERMISSIONS, `${inWords(attempt)} by ${caller.name} answers ${status} instead of ${expected}`, MEND)
  })
  if (attempts.length > 0) tried.get(bench.stage)?.add(`${route.method} ${route.path}`)
}

/** Which routes were tried on a stage. */
const tried = new WeakMap<Stage, Set<string>>()
export const triedOn = (stage: Stage): ReadonlySet<string> => tried.get(stage) ?? new Set()

/** Guests are let in, and nobody needs a right: only that it does not break is asked. */
async function tryOpen(bench: Bench, route: ApiRoute, cast: Cast): Promise<void> {
  const callers = cast.all.filter(({ permissions }) => permissions === null)
  for (const caller of callers) {
    const url = fill(route.path, randomUUID())
    const attempt = { method: route.method, url, ...(route.method === 'GET' ? {} : { body: {} }) }
    const { status } = await ask(caller.ask, attempt)
    bench.tally.count(PERMISSIONS)
    if (status >= 500) bench.tally.find(PERMISSIONS, `${inWords(attempt)} answers ${status}`, MEND)
    tried.get(bench.stage)?.add(`${route.method} ${route.path}`)
  }
}

/** What takes the row away is tried on one of its own, so that others still find theirs. */
const TAKES = ['delete', 'erase', 'restore', 'merge']

/** The row that an allowed request is about; one that never was where a rule may keep the rows of one from another. */
async function subjectOf({ rows, stage }: Bench, route: ApiRoute, target: Target | undefined): Promise<Given> {
  const id = randomUUID()
  if (!target) return { id, body: {} }
  const { name, rule } = target.model
  if (rule || !route.path.includes('{id}')) return { id, body: await rows.soundBody(stage.own, name) }
  return TAKES.includes(route.verb ?? '') ? rows.make(stage.own, name) : rows.standing(stage.own, name)
}

/** What stands in the database now; null where something may have been changed since. */
interface Seen {
  last: Snapshot | null
}

async function tryAllowed(
  bench: Bench,
  asked: Omit<Asked, 'attempts'> & { target: Target | undefined },
  seen: Seen,
): Promise<void> {
  const { route, target } = asked
  // What lasts would last, and what ends the session ends the kit.
  if (route.lasts || isEnding(route)) return
  const all = attemptsOf(route, target, await subjectOf(bench, route, target))
  const attempts = TAKES.includes(route.verb ?? '') ? all.slice(0, 1) : sampleOf(bench, all, 1)
  const isCode = route.verb === null && route.plugin !== null
  if (isCode) return tryOwn(bench, { ...asked, attempts }, seen)
  seen.last = null
  await judge(bench, { ...asked, attempts })
}

/** What the plugin's own code refuses has changed nothing either. */
async function tryOwn(bench: Bench, asked: Asked, seen: Seen): Promise<void> {
  const { snapshots, tally } = bench
  for (const attempt of asked.attempts) {
    const before = seen.last ?? (await snapshots.whole())
    const { status } = await ask(asked.caller.ask, attempt)
    tally.count(PERMISSIONS)
    const what = `${inWords(attempt)} by ${asked.caller.name}`
    if (status === 401 || status >= 500) tally.find(PERMISSIONS, `${what} answers ${status}`, MEND)
    seen.last = status < 400 ? null : await snapshots.whole()
    const changed = seen.last ? differences(before, seen.last) : []
    if (changed.length > 0) tally.find(PERMISSIONS, `${what} answers ${status} and changes ${changed.join(', ')}`, MEND)
  }
  tried.get(bench.stage)?.add(`${asked.route.method} ${asked.route.path}`)
}

interface Tried {
  readonly route: ApiRoute
  readonly target: Target | undefined
  readonly demands: readonly string[]
  readonly callers: readonly Caller[]
  readonly refused: readonly Asked[]
}

async function prepare(bench: Bench, cast: Cast, route: ApiRoute): Promise<Tried> {
  const { ground, rows, stage } = bench
  const target = ground.targets.find(({ model }) => model.name === route.resource)
  const demands = demandsOf(route)
  const seen = target ? await rows.standing(stage.own, target.model.name) : { id: randomUUID(), body: {} }
  const attempts = attemptsOf(route, target, seen)
  const callers = await callersFor(bench, cast, demands)
  const refused = callers.flatMap((caller) => {
    const verdict = verdictOf(demands, caller)
    return verdict === 'allowed' ? [] : [{ route, caller, verdict, attempts: sampleOf(bench, attempts, 1) }]
  })
  return { route, target, demands, callers, refused }
}

/** All refusals together; where something was changed, route by route, so that it has a name. */
async function tryRefused(bench: Bench, all: readonly Tried[]): Promise<void> {
  const read = () => bench.snapshots.whole()
  const before = await read()
  for (const { refused } of all) await inTurns(refused, (each) => judge(bench, each))
  if (differences(before, await read()).length === 0) return
  for (const { route, refused } of all) {
    const at = { rule: PERMISSIONS, what: `${route.method} ${route.path}, though it is refused,`, mend: MEND, read }
    await changingNothing(bench, at, () => inTurns(refused, (each) => judge(bench, each)))
  }
}

export async function checkPermissions(bench: Bench, cast: Cast): Promise<void> {
  const { stage, ground } = bench
  if (!tried.has(stage)) tried.set(stage, new Set())
  const isOpen = ({ access }: ApiRoute) => access === 'public' || access === 'link'
  for (const route of ground.routes.filter(isOpen)) await tryOpen(bench, route, cast)
  const all: Tried[] = []
  for (const route of ground.routes.filter((each) => !isOpen(each))) all.push(await prepare(bench, cast, route))
  await tryRefused(bench, all)
  const seen: Seen = { last: null }
  for (const { route, target, demands, callers } of all) {
    const allowed = callers.filter((caller) => verdictOf(demands, caller) === 'allowed')
    for (const caller of allowed) await tryAllowed(bench, { route, caller, verdict: 'allowed', target }, seen)
  }
}
