/** Rows that a command reads to change them: counters without gaps, and who may lock what. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tasks } from '../../tests/support/plugins/tasklist/contract.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import type { Ctx } from '../contract.ts'
import { views } from '../view/contract.ts'
import { NO_RULES, rulesFor } from './rules.ts'

let h: Harness
let client: string
beforeAll(async () => {
  h = await openHarness()
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Counted' })).body.id
})
afterAll(() => h?.close())

const addTask = async (title: string) => (await h.alice.post('/api/tasklist', { clientId: client, title })).body

/** Runs code of a plugin, as somebody or as the system. */
function run<T>(
  code: (ctx: Ctx) => Promise<T>,
  { permissions = ALL, me = null }: { permissions?: readonly string[]; me?: string | null } = {},
): Promise<T> {
  const { contexts, compositions } = h.kernel.services
  const composition = compositions.whole
  const log = { info() {}, warn() {}, error() {} }
  const occasion = {
    tenant: { id: h.tenants.alice, slug: 'alice', country: 'FR' },
    actor: me === null ? ({ kind: 'system', id: null } as const) : ({ kind: 'user', id: me } as const),
    lang: 'en',
    composition,
    permissions: null,
    rules:
      me === null
        ? NO_RULES
        : rulesFor(composition, { me, now: new Date(), isAdministrator: false, rows: [], mates: [] }),
    settings: {},
    idempotencyKey: null,
    request: 'test',
    log,
  }
  const plugin = {
    id: 'probe',
    permissions: new Set(permissions),
    locales: {},
    hosts: [],
    secrets: [],
    opens: () => false,
  }
  return contexts.run(occasion, plugin, { kind: 'command', code })
}
const ALL = ['read', 'create', 'update'].flatMap((verb) => ['tasklist', 'views'].map((name) => `${name}.${verb}`))

test('fifty commands at once take fifty numbers without a gap, and those that fail take none', async () => {
  const counter = await addTask('counter')
  const issue = (fails: boolean) =>
    run(async (ctx) => {
      const row = await ctx.rows(tasks).get(counter.id, { lock: true })
      const number = Number(row.estimate ?? 0) + 1
      await ctx.rows(tasks).update(row, { estimate: number })
      await ctx.rows(tasks).create({ clientId: client, title: `invoice ${number}` })
      if (fails) throw new Error('refused')
      return number
    })
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => issue(i % 6 === 5)))
  const numbers = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const reasons = outcomes.flatMap((each) => (each.status === 'rejected' ? [(each.reason as Error).message] : []))
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  expect(reasons).toEqual(Array.from({ length: 10 }, () => 'refused'))
  const invoices = await h.database.query(`select 1 from tasklist__tasklist where title like 'invoice %'`)
  expect(invoices.length).toBe(50)
}, 60_000)

test('two commands that lock the same rows the other way round both come to their end', async () => {
  const [a, b] = [await addTask('a'), await addTask('b')]
  const both = (first: string, second: string) =>
    run(async (ctx) => {
      for (const id of [first, second]) {
        const row = await ctx.rows(tasks).get(id, { lock: true })
        await ctx.rows(tasks).update(row, { estimate: Number(row.estimate ?? 0) + 1 })
      }
    })
  await Promise.all([both(a.id, b.id), both(b.id, a.id)])
  for (const { id } of [a, b]) expect((await h.alice.get(`/api/tasklist/${id}`)).body.estimate).toBe(2)
})

test('who may not update a row does not lock it', async () => {
  const { id } = await addTask('mine')
  const lock = (at: string) => (ctx: Ctx) => ctx.rows(tasks).get(at, { lock: true })
  await expect(run(lock(id), { permissions: ['tasklist.read'] })).rejects.toMatchObject({ status: 403 })
  await expect(run(lock(crypto.randomUUID()))).rejects.toMatchObject({ status: 404 })
  await expect(run(lock('none'))).rejects.toMatchObject({ status: 404 })
  const foreign = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Foreign' })).body.id
  const theirs = (await h.bob.post('/api/tasklist', { clientId: foreign, title: 'Theirs' })).body.id
  await expect(run(lock(theirs))).rejects.toMatchObject({ status: 404 })
})

test('a row that a rule shows and does not give is read and not locked', async () => {
  const view = { name: 'Shared', resource: 'clients', isShared: true }
  const { id } = (await h.alice.post('/api/views', view)).body
  const me = crypto.randomUUID()
  expect(await run((ctx) => ctx.rows(views).get(id), { me })).toMatchObject({ name: 'Shared' })
  await expect(run((ctx) => ctx.rows(views).get(id, { lock: true }), { me })).rejects.toMatchObject({ status: 403 })
  const own = (await h.alice.post('/api/views', { ...view, name: 'Own', isShared: false })).body.id
  await expect(run((ctx) => ctx.rows(views).get(own, { lock: true }), { me })).rejects.toMatchObject({ status: 404 })
})
