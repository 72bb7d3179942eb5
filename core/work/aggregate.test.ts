/** Groups over HTTP and for plugin code, against sums that JavaScript makes of random rows. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillGauges, type GaugeRow, type Keeper } from '../../tests/support/gauges.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import { createRandom } from '../../tests/support/random.ts'

let h: Harness
let rows: GaugeRow[]
beforeAll(async () => {
  h = await openHarness()
  const keeper = async (visitor: Harness['alice']): Promise<Keeper> => ({
    visitor,
    id: (await visitor.get('/api/session')).body.user.id,
  })
  rows = await fillGauges([await keeper(h.alice)], 160, createRandom(3))
  await fillGauges([await keeper(h.bob)], 20, createRandom(4))
  const gone = rows.pop()
  await h.alice.remove(`/api/gauge/${gone.id}`, gone.version)
}, 60_000)
afterAll(() => h?.close())

async function groups(query: string, visitor = h.alice) {
  const { status, body } = await visitor.get(`/api/gauge/aggregate?${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.items as { by: Record<string, unknown>; values: Record<string, any> }[]
}

/** Rows by the texts of their keys. */
function gather(keysOf: (row: GaugeRow) => unknown[], among = rows): Map<string, GaugeRow[]> {
  return Map.groupBy(among, (row) => JSON.stringify(keysOf(row)))
}
const keyOf = ({ by }: { by: Record<string, unknown> }) => JSON.stringify(Object.values(by))
const present = (all: any[]) => all.filter((value) => value !== null && value !== undefined)
const sum = (all: number[]) => all.reduce((a, b) => a + b, 0)
/** In hundredths, so that no digit is lost. */
const cents = (all: any[]) => sum(present(all).map((text: string) => Math.round(Number(text) * 100)))

test('counts, sums and extremes of each group are those of its rows', async () => {
  const found = await groups(
    'by=kind&values=count,sum:steps,sum:price,min:day,max:at,avg:weight,countDistinct:word,sum:extensions.gauge.price,max:extensions.gauge.partCount',
  )
  const expected = gather(({ kind }) => [kind])
  expect(found.map(keyOf).toSorted()).toEqual([...expected.keys()].toSorted())
  for (const group of found) {
    const own = expected.get(keyOf(group))!
    const all = (name: string) => present(own.map((row) => row[name]))
    const { values } = group
    expect(values.count).toBe(own.length)
    expect(values['sum:steps']).toBe(sum(all('steps')))
    expect(typeof values['sum:price']).toBe('string')
    expect(cents([values['sum:price']])).toBe(cents(all('price')))
    expect(values['min:day']).toBe(all('day').toSorted()[0])
    expect(values['max:at']).toBe(all('at').toSorted().at(-1))
    expect(values['avg:weight']).toBeCloseTo(sum(all('weight')) / all('weight').length, 9)
    expect(values['countDistinct:word']).toBe(new Set(all('word')).size)
    expect(cents([values['sum:extensions.gauge.price']])).toBe(cents(own.map((row) => row.extensions.gauge.price)))
    expect(values['max:extensions.gauge.partCount']).toBe(Math.max(...own.map(({ parts }) => parts.length)))
  }
})

test('decimals are exact to the last digit', async () => {
  for (const price of ['0.1', '0.2', '123456789012345678.000000000001']) {
    expect((await h.bob.post('/api/gauge', { word: 'exact', price })).status).toBe(201)
  }
  const [group] = await groups('word=exact&values=sum:price,min:price,avg:price', h.bob)
  expect(group!.values).toMatchObject({ 'sum:price': '123456789012345678.300000000001', 'min:price': '0.1' })
  expect(group!.values['avg:price']).toBe('41152263004115226.1')
})

test('moments and days are gathered by period, in the zone that is asked for', async () => {
  for (const [unit, first] of [
    ['month', (text: string) => `${text.slice(0, 7)}-01`],
    ['year', (text: string) => `${text.slice(0, 4)}-01-01`],
    ['quarter', (text: string) => `${text.slice(0, 4)}-${text.slice(5, 7) > '09' ? '10' : '01'}-01`],
    ['day', (text: string) => text.slice(0, 10)],
  ] as const) {
    const found = await groups(`by=at:${unit},day:month&limit=1000`)
    const expected = gather(({ at, day }) => [at && first(at), day && `${day.slice(0, 7)}-01`])
    expect(new Map(found.map((each) => [keyOf(each), each.values.count]))).toEqual(
      new Map([...expected].map(([key, own]) => [key, own.length])),
    )
  }
  const local = (text: string) => new Date(text).toLocaleDateString('sv-SE', { timeZone: 'America/New_York' })
  const found = await groups('by=at:day&tz=America/New_York&limit=1000')
  const expected = gather(({ at }) => [at && local(at)])
  expect(found.map((each) => [keyOf(each), each.values.count]).toSorted()).toEqual(
    [...expected].map(([key, own]) => [key, own.length]).toSorted(),
  )
  const weeks = await groups('by=at:week&limit=1000')
  for (const { by } of weeks) if (by['at:week']) expect(new Date(by['at:week'] as string).getUTCDay()).toBe(1)
})

test('filters, words and the order are those of a list; without keys there is one group', async () => {
  const filter = encodeURIComponent(JSON.stringify({ some: { 'gauge.parts': { size: { gt: 3 } } } }))
  const among = rows.filter(({ open, parts }) => open === true && parts.some(({ size }: GaugeRow) => size > 3))
  expect((await groups(`open=true&filter=${filter}`))[0]!.values.count).toBe(among.length)
  const isAmber = ({ word, extensions }: GaugeRow) => [word, extensions.gauge.word].includes('amber')
  expect((await groups('q=amber'))[0]!.values.count).toBe(rows.filter(isAmber).length)
  expect(await groups('word=nobody&values=count,sum:price')).toEqual([
    { by: {}, values: { count: 0, 'sum:price': null } },
  ])
  const counts = (await groups('by=word&values=count,min:at&sort=-count,word')).map(({ by, values }) => [
    values.count,
    by.word,
  ])
  const byCount = (a: any, b: any) => b[0] - a[0] || ((a[1] ?? '~') < (b[1] ?? '~') ? -1 : 1)
  expect(counts).toEqual(counts.toSorted(byCount))
  const { body } = await h.alice.get('/api/gauge/aggregate?by=word&by=kind&limit=2')
  expect([body.items.length, body.more]).toEqual([2, true])
})

test('another tenant’s rows are in no group, and who may not read is told nothing', async () => {
  const all = await groups('values=count', h.bob)
  expect(all[0]!.values.count).toBe(23)
  expect((await h.anonymous().get('/api/gauge/aggregate')).status).toBe(401)
  const { body } = await h.alice.post('/api/api-keys', { name: 'narrow', permissions: ['clients.read'] })
  const headers = { authorization: `Bearer ${body.key}` }
  expect((await h.anonymous().call('GET', '/api/gauge/aggregate', { headers })).status).toBe(403)
  await h.bob.patch('/api/plugins/gauge', { enabled: false })
  expect((await h.bob.get('/api/gauge/aggregate')).status).toBe(404)
  await h.bob.patch('/api/plugins/gauge', { enabled: true })
})

test('plugin code names its values and gets the same', async () => {
  const { status, body } = await h.alice.post('/api/gauge/tell', {
    where: { open: true },
    by: [{ field: 'day', unit: 'month' }],
    sort: ['-rows'],
  })
  expect([status, body.more]).toEqual([200, false])
  const expected = gather(
    ({ day }) => [day && `${day.slice(0, 7)}-01`],
    rows.filter(({ open }) => open),
  )
  expect(body.items).toHaveLength(expected.size)
  for (const group of body.items) {
    const own = expected.get(keyOf(group))!
    expect(group.values).toMatchObject({ rows: own.length, twice: own.length * 2 })
    expect(cents([group.values.total])).toBe(cents(own.map(({ price }) => price)))
  }
})

const REFUSED: [query: string, path: string, code: string][] = [
  ['by=nothing', 'by', 'unknown'],
  ['by=tenantId', 'by', 'unknown'],
  ['by=version', 'by', 'not_filterable'],
  ['by=marks', 'by', 'not_groupable'],
  ['by=details', 'by', 'not_groupable'],
  ['by=word:month', 'by', 'unit'],
  ['by=at:fortnight', 'by', 'unit'],
  ['by=at:month:day', 'by', 'unit'],
  ['by=kind,kind', 'by', 'repeated'],
  ['by=kind,word,day,open,steps', 'by', 'too_many'],
  ['by=at:day&tz=Mars/Olympus', 'tz', 'tz'],
  ["by=at:day&tz=UTC';drop", 'tz', 'tz'],
  ['by=at:day&tz=%2B02:00', 'tz', 'tz'],
  ['values=total', 'values', 'operator'],
  ['values=count:word', 'values', 'operator'],
  ['values=sum', 'values', 'operator'],
  ['values=sum:nothing', 'values', 'unknown'],
  ['values=sum:word', 'values', 'type'],
  ['values=max:open', 'values', 'type'],
  ['values=count,count', 'values', 'repeated'],
  ['values=', 'values', 'operator'],
  ['sort=word', 'sort', 'unknown'],
  ['limit=0', 'limit', 'range'],
  ['limit=1001', 'limit', 'range'],
  ['limit=2&limit=3', 'limit', 'repeated'],
  ['after=x', 'after', 'unknown'],
  ['word.like=x', 'word.like', 'operator'],
  ['filter={}', 'filter', 'empty'],
]

test('what cannot be grouped or counted is refused with its place', async () => {
  for (const [query, path, code] of REFUSED) {
    const { status, body } = await h.alice.get(`/api/gauge/aggregate?${query}`)
    expect([status, body.errors?.[0]?.path, body.errors?.[0]?.code], query).toEqual([400, path, code])
  }
})

test('the description of the API holds it for every resource', async () => {
  const { body } = await h.alice.get('/api/openapi.json')
  const names = body.paths['/api/gauge/aggregate'].get.parameters.map(({ name }: { name: string }) => name)
  expect(names).toEqual(
    expect.arrayContaining(['by', 'values', 'sort', 'limit', 'tz', 'q', 'filter', 'word', 'at.gte']),
  )
  expect(body.paths['/api/clients/aggregate'].get.operationId).toBe('aggregate_clients')
})
