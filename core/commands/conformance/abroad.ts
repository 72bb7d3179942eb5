/** What there is of the other tenant, and whether an answer shows any of it. */
import { type Attempt, type Bench, versioned } from './bench.ts'
import type { ApiRoute, Target } from './ground.ts'
import type { Reply } from './stage.ts'

export const TENANTS = 'tenants'
export const MEND = 'reach rows by ctx.rows alone, and keep nothing of one call for the next'

export const fill = (path: string, id: string) => path.replace(/\{\w+\}/g, id)

/** Guests are let in by other things than an id. */
export const isGuests = ({ access }: ApiRoute) => access === 'public' || access === 'link'
export const isAsked = (route: ApiRoute) => !isGuests(route) && !route.lasts

/** It would end the session that the kit asks with. */
export const isEnding = ({ method, path }: ApiRoute) =>
  /^\/api\/(session|sessions|account)\b/.test(path) && method !== 'GET'

/** Where the ids of the other tenant lie. */
export interface Abroad {
  readonly ids: readonly string[]
  /** Of these, ids of rows. */
  readonly rows: readonly string[]
  readonly word: string
}

/** Ids that lead elsewhere in their own tenant: of a row that was deleted, and of one that was merged away. */
async function losses({ stage, rows }: Bench, { model }: Target): Promise<string[]> {
  if (model.keep === 'log') return []
  const { other } = stage
  const deleted = await rows.make(other, model.name)
  await other.ask('DELETE', `${model.path}/${deleted.id}`, { headers: versioned() })
  if (model.keep !== 'record') return [deleted.id]
  const [kept, merged] = [await rows.make(other, model.name), await rows.make(other, model.name)]
  await other.ask('POST', `${model.path}/${kept.id}/merge`, { body: { with: merged.id } })
  return [deleted.id, merged.id]
}

export async function lookAbroad(bench: Bench): Promise<Abroad> {
  const { stage, rows, ground } = bench
  const { other } = stage
  const resources = new Set([rows.anyRecord, ...ground.targets.map(({ model }) => model.name)])
  const made: string[] = []
  // What was asked for by a plugin's name before may stand in answers, as in the errors of a batch.
  const rowOf = (name: string) => (ground.plugin === null ? rows.make(other, name) : rows.standing(other, name))
  for (const name of resources) made.push((await rowOf(name)).id)
  for (const target of ground.targets) made.push(...(await losses(bench, target)))
  const key = await other.ask('POST', '/api/api-keys', { body: { name: other.word } })
  const tasks = await other.ask('GET', '/api/tasks?limit=1')
  const further = (tasks.body?.items ?? []) as { id: string }[]
  return {
    ids: [...made, other.user, key.body.id as string, other.tenant, ...further.map(({ id }) => id)],
    rows: made,
    word: other.word,
  }
}

/** What an answer shows of the other tenant that its request did not say itself. */
export function leakOf(attempt: Attempt, { text }: Reply, { ids, word }: Abroad): string | null {
  const said = `${attempt.url} ${typeof attempt.body === 'string' ? attempt.body : JSON.stringify(attempt.body ?? null)}`
  if (text.includes(word) && !said.includes(word)) return `a text of the other tenant`
  const shown = ids.find((id) => text.includes(id) && !said.includes(id))
  return shown === undefined ? null : `an id of the other tenant`
}
