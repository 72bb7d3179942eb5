/** Tenants share a worker: what is slow for one of them is no reason for the others to wait. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { Slots } from './slots.ts'

describe('fifty deliveries to a handler that takes two seconds', () => {
  let h: Harness
  beforeAll(async () => {
    h = await openHarness({ worker: true })
  })
  afterAll(() => h?.close())

  const openDozes = async () =>
    (
      await h.database.query<{ state: string }>(
        `select state from kernel.deliveries where handler = 'probe.doze' and state <> 'done'`,
      )
    ).map(({ state }) => state)
  const create = async (visitor: Harness['alice']) =>
    (await visitor.post('/api/clients', { type: 'person', lastName: 'Next' })).body.id as string
  /** From the fact to the end of its handler, in ms. */
  const lagOf = (client: string) =>
    eventually(async () => {
      const [row] = await h.database.query<{ ms: number }>(
        `select extract(epoch from d.told_at - f.at)::float8 * 1000 as ms from kernel.deliveries d
           join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact
         where f.row_id = $1 and d.handler = 'tasklist.welcome' and d.state = 'done'`,
        [client],
      )
      return row?.ms
    }, 'the client is welcomed')

  test('delay neither another tenant nor the quick handlers of their own', { timeout: 60_000 }, async () => {
    expect((await h.alice.post('/api/probe/doze', { times: 50, ms: 2_000 })).status).toBeLessThan(300)
    await eventually(async () => (await openDozes()).includes('queued'), 'they are being told')
    const lags = [await lagOf(await create(h.bob)), await lagOf(await create(h.alice))]
    const left = (await openDozes()).length
    for (const lag of lags) expect(lag).toBeLessThan(1_000)
    // Or there was nothing that could have held them up.
    expect(left).toBeGreaterThan(30)
  })

  test('are told a few at a time, each as soon as there is room', { timeout: 60_000 }, async () => {
    await eventually(async () => (await openDozes()).length === 0, 'all are told', 40_000)
    await h.alice.post('/api/probe/doze', { times: 60, ms: 0 })
    const begin = Date.now()
    await eventually(async () => (await openDozes()).length === 0, 'all are told')
    // Ten rounds of six: a look each second would take ten seconds.
    expect(Date.now() - begin).toBeLessThan(6_000)
  })
})

test('of those that wait, the tenant with the fewest running ones has its turn', async () => {
  const slots = new Slots(2)
  const order: string[] = []
  const ends: (() => void)[] = []
  const work = (tenant: string) =>
    slots.run(tenant, () => {
      order.push(tenant)
      return new Promise((end) => ends.push(end))
    })
  const all = ['a', 'a', 'a', 'a', 'b'].map(work)
  for (let n = 0; n < all.length; n++) {
    await eventually(async () => ends.length > n, 'the next one runs')
    ends[n]?.()
  }
  await Promise.all(all)
  expect(order).toEqual(['a', 'a', 'b', 'a', 'a'])
})
