/** Fields that a role does not see, on streams: neither their values nor that they were changed are told. */
import type { JsonObject } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { type Bench, versioned } from './bench.ts'
import { canaryOf } from './canary.ts'
import type { Target } from './ground.ts'
import type { Guise } from './guise.ts'
import { Hearing } from './hearing.ts'
import { ROLE_MEND, ROLES } from './role-paths.ts'
import { judgeOwn, openOwn, streamSince } from './role-streams.ts'
import { isTold } from './role-ways.ts'
import { withValue } from './rows.ts'
import { valueOf } from './specimen.ts'
import type { Side } from './stage.ts'

interface Planted {
  readonly target: Target
  readonly id: string
  readonly fields: readonly Field[]
  /** What was written, by which it is found in any text. */
  readonly tokens: string[]
}

/** Writes all of the fields: together, or each alone where the code takes less than the schema says. */
async function plant(bench: Bench, by: Side, { target, id, fields, tokens }: Planted): Promise<void> {
  const url = `${target.model.path}/${id}`
  const values = fields.flatMap((field) => {
    if (field.readOnly || field.ref !== null) return []
    const canary = canaryOf(bench, field)
    const value = canary?.value ?? valueOf(field.schema, bench.rows.next(), 'Streamed')
    return value === undefined ? [] : [{ field, value, token: isTold(bench, target, field) ? null : canary?.token }]
  })
  const write = async (some: typeof values) => {
    const { body: seen } = await by.ask('GET', url)
    const body = some.reduce<JsonObject>((all, { field, value }) => withValue(all, field, value), {})
    const { status } = await by.ask('PATCH', url, { body, headers: versioned(seen?.version) })
    if (status === 200) tokens.push(...some.flatMap(({ token }) => token ?? []))
    return status === 200
  }
  if (await write(values)) return
  for (const each of values) await write([each])
}

/** What somebody is told who sees every field. */
async function namedOf({ stage }: Bench, { id, target }: Planted, after: string): Promise<Set<string>> {
  const url = `/api/changes?limit=200&resource=${target.model.name}&after=${encodeURIComponent(after)}`
  const { items } = (await stage.own.ask('GET', url)).body as { items: { rowId: string; changed: string[] }[] }
  return new Set(items.filter(({ rowId }) => rowId === id).flatMap(({ changed }) => changed))
}

function judge({ tally }: Bench, { target, id, fields, tokens }: Planted, hearing: Hearing, named: Set<string>): void {
  const find = (what: string) => tally.find(ROLES, `stream: GET /api/stream by a role that ${what}`, ROLE_MEND)
  const told = new Set(hearing.changesOf(id).flatMap(({ changed }) => changed))
  for (const { key } of fields.filter((each) => named.has(each.key))) {
    tally.count(ROLES)
    if (told.has(key)) find(`does not see ${key} of ${target.model.name} tells its name`)
  }
  tally.count(ROLES, tokens.length)
  if (tokens.some((token) => hearing.text.includes(token)))
    find(`does not see fields of ${target.model.name} tells the value of one`)
}

/** The last that happens is a row that every role of fields is told of; where rows are each one's own, of another kind. */
async function mark({ rows, stage }: Bench, { side }: Guise, { model }: Target): Promise<string> {
  return (await (model.rule ? rows.make(side, rows.anyRecord) : rows.make(stage.own, model.name))).id
}

/** All of the fields masked at once, of a row that is written before and while the role listens. */
export async function tryFieldStreams(
  bench: Bench,
  guise: Guise,
  target: Target,
  fields: readonly Field[],
): Promise<void> {
  const { stage, rows, tally } = bench
  const { side } = guise
  if (target.model.keep !== 'record' || fields.length === 0) return
  await guise.wear({})
  const { next } = (await stage.own.ask('GET', '/api/changes?after=now')).body
  const planted: Planted = { target, fields, id: (await rows.make(side, target.model.name)).id, tokens: [] }
  await plant(bench, side, planted)
  const masked = Object.fromEntries(fields.map(({ key }) => [key, 'masked' as const]))
  const worn = await guise.wear({ fields: { [target.model.name]: masked } })
  const by = `a role that does not see ${fields.map(({ key }) => key).join(', ')}`
  if (worn.status !== 200) return tally.find(ROLES, `${by} is answered by ${worn.status} ${worn.text}`, ROLE_MEND)
  const hearing = await Hearing.open(stage, side, { url: streamSince(next) })
  const own = await openOwn(bench, side, planted.id)
  try {
    await plant(bench, stage.own, planted)
    const last = await mark(bench, guise, target)
    const isHeard = await hearing.until((heard) => heard.tells(last))
    if (!isHeard || !hearing.tells(planted.id))
      tally.find(ROLES, `stream: GET /api/stream by ${by} does not tell of a row that it meets`, ROLE_MEND)
    judge(bench, planted, hearing, await namedOf(bench, planted, next))
    await judgeOwn(bench, own, by, planted.tokens)
  } finally {
    for (const each of [hearing, ...own]) each.close()
  }
}
