/** What follows a record: merged and parted again it is as it was, its pack tells all of it, and erased nothing is left. */
import type { JsonObject } from '../../contract.ts'
import type { Model } from '../../resource/model.ts'
import { type Bench, versioned } from './bench.ts'
import { type Canary, canaryOf } from './canary.ts'
import type { Target } from './ground.ts'
import { type Made, ownerOf, withValue } from './rows.ts'
import { valueOf } from './specimen.ts'

export const MERGES = 'merges'
export const PRIVACY = 'privacy'
const MERGE_MEND = 'write nothing while others merge, and let the kernel move what belongs to a record'
const PRIVACY_MEND = 'mark the field x-personal, and copy what is said of a person into no other place'

/** Records that rows or fields of the plugin belong to. */
function basesOf({ ground, rows }: Bench): string[] {
  const of = ground.targets.flatMap(({ model }) => {
    if (model.owner) return [model.belongsTo === 'any' ? rows.anyRecord : (model.belongsTo as string)]
    return model.keep === 'record' ? [model.name] : []
  })
  return [...new Set(of)].filter((name) => rows.composedOf(name)?.model.keep === 'record')
}

const belongs = ({ model }: Target, base: Model) =>
  model.owner !== null && (model.belongsTo === 'any' || model.belongsTo === base.name)

/** A record with a row of each kind that the plugin hangs on it. */
async function makeWhole(bench: Bench, base: Model): Promise<Made> {
  const { rows, stage, ground } = bench
  const made = await rows.make(stage.own, base.name)
  for (const target of ground.targets.filter((each) => belongs(each, base)))
    await rows.make(stage.own, target.model.name, ownerOf(target.model, made.id))
  return made
}

type Values = Map<string, string>

/** Every row that a tenant has, but for what says when it was written last. */
async function readRows({ stage, snapshots }: Bench): Promise<Values> {
  const tables = snapshots.tables.filter((name) => name.startsWith('public.'))
  const parts = tables.map(
    (name) =>
      `select '${name} ' || id as place, (to_jsonb(t) - '{version,updated_at,updated_by}'::text[])::text as row from ${name} t where tenant_id = $1`,
  )
  const found = await stage.query<{ place: string; row: string }>(parts.join(' union all '), [stage.own.tenant])
  return new Map(found.map(({ place, row }) => [place, row]))
}

function differing(before: string | undefined, after: string | undefined): string {
  if (before === undefined || after === undefined) return 'as a whole'
  const [was, is] = [JSON.parse(before), JSON.parse(after)] as [JsonObject, JsonObject]
  return Object.keys({ ...was, ...is })
    .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
    .join(', ')
}

export async function checkMerges(bench: Bench): Promise<void> {
  const { stage, rows, tally, ground } = bench
  for (const name of basesOf(bench)) {
    const { model } = rows.composedOf(name)
    const [one, other] = [await makeWhole(bench, model), await makeWhole(bench, model)]
    const before = await readRows(bench)
    const merged = await stage.own.ask('POST', `${model.path}/${one.id}/merge`, { body: { with: other.id } })
    // A plugin may be against it.
    if (merged.status !== 200) continue
    const undone = await stage.own.ask('POST', `${model.path}/${one.id}/unmerge`, {
      body: { mergeId: merged.body.mergeId },
    })
    if (undone.status !== 200) {
      tally.find(MERGES, `a merge of ${name} cannot be undone: ${undone.status} ${undone.text}`, MERGE_MEND)
      continue
    }
    const after = await readRows(bench)
    for (const place of new Set([...before.keys(), ...after.keys()])) {
      if (before.get(place) === after.get(place)) continue
      const what = `after merge and unmerge of ${name}, ${place.split(' ')[0]} differs in`
      tally.find(MERGES, `${what} ${differing(before.get(place), after.get(place))}`, MERGE_MEND)
    }
    tally.count(
      MERGES,
      ground.targets.reduce((sum, { fields }) => sum + 2 * fields.length, 0),
    )
  }
}

interface Entered {
  readonly target: Target
  readonly id: string
  readonly canaries: readonly Canary[]
}

async function enter(bench: Bench, target: Target, more: JsonObject): Promise<Entered> {
  const { rows, stage } = bench
  const personal = target.writable.filter((field) => field.personal)
  const canaries = personal.flatMap((field) => canaryOf(bench, field) ?? [])
  let body = await rows.soundBody(stage.own, target.model.name, more)
  for (const { field, value } of canaries) body = withValue(body, field, value)
  // What is kept for those who ask twice holds it as well.
  const headers = { 'idempotency-key': `canary-${rows.next()}-${Math.floor(bench.random() * 1e9)}` }
  const reply = await stage.own.ask('POST', target.model.path, { body, headers })
  if (reply.status !== 201) throw new Error(`a row of ${target.model.name} is refused: ${reply.text}`)
  return { target, id: reply.body.id, canaries }
}

/** What it was before is kept in its history. */
async function change({ stage }: Bench, { target, id, canaries }: Entered): Promise<void> {
  const [first] = canaries
  if (!first || typeof first.value !== 'string' || target.model.keep !== 'record') return
  const url = `${target.model.path}/${id}`
  const { version } = (await stage.own.ask('GET', url)).body
  const body = withValue({}, first.field, valueOf(first.field.schema, 1, 'Changed'))
  await stage.own.ask('PATCH', url, { body, headers: versioned(version) })
}

/** In which tables a text stands, whatever the column. */
async function tablesWith({ stage, snapshots }: Bench, token: string): Promise<string[]> {
  const parts = snapshots.tables.map(
    (name) => `select '${name}' as name where exists (select from ${name} t where strpos(lower(t::text), $1) > 0)`,
  )
  const found = await stage.query<{ name: string }>(parts.join(' union all '), [token.toLowerCase()])
  return found.map(({ name }) => name)
}

/** A record with canaries in every personal field that the plugin has, of which its handlers were told. */
async function enterWhole(bench: Bench, name: string): Promise<{ id: string; all: Canary[] }> {
  const { stage, rows, ground, teller } = bench
  const { model } = rows.composedOf(name)
  const { tenant } = stage.own
  const last = await teller.lastFact(tenant)
  const self = ground.targets.find((target) => target.model.name === name)
  const subject = self ? await enter(bench, self, {}) : null
  const id = subject?.id ?? (await rows.make(stage.own, name)).id
  const entered = subject ? [subject] : []
  for (const target of ground.targets.filter((each) => belongs(each, model)))
    entered.push(await enter(bench, target, ownerOf(target.model, id)))
  await teller.tellSince(tenant, last, ground.plugin)
  const told = await teller.lastFact(tenant)
  for (const each of entered) await change(bench, each)
  await teller.tellSince(tenant, told, ground.plugin)
  return { id, all: entered.flatMap(({ canaries }) => canaries) }
}

async function checkBase(bench: Bench, name: string): Promise<void> {
  const { stage, rows, tally, ground, teller } = bench
  const { model } = rows.composedOf(name)
  const { id, all } = await enterWhole(bench, name)
  const pack = await stage.own.ask('GET', `${model.path}/${id}/access-pack`)
  for (const { field, token } of all) {
    tally.count(PRIVACY)
    if (!pack.text.includes(token))
      tally.find(PRIVACY, `the access pack of ${name} lacks ${field.key}: ${pack.status}`, PRIVACY_MEND)
  }
  const before = await teller.lastFact(stage.own.tenant)
  const erased = await stage.own.ask('POST', `${model.path}/${id}/erase`)
  if (erased.status !== 200)
    tally.find(PRIVACY, `a row of ${name} cannot be erased: ${erased.status} ${erased.text}`, PRIVACY_MEND)
  await teller.tellSince(stage.own.tenant, before, ground.plugin)
  for (const { field, token } of all) {
    const tables = await tablesWith(bench, token)
    tally.count(PRIVACY)
    if (tables.length > 0)
      tally.find(
        PRIVACY,
        `after the erasure of ${name}, ${field.key} still stands in ${tables.join(', ')}`,
        PRIVACY_MEND,
      )
  }
}

export async function checkPrivacy(bench: Bench): Promise<void> {
  for (const name of basesOf(bench)) await checkBase(bench, name)
}
