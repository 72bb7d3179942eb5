/** A plugin is switched for one tenant while others work, in two processes: nobody notices, and both know it at once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenant } from '../../core/tenancy/directory.ts'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { PASSWORD, pluginFolders, SECRET } from '../support/settings.ts'
import { Node } from './fleet.ts'
import { Person } from './person.ts'
import { Folders } from './program.ts'

const SWITCHES = 20
/** Of all tenants together, over both processes. */
const PER_SECOND = 50
/** People wait for answers: a slow machine is asked less. */
const IN_FLIGHT = 12
const VISIBLE_MS = 1_000
/** Answers between two switches: each tenant has asked for everything. */
const BETWEEN = 18
const SLUGS = ['alice', 'bob', 'carol'] as const

let h: Harness
let nodes: readonly Node[] = []
const folders = new Folders()
const people = new Map<string, Person>()

beforeAll(async () => {
  h = await openHarness()
  const admin = { email: 'carol@test.example', name: 'carol', password: PASSWORD }
  const { database } = h.kernel.services
  await createTenant(database, { slug: 'carol', name: 'carol', language: 'en', country: 'FR', admin })
  const settings = {
    DATABASE_URL: h.database.ownerUrl,
    WEFT_SECRET: SECRET,
    WEFT_DATA_DIR: folders.path('web'),
    WEFT_PLUGINS: pluginFolders.join(','),
  }
  nodes = await Promise.all([Node.start('web', settings), Node.start('web', settings)])
  await eventually(async () => nodes.every(({ isReady }) => isReady), 'both processes serve', 180_000)
  for (const slug of SLUGS) people.set(slug, await Person.signIn(nodes[0]!.origin, `${slug}@test.example`))
}, 240_000)
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
  await h?.close()
  folders.remove([])
}, 60_000)

const GAUGE = '/api/gauge'
const ASKS = [
  ['GET', `${GAUGE}?limit=20`],
  ['POST', GAUGE, { word: 'zebra' }],
  ['GET', '/api/clients?limit=20'],
  ['POST', '/api/clients', { type: 'person', lastName: 'Busy' }],
  ['GET', '/api/ui'],
  ['GET', '/api/schemas/clients'],
] as const

interface Sent {
  readonly slug: string
  readonly path: string
  readonly status: number | string
}

/** Each tenant at each process in turn, at a steady pace; `stop` waits for the last answers. */
function startLoad(): { readonly sent: readonly Sent[]; stop(): Promise<void> } {
  const sent: Sent[] = []
  const pending = new Set<Promise<unknown>>()
  const began = Date.now()
  let count = 0
  const send = async (n: number) => {
    const slug = SLUGS[n % SLUGS.length] as string
    const [method, path, body] = ASKS[Math.floor(n / SLUGS.length) % ASKS.length]!
    const { origin } = nodes[Math.floor(n / (SLUGS.length * ASKS.length)) % nodes.length]!
    const answer = people.get(slug)!.ask(origin, method, path, body === undefined ? {} : { body })
    const status = await answer.then((each) => each.status, String)
    sent.push({ slug, path, status })
  }
  const timer = setInterval(() => {
    const due = ((Date.now() - began) / 1_000) * PER_SECOND
    while (count < due && pending.size < IN_FLIGHT) {
      const one = send(count++).finally(() => pending.delete(one))
      pending.add(one)
    }
  }, 10)
  return {
    sent,
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
    },
  }
}

/** @returns how long after it was asked for the switch held in both processes, in ms */
async function flip(enabled: boolean, at: number): Promise<number> {
  const alice = people.get('alice')!
  const begin = performance.now()
  const reply = await alice.ask(nodes[at % 2]!.origin, 'PATCH', '/api/plugins/gauge', { body: { enabled } })
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  const expected = enabled ? 200 : 404
  const isSeen = async (origin: string) =>
    (await alice.ask(origin, 'GET', `${GAUGE}?limit=1`).catch(() => null))?.status === expected
  await Promise.all(nodes.map(({ origin }) => eventually(() => isSeen(origin), `${origin} answers ${expected}`)))
  return performance.now() - begin
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
const isGood = ({ status }: Sent) => typeof status === 'number' && status >= 200 && status < 300

test(
  'twenty switches fail no request of anybody, and each is seen in both processes',
  { timeout: 180_000 },
  async () => {
    const load = startLoad()
    const times: number[] = []
    for (let n = 0; n < SWITCHES; n++) {
      times.push(await flip(n % 2 === 1, n >> 1))
      const least = load.sent.length + BETWEEN
      await eventually(async () => load.sent.length >= least, 'everybody has worked on', 20_000)
    }
    await load.stop()
    const { sent } = load
    const others = sent.filter(({ slug }) => slug !== 'alice')
    expect(others.filter((each) => !isGood(each))).toEqual([])
    const own = sent.filter(({ slug }) => slug === 'alice')
    const isRefused = ({ path, status }: Sent) => status === 404 && path.startsWith(GAUGE)
    expect(own.filter((each) => !isGood(each) && !isRefused(each))).toEqual([])
    // Or the load did not meet the switches at all.
    expect(own.filter(isRefused).length).toBeGreaterThan(SWITCHES / 2)
    // Of a busy machine one switch may be late, not the half of them.
    expect(median(times), times.map(Math.round).join(' ')).toBeLessThan(VISIBLE_MS)
  },
)
