/** Fields that a role does not see, or only reads: on every path, by a value that stands nowhere else. */
import type { FieldGrant, JsonObject } from '../../contract.ts'
import { StartFault } from '../../fault.ts'
import { type Field, systemFieldsOf } from '../../resource/model.ts'
import { ask, type Attempt, type Bench, changingNothing, inTurns, inWords, sampleOf, versioned } from './bench.ts'
import { canaryOf } from './canary.ts'
import type { Target } from './ground.ts'
import type { Guise } from './guise.ts'
import { ROLE_MEND, ROLES, type Way } from './role-paths.ts'
import { tryFieldStreams } from './role-stream-fields.ts'
import { answersOf, asksOf, type FieldTrial, isTold, searchOf, showsOf, writesOf } from './role-ways.ts'
import { withValue } from './rows.ts'
import type { Reply } from './stage.ts'

async function plant(bench: Bench, { side }: Guise, target: Target, field: Field): Promise<FieldTrial> {
  const { rows, stage } = bench
  const { model } = target
  const { next } = (await stage.own.ask('GET', '/api/changes?after=now')).body
  const sound = await rows.soundBody(side, model.name)
  const canaries = [canaryOf(bench, field), canaryOf(bench, field)].filter((each) => each !== null)
  const make = async (body: JsonObject) => {
    const key = { 'idempotency-key': `role-${rows.next()}-${Math.floor(bench.random() * 1e9)}` }
    return { body, key, reply: await side.ask('POST', model.path, { body, headers: key }) }
  }
  const [first, second] = canaries
  const planted = first ? await make(withValue(sound, field, first.value)) : null
  // Of some fields the code takes less than the schema says.
  const made = planted?.reply.status === 201 ? planted : await make(sound)
  const { status, text, body } = made.reply
  if (status !== 201)
    throw new StartFault(`A row of ${model.name} that its schema allows is refused: ${status} ${text}`)
  const isPlanted = made === planted && !isTold(bench, target, field)
  if (second && isPlanted && model.keep !== 'log')
    await side.ask('PATCH', `${model.path}/${body.id}`, {
      body: withValue({}, field, second.value),
      headers: versioned(body.version),
    })
  const tokens = isPlanted ? canaries.map(({ token }) => token) : []
  return { target, field, id: body.id, tokens, body: made.body, key: made.key, after: next }
}

type Row = Record<string, any>
const has = (row: Row | undefined, { extension, name }: Field) =>
  Object.hasOwn((extension === null ? row : row?.extensions?.[extension]) ?? {}, name)

/** What of an answer tells of the field; null for nothing. */
function toldOf({ field, tokens, id }: FieldTrial, { text, body }: Reply): string | null {
  if (tokens.some((token) => text.includes(token))) return 'its value'
  const items = (body?.items ?? [body]) as Row[]
  if (items.some((row) => row?.id === id && has(row, field))) return 'the field'
  const named = items.some(
    (row) => row?.rowId === id && JSON.stringify([row.changes, row.changed]).includes(`"${field.key}"`),
  )
  return named ? 'its name' : null
}

const inRole = ({ key }: Field, grant: FieldGrant = 'masked') =>
  grant === 'masked' ? `a role that does not see ${key}` : `a role that only reads ${key}`

function judgeShown({ tally }: Bench, trial: FieldTrial, attempt: Way, reply: Reply): void {
  tally.count(ROLES)
  const told = toldOf(trial, reply)
  const what = `${attempt.path}: ${inWords(attempt)} by ${inRole(trial.field)}`
  if (reply.status >= 500) tally.find(ROLES, `${what} answers ${reply.status}`, ROLE_MEND)
  if (told) tally.find(ROLES, `${what} tells ${told}`, ROLE_MEND)
}

/** The row as it is kept, whoever sees what of it. */
async function keptOf(
  { stage }: Bench,
  { target, field, id }: FieldTrial,
): Promise<{ value: string; version: number }> {
  const text = `select to_jsonb(${field.sql})::text as value, version from ${target.model.table} where tenant_id = $1 and id = $2`
  const [row] = await stage.query<{ value: string; version: number }>(text, [stage.own.tenant, id])
  if (!row) throw new Error(`a row of ${target.model.name} that was tried is gone`)
  return row
}

/** Asked for with the version that the row has. */
const asSeen = ({ method, headers, ...rest }: Way, { version }: { version: number }): Attempt => ({
  ...rest,
  method,
  headers: method === 'PATCH' || method === 'DELETE' ? versioned(version) : (headers ?? {}),
})

/** Refused with the place of the field, and nothing is written. */
async function tryWrites(bench: Bench, { side }: Guise, trial: FieldTrial, grant: FieldGrant): Promise<void> {
  const { tally, snapshots } = bench
  const what = `what ${inRole(trial.field, grant)} of ${trial.target.model.name} may not write`
  const code = grant === 'masked' ? 'unknown' : 'read_only'
  const at = { rule: ROLES, what, mend: ROLE_MEND, read: () => snapshots.whole() }
  const seen = await keptOf(bench, trial)
  await changingNothing(bench, at, () =>
    inTurns(writesOf(bench, trial), async (attempt) => {
      const { status, body } = await ask(side.ask, asSeen(attempt, seen))
      tally.count(ROLES)
      const pointer = attempt.path === 'batch' ? `/update${trial.field.pointer}` : trial.field.pointer
      const errors = (body?.errors ?? []) as { path: string; code: string }[]
      // Where nothing of a plugin is seen, its part of the body is unknown as a whole.
      const isNamed = errors.some((each) => `${pointer}/`.startsWith(`${each.path}/`) && each.code === code)
      const said = errors.map((each) => `${each.path} ${each.code}`).join(', ')
      if (status !== 400 || !isNamed)
        tally.find(
          ROLES,
          `${attempt.path}: ${inWords(attempt)} by ${inRole(trial.field, grant)} answers ${status} ${said}, not 400 ${pointer} ${code}`,
          ROLE_MEND,
        )
    }),
  )
}

/** Whose and how old a row is, everybody is told who meets it. */
const isKernels = ({ key }: Field) => Object.hasOwn(systemFieldsOf('record'), key)

/** Without it no row is valid, or nobody could say to what it belongs. */
const isNeeded = ({ model, composed }: Target, field: Field) =>
  field.filled ||
  isKernels(field) ||
  field === model.owner ||
  (field.extension === null && composed.watched.has(field.name))

async function wear(
  bench: Bench,
  guise: Guise,
  { target, field }: Pick<FieldTrial, 'target' | 'field'>,
  grant: FieldGrant,
) {
  const { status, text } = await guise.wear({ fields: { [target.model.name]: { [field.key]: grant } } })
  const isRefused = grant === 'masked' ? isNeeded(target, field) : field.readOnly
  const isRight = isRefused ? status === 400 : status === 200
  bench.tally.count(ROLES)
  if (!isRight)
    bench.tally.find(
      ROLES,
      `${inRole(field, grant)} of ${target.model.name} is answered by ${status} ${text}`,
      ROLE_MEND,
    )
  return status === 200
}

async function tryMasked(bench: Bench, guise: Guise, target: Target, field: Field): Promise<void> {
  const { tally } = bench
  const { side } = guise
  await guise.wear({})
  const trial = await plant(bench, guise, target, field)
  const asked = [...asksOf(bench, trial), ...searchOf(trial)]
  const possible: Way[] = []
  await inTurns(asked, async (each) => void ((await ask(side.ask, each)).status < 300 && possible.push(each)))
  const twin = target.model.keep === 'record' ? (await bench.rows.make(side, target.model.name)).id : null
  if (!(await wear(bench, guise, trial, 'masked'))) return
  const before = await keptOf(bench, trial)
  await inTurns(showsOf(bench, trial), async (each) => judgeShown(bench, trial, each, await ask(side.ask, each)))
  await inTurns(possible, async (each) => {
    const { status, text } = await ask(side.ask, each)
    tally.count(ROLES)
    const isRefused = each.path === 'search' ? !text.includes(trial.id) : status === 400
    if (!isRefused)
      tally.find(ROLES, `${each.path}: ${inWords(each)} by ${inRole(trial.field)} answers by it: ${status}`, ROLE_MEND)
  })
  await trySchema(bench, guise, trial)
  await tryWrites(bench, guise, trial, 'masked')
  for (const each of answersOf(trial, twin)) {
    const attempt = asSeen(each, await keptOf(bench, trial))
    judgeShown(bench, trial, each, await ask(side.ask, attempt))
    const isChanged = (await keptOf(bench, trial)).value !== before.value
    if (each.path !== 'merge' && isChanged)
      tally.find(ROLES, `${each.path}: ${inWords(each)} by ${inRole(trial.field)} changes it`, ROLE_MEND)
  }
}

/** Neither the form that is drawn of it nor the description knows the field. */
async function trySchema({ tally }: Bench, { side }: Guise, trial: FieldTrial): Promise<void> {
  const { field, target } = trial
  const { body } = await side.ask('GET', `/api/schemas/${target.model.name}`)
  tally.count(ROLES)
  const all = body?.properties ?? {}
  const group = field.extension === null ? all : all.extensions?.properties?.[field.extension]?.properties
  if (!body || Object.hasOwn(group ?? {}, field.name))
    tally.find(ROLES, `schema: the schema of ${target.model.name} for ${inRole(trial.field)} has it`, ROLE_MEND)
}

async function tryRead(bench: Bench, guise: Guise, target: Target, field: Field): Promise<void> {
  await guise.wear({})
  const trial = await plant(bench, guise, target, field)
  const url = `${target.model.path}/${trial.id}`
  const before = await guise.side.ask('GET', url)
  if (!(await wear(bench, guise, trial, 'read'))) return
  const after = await guise.side.ask('GET', url)
  bench.tally.count(ROLES)
  if (before.text !== after.text)
    bench.tally.find(ROLES, `get: GET ${url} by ${inRole(trial.field, 'read')} differs`, ROLE_MEND)
  await tryWrites(bench, guise, trial, 'read')
}

/** Each field of the plugin, masked and read alone. */
export async function checkRoleFields(bench: Bench, guise: Guise): Promise<void> {
  for (const target of bench.ground.targets) {
    const { fields, writable } = target
    const free = fields.filter((field) => !isNeeded(target, field))
    const kept = sampleOf(bench, free)
    for (const field of kept) await tryMasked(bench, guise, target, field)
    await tryFieldStreams(bench, guise, target, kept)
    for (const field of sampleOf(bench, writable)) await tryRead(bench, guise, target, field)
    const refused = [
      ...fields.filter((field) => isNeeded(target, field)).map((field) => [field, 'masked'] as const),
      ...fields.filter(({ readOnly }) => readOnly).map((field) => [field, 'read'] as const),
    ]
    for (const [field, grant] of sampleOf(bench, refused)) await wear(bench, guise, { target, field }, grant)
  }
  await guise.wear({})
}
