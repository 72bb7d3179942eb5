/** Who is handed over first. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, untilOvertaken } from '../../tests/support/harness.ts'
import type { Job } from './queue.ts'
import { Relay } from './relay.ts'

let h: Harness
let handed: Job[]
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())
beforeEach(async () => {
  handed = []
  await h.database.query('delete from kernel.deliveries')
})

const relay = () =>
  new Relay(h.kernel.services.database, async () => [], {
    add: async (jobs) => void handed.push(...jobs),
    work: () => {},
    isThere: async () => true,
    close: async () => {},
  })
const owe = (tenant: string, count: number, due: string) =>
  h.database.query(
    `insert into kernel.deliveries (tenant_id, handler, fact, due)
     select $1, 'probe.none', n, now() + $3::interval from generate_series(1, $2) n`,
    [tenant, count, due],
  )
const countOf = (tenant: string) => handed.filter((job) => job.tenant === tenant).length

test('a tenant with thousands of deliveries does not hold up one with few', async () => {
  await owe(h.tenants.alice, 3_000, '-1 hour')
  await owe(h.tenants.bob, 5, '-1 second')
  await relay().turn()
  expect([countOf(h.tenants.alice), countOf(h.tenants.bob)]).toEqual([200, 5])
  await relay().turn()
  expect(countOf(h.tenants.alice)).toBe(200)
})

test('what is finished makes room for the next, and what is lost comes round after its lease', async () => {
  await owe(h.tenants.alice, 300, '-1 hour')
  await relay().turn()
  const [first, second] = handed as [Job, Job]
  await h.database.query(`update kernel.deliveries set state = 'done' where id = $1`, [first.delivery])
  await h.database.query(
    `update kernel.deliveries set leased_until = now() - interval '1 second', due = due - interval '1 hour' where id = $1`,
    [second.delivery],
  )
  handed = []
  await relay().turn()
  expect(handed.map(({ delivery }) => delivery)).toContain(second.delivery)
  expect(handed).toHaveLength(2)
})

test('two relays hand each over once, and nothing before its time', async () => {
  const tenants = [h.tenants.alice, h.tenants.bob, ...Array.from({ length: 20 }, () => randomUUID())]
  for (const tenant of tenants) {
    await owe(tenant, 7, '-1 second')
  }
  await h.database.query(
    `insert into kernel.deliveries (tenant_id, handler, fact, due)
    select $1, 'probe.later', n, now() + interval '1 hour' from generate_series(1, 9) n`,
    [h.tenants.bob],
  )
  await Promise.all([relay().turn(), relay().turn(), relay().turn()])
  expect(new Set(handed.map(({ delivery }) => delivery)).size).toBe(handed.length)
  expect(handed).toHaveLength(tenants.length * 7)
})

test('facts are told in the order of their numbers, whatever the count of digits, and none is left behind', async () => {
  const count = 700
  const relayed: string[] = []
  const follower = new Relay(
    h.kernel.services.database,
    async (facts) => {
      relayed.push(...facts.filter(({ event }) => event === 'probe.counted').map(({ id }) => id))
      return facts.map(() => [])
    },
    { add: async () => {}, work: () => {}, isThere: async () => true, close: async () => {} },
  )
  await untilOvertaken(h.database)
  await follower.turn()
  // The last ones of nine digits and the first ones of ten, in one transaction.
  await h.database.query(`select setval(pg_get_serial_sequence('kernel.facts', 'id'), $1)`, [1_000_000_000 - count / 2])
  await h.database.query(
    `insert into kernel.facts (tenant_id, at, event, actor_kind)
      select $1, now(), 'probe.counted', 'system' from generate_series(1, $2::int)`,
    [h.tenants.alice, count],
  )
  await untilOvertaken(h.database)
  await eventually(async () => {
    await follower.turn()
    return relayed.length >= count
  }, 'all are told')
  expect(relayed).toEqual(Array.from({ length: count }, (_, i) => `${1_000_000_000 - count / 2 + 1 + i}`))
})
