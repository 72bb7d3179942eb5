/** Failed deliveries as administrators page through them and have them told again. No worker runs: nothing moves by itself. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'

let h: Harness
let client: string
beforeAll(async () => {
  h = await openHarness()
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Sorel' })).body.id
})
afterAll(() => h?.close())

/** Deliveries of the client's first fact to handlers that need not be there. */
const fail = (handlers: readonly string[], state: string, attempts: number) =>
  h.database.query(
    `insert into kernel.deliveries (tenant_id, handler, fact, state, attempts, reason, updated_at)
      select $1, h.name, f.id, $4, $5, 'the other side is away', now() - h.n * interval '1 minute'
      from unnest($3::text[]) with ordinality h(name, n),
        (select min(id) as id from kernel.facts where tenant_id = $1 and record_id = $2) f`,
    [h.tenants.alice, client, handlers, state, attempts],
  )

async function walk(query = ''): Promise<string[]> {
  const handlers: string[] = []
  for (let after = ''; ;) {
    const { body } = await h.alice.get(`/api/deliveries?limit=2${query}${after}`)
    handlers.push(...body.items.map(({ handler }: { handler: string }) => handler))
    if (body.next === null) return handlers
    after = `&after=${body.next}`
  }
}

test('pages walk through what failed, whole or narrowed to a handler or a state', async () => {
  await fail(['one.gone'], 'dead', 0)
  await fail(['two.b', 'two.c', 'two.d'], 'dead', 8)
  await fail(['three.a', 'three.b'], 'waiting', 3)
  await fail(['four.fresh'], 'waiting', 0)
  expect((await walk()).toSorted()).toEqual(['one.gone', 'three.a', 'three.b', 'two.b', 'two.c', 'two.d'])
  expect(await walk('&state=tried')).toEqual(['three.a', 'three.b'])
  expect((await walk('&state=dead')).toSorted()).toEqual(['one.gone', 'two.b', 'two.c', 'two.d'])
  expect(await walk('&handler=two.c')).toEqual(['two.c'])
  expect(await walk('&handler=two.c&state=tried')).toEqual([])
  const [item] = (await h.alice.get('/api/deliveries?handler=two.b')).body.items
  expect(item).toMatchObject({ recordId: client, resource: 'clients', event: 'clients.created', attempts: 8 })
})

test('a cursor is good for the question that it was given for', async () => {
  const { next } = (await h.alice.get('/api/deliveries?limit=1&state=dead')).body
  expect((await h.alice.get(`/api/deliveries?state=dead&after=${next}`)).status).toBe(200)
  expect((await h.alice.get(`/api/deliveries?after=${next}`)).body.code).toBe('invalid_cursor')
  const { status, body } = await h.alice.get('/api/deliveries?state=lost')
  expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid_query', 'state'])
})

test('what is dead is counted by handler, and all of a handler is told again at once', async () => {
  expect((await h.alice.get('/api/deliveries/handlers')).body.items).toEqual([
    { handler: 'one.gone', dead: 1 },
    { handler: 'two.b', dead: 1 },
    { handler: 'two.c', dead: 1 },
    { handler: 'two.d', dead: 1 },
  ])
  const retry = (body: unknown) => h.alice.post('/api/deliveries/retry', body)
  expect((await retry({ handler: 'two.c' })).body).toEqual({ count: 1, left: false })
  expect((await retry({ handler: 'two.c' })).body).toEqual({ count: 0, left: false })
  expect((await retry({ handler: 'three.a' })).body).toEqual({ count: 0, left: false })
  expect(await walk('&state=dead')).not.toContain('two.c')
  for (const body of [undefined, {}, { handler: 7 }, { handler: '' }, { handler: 'x', more: 1 }])
    expect((await retry(body)).status).toBe(400)
})

test('another tenant and a member see none of it', async () => {
  expect((await h.bob.get('/api/deliveries/handlers')).body).toEqual({ items: [] })
  expect((await h.bob.post('/api/deliveries/retry', { handler: 'two.b' })).body.count).toBe(0)
  expect(await walk('&handler=two.b')).toEqual(['two.b'])
  const member = await h.addMember(h.tenants.alice, 'member@test.example', 'member')
  expect((await member.get('/api/deliveries/handlers')).status).toBe(403)
  expect((await member.post('/api/deliveries/retry', { handler: 'two.b' })).status).toBe(403)
})
