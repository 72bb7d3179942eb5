/** Indexes of fields that tenants define: made beside running requests, used by the login that serves them, dropped. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { defined, enter } from '../../tests/support/own-fields.ts'
import { SECRET } from '../../tests/support/settings.ts'
import { migrateDatabase } from '../host/preparation.ts'
import { readPair } from '../resource/filter.ts'
import { compileList, type ListQuery, readSort } from '../resource/list.ts'
import { openDatabase } from './database.ts'
import { kernelClaims } from './context.ts'
import { isIndexWanting } from './field-indexes.ts'
import { lintCatalogue } from './lint.ts'
import { watchIndexes } from '../worker/index-watch.ts'

const ROWS = 20_000
const KEY = 'extensions.tenantfields'
const FIELDS = {
  code: { type: 'string', maxLength: 40, 'x-filter': true },
  budget: { type: 'integer', 'x-filter': true, 'x-sort': true },
  due: { type: 'string', format: 'date', 'x-filter': true, 'x-sort': true },
  fee: { type: 'string', format: 'decimal', 'x-filter': true },
  word: { type: 'string', maxLength: 40, 'x-sort': true, 'x-filter': true },
}
/** The same names, and nothing that would be such a value. */
const OTHERS = {
  code: { type: 'boolean', 'x-filter': true },
  budget: { type: 'string', maxLength: 10_000 },
  due: { type: 'string', maxLength: 40, 'x-filter': true },
}

let h: Harness
beforeAll(async () => {
  h = await openHarness()
  await h.database.query('set session_replication_role = replica')
  const values = `jsonb_build_object('code', 'c' || i % 4999, 'budget', i % 1999, 'due', date '2020-01-01' + i % 1999,
    'fee', (i % 1999)::text || '.50', 'word', (array['Zoé ', 'Œuvre ', 'etoile '])[1 + i % 3] || i % 1999)`
  await h.database.query(
    `insert into clients (tenant_id, id, type, last_name, extensions) select $1, gen_random_uuid(), 'person', 'n' || i,
       jsonb_build_object('tenantfields', ${values}) from generate_series(1, ${ROWS}) i`,
    [h.tenants.alice],
  )
  await h.database.query('set session_replication_role = origin')
  await h.database.query('analyze clients')
}, 60_000)
afterAll(() => h?.close())

const keepIndexes = () =>
  migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described: [], indexes: true })
const indexes = async () =>
  (
    await h.database.query<{ name: string }>(
      `select indexname as name from pg_indexes where indexname ~ '_t_[0-9a-f]{16}$'`,
    )
  ).length
const isWanting = () => isIndexWanting((query) => h.kernel.services.database.door(query))

interface Node {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Node[]
}
const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

async function queryOf(more: (model: ListQuery['model']) => Partial<ListQuery>): Promise<ListQuery> {
  const { switches, compositions } = h.kernel.services
  const { model } = compositions.of(await switches.of(h.tenants.alice)).resources.get('clients')!
  const sort = readSort(model, undefined)
  const plain = { where: [], q: '', searched: null, limit: 50, after: null, include: [], rule: () => null }
  return { model, tenant: h.tenants.alice, sort, ...plain, ...more(model) }
}

/** Which indexes of tenants' fields a list uses as the login of requests, and how many rows it reads at most. */
async function explain(query: ListQuery): Promise<{ own: string[]; read: number }> {
  const { text, values } = compileList(query)
  const claims = kernelClaims(h.tenants.alice)
  return h.kernel.services.database.transaction(claims, 'read', async (transaction) => {
    type Plan = { 'QUERY PLAN': [{ Plan: Node }] }
    const { rows } = await transaction.query<Plan>({ text: `explain (analyze, format json) ${text}`, values })
    const nodes = nodesOf(rows[0]!['QUERY PLAN'][0].Plan)
    const scans = nodes.filter((node) => node['Node Type'].endsWith('Scan') && node['Node Type'] !== 'Subquery Scan')
    const readBy = (node: Node) =>
      ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1)
    const own = scans.flatMap((node) =>
      /_t_[0-9a-f]{16}$/.test(node['Index Name'] ?? '') ? [node['Index Name']!] : [],
    )
    return { own, read: Math.max(...scans.map(readBy)) }
  })
}

const FILTERS = [
  'code=c17',
  'budget=17',
  'budget.gt=1990',
  'due=2020-02-03',
  'due.lt=2020-01-05',
  'fee=17.5',
  'word=Zoé 12',
]
const filtered = (text: string) =>
  queryOf((model) => {
    const [name, value] = text.split('=') as [string, string]
    const scope = { model, children: new Map(), now: new Date(), me: null, rule: () => null }
    return { where: [readPair(scope, `${KEY}.${name}`, value)] }
  })

test('without an index a field is filtered all the same; with one few rows are read, by the login of requests', async () => {
  await defined(h.alice, FIELDS)
  const before = await h.alice.get(`/api/clients?${KEY}.code=c17&count=exact`)
  expect(before.body.total.value).toBeGreaterThan(3)
  expect(await isWanting()).toBe(true)
  // Rows of another tenant under the same names must neither break the index nor be broken by it.
  await defined(h.bob, OTHERS)
  await enter(h.bob, { code: true, budget: 'x'.repeat(9_000), due: '2020-02-31' })
  const { applied } = await keepIndexes()
  expect([applied.length, await isWanting()]).toEqual([6, false])
  await enter(h.bob, { code: false, budget: 'y'.repeat(9_000), due: 'tomorrow' })
  for (const text of FILTERS) {
    const { own, read } = await explain(await filtered(text))
    expect([text, own.length > 0, read < 200], `${own.join()} ${read}`).toEqual([text, true, true])
  }
  const after = await h.alice.get(`/api/clients?${KEY}.code=c17&count=exact`)
  expect(after.body.items).toEqual(before.body.items)
  expect((await h.bob.get(`/api/clients?${KEY}.due=tomorrow`)).body.items).toHaveLength(1)
}, 60_000)

test('a sort reads one page of its index, at the start and further on', async () => {
  for (const sort of [`${KEY}.budget`, `-${KEY}.budget`, `${KEY}.word`, `-${KEY}.due`]) {
    const first = await queryOf((model) => ({ sort: readSort(model, sort) }))
    const { rows } = await h.kernel.services.database.transaction(
      kernelClaims(h.tenants.alice),
      'read',
      (transaction) => transaction.query<{ keys: (string | null)[] }>(compileList(first)),
    )
    for (const after of [null, rows[49]!.keys]) {
      const { own, read } = await explain({ ...first, after })
      expect([sort, own.length > 0, read < 300], `${own.join()} ${read}`).toEqual([sort, true, true])
    }
  }
})

test('the lint knows the indexes, and finds one that nobody has asked for', async () => {
  const { database, roles } = await openDatabase(h.database.ownerUrl, SECRET, 6)
  try {
    const lint = () => lintCatalogue((query) => database.door(query), roles)
    expect(await lint()).toEqual([])
    await h.database.query(`create index clients_t_0123456789abcdef on clients ((extensions->'x'))`)
    expect(await lint()).toEqual(['clients_t_0123456789abcdef: an index of tenant fields is not one that is kept'])
    await h.database.query('drop index clients_t_0123456789abcdef')
  } finally {
    await database.close()
  }
})

test('a build that was broken off is made anew', async () => {
  const [one] = await h.database.query<{ name: string }>('select name from kernel.field_indexes order by name limit 1')
  await h.database.query('update pg_index set indisvalid = false where indexrelid = $1::regclass', [one!.name])
  expect(await isWanting()).toBe(true)
  expect((await keepIndexes()).applied).toEqual([one!.name])
  expect(await isWanting()).toBe(false)
})

test('rows are written while an index is made, and a migration leaves it alone', async () => {
  await defined(h.alice, { ...FIELDS, later: { type: 'number', 'x-filter': true } })
  const [made, ...written] = await Promise.all([keepIndexes(), ...[1, 2, 3].map((later) => enter(h.alice, { later }))])
  expect([made.applied.length, written.length]).toEqual([1, 3])
  const before = await indexes()
  await h.database.query(`update kernel.derived set hash = '' where "table" = 'clients'`)
  const { describePlugins } = await import('../host/trial.ts')
  const { described } = await describePlugins(configFor(h.database).plugins)
  await migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described })
  expect(await indexes()).toBe(before)
}, 60_000)

test('whoever asks for indexes is asked soon after a change, and not when nothing is wanting', async () => {
  const { database, switches } = h.kernel.services
  let asked = 0
  const end = watchIndexes({ database, switches, report: () => {} }, () => asked++)
  try {
    await h.alice.patch('/api/plugins/tenantfields', { enabled: true })
    await defined(h.alice, { ...FIELDS, novel: { type: 'number', 'x-sort': true } })
    await eventually(async () => asked > 0, 'an index is asked for')
  } finally {
    end()
  }
})

test('an index goes with the last field that it serves', async () => {
  await defined(h.bob, { word: FIELDS.word })
  await defined(h.alice, {})
  await keepIndexes()
  expect(await indexes()).toBe(1)
  await defined(h.bob, {})
  await keepIndexes()
  expect([await indexes(), await isWanting()]).toEqual([0, false])
  expect(await h.database.query(`select stxname from pg_statistic_ext where stxname ~ '_t_[0-9a-f]{16}$'`)).toEqual([])
})
