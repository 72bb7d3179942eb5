/** Value lists: as plugins read them, and as tenants edit them. */
import { type Lists, type ListValue, Problem, type ProblemEntry, type Schema } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import { tell } from '../facts/merge.ts'
import type { Composition } from './composition.ts'

export function listsOf({ lists }: Composition, assertLives: () => void): Lists {
  return Object.freeze({
    async get(name: string) {
      assertLives()
      const values = lists.get(name)
      if (!values) throw new Problem(404, 'not_found')
      return structuredClone(values)
    },
  })
}

const TEXT = { type: 'string', minLength: 1, maxLength: 200 }
/** What `PATCH /api/lists/{name}` takes: all of the values, in their order. */
export const LIST_BODY = {
  type: 'object',
  required: ['version', 'values'],
  additionalProperties: false,
  properties: {
    version: { type: 'integer', minimum: 0, description: 'As it was read; 0 for a list that was never edited.' },
    values: {
      type: 'array',
      minItems: 1,
      maxItems: 500,
      items: {
        type: 'object',
        required: ['value', 'label'],
        additionalProperties: false,
        properties: {
          value: { type: 'string', minLength: 1, maxLength: 60 },
          label: { type: 'object', minProperties: 1, additionalProperties: false, properties: { en: TEXT, fr: TEXT } },
          color: { type: 'integer', minimum: 1, maximum: 6 },
          archived: { type: 'boolean' },
        },
      },
    },
  },
} as const satisfies Schema

export interface List {
  readonly name: string
  readonly version: number
  readonly values: readonly ListValue[]
}

/** Those of the plugins that are on. */
export async function readLists(database: Database, claims: Claims, composition: Composition): Promise<List[]> {
  const { rows } = await database.once<{ name: string; version: number; values: ListValue[] }>(claims, 'read', {
    name: 'read_lists',
    text: 'select name, version, values from kernel.tenant_lists where tenant_id = $1',
    values: [claims.tenant],
  })
  const names = [...composition.lists.keys()].filter((name) => composition.plugins.has(name.split('.')[0] as string))
  return names.map((name) => {
    const edited = rows.find((row) => row.name === name)
    return { name, version: edited?.version ?? 0, values: edited?.values ?? composition.lists.get(name) ?? [] }
  })
}

const VALUE = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,59}$/

/** Rows may hold what was once offered: a value is archived, and never taken out. */
function findFaults(before: readonly ListValue[], after: readonly ListValue[]): ProblemEntry[] {
  const values = after.map(({ value }) => value)
  const errors = after.flatMap(({ value, label }, i): ProblemEntry[] => {
    const path = `/values/${i}`
    if (!VALUE.test(value)) return [{ path: `${path}/value`, code: 'format' }]
    if (values.indexOf(value) < i) return [{ path: `${path}/value`, code: 'repeated' }]
    const blank = Object.entries(label).find(([, text]) => text.trim() === '' || /[\p{Cc}\p{Cs}]/u.test(text))
    return blank ? [{ path: `${path}/label/${blank[0]}`, code: 'text' }] : []
  })
  const missing = before.filter(({ value }) => !values.includes(value))
  return [...errors, ...missing.map(({ value }) => ({ path: '/values', code: 'missing', params: { value } }))]
}

/** @throws Problem 404, 400 `invalid`, 412 `stale` */
export async function editList(
  database: Database,
  claims: Claims,
  {
    composition,
    name,
    body,
  }: { composition: Composition; name: string; body: { version: number; values: ListValue[] } },
): Promise<List> {
  const known = (await readLists(database, claims, composition)).find((each) => each.name === name)
  if (!known) throw new Problem(404, 'not_found')
  if (known.version !== body.version) throw new Problem(412, 'stale')
  const errors = findFaults(known.values, body.values)
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
  return database.transaction(claims, 'write', async (transaction) => {
    const values = [claims.tenant, name, JSON.stringify(body.values), body.version]
    const { rows } = await transaction.query<List>({
      text:
        body.version === 0
          ? `insert into kernel.tenant_lists (tenant_id, name, values) select $1, $2, $3 where $4::integer = 0
              on conflict do nothing returning name, version, values`
          : `update kernel.tenant_lists set values = $3, version = version + 1, updated_at = now()
              where tenant_id = $1 and name = $2 and version = $4 returning name, version, values`,
      values,
    })
    if (!rows[0]) throw new Problem(412, 'stale')
    await tell(transaction, 'lists.edited', { list: name })
    return rows[0]
  })
}
