/** Rows that a role does not meet: on every path they are like ids that never were. */
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../contract.ts'
import { fill, isAsked } from './abroad.ts'
import { ask, type Attempt, type Bench, changingNothing, inTurns, inWords, sampleOf, versioned } from './bench.ts'
import type { Guise } from './guise.ts'
import { type Path, ROLE_MEND, ROLES } from './role-paths.ts'
import { questionsOf, type Question } from './role-questions.ts'
import { tryRowStreams } from './role-streams.ts'
import { draftsOf, openTrial, type RowTrial, writingOf } from './role-trials.ts'
import { ownerOf, withValue } from './rows.ts'
import { valueOf } from './specimen.ts'
import type { Reply } from './stage.ts'

/** Something that names a row. */
interface Naming {
  readonly path: Path
  readonly id: string
  ask(id: string): Attempt
}

/** Writes of one row, which neither what is hidden nor what is only read may take. */
function writesOf(bench: Bench, { target, hidden, gone, shown }: RowTrial): Naming[] {
  const { model, writable } = target
  const { id } = hidden
  const headers = versioned(hidden.version)
  const url = (each: string) => `${model.path}/${each}`
  const changes = writable
    .filter(({ ref }) => ref === null)
    .map((field): Naming => {
      const body = withValue({}, field, valueOf(field.schema, bench.rows.next(), 'Written'))
      return { path: 'update', id, ask: (each) => ({ method: 'PATCH', url: url(each), headers, body }) }
    })
  const post = (path: Path, way: string, body?: (each: string) => JsonObject, whose = id): Naming => ({
    path,
    id: whose,
    ask: (each) => ({ method: 'POST', url: `${url(each)}/${way}`, ...(body ? { body: body(each) } : {}) }),
  })
  const remove: Naming = { path: 'delete', id, ask: (each) => ({ method: 'DELETE', url: url(each), headers }) }
  const merge = (each: string) => ({ method: 'POST', url: `${url(shown.id)}/merge`, body: { with: each } })
  if (model.keep === 'log') return []
  const few = sampleOf(bench, changes, 3)
  if (!gone) return [...few, remove]
  return [
    ...few,
    remove,
    post('restore', 'restore', undefined, gone.id),
    post('merge', 'merge', () => ({ with: shown.id })),
    post('merge', 'unmerge', () => ({ mergeId: shown.id })),
    post('erase', 'erase'),
    { path: 'merge', id, ask: merge },
  ]
}

function readsOf({ ground }: Bench, { target, hidden }: RowTrial): Naming[] {
  const { model, composed } = target
  const { id } = hidden
  const get = (path: Path, more: string): Naming => ({
    path,
    id,
    ask: (each) => ({ method: 'GET', url: `${model.path}/${each}${more}` }),
  })
  const own = ground.routes.filter((each) => each.verb === null && each.method === 'GET' && isAsked(each))
  const byPath = own.filter(({ path }) => path.includes('{'))
  const byQuery = own.flatMap(({ path, query }) => query.map((name) => [path, name] as const))
  return [
    get('get', ''),
    ...[...composed.children.keys()].map((child) => get('include', `?include=${child}`)),
    ...(model.keep === 'record' ? [get('history', '/history'), get('pack', '/access-pack')] : []),
    ...byPath.map((route): Naming => ({
      path: 'route',
      id,
      ask: (each) => ({ method: 'GET', url: fill(route.path, each) }),
    })),
    ...byQuery.map(([path, name]): Naming => ({
      path: 'route',
      id,
      ask: (each) => ({ method: 'GET', url: `${fill(path, randomUUID())}?${name}=${each}` }),
    })),
  ]
}

/** Nothing may be made that belongs to a row that is not met. */
async function makesOf({ rows, stage }: Bench, { target, hidden, rows: given }: RowTrial): Promise<Naming[]> {
  const { model } = target
  const owner = model.owner && (hidden.body[model.owner.name] as string | undefined)
  if (!owner || model.name in given) return []
  const body = await rows.soundBody(stage.own, model.name)
  const make = (each: string) => ({ method: 'POST', url: model.path, body: { ...body, ...ownerOf(model, each) } })
  return [{ path: 'create', id: owner, ask: make }]
}

const sameBut = (one: Reply, id: string, other: Reply, never: string) =>
  one.status === other.status && one.text.replaceAll(id, '') === other.text.replaceAll(never, '')

async function tryNaming(bench: Bench, { side }: Guise, trial: RowTrial, { path, id, ask: askFor }: Naming) {
  const { tally } = bench
  const attempt = askFor(id)
  const reply = await ask(side.ask, attempt)
  tally.count(ROLES)
  const what = `${path}: ${inWords(attempt)} by a role that meets ${trial.role} answers ${reply.status}`
  if (trial.isRead) {
    if (reply.status < 400 || reply.status >= 500) tally.find(ROLES, `${what} for a row that is only read`, ROLE_MEND)
    return
  }
  const never = randomUUID()
  const control = await ask(side.ask, askFor(never))
  if (!sameBut(reply, id, control, never))
    tally.find(ROLES, `${what} for one outside of it, and ${control.status} for one that never was`, ROLE_MEND)
}

const countOf = ({ total, items = [] }: { total?: { value: number }; items?: { values?: { count?: number } }[] }) =>
  total?.value ?? items.reduce((sum, { values }) => sum + (values?.count ?? 0), 0)

async function tryQuestion({ tally }: Bench, { side }: Guise, { role, hidden }: RowTrial, question: Question) {
  const { path, url, count } = question
  const { status, text, body } = await side.ask('GET', url)
  const find = (what: string) =>
    tally.find(ROLES, `${path}: GET ${url} by a role that meets ${role} ${what}`, ROLE_MEND)
  // There are fields of which this cannot be asked.
  if (status === 400) return
  tally.count(ROLES)
  if (status >= 500) return find(`answers ${status}`)
  if (text.includes(hidden.id)) return find('shows a row outside of it')
  if (status === 200 && count !== null && countOf(body) !== count) find(`counts ${countOf(body)} rows, not ${count}`)
}

/** Many rows at once: theirs stay as they are, and the report says of them what it says of none. */
async function tryBatches(bench: Bench, { side }: Guise, { target, hidden, gone, role }: RowTrial): Promise<void> {
  const { stage, teller, tally, rows } = bench
  const { model, writable } = target
  if (!gone) return
  const field = writable.find(({ ref, unique }) => ref === null && !unique)
  const update = field && withValue({}, field, valueOf(field.schema, rows.next(), 'Batch'))
  const never = randomUUID()
  const orders: JsonObject[] = [
    ...(update
      ? [
          { ids: [hidden.id, never], update },
          { filter: { id: hidden.id }, update },
        ]
      : []),
    { ids: [hidden.id, never], delete: true },
    { filter: { id: hidden.id }, delete: true },
    { ids: [gone.id, never], restore: true },
  ]
  const read = () =>
    stage.query(`select * from ${model.table} where tenant_id = $1 and id = any($2) order by id`, [
      stage.own.tenant,
      [hidden.id, gone.id],
    ])
  const before = await read()
  const last = await teller.lastFact(stage.own.tenant)
  const begun = await Promise.all(
    sampleOf(bench, orders, 2).map(async (body) => {
      const attempt = { method: 'POST', url: `${model.path}/batch`, body }
      return { attempt, reply: await ask(side.ask, attempt) }
    }),
  )
  await teller.tellSince(stage.own.tenant, last, null)
  for (const { attempt, reply } of begun) {
    tally.count(ROLES)
    const task = reply.status === 202 ? (await side.ask('GET', `/api/tasks/${reply.body.task}`)).body : null
    const codes = new Set(((task?.errors ?? []) as { code: string }[]).map(({ code }) => code))
    if (task?.done > 0 || codes.size > 1)
      tally.find(
        ROLES,
        `batch: ${inWords(attempt)} by a role that meets ${role} knows of a row outside of it`,
        ROLE_MEND,
      )
  }
  if (JSON.stringify(before) !== JSON.stringify(await read()))
    tally.find(
      ROLES,
      `batch: a batch of ${model.name} by a role that meets ${role} changes a row outside of it`,
      ROLE_MEND,
    )
}

async function tryTrial(bench: Bench, guise: Guise, trial: RowTrial, after: string): Promise<void> {
  const { tally, snapshots } = bench
  const worn = await guise.wear({ rows: trial.rows }, true)
  if (worn.status !== 200)
    return tally.find(ROLES, `a role that meets ${trial.role} is refused: ${worn.text}`, ROLE_MEND)
  const writes = writesOf(bench, trial)
  const reads = trial.isRead ? [] : [...readsOf(bench, trial), ...(await makesOf(bench, trial))]
  const what = `what a role that meets ${trial.role} of ${trial.target.model.name} is refused`
  await changingNothing(bench, { rule: ROLES, what, mend: ROLE_MEND, read: () => snapshots.whole() }, () =>
    inTurns([...reads, ...writes], (naming) => tryNaming(bench, guise, trial, naming)),
  )
  if (trial.isRead) return
  const { always, others } = questionsOf(bench, trial, after)
  await inTurns([...always, ...sampleOf(bench, others, 6)], (each) => tryQuestion(bench, guise, trial, each))
  await tryBatches(bench, guise, trial)
  await tryRowStreams(bench, guise, trial, after)
}

/** Every role of rows that the plugin's resources and extensions know, on every path. */
export async function checkRoleRows(bench: Bench, guise: Guise): Promise<void> {
  for (const target of bench.ground.targets) {
    for (const draft of sampleOf(bench, draftsOf(bench, target))) {
      await guise.wear({})
      const { body } = await bench.stage.own.ask('GET', '/api/changes?after=now')
      const trial = await openTrial(bench, guise, target, draft)
      if (!trial) continue
      const writing = writingOf(trial)
      if (writing) await tryTrial(bench, guise, writing, body.next)
      await tryTrial(bench, guise, trial, body.next)
    }
  }
}
