/** Streams that a role listens to while others write: they tell of the rows that it meets, and of nothing else. */
import type { JsonObject } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { fill, isGuests } from './abroad.ts'
import { type Bench, sampleOf, versioned } from './bench.ts'
import type { Guise } from './guise.ts'
import { Hearing } from './hearing.ts'
import { ROLE_MEND, ROLES } from './role-paths.ts'
import type { RowTrial } from './role-trials.ts'
import { type Made, withValue } from './rows.ts'
import { valueOf } from './specimen.ts'
import type { Side } from './stage.ts'

/** Of the streams of one plugin one user has so many at a time. */
const MOST = 6

/** The changes since a place in their order, and then as they happen. */
export const streamSince = (after: string) => `/api/stream?after=${encodeURIComponent(after)}`

/** The plugin's own streams, asked of an id. */
export async function openOwn(bench: Bench, by: Side, id: string): Promise<Hearing[]> {
  const own = bench.ground.routes.filter((route) => route.streams && route.plugin !== null && !isGuests(route))
  const urls = own.flatMap(({ path, query }) => [
    fill(path, id),
    ...query.map((name) => `${fill(path, id)}?${name}=${id}`),
  ])
  return Promise.all(
    sampleOf(bench, urls)
      .slice(0, MOST)
      .map((url) => Hearing.open(bench.stage, by, { url })),
  )
}

/** What one has begun to say, or that it has nothing to say. */
export async function judgeOwn({ tally }: Bench, all: readonly Hearing[], by: string, secrets: readonly string[]) {
  for (const heard of all) {
    await heard.until(({ text }) => text !== '')
    tally.count(ROLES)
    const what = `lasting: GET ${heard.url} by ${by}`
    if (heard.status >= 500) tally.find(ROLES, `${what} answers ${heard.status}`, ROLE_MEND)
    if (secrets.some((each) => heard.text.includes(each) && !heard.url.includes(each)))
      tally.find(ROLES, `${what} shows what is kept from it`, ROLE_MEND)
  }
}

/** By what a row is known again in any text: its id, and the word with its number that stands in its texts. */
function signsOf({ id, body }: Made): string[] {
  const words = Object.values(body).filter((each) => typeof each === 'string' && /^\w+ \d+$/.test(each)) as string[]
  // The shorter ones are cut off, and may be those of other rows.
  const word = words.toSorted((a, b) => b.length - a.length)[0]
  return word === undefined ? [id] : [id, JSON.stringify(word)]
}

/** The record that the hidden row belongs to, where that is what is not met. */
function aboveOf({ target: { model }, rows, hidden }: RowTrial): string[] {
  const above = model.owner && hidden.body[model.owner.name]
  return typeof above === 'string' && !(model.name in rows) ? [above] : []
}

/** A text that makes no row another one for the role. */
const isHarmless = ({ type, readOnly, ref, unique, extension, schema, name }: Field, leaving: JsonObject | null) =>
  type === 'text' &&
  !readOnly &&
  ref === null &&
  !unique &&
  extension === null &&
  !schema.enum &&
  !(name in (leaving ?? {}))

/** A row is written and deleted by whoever may, while the role listens. */
async function write({ stage }: Bench, { target, leaving }: RowTrial, { id, version }: Made): Promise<void> {
  const { model } = target
  const url = `${model.path}/${id}`
  const field = [...model.fields.values()].find((each) => isHarmless(each, leaving))
  const body = field && withValue({}, field, valueOf(field.schema, 1, 'Streamed'))
  const reply = body && (await stage.own.ask('PATCH', url, { body, headers: versioned(version) }))
  await stage.own.ask('DELETE', url, { headers: versioned(reply?.body?.version ?? version) })
}

const patch = async ({ stage }: Bench, { target }: RowTrial, { id, version }: Made, body: JsonObject) =>
  (await stage.own.ask('PATCH', `${target.model.path}/${id}`, { body, headers: versioned(version) })).status === 200

/** Where a rule of the resource keeps a row even from administrators, by the one whose it is. */
async function remove(
  { stage }: Bench,
  { side }: Guise,
  { target }: RowTrial,
  { id, version }: Made,
): Promise<boolean> {
  for (const { ask } of [stage.own, side]) {
    const { status } = await ask('DELETE', `${target.model.path}/${id}`, { headers: versioned(version) })
    if (status === 204) return true
  }
  return false
}

interface Heard {
  /** By what rows are known that are not met. */
  readonly unmet: readonly string[]
  /** A row that was met until it was written, and what was told of it until then; null where none can be. */
  readonly left: { readonly id: string; readonly told: number } | null
  /** A row that was deleted while it was met. */
  readonly deleted: string
  /** Whether all of it was waited for in vain. */
  readonly isSilent: boolean
}

/** The last that happens is told, so that all before it was looked at. */
async function happen(bench: Bench, guise: Guise, trial: RowTrial, hearing: Hearing): Promise<Heard> {
  const { further, leaving, hidden, gone } = trial
  const { shown, hidden: hide } = further as NonNullable<typeof further>
  const row = await shown()
  const isBegun = await hearing.until((heard) => heard.tells(row.id))
  const told = hearing.changesOf(row.id).length
  const unmet = await hide()
  await write(bench, trial, unmet)
  const isLeft = leaving !== null && (await patch(bench, trial, row, leaving))
  const last = await shown()
  const isDeleted = await remove(bench, guise, trial, last)
  const isGone = (heard: Hearing) => heard.changesOf(last.id).some(({ deleted }) => deleted)
  const isEnded = isBegun && (await hearing.until(isDeleted ? isGone : (heard) => heard.tells(last.id)))
  return {
    unmet: [...[hidden, unmet, ...(gone ? [gone] : [])].flatMap(signsOf), ...aboveOf(trial)],
    left: isLeft ? { id: row.id, told } : null,
    deleted: last.id,
    isSilent: !isEnded,
  }
}

function judge(
  { tally }: Bench,
  { role }: RowTrial,
  hearing: Hearing,
  { unmet, left, deleted, isSilent }: Heard,
): void {
  const find = (what: string) =>
    tally.find(ROLES, `stream: GET /api/stream by a role that meets ${role} ${what}`, ROLE_MEND)
  tally.count(ROLES, unmet.length + 1)
  if (isSilent) find('does not tell of a row that it meets, or of its deletion')
  if (hearing.changesOf(deleted).filter((each) => each.deleted).length > 1) find('tells of a deletion twice')
  if (unmet.some((sign) => hearing.text.includes(sign))) find('tells of a row outside of it')
  if (!left) return
  tally.count(ROLES)
  if (hearing.changesOf(left.id).length > left.told) find('goes on to tell of a row that has left it')
}

/**
 * Somebody listens from before the rows were made, and then to what an administrator does to others. Rows that are no
 * records are told of to nobody.
 */
export async function tryRowStreams(bench: Bench, guise: Guise, trial: RowTrial, after: string): Promise<void> {
  const { side } = guise
  const { target, hidden, further, role } = trial
  if (!further || target.model.keep !== 'record') return
  const hearing = await Hearing.open(bench.stage, side, { url: streamSince(after) })
  const own = await openOwn(bench, side, hidden.id)
  try {
    const heard = await happen(bench, guise, trial, hearing)
    judge(bench, trial, hearing, heard)
    await judgeOwn(bench, own, `a role that meets ${role}`, heard.unmet)
  } finally {
    for (const each of [hearing, ...own]) each.close()
  }
}
