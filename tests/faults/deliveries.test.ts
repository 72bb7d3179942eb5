/**
 * Deliveries that come twice, late, out of their order and after what they tell of has changed or gone, and some that always fail:
 * what comes of them is what would have come of each told once in its turn.
 *
 * `STEPS=2000 SEED=7 npm test -- tests/faults/deliveries.test.ts` goes further than the sample.
 */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRoles, loginUrl } from '../../core/data/roles.ts'
import { type Carrier, type Job, openCarrier } from '../../core/delivery/queue.ts'
import { eventually, type Harness, openHarness, type Visitor } from '../support/harness.ts'
import { createRandom } from '../support/random.ts'
import { SECRET } from '../support/settings.ts'

const STEPS = Number(process.env.STEPS ?? 24)
const SEED = Number(process.env.SEED ?? 20260713)
/** Of disturbing when nothing new happens any more. */
const ROUNDS = 5
const WAIT_MS = 30_000 + STEPS * 200

let h: Harness
let carrier: Carrier
beforeAll(async () => {
  h = await openHarness({ worker: true })
  const owner = new Client({ connectionString: h.database.ownerUrl })
  await owner.connect()
  const roles = await findRoles(owner, SECRET)
  await owner.end()
  const url = loginUrl(h.database.ownerUrl, SECRET, { part: 'door', roles: roles! })
  carrier = openCarrier(process.env.REDIS_URL ?? null, url, () => {})
})
afterAll(async () => {
  await carrier?.close()
  await h?.close()
})

/**
 * The same for both tenants: new clients, of which some are changed, deleted or merged at once, and rings.
 *
 * @returns the names of those that took in another one
 */
async function act(visitor: Visitor, between: () => Promise<void>): Promise<ReadonlySet<string>> {
  const random = createRandom(SEED)
  const made: { id: string; name: string }[] = []
  const survivors = new Set<string>()
  for (let step = 0; step < STEPS; step++) {
    if (step % 3 === 2) await between()
    const { body } = await visitor.post('/api/clients', { type: 'person', lastName: `Step ${step}` })
    const fate = random()
    const source = fate < 0.1 ? 'fail' : 'web'
    if (fate < 0.4) await visitor.patch(`/api/clients/${body.id}`, { source }, 1)
    else if (fate < 0.5) await visitor.remove(`/api/clients/${body.id}`, 1)
    else if (fate < 0.6 && made.length > 0) {
      const survivor = made.pop()!
      survivors.add(survivor.name)
      const merged = await visitor.post(`/api/clients/${survivor.id}/merge`, { with: body.id })
      expect(merged.status).toBe(200)
    } else {
      made.push({ id: body.id, name: body.lastName })
      await visitor.post('/api/probe/ring', { recordId: body.id, word: `ring ${step}`, at: '2020-01-01T00:00:00Z' })
    }
  }
  return survivors
}

/** Hands deliveries of the tenant over again in any order, those that are done, that wait and that run. */
async function disturb(tenant: string, random: () => number): Promise<void> {
  const jobs = await h.database.query<Job>(
    'select tenant_id as tenant, id as delivery from kernel.deliveries where tenant_id = $1 order by random() limit 40',
    [tenant],
  )
  await carrier.add(jobs)
  const changes = [
    `state = 'queued', leased_until = now() - interval '1 second'`,
    `state = 'waiting', due = now() + random() * interval '300 milliseconds'`,
    `state = 'waiting', due = now() - random() * interval '1 hour'`,
  ]
  const change = changes[Math.floor(random() * changes.length)]
  await h.database.query(
    `update kernel.deliveries set ${change} where tenant_id = $1 and state <> 'dead' and random() < 0.2`,
    [tenant],
  )
}

/** Those that fail come to their last attempt without the minutes between. */
const hasten = () =>
  h.database.query(`update kernel.deliveries set due = now() where state = 'waiting' and attempts > 0 and due > now()`)
const areSettled = async () => {
  await hasten()
  const [open] = await h.database.query<{ n: number; told: number }>(
    `select count(*) filter (where state not in ('done', 'dead'))::int as n, count(*)::int as told from kernel.deliveries`,
  )
  return open!.n === 0 && open!.told >= 2 * STEPS
}

interface Living {
  readonly name: string
  readonly source: string | null
  readonly tasks: string[]
}

/** Each living client with what was done for it. */
const outcome = (tenant: string) =>
  h.database.query<Living>(
    `select c.last_name as name, c.source, array(select t.title from tasklist__tasklist t
        where t.tenant_id = c.tenant_id and t.client_id = c.id and t.deleted_at is null order by t.title) as tasks
      from clients c where c.tenant_id = $1 and c.deleted_at is null order by c.last_name`,
    [tenant],
  )

/**
 * Who was deleted or merged before it was told of came too late for a welcome. One that was told of before its merge
 * brings its own along: a survivor has one welcome or two.
 */
function withoutBrought(living: readonly Living[], survivors: ReadonlySet<string>): Living[] {
  return living.map((each) => {
    const at = each.tasks.indexOf('Welcome')
    const hasBrought = survivors.has(each.name) && each.tasks[at + 1] === 'Welcome'
    return hasBrought ? { ...each, tasks: each.tasks.toSpliced(at, 1) } : each
  })
}

test(
  `${STEPS} acts told again, late and in any order come to the same as told once`,
  { timeout: WAIT_MS * 2 },
  async () => {
    const random = createRandom(SEED + 1)
    const disturbing = () => disturb(h.tenants.alice, random)
    const [survivors] = await Promise.all([act(h.alice, disturbing), act(h.bob, async () => {})])
    for (let i = 0; i < ROUNDS; i++) await disturbing()
    await eventually(areSettled, 'all come to their end', WAIT_MS)
    const [alice, bob] = [await outcome(h.tenants.alice), await outcome(h.tenants.bob)]
    expect(alice.length).toBeGreaterThan(STEPS / 3)
    expect(withoutBrought(alice, survivors)).toEqual(withoutBrought(bob, survivors))
  },
)

test('those that always fail are given up with their reason, and told when a person has them told', async () => {
  const { items } = (await h.alice.get('/api/deliveries?limit=200')).body
  const poison = items.filter(({ handler }: any) => handler === 'probe.flaky')
  expect(poison.length).toBeGreaterThan(0)
  const isGivenUp = { state: 'dead', attempts: 8, reason: 'the other side is away' }
  for (const each of poison) expect(each).toMatchObject(isGivenUp)
  const [{ id, recordId }] = poison
  const { version } = (await h.alice.get(`/api/clients/${recordId}`)).body
  expect((await h.alice.patch(`/api/clients/${recordId}`, { source: 'web' }, version)).status).toBe(200)
  expect((await h.alice.post(`/api/deliveries/${id}/retry`)).status).toBe(200)
  const isDone = async () => {
    const [row] = await h.database.query<{ state: string }>('select state from kernel.deliveries where id = $1', [id])
    return row?.state === 'done'
  }
  await eventually(isDone, 'it is told')
})
