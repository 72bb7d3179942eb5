/** Every operator on every type of column, of a resource's own, of an extension and kept from other rows, against plain JavaScript. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { fillGauges, type GaugeRow, KINDS, type Keeper, sampleOf, valueOf } from '../../tests/support/gauges.ts'
import { createRandom } from '../../tests/support/random.ts'
import { type Operator, operatorsOf } from './filter.ts'
import type { Field, Model } from './model.ts'

const ROWS = 150
const OPERATORS: readonly Operator[] = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in', 'has', 'empty']

let h: Harness
let fields: Field[]
let rows: GaugeRow[]
let keepers: Keeper[]
beforeAll(async () => {
  h = await openHarness()
  const model: Model = h.kernel.services.compositions.whole.resources.get('gauge')!.model
  fields = [...model.fields.values()].filter(({ filter }) => filter)
  const member = await h.addMember(h.tenants.alice, 'mona@test.example', 'member')
  const visitors: Visitor[] = [h.alice, member]
  keepers = await Promise.all(
    visitors.map(async (visitor) => ({ visitor, id: (await visitor.get('/api/session')).body.user.id as string })),
  )
  rows = await fillGauges(keepers, ROWS, createRandom(7))
  await fillGauges([{ visitor: h.bob, id: (await h.bob.get('/api/session')).body.user.id }], 5, createRandom(7))
}, 60_000)
afterAll(() => h?.close())

const ask = (filter: object, visitor = h.alice) =>
  visitor.get(`/api/gauge?limit=200&sort=id&filter=${encodeURIComponent(JSON.stringify(filter))}`)

async function find(filter: object, visitor = h.alice): Promise<string[]> {
  const { status, body } = await ask(filter, visitor)
  expect(status, JSON.stringify([filter, body])).toBe(200)
  return body.items.map(({ id }: GaugeRow) => id)
}

const matching = (holds: (row: GaugeRow) => boolean) =>
  rows
    .filter(holds)
    .map(({ id }) => id)
    .toSorted()

/** What each operator says, over values that compare as JavaScript compares them. */
const MEANING: Record<Operator, (have: any, want: any) => boolean> = {
  eq: (have, want) => have !== null && have === want,
  ne: (have, want) => have !== want,
  lt: (have, want) => have !== null && have < want,
  lte: (have, want) => have !== null && have <= want,
  gt: (have, want) => have !== null && have > want,
  gte: (have, want) => have !== null && have >= want,
  in: (have, want) => have !== null && want.includes(have),
  has: (have, want) => have !== null && have.includes(want),
  empty: (have, want) => want === (have === null || (Array.isArray(have) && have.length === 0)),
}

/** What is asked, as it is written and as it compares. */
function questionsOf(field: Field, operator: Operator, random: () => number): { given: unknown; want: unknown }[] {
  const one = () => sampleOf(field, { rows, keepers, random })
  if (operator === 'empty') return [true, false].map((given) => ({ given, want: given }))
  if (operator !== 'in') return [one(), one(), one()]
  return [0, 1, 3].map((count) => {
    const several = Array.from({ length: count }, one)
    return { given: several.map(({ given }) => given), want: several.map(({ want }) => want) }
  })
}

test('every operator on every field finds the rows that JavaScript finds, and its negation all others', async () => {
  const random = createRandom(11)
  const met = new Set<string>()
  for (const field of fields) {
    for (const operator of operatorsOf(field)) {
      for (const { given, want } of questionsOf(field, operator, random)) {
        const filter = { [field.key]: { [operator]: given } }
        const holds = (row: GaugeRow) => MEANING[operator](valueOf(row, field), want)
        expect(await find(filter), JSON.stringify(filter)).toEqual(matching(holds))
        expect(await find({ not: filter }), `not ${JSON.stringify(filter)}`).toEqual(matching((row) => !holds(row)))
      }
      met.add(`${field.extension === null ? 'own' : field.rollup ? 'kept' : 'extension'} ${field.type} ${operator}`)
    }
  }
  expect(met.size).toBeGreaterThan(100)
}, 120_000)

test('random conditions of all kinds together find what JavaScript finds', async () => {
  const random = createRandom(23)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  type Built = { filter: object; holds: (row: GaugeRow) => boolean }
  const test = (): Built => {
    const field = pick(fields)
    const operator = pick(operatorsOf(field))
    const { given, want } = pick(questionsOf(field, operator, random))
    return {
      filter: { [field.key]: { [operator]: given } },
      holds: (row) => MEANING[operator](valueOf(row, field), want),
    }
  }
  const group = (depth: number): Built => {
    if (depth === 2 || random() < 0.25) return test()
    const kind = pick(['all', 'any', 'not'] as const)
    const items = Array.from({ length: kind === 'not' ? 1 : 1 + Math.floor(random() * 3) }, () => group(depth + 1))
    const [first] = items as [Built]
    if (kind === 'not') return { filter: { not: first.filter }, holds: (row) => !first.holds(row) }
    const filter = { [kind]: items.map((item) => item.filter) }
    return kind === 'all'
      ? { filter, holds: (row) => items.every(({ holds }) => holds(row)) }
      : { filter, holds: (row) => items.some(({ holds }) => holds(row)) }
  }
  for (let i = 0; i < 150; i++) {
    const { filter, holds } = group(0)
    expect(await find(filter), JSON.stringify(filter)).toEqual(matching(holds))
  }
}, 60_000)

test('rows that belong to a row are asked by every operator too', async () => {
  const parts = (row: GaugeRow): GaugeRow[] => row.parts
  expect(await find({ some: { 'gauge.parts': { size: { gt: 3 } } } })).toEqual(
    matching((row) => parts(row).some(({ size }) => size !== null && size > 3)),
  )
  expect(await find({ not: { some: { 'gauge.parts': { id: { empty: false } } } } })).toEqual(
    matching((row) => parts(row).length === 0),
  )
  const both = { some: { 'gauge.parts': { all: [{ any: [{ name: 'amber' }, { due: null }] }, { size: { lte: 4 } }] } } }
  expect(await find(both)).toEqual(
    matching((row) =>
      parts(row).some(({ name, due, size }) => (name === 'amber' || due === null) && size !== null && size <= 4),
    ),
  )
})

test('a bare value means eq, of a list has, and null is empty', async () => {
  expect(await find({ word: 'amber' })).toEqual(matching(({ word }) => word === 'amber'))
  expect(await find({ marks: 'amber' })).toEqual(matching(({ marks }) => Boolean(marks?.includes('amber'))))
  expect(await find({ price: null })).toEqual(matching(({ price }) => price === null))
})

test('me is the one who asks, and nobody where nobody does', async () => {
  for (const { visitor, id } of keepers) {
    expect(await find({ keeperId: 'me' }, visitor)).toEqual(matching(({ keeperId }) => keeperId === id))
    expect(await find({ createdBy: { in: ['me'] } }, visitor)).toEqual(matching(({ createdBy }) => createdBy === id))
    expect(await find({ keeperId: { ne: 'me' } }, visitor)).toEqual(matching(({ keeperId }) => keeperId !== id))
  }
  const first = await keepers[0]!.visitor.get('/api/gauge?createdBy=me&limit=1')
  const second = await keepers[1]!.visitor.get(`/api/gauge?createdBy=me&limit=1&after=${first.body.next}`)
  expect([second.status, second.body.code]).toEqual([400, 'invalid_cursor'])
})

test('what happened lately is told by hours, days, weeks, months and years', async () => {
  for (const unit of ['h', 'd', 'w', 'm', 'y']) {
    expect(await find({ createdAt: { gt: `now-1${unit}`, lte: `now+1${unit}` } }), unit).toEqual(matching(() => true))
    expect(await find({ createdAt: { gt: `now+1${unit}` } }), unit).toEqual([])
  }
})

const BAD: Record<string, readonly [value: unknown, code: string][]> = {
  text: [
    [1, 'type'],
    ['\0', 'text'],
  ],
  uuid: [
    ['me too', 'format'],
    [1, 'type'],
  ],
  integer: [
    [1.5, 'type'],
    ['x', 'type'],
    [2 ** 31, 'type'],
  ],
  bigint: [[1e300, 'type']],
  'double precision': [['1e3', 'type']],
  numeric: [['1.2.3', 'type']],
  boolean: [['yes', 'type']],
  date: [['2026-02-30', 'format']],
  time: [['25:00', 'format']],
  timestamptz: [
    ['yesterday', 'format'],
    [5, 'type'],
  ],
}

test('every other operator and every value of another type is refused with its place', async () => {
  for (const field of fields) {
    const allowed = operatorsOf(field)
    for (const operator of [...OPERATORS, 'like', '__proto__'].filter((each) => !allowed.includes(each as Operator))) {
      const { status, body } = await ask(JSON.parse(`{"${field.key}":{"${operator}":"x"}}`))
      const expected = [400, 'invalid_filter', `filter/${field.key}/${operator}`, 'operator']
      expect([status, body.code, body.errors?.[0]?.path, body.errors?.[0]?.code]).toEqual(expected)
    }
    const asked = allowed.includes('has') ? 'has' : 'eq'
    for (const [value, code] of field.schema.enum ? [['x', 'enum'] as const] : (BAD[field.type] ?? [])) {
      const { status, body } = await ask({ [field.key]: { [asked]: value } })
      expect([status, body.errors?.[0]?.path, body.errors?.[0]?.code], field.key).toEqual([
        400,
        `filter/${field.key}/${asked}`,
        code,
      ])
    }
    expect((await ask({ [field.key]: { empty: 'true' } })).body.errors[0].code).toBe('type')
  }
  for (const kind of KINDS)
    expect(
      fields.some(({ type }) => type === kind),
      kind,
    ).toBe(true)
})
