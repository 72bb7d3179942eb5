/** Malformed values for every field, and malformed requests for every route: refused with a reason, and nothing is changed. */
import type { JsonObject, Schema } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { isEnding } from './abroad.ts'
import { badValuesOf, HOLE, nested } from './bad-values.ts'
import { ask, type Attempt, type Bench, changingNothing, inTurns, inWords, sampleOf, versioned } from './bench.ts'
import type { ApiRoute, Target } from './ground.ts'
import { withValue } from './rows.ts'
import { valueOf } from './specimen.ts'

export const INPUT = 'bad input'
const MEND = 'describe the body by a schema that fits what the code does with it, and throw a Problem where it does not'

const textWith = (body: JsonObject, field: Field, value: string) =>
  JSON.stringify(withValue(body, field, HOLE)).replace(`"${HOLE}"`, () => value)

/** Bodies that are no bodies, whatever the route. */
const NO_BODIES: readonly (string | Buffer)[] = [
  '{',
  '[',
  '"',
  '{"a":1,}',
  '\u0000',
  '[]',
  '"text"',
  '1',
  'true',
  '{"__proto__":{"x":1}}',
  nested(60),
  '{"a":1e400}',
  '{"\\u0000":1}',
  Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
]
const NO_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'a/b',
  'application/json\tx',
]
const NO_VERSIONS = ['1', '*', 'W/"1"', '""', '"x"', '"99999999999999999999"', '"-1"']
const NO_QUERIES = [
  '%00',
  '%ff',
  '%ed%a0%80',
  'limit=x',
  'limit=-1',
  'limit=1e9',
  'sort=nobody',
  'after=eyJhIjoxfQ',
  'filter={',
  'filter=[]',
  `filter=${encodeURIComponent(nested(40))}`,
  'nobody=1',
  '__proto__[x]=1',
  'constructor=1',
  'include=nobody',
  'count=all',
  'limit=1&limit=2',
]
const NO_IDS = ['%00', '%ff', '..%2f..', '0', 'null', "'; drop table clients; --", 'a'.repeat(150)]

interface Malformed extends Attempt {
  /** Whether nothing but a refusal is right. */
  readonly isRefused: boolean
}

function ofFields({ model, writable }: Target, at: { id: string; body: JsonObject }): Malformed[] {
  return writable.flatMap((field) =>
    badValuesOf(field).flatMap((value) => {
      const create = { method: 'POST', url: model.path, body: textWith(at.body, field, value), isRefused: true }
      const url = `${model.path}/${at.id}`
      const patch = { method: 'PATCH', url, headers: versioned(), body: textWith({}, field, value), isRefused: true }
      return model.keep === 'log' ? [create] : [create, patch]
    }),
  )
}

/** A value for a filter that no field of its type can have, and the forms that the list itself takes. */
function ofLists({ model, fields }: Target): Malformed[] {
  const filters = fields.filter(({ filter, type }) => filter !== null && type !== 'text' && type !== 'text[]')
  const values = ['%00', '%ed%a0%80', 'x%27', '{}', '99999999999999999999999', 'NaN', '2024-02-30']
  const asked = filters.flatMap(({ key }) => [key, `${key}.gte`, `${key}.in`, `${key}.empty`, `${key}.nobody`])
  const of = [...NO_QUERIES, ...asked.flatMap((name) => values.map((value) => `${name}=${value}`))]
  return of.flatMap((query) => [
    { method: 'GET', url: `${model.path}?${query}`, isRefused: NO_QUERIES.includes(query) },
    { method: 'GET', url: `${model.path}/aggregate?${query}`, isRefused: false },
  ])
}

function ofRoute(route: ApiRoute, body: JsonObject): Malformed[] {
  const url = route.path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000')
  const at = { method: route.method, url, isRefused: true }
  const paths = route.path.includes('{')
    ? NO_IDS.map((id) => ({ ...at, url: route.path.replace(/\{\w+\}/g, id), isRefused: false }))
    : []
  if (route.method === 'GET') {
    const queries = route.verb === null ? NO_QUERIES : ['%00', '%ff', 'nobody=1']
    return [...paths, ...queries.map((query) => ({ ...at, url: `${url}?${query}`, isRefused: false }))]
  }
  const text = JSON.stringify(body)
  const isDelete = route.method === 'DELETE'
  return [
    ...paths,
    ...NO_BODIES.map((each) => ({ ...at, headers: versioned(), body: each, isRefused: false })),
    ...NO_TYPES.map((type) => ({ ...at, headers: { 'content-type': type }, body: text, isRefused: !isDelete })),
    ...NO_VERSIONS.map((version) => ({ ...at, headers: { 'if-match': version }, body: text, isRefused: false })),
    ...['é', 'x'.repeat(300), ' '].map((key) => ({
      ...at,
      headers: { 'idempotency-key': key },
      body: text,
      isRefused: false,
    })),
    ...(route.body ? ofSchema(at, route.body) : []),
  ]
}

/** Routes of plugins say by a schema what they take. */
function ofSchema(at: Omit<Malformed, 'isRefused'>, schema: Schema): Malformed[] {
  const sound = valueOf(schema, 1, 'x') as JsonObject
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  return properties.flatMap(([name, each]) =>
    badValuesOf({ schema: each, filled: true, fallback: null }).map((value) => ({
      ...at,
      headers: versioned(),
      body: JSON.stringify({ ...sound, [name]: HOLE }).replace(`"${HOLE}"`, () => value),
      isRefused: false,
    })),
  )
}

async function tryOne(bench: Bench, attempt: Malformed): Promise<void> {
  const { stage, tally } = bench
  const { isRefused, ...asked } = attempt
  const reply = await ask(stage.own.ask, asked)
  tally.count(INPUT)
  if (reply.status >= 500) return tally.find(INPUT, `${inWords(asked)} answers ${reply.status}`, MEND)
  if (isRefused && reply.status < 400) return tally.find(INPUT, `${inWords(asked)} is taken: ${reply.status}`, MEND)
  if (reply.status >= 400 && !/^[a-z_]+$/.test(String(reply.body?.code)))
    tally.find(INPUT, `${inWords(asked)} is refused without a code: ${reply.status}`, MEND)
}

export async function checkInput(bench: Bench): Promise<void> {
  const { stage, ground, rows, snapshots } = bench
  const refusals: Malformed[] = []
  for (const target of ground.targets) {
    const body = await rows.soundBody(stage.own, target.model.name)
    const { id } = await rows.standing(stage.own, target.model.name)
    refusals.push(...sampleOf(bench, ofFields(target, { id, body }), 40), ...sampleOf(bench, ofLists(target), 10))
  }
  const what = 'a request that is refused'
  const at = { rule: INPUT, what, mend: MEND, read: () => snapshots.whole() }
  await changingNothing(bench, at, () => inTurns(refusals, (attempt) => tryOne(bench, attempt)))
  const routes = ground.routes.filter((each) => !isEnding(each) && !each.lasts)
  const others = routes.flatMap((route) => sampleOf(bench, ofRoute(route, {}), 3))
  await inTurns(others, (attempt) => tryOne(bench, attempt))
  await tryTwice(bench)
}

/** Of a name that stands twice in a body only one meaning may be known: the last counts, or it is refused. */
async function tryTwice(bench: Bench): Promise<void> {
  const { stage, ground, rows, tally } = bench
  for (const { model, writable } of ground.targets) {
    const texts = writable.filter(
      ({ extension, type, ref, schema }) =>
        extension === null && type === 'text' && !ref && !schema.enum && !schema.format,
    )
    for (const { name } of sampleOf(bench, texts, 1)) {
      const body = await rows.soundBody(stage.own, model.name)
      const { [name]: _, ...others } = body
      const text = `{"${name}":"first",${JSON.stringify(others).slice(1, -1)},"${name}":"second"}`.replace(',,', ',')
      const reply = await stage.own.ask('POST', model.path, { body: text })
      tally.count(INPUT)
      const isOne = reply.status === 400 || (reply.status === 201 && reply.body[name] === 'second')
      if (!isOne) tally.find(INPUT, `POST ${model.path} with ${name} twice answers ${reply.status}`, MEND)
    }
  }
}
