/** Random rows with a value of every type, and how JavaScript reads and compares them. */
import type { Field } from '../../core/resource/model.ts'
import type { Visitor } from './harness.ts'

/** Every type that a column may have. */
export const KINDS = [
  'text',
  'uuid',
  'integer',
  'bigint',
  'double precision',
  'numeric',
  'boolean',
  'date',
  'time',
  'timestamptz',
  'text[]',
  'uuid[]',
  'integer[]',
  'date[]',
  'jsonb',
] as const

// A row of the tests' plugin: what its fields hold is what the tests are about.
export type GaugeRow = any

/** A user who makes and keeps rows. */
export interface Keeper {
  readonly visitor: Visitor
  readonly id: string
}

// In any collation they stand in this order.
const WORDS = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove']
const digits = (n: number, length: number) => String(n).padStart(length, '0')
const uuidOf = (n: number) => `0000000${n}-0000-4000-8000-00000000000a`

type Random = () => number

/** One value of each field by its name, out of few, so that several rows share it. */
function valuesOf(random: Random, keepers: readonly Keeper[]): Record<string, () => unknown> {
  const upTo = (n: number) => Math.floor(random() * n)
  const some = (one: () => unknown) => [...new Set(Array.from({ length: upTo(4) }, one))]
  const word = () => WORDS[upTo(WORDS.length)]
  const day = () => `2026-0${1 + upTo(3)}-${digits(1 + upTo(9), 2)}`
  return {
    word,
    kind: () => ['alpha', 'beta', 'gamma'][upTo(3)],
    keeperId: () => keepers[upTo(keepers.length)]!.id,
    groupId: () => uuidOf(upTo(6)),
    steps: () => upTo(12) - 4,
    bytes: () => (upTo(9) - 3) * 1_000_000_007,
    weight: () => (upTo(40) - 12) / 4,
    price: () => `${upTo(10) - 3}.${digits(upTo(4) * 25, 2)}`,
    open: () => random() < 0.5,
    day,
    hour: () => `${digits(8 + upTo(4), 2)}:${upTo(2) ? '30' : '00'}${upTo(2) ? ':00' : ''}`,
    at: () => `${day()}T${digits(upTo(3), 2)}:00:00+0${upTo(3)}:00`,
    marks: () => some(word),
    peers: () => some(() => uuidOf(upTo(6))),
    levels: () => some(() => upTo(6)),
    days: () => some(day),
    ratios: () => some(() => upTo(8) / 4),
    details: () => (upTo(2) ? { room: word() } : {}),
  }
}

/** A body with each value three times out of four. */
function bodyOf(make: Record<string, () => unknown>, random: Random): Record<string, unknown> {
  const chosen = Object.entries(make).filter(() => random() < 0.75)
  return Object.fromEntries(chosen.map(([name, value]) => [name, value()]))
}

/** @returns the rows as they are listed, each with the `parts` that belong to it */
export async function fillGauges(keepers: readonly Keeper[], count: number, random: Random): Promise<GaugeRow[]> {
  const make = valuesOf(random, keepers)
  const { groupId: _, ...own } = make
  const part = { name: make.word!, size: () => Math.floor(random() * 8), due: make.day!, seenAt: make.at! }
  for (let i = 0; i < count; i++) {
    const { visitor } = keepers[i % keepers.length]!
    const mail = random() < 0.75 ? { mail: `User${i}@example.test` } : {}
    const body = { ...bodyOf(own, random), ...mail, extensions: { gauge: bodyOf(make, random) } }
    const made = await visitor.post('/api/gauge', body)
    if (made.status !== 201) throw new Error(made.text)
    for (let n = Math.floor(random() * 3); n > 0; n--) {
      const added = await visitor.post('/api/gauge/parts', { ...bodyOf(part, random), gaugeId: made.body.id })
      if (added.status !== 201) throw new Error(added.text)
    }
  }
  const [first] = keepers as [Keeper]
  const { body } = await first.visitor.get('/api/gauge?limit=200&sort=id&include=gauge.parts')
  return body.items.map((row: GaugeRow) => ({ ...row, parts: row['gauge.parts'] }))
}

/** A value so that `<` and `===` say of it what the filter language says. */
function comparable({ type, schema, unique }: Field, value: any): any {
  if (value === null || value === undefined) return null
  if (type === 'numeric') return Number(value)
  if (type === 'timestamptz') return Date.parse(value)
  if (type === 'time') return value.length === 5 ? `${value}:00` : value
  if (type === 'jsonb' && schema.type === 'object') return Object.keys(value).length > 0 ? value : null
  return unique ? value.toLowerCase() : value
}

export function valueOf(row: GaugeRow, field: Field): any {
  return comparable(field, field.extension === null ? row[field.name] : row.extensions[field.extension]?.[field.name])
}

/** A value to ask for: of one of the rows, or any other, as it is written and as it compares. */
export function sampleOf(
  field: Field,
  { rows, keepers, random }: { rows: readonly GaugeRow[]; keepers: readonly Keeper[]; random: Random },
): { given: unknown; want: unknown } {
  const read = (row: GaugeRow) =>
    field.extension === null ? row[field.name] : row.extensions[field.extension]?.[field.name]
  const held = rows.map(read).filter((value) => value !== null && value !== undefined)
  const make = random() < 0.3 ? valuesOf(random, keepers)[field.name] : undefined
  const value = make ? make() : held[Math.floor(random() * held.length)]
  const given = Array.isArray(value) ? (value[0] ?? sampleOf(field, { rows, keepers, random }).given) : value
  return { given, want: Array.isArray(value) ? given : comparable(field, given) }
}
