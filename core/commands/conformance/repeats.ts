/** Requests that are sent again, and writers that meet: one row for one key, and no change that is lost. */
import type { Field } from '../../resource/model.ts'
import { type Bench, versioned } from './bench.ts'
import type { Target } from './ground.ts'
import { withValue } from './rows.ts'
import { valueOf } from './specimen.ts'

export const REPEATS = 'repeats'
export const VERSIONS = 'versions'
const MEND = 'leave creating and changing to the verbs of the resource, or to ctx.rows in a command'

const TOGETHER = 20

const countOf = async ({ stage }: Bench, table: string): Promise<number> => {
  const text = `select count(*)::int as n from "${table}" where tenant_id = $1`
  return (await stage.query<{ n: number }>(text, [stage.own.tenant]))[0]?.n ?? 0
}

/** One key, many times at once. */
export async function checkRepeats(bench: Bench): Promise<void> {
  const { stage, rows, tally, ground } = bench
  for (const { model } of ground.targets) {
    const body = await rows.soundBody(stage.own, model.name)
    const key = { 'idempotency-key': `kit-${rows.next()}-${Math.floor(bench.random() * 1e9)}` }
    const before = await countOf(bench, model.table)
    const send = () => stage.own.ask('POST', model.path, { body, headers: key })
    const replies = await Promise.all(Array.from({ length: TOGETHER }, send))
    tally.count(REPEATS, TOGETHER)
    const made = (await countOf(bench, model.table)) - before
    if (made !== 1)
      tally.find(REPEATS, `${TOGETHER} times the same POST ${model.path} with one key makes ${made} rows`, MEND)
    // Who comes while the first is under way may be asked to come again.
    const answers = new Set(
      replies.filter(({ status }) => status !== 409).map(({ status, text }) => `${status} ${text}`),
    )
    if (answers.size !== 1)
      tally.find(REPEATS, `the same POST ${model.path} with one key has ${answers.size} answers`, MEND)
    const other = await rows.soundBody(stage.own, model.name)
    const reused = await stage.own.ask('POST', model.path, { body: other, headers: key })
    tally.count(REPEATS)
    if (reused.status !== 422)
      tally.find(REPEATS, `POST ${model.path} with a used key and another body answers ${reused.status}, not 422`, MEND)
  }
}

const isPlain = ({ ref, schema, readOnly, unique }: Field) =>
  ref === null && !readOnly && !unique && !schema['x-values']

/** Each writer sets a field of its own where there are enough, and reads again where it came too late. */
async function writeTogether(bench: Bench, target: Target, id: string): Promise<void> {
  const { stage, tally } = bench
  const { model } = target
  const [field] = target.writable.filter(isPlain)
  if (!field) return
  const url = `${model.path}/${id}`
  const first = (await stage.own.ask('GET', url)).body.version as number
  let written = 0
  const write = async (n: number) => {
    for (let turn = 0; turn < 200; turn++) {
      const { version } = (await stage.own.ask('GET', url)).body
      const body = withValue({}, field, valueOf(field.schema, n * 200 + turn, 'Writer'))
      const { status, body: after } = await stage.own.ask('PATCH', url, { body, headers: versioned(version) })
      if (status === 412) continue
      // What changes nothing need not make a version.
      if (status === 200 && after.version > version) written++
      return
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, (_, n) => write(n)))
  tally.count(VERSIONS, TOGETHER)
  const last = (await stage.own.ask('GET', url)).body.version as number
  if (last - first !== written)
    tally.find(
      VERSIONS,
      `of ${written} changes of ${model.name} that were answered with 200, ${last - first} are there`,
      MEND,
    )
}

export async function checkVersions(bench: Bench): Promise<void> {
  const { stage, rows, tally, ground } = bench
  for (const target of ground.targets.filter(({ model }) => model.keep !== 'log')) {
    const { model, writable } = target
    const { id } = await rows.make(stage.own, model.name)
    const url = `${model.path}/${id}`
    const [field] = writable.filter(isPlain)
    const body = field ? withValue({}, field, valueOf(field.schema, 3, 'x')) : {}
    const answers = async (method: string, headers: Record<string, string>, expected: number, why: string) => {
      const given = method === 'PATCH' ? { body, headers } : { headers }
      const { status } = await stage.own.ask(method, url, given)
      tally.count(VERSIONS)
      if (status !== expected)
        tally.find(VERSIONS, `${method} ${model.path}/{id} ${why} answers ${status}, not ${expected}`, MEND)
    }
    for (const method of ['PATCH', 'DELETE']) {
      await answers(method, {}, 428, 'without If-Match')
      await answers(method, versioned(99), 412, 'with a version that is not the row’s')
    }
    await writeTogether(bench, target, id)
  }
}
