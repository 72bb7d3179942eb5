/** Lists, searches and groups that ask for what is the other tenant's. */
import type { Field } from '../../resource/model.ts'
import { type Abroad, leakOf, MEND, TENANTS } from './abroad.ts'
import { ask, type Bench, inTurns, sampleOf } from './bench.ts'
import type { Target } from './ground.ts'
import type { Ask } from './stage.ts'

const json = (value: unknown) => encodeURIComponent(JSON.stringify(value))

function questionsOf({ model, composed }: Target, { ids, word }: Abroad, fields: readonly Field[]): string[] {
  const children = [...composed.children.keys()]
  const filters = fields.filter(({ filter }) => filter !== null)
  const values = (field: Field) => (field.type === 'uuid' || field.type === 'uuid[]' ? ids : [word])
  const asked = (field: Field) => (field.type.endsWith('[]') ? `${field.key}.has` : field.key)
  return [
    `q=${word}`,
    `q=${word.slice(0, 3)}&count=exact`,
    `count=exact&limit=200`,
    ...children.map((child) => `include=${child}&limit=200`),
    ...children.map((child) => `filter=${json({ some: { [child]: { id: ids[0] } } })}`),
    ...filters.flatMap((field) =>
      values(field).map((value) => `${asked(field)}=${encodeURIComponent(value)}&limit=200`),
    ),
    ...filters.map((field) => `filter=${json({ not: { [field.key]: { empty: true } } })}&limit=200`),
    `filter=${json({ any: ids.map((id) => ({ id })) })}`,
    ...(model.keep === 'record' ? [`id.in=${ids.join(',')}`] : []),
  ]
}

/** No filter, search, sort, include, group or cursor brings rows of the other tenant. */
export async function tryLists(bench: Bench, abroad: Abroad, askers: readonly Ask[]): Promise<void> {
  const { stage, tally, ground } = bench
  for (const target of ground.targets) {
    const { model, fields } = target
    const sorts = fields.filter(({ sort }) => sort).flatMap(({ key }) => [key, `-${key}`])
    const cursors: string[] = []
    for (const sort of sampleOf(bench, ['createdAt', ...sorts], 2)) {
      const { body } = await stage.other.ask('GET', `${model.path}?limit=1&sort=${sort}`)
      if (body?.next)
        cursors.push(`sort=${sort}&after=${encodeURIComponent(body.next)}`, `after=${encodeURIComponent(body.next)}`)
    }
    const filters = fields.filter(({ filter }) => filter !== null)
    const groups = filters.map(({ key }) => `/aggregate?by=${key}&values=${json({ n: 'count' })}`)
    const lists = [...questionsOf(target, abroad, fields), ...sorts.map((sort) => `sort=${sort}&limit=200`), ...cursors]
    const urls = [...lists.map((query) => `?${query}`), ...groups, `/aggregate?count`]
    const calls = urls.flatMap((query) => askers.map((asking) => ({ asking, url: model.path + query })))
    await inTurns(sampleOf(bench, calls, 12), async ({ asking, url }) => {
      const attempt = { method: 'GET', url }
      const reply = await ask(asking, attempt)
      tally.count(TENANTS)
      if (reply.status >= 500) tally.find(TENANTS, `GET ${url} answers ${reply.status}`, MEND)
      const leak = leakOf(attempt, reply, abroad)
      if (leak) tally.find(TENANTS, `GET ${url} shows ${leak}`, MEND)
    })
  }
}
