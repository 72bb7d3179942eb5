/** Where a field of one row is shown, asked for and written. */
import type { JsonObject } from '../../contract.ts'
import type { Field } from '../../resource/model.ts'
import { fill, isAsked } from './abroad.ts'
import { type Bench } from './bench.ts'
import type { Target } from './ground.ts'
import type { Path, Way } from './role-paths.ts'
import { baseOf } from './role-trials.ts'
import { withValue } from './rows.ts'
import { valueOf } from './specimen.ts'

/** A field with a row of the role's own that has a value of it. */
export interface FieldTrial {
  readonly target: Target
  readonly field: Field
  readonly id: string
  /** What was planted, by which it is found in any text; none for what many rows have. */
  readonly tokens: readonly string[]
  /** The body of the row, and the key that it was made with. */
  readonly body: JsonObject
  readonly key: Readonly<Record<string, string>>
  /** The place in the order of changes before the row was made. */
  readonly after: string
}

const get = (path: Path, url: string): Way => ({ path, method: 'GET', url })
const post = (path: Path, url: string, body?: JsonObject): Way => ({
  path,
  method: 'POST',
  url,
  ...(body ? { body } : {}),
})
const json = (value: unknown) => encodeURIComponent(JSON.stringify(value))

/** A rollup shows what it sums up: who must not see that is not to see the rollup. */
export const isTold = ({ rows }: Bench, { model }: Target, { name }: Field): boolean =>
  rows.models.some(({ fields }) =>
    [...fields.values()].some(({ rollup }) => rollup?.of === model.name && rollup.field === name),
  )

/** Everything that answers with the row, or of it. */
export function showsOf(bench: Bench, { target, id, body, after }: FieldTrial): Way[] {
  const { model } = target
  const base = baseOf(bench, target)
  const owner = model.owner && (body[model.owner.name] as string | undefined)
  const own = bench.ground.routes.filter((each) => each.verb === null && each.method === 'GET' && isAsked(each))
  const since = encodeURIComponent(after)
  const parent = base && owner ? bench.rows.composedOf(base).model.path : null
  return [
    get('get', `${model.path}/${id}`),
    get('list', `${model.path}?id.in=${id}`),
    get('list', `${model.path}?limit=200&sort=-createdAt`),
    get('changes', `/api/changes?limit=200&after=${since}`),
    ...(model.keep === 'record' ? [get('history', `${model.path}/${id}/history`)] : []),
    ...(parent
      ? [
          get('include', `${parent}/${owner}?include=${model.name}`),
          get('include', `${parent}?include=${model.name}&id.in=${owner}`),
          get('history', `${parent}/${owner}/history`),
        ]
      : []),
    ...own.filter(({ path }) => path.includes('{')).map(({ path }) => get('route', fill(path, id))),
  ]
}

/** Everything that asks by the field. */
export function asksOf(bench: Bench, { target, field, id }: FieldTrial): Way[] {
  const { model } = target
  const { key } = field
  const base = baseOf(bench, target)
  const list = `${model.path}?id.in=${id}`
  const group = `${model.path}/aggregate?id.in=${id}`
  const view = { name: `View ${bench.rows.next()}`, resource: model.name, filter: { [key]: { empty: false } } }
  const filters = [
    get('filter', `${list}&${key}.empty=false`),
    get('filter', `${list}&filter=${json({ any: [{ [key]: { empty: false } }] })}`),
    get('aggregate', `${group}&values=count&${key}.empty=false`),
    get('aggregate', `${group}&values=count&by=${key}`),
    ...(base
      ? [
          get(
            'filter',
            `${bench.rows.composedOf(base).model.path}?filter=${json({ some: { [model.name]: { [key]: { empty: false } } } })}`,
          ),
        ]
      : []),
    post('view', '/api/views', view),
  ]
  const measures = ['sum', 'min', 'max', 'avg'].map((fn) => get('aggregate', `${group}&values=${fn}:${key}`))
  const sorts = [get('sort', `${list}&sort=${key}`), get('sort', `${list}&sort=-${key}`)]
  return [...(field.filter ? filters : []), ...(field.sort ? sorts : []), ...measures]
}

export const searchOf = ({ target, field, tokens, id }: FieldTrial): Way[] =>
  field.search
    ? tokens.slice(-1).map((token) => get('search', `${target.model.path}?q=${encodeURIComponent(token)}&id.in=${id}`))
    : []

/** Everything that writes the field. */
export function writesOf(bench: Bench, { target, field, id, body }: FieldTrial): Way[] {
  const { model } = target
  const value = field.ref === null ? valueOf(field.schema, bench.rows.next(), 'Kept') : bench.stage.own.user
  if (value === undefined) return []
  const part = withValue({}, field, value)
  const create = post('create', model.path, withValue(body, field, value))
  const update: Way = { path: 'update', method: 'PATCH', url: `${model.path}/${id}`, body: part }
  const batch = post('batch', `${model.path}/batch`, { ids: [id], update: part })
  if (model.keep === 'log') return [create]
  return model.keep === 'record' ? [create, update, batch] : [create, update]
}

/** Answers of writes that are allowed, which the row comes back with. */
export function answersOf({ target, field, id, body, key }: FieldTrial, twin: string | null): Way[] {
  const { model, writable } = target
  const other = writable.find((each) => each !== field && each.ref === null && !each.unique)
  const url = `${model.path}/${id}`
  const again: Way = { path: 'repeat', method: 'POST', url: model.path, headers: key, body }
  if (model.keep === 'log') return [again]
  const patch = other ? withValue({}, other, valueOf(other.schema, 1, 'Told')) : {}
  const update: Way = { path: 'update', method: 'PATCH', url, body: patch }
  if (model.keep !== 'record') return [again, update]
  return [
    again,
    update,
    { path: 'delete', method: 'DELETE', url },
    post('restore', `${url}/restore`),
    ...(twin ? [post('merge', `${url}/merge`, { with: twin })] : []),
  ]
}
