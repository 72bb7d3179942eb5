/** Every declared filter, sort and search is explained as the login that serves requests, on rows enough to tell. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillRows } from '../../tests/support/bulk.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import type { Query, Transaction } from '../data/database.ts'
import { BEGINNING, compileChanges } from '../facts/changes.ts'
import { compileHistory } from '../facts/history.ts'
import type { Composed } from '../work/composition.ts'
import { readPair } from './filter.ts'
import {
  compileCount,
  compileGet,
  compileList,
  type ListQuery,
  MAX_HITS,
  readSort,
  type SortKey,
  type Statement,
} from './list.ts'
import type { Field, Model } from './model.ts'

const ROWS = 20_000
/** Of the resources that belong to clients fewer rows are enough. */
const countOf = (model: Model) => (model.name === 'clients' ? ROWS : ROWS / 4)
/** What one page may read of a table at most, of 20,000 rows. */
const MAX_READ = 2_500

let h: Harness
let resources: Composed[]
beforeAll(async () => {
  h = await openHarness()
  resources = [...h.kernel.services.compositions.whole.resources.values()]
  for (const { model } of resources) {
    await fillRows(h.database, model, { [h.tenants.bob]: 3_000, [h.tenants.alice]: countOf(model) })
  }
}, 120_000)
afterAll(() => h?.close())

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly Node[]
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

const readBy = (node: Node) =>
  ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
  (node['Actual Loops'] ?? 1)

const claims = () =>
  ({
    tenant: h.tenants.alice,
    actorKind: 'user',
    actor: null,
    plugin: null,
    request: null,
    origin: null,
    task: null,
    at: null,
  }) as const

const asApp = <T>(work: (transaction: Transaction) => Promise<T>) =>
  h.kernel.services.database.transaction(claims(), 'read', work)

/** The plan after six runs, when PostgreSQL has chosen between a plan for these values and one for all. */
async function explain({ name, text, values, isPlannedEachTime, isOrdered }: Statement): Promise<Node[]> {
  return asApp(async (transaction) => {
    if (isOrdered) await transaction.query({ text: 'set local enable_sort = off' })
    const read = async (asked: Query) => {
      const { rows } = await transaction.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(asked)
      return nodesOf(rows[0]!['QUERY PLAN'][0].Plan)
    }
    if (!name || isPlannedEachTime) return read({ text: `explain (analyze, format json) ${text}`, values })
    for (let i = 0; i < 6; i++) await transaction.query({ name, text, values })
    const given = values.map((value) =>
      Array.isArray(value) ? `'{${value.join(',')}}'` : `'${String(value).replaceAll("'", "''")}'`,
    )
    return read({ text: `explain (analyze, format json) execute "${name}" (${given.join(', ')})` })
  })
}

/** A month of facts that has not come holds no page that could be read. */
async function isEmptyMonth(relation: string): Promise<boolean> {
  if (!relation.startsWith('facts_')) return false
  const text = `select pg_relation_size('kernel.' || $1) = 0 as is_empty`
  return (await h.database.query<{ is_empty: boolean }>(text, [relation]))[0]?.is_empty === true
}

/** So few pages are read in some tens of milliseconds, however they are read. */
const FEW_PAGES = 5_000

async function isSmall(relation: string): Promise<boolean> {
  const text = `select pg_relation_size(to_regclass($1)) < $2::bigint * 8192 as is_small`
  return (await h.database.query<{ is_small: boolean }>(text, [relation, FEW_PAGES]))[0]?.is_small === true
}

/** @returns what is wrong with the plan, or null */
async function judge({ statement, maxRead = Infinity, isFewAllowed }: Case): Promise<string | null> {
  const scans = (await explain(statement)).filter(
    (node) => node['Node Type'].endsWith('Scan') && node['Node Type'] !== 'Subquery Scan',
  )
  const whole = scans.filter(
    (node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] && node['Actual Loops'] !== 0,
  )
  for (const node of whole) {
    const relation = String(node['Relation Name'])
    if (!(await isEmptyMonth(relation)) && !(isFewAllowed && (await isSmall(relation))))
      return `reads all of ${relation}`
  }
  const read = Math.max(...scans.map(readBy))
  return read > maxRead ? `reads ${read} rows` : null
}

interface Case {
  readonly label: string
  readonly statement: Statement
  readonly maxRead?: number
  /** The whole of a small table may be read. */
  readonly isFewAllowed?: boolean
}

async function findSlow(cases: readonly Case[]): Promise<string[]> {
  const slow: string[] = []
  for (const each of cases) {
    const fault = await judge(each)
    if (fault) slow.push(`${each.label}: ${fault}`)
  }
  return slow
}

function query(model: Model, more: Partial<ListQuery> = {}): ListQuery {
  const sort = readSort(model, undefined)
  return {
    model,
    tenant: h.tenants.alice,
    where: [],
    q: '',
    searched: null,
    sort,
    limit: 50,
    after: null,
    include: [],
    rule: () => null,
    ...more,
  }
}

const SHARES = [0.01, 0.5, 0.99]

/** Values of each field as a query string would hold them: a low, a middle and a high one. */
async function sampleValues(model: Model, fields: readonly Field[]): Promise<Map<Field, readonly string[]>> {
  const cells = fields.map((field, i) => {
    const one = field.type.endsWith('[]')
      ? `(${field.sql})[1]`
      : field.type === 'jsonb'
        ? `${field.sql}->>0`
        : field.sql
    const [low, middle, high] = SHARES.map((_, at) => {
      const value = `(percentile_disc(array[${SHARES.join(', ')}]) within group (order by ${one}))[${at + 1}]`
      return field.type === 'timestamptz' ? `kernel.iso(${value})` : `${value}::text`
    })
    return `array[${low}, ${middle}, ${high}] as f${i}`
  })
  const [row] = await h.database.query<Record<string, string[]>>(
    `select ${cells.join(', ')} from "${model.table}" where tenant_id = $1`,
    [h.tenants.alice],
  )
  return new Map(fields.map((field, i) => [field, row![`f${i}`]!]))
}

/** Which sample finds few rows. */
const PLACES: Record<string, number> = { lt: 0, lte: 0, gt: 2, gte: 2 }
const EQUALS = ['eq', 'in']
const ORDERED = new Set(['text', 'integer', 'bigint', 'double precision', 'numeric', 'date', 'time', 'timestamptz'])

function indexedOperators(field: Field): string[] {
  if (field.type.endsWith('[]')) return ['has']
  if (field.type === 'boolean') return ['eq']
  return ORDERED.has(field.type) ? [...EQUALS, ...Object.keys(PLACES)] : EQUALS
}

/**
 * Whether PostgreSQL can know that few rows are found. Under row security it takes no statistics for comparisons of
 * decimals, which are not leakproof: a range of them is read in the order of the list.
 */
const isTelling = ({ type, filter }: Field, operator: string) =>
  !filter?.few && !(type === 'numeric' && operator in PLACES)

/** Of a field of few values the one that `fillRows` gives to one row of a thousand. */
const rareOf = ({ schema, type }: Field) => (type === 'boolean' ? 'true' : String((schema.enum as string[]).at(-1)))

async function filterCases({ model, children }: Composed, isIndexed: boolean): Promise<Case[]> {
  const fields = [...model.fields.values()].filter(
    ({ filter, type, schema }) => filter && schema.type !== 'object' && (type !== 'jsonb') === isIndexed,
  )
  const samples = await sampleValues(model, fields)
  const cases: Case[] = []
  for (const field of fields) {
    for (const operator of isIndexed ? indexedOperators(field) : [field.type === 'jsonb' ? 'has' : 'eq']) {
      const value = samples.get(field)![PLACES[operator] ?? 1]!
      const where = [
        readPair({ model, children, now: new Date(), me: null, rule: () => null }, `${field.key}.${operator}`, value),
      ]
      const label = `${model.name}?${field.key}.${operator}=${value}`
      const few = isTelling(field, operator) && isIndexed ? { maxRead: MAX_READ } : {}
      cases.push({ label, statement: compileList(query(model, { where })), ...few })
      // An index of an expression is not read alone: what most rows have is counted in the rows.
      const isCommon = field.filter?.few && field.extension !== null
      if (isIndexed && EQUALS.includes(operator) && !isCommon)
        cases.push({ label: `${label} counted`, statement: compileCount(query(model, { where })), ...few })
    }
  }
  return cases
}

async function casesOfFilters(isIndexed: boolean): Promise<Case[]> {
  const cases: Case[] = []
  for (const each of resources) cases.push(...(await filterCases(each, isIndexed)))
  return cases
}

/** A position among the rows that have a value to sort by, and one among those that have none. */
async function positionsOf({ model, sort }: ListQuery): Promise<(string | null)[][]> {
  const [first] = sort as [SortKey]
  const keys = sort.map(({ field, descending }) => `${field.sql} ${descending ? 'desc' : 'asc'}`)
  const texts = [...sort.map(({ field }) => `${field.sql}::text`), 'id::text']
  const read = (condition: string, offset: number) =>
    h.database.query<{ keys: (string | null)[] }>(
      `select array[${texts.join(', ')}] as keys from "${model.table}" where tenant_id = $1 and deleted_at is null and ${condition}
       order by ${[...keys, `id ${sort.at(-1)?.descending ? 'desc' : 'asc'}`].join(', ')} offset ${offset} limit 1`,
      [h.tenants.alice],
    )
  const found = [
    ...(await read(`${first.field.sql} is not null`, countOf(model) / 2)),
    ...(await read(`${first.field.sql} is null`, 200)),
  ]
  return found.map((row) => row.keys)
}

async function sortCases(model: Model, sort: string): Promise<Case[]> {
  const list = query(model, { sort: readSort(model, sort) })
  const first = { label: `${model.name} by ${sort}`, statement: compileList(list), maxRead: 300 }
  const positions = await positionsOf(list)
  const further = positions.map((after) => ({
    label: `${model.name} by ${sort} after ${after.join(', ')}`,
    statement: compileList({ ...list, after }),
    maxRead: 300,
  }))
  return [first, ...further]
}

test('no declared filter reads a table from end to end, and a rare value reads few rows', async () => {
  const cases = await casesOfFilters(true)
  expect(cases.length).toBeGreaterThan(60)
  expect(await findSlow(cases)).toEqual([])
})

test('a rare value of a field of few values is found and counted by few rows, common ones asked before it or not', async () => {
  const cases = resources.flatMap(({ model, children }) => {
    const few = [...model.fields.values()].filter(
      ({ schema, filter, type }) => filter && (schema.enum || type === 'boolean'),
    )
    return few.flatMap((field) => {
      const scope = { model, children, now: new Date(), me: null, rule: () => null }
      const where = [readPair(scope, field.key, rareOf(field))]
      const label = `${model.name}?${field.key}=${rareOf(field)}`
      return [
        { label, statement: compileList(query(model, { where })), maxRead: 300 },
        { label: `${label} counted`, statement: compileCount(query(model, { where })), maxRead: 300 },
      ]
    })
  })
  expect(cases.length).toBeGreaterThan(10)
  expect(cases.every(({ statement }) => statement.isPlannedEachTime)).toBe(true)
  expect(await findSlow(cases)).toEqual([])
})

test('a filter without an index of its own follows the order of the list', async () => {
  const cases = await casesOfFilters(false)
  expect(cases.length).toBeGreaterThan(0)
  expect(await findSlow(cases.map((each) => ({ ...each, isFewAllowed: true })))).toEqual([])
})

test('every declared sort reads one page, at the start, in the middle and in the tail of empty values', async () => {
  const cases: Case[] = []
  for (const { model } of resources) {
    const keys = [...model.fields.values()].filter(({ sort }) => sort).map(({ key }) => key)
    for (const key of [...keys, 'id'])
      cases.push(...(await sortCases(model, key)), ...(await sortCases(model, `-${key}`)))
    cases.push(...(await sortCases(model, model.defaultSort.join(','))))
    if (model.keep !== 'log') cases.push(...(await sortCases(model, '-createdAt,updatedAt')))
  }
  expect(await findSlow(cases)).toEqual([])
}, 60_000)

const SEARCHES = [
  'z',
  'lé',
  'zoe',
  'besnard 4711',
  'firstname 4711',
  '06 12 00 42',
  '+33 6 12 00 42 34',
  '1 2',
  'nobody is called so',
]

test('a search of any length reads no table from end to end, and a rare one few rows', async () => {
  const cases = resources.flatMap(({ model }) =>
    SEARCHES.flatMap((q) => {
      const rare = q.length > 9 ? { maxRead: MAX_READ } : {}
      const narrowed = [...model.fields.values()].filter(({ search, extension }) => search && extension === null)
      const label = `${model.name}?q=${q}`
      return [
        { label, statement: compileList(query(model, { q })), ...rare },
        { label: `${label} narrowed`, statement: compileList(query(model, { q, searched: narrowed })), ...rare },
      ]
    }),
  )
  expect(await findSlow(cases)).toEqual([])
})

/** The first ids of a list, page after page, and what each page says of the number of hits. */
async function walkPages(list: ListQuery, pages: number): Promise<{ ids: string[]; hits: Set<number> }> {
  const ids: string[] = []
  const hits = new Set<number>()
  let after: readonly (string | null)[] | null = null
  for (let page = 0; page < pages; page++) {
    const statement: Statement = compileList({ ...list, after })
    type Row = { keys: (string | null)[]; hits: number }
    const { rows } = await asApp((transaction) => transaction.query<Row>(statement))
    const shown = rows.slice(0, list.limit)
    ids.push(...shown.map(({ keys }) => keys.at(-1)!))
    for (const row of shown) hits.add(row.hits)
    if (shown.length < list.limit) break
    after = shown.at(-1)?.keys ?? null
  }
  return { ids, hits }
}

test.each([
  ['q', 'user', MAX_HITS + 1],
  ['q', 'firstname 471', null],
  ['lastName', 'Common', MAX_HITS + 1],
  ['lastName', 'Noël lastName 471', null],
])('%s=%s gives its hits in the order of the list, page after page', async (name, value, hits) => {
  const { model } = resources.find((each) => each.model.name === 'clients')!
  if (value === 'Common')
    await h.database.query(
      `begin; set local session_replication_role = replica; update clients set last_name = 'Common'
        where tenant_id = '${h.tenants.alice}' and last_name like 'Zoé %'; commit`,
    )
  const scope = { model, children: new Map(), now: new Date(), me: null, rule: () => null }
  const asked = name === 'q' ? { q: value } : { where: [readPair(scope, name, value)] }
  const like =
    name === 'q'
      ? value.split(' ').map((word) => `search_text like '%${word}%'`)
      : [`${model.fields.get(name)!.sql} = '${value}'`]
  for (const sort of ['-createdAt', 'lastName', '-companyName,email', 'extensions.probe.nextDue']) {
    const list = query(model, { ...asked, sort: readSort(model, sort) })
    const keys = list.sort.map(({ field, descending }) => `${field.sql} ${descending ? 'desc' : 'asc'} nulls last`)
    const expected = await h.database.query<{ id: string; total: number }>(
      `select id, count(*) over ()::integer as total from clients where tenant_id = $1 and deleted_at is null and ${like.join(' and ')}
       order by ${keys.join(', ')}, id ${list.sort.at(-1)?.descending ? 'desc' : 'asc'} limit 150`,
      [h.tenants.alice],
    )
    const found = await walkPages(list, 3)
    expect(found.ids, sort).toEqual(expected.map(({ id }) => id))
    expect(expected[0]!.total > MAX_HITS, 'the sample is of the kind that it stands for').toBe(hits !== null)
    expect([...found.hits], sort).toEqual([hits ?? expected[0]!.total])
  }
})

test('what belongs to a row, and what changed, is read by its owner: includes, history, changes', async () => {
  const cases = resources.flatMap(({ model, children }) => {
    const id = `md5('${h.tenants.alice}${model.name}1')::uuid`
    return { model, id, include: [...children.values()] }
  })
  const statements: Case[] = []
  for (const { model, id, include } of cases) {
    const [row] = await h.database.query<{ id: string }>(`select ${id}::text as id`)
    const place = { tenant: h.tenants.alice, id: row!.id }
    statements.push({ label: `${model.name} one`, statement: compileGet(model, place, { include }), maxRead: 300 })
    statements.push({
      label: `${model.name} with children`,
      statement: compileList(query(model, { include })),
      maxRead: 300,
    })
    const resourceNames = resources.map((each) => each.model.name)
    const history = compileHistory({ ...place, resources: resourceNames, before: null, limit: 50 })
    statements.push({ label: `${model.name} history`, statement: history })
  }
  // The facts of this test are few, and a table of one page is read whole whatever its indexes.
  await h.database.query(`set session_replication_role = replica`)
  await h.database.query(
    `insert into kernel.facts (tenant_id, at, event, resource, row_id, record_id, actor_kind)
     select $1::uuid, now(), 'clients.updated', 'clients', md5('row' || i)::uuid, md5('record' || i % 5000)::uuid, 'user' from generate_series(1, 20000) i`,
    [h.tenants.alice],
  )
  const [middle] = await h.database.query<{ xid: string; id: string }>(
    'select xid::text, id::text from kernel.facts order by facts.xid, facts.id offset 10000 limit 1',
  )
  for (const [label, after] of Object.entries({ first: BEGINNING, further: middle! })) {
    const place = { tenant: h.tenants.alice, after, plugins: [], limit: 50 }
    const changes = (resource: string) => compileChanges({ ...place, resources: [resource] })
    statements.push({ label: `${label} changes`, statement: changes('clients'), maxRead: 300 })
    statements.push({ label: `${label} changes of a rare resource`, statement: changes('rare'), maxRead: 5_000 })
  }
  await h.database.query(`set session_replication_role = origin`)
  await h.database.query('analyze kernel.facts')
  expect(await findSlow(statements)).toEqual([])
})
