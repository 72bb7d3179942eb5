/** What can be asked of many rows, of which a role meets one and not the other. */
import type { Field } from '../../resource/model.ts'
import type { Bench } from './bench.ts'
import type { Path } from './role-paths.ts'
import { baseOf, type RowTrial } from './role-trials.ts'

export interface Question {
  readonly path: Path
  readonly url: string
  /** How many rows are right; null where others may be among them. */
  readonly count: number | null
}

const json = (value: unknown) => encodeURIComponent(JSON.stringify(value))

function ofFields(list: string, both: string, fields: readonly Field[]): Question[] {
  const asks = (path: Path, query: string, count: number | null): Question => ({
    path,
    url: `${list}${query}`,
    count,
  })
  const filters = fields.filter(({ filter }) => filter !== null)
  const sorts = fields.filter(({ sort }) => sort)
  return [
    ...filters.flatMap(({ key }) => [
      asks('filter', `?id.in=${both}&${key}.empty=false`, null),
      asks('filter', `?filter=${json({ not: { [key]: { empty: true } } })}&sort=-createdAt&limit=200`, null),
      asks('aggregate', `/aggregate?by=${key}&values=count&id.in=${both}`, 1),
    ]),
    ...sorts.flatMap(({ key }) => [
      asks('sort', `?id.in=${both}&sort=${key}&count=exact`, 1),
      asks('sort', `?sort=-${key}&limit=200`, null),
      asks('aggregate', `/aggregate?values=count,max:${key}&id.in=${both}`, 1),
    ]),
  ]
}

/** By the record that the hidden row belongs to. */
function ofOwner(bench: Bench, { target, hidden }: RowTrial): Question[] {
  const base = baseOf(bench, target)
  const { owner, name } = target.model
  const id = owner && (hidden.body[owner.name] as string | undefined)
  if (!base || !id) return []
  const { path } = bench.rows.composedOf(base).model
  const asks = (by: Path, query: string, count: number | null): Question => ({
    path: by,
    url: path + query,
    count,
  })
  return [
    asks('include', `/${id}?include=${name}`, null),
    asks('include', `?include=${name}&id.in=${id}`, null),
    asks('include', `?filter=${json({ some: { [name]: { id: hidden.id } } })}&count=exact`, 0),
    asks('include', `/aggregate?filter=${json({ some: { [name]: { id: hidden.id } } })}&values=count`, 0),
    asks('history', `/${id}/history`, null),
  ]
}

/** @param after the place in the order of changes before the rows were made */
export function questionsOf(bench: Bench, trial: RowTrial, after: string): { always: Question[]; others: Question[] } {
  const { target, shown, hidden } = trial
  const { model, fields } = target
  const both = `${shown.id},${hidden.id}`
  const asks = (path: Path, query: string, count: number | null): Question => ({
    path,
    url: `${model.path}${query}`,
    count,
  })
  const word = Object.values(hidden.body).find((each) => typeof each === 'string' && /word\d? \d/.test(each)) as string
  const since = `limit=200&after=${encodeURIComponent(after)}`
  const changes = [since, `${since}&resource=${model.name}`]
  const always = [
    asks('list', `?id.in=${both}&count=exact`, 1),
    asks('list', '?limit=200&sort=-createdAt', null),
    asks('filter', `?filter=${json({ any: [{ id: hidden.id }, { id: shown.id }] })}&count=exact`, 1),
    asks('filter', `?filter=${json({ not: { id: shown.id } })}&limit=200&sort=-createdAt`, null),
    ...(word ? [asks('search', `?q=${encodeURIComponent(word)}&limit=200`, null)] : []),
    asks('aggregate', `/aggregate?values=count&id.in=${both}`, 1),
    asks('aggregate', `/aggregate?by=id&values=count&limit=1000`, null),
    ...changes.map((query): Question => ({ path: 'changes', url: `/api/changes?${query}`, count: null })),
  ]
  return { always, others: [...ofFields(model.path, both, fields), ...ofOwner(bench, trial)] }
}
