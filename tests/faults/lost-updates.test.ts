import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness } from '../support/harness.ts'

const WRITERS = 20
const EDITS = 50

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

/** Adds its own tag by reading, changing and writing; a stale write is read again, after the pause of a fair client. */
async function edit(url: string, tag: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    await setTimeout(Math.random() * Math.min(attempt * 40, 400))
    const { body } = await h.alice.get(url)
    const lines = [...(body.notes?.split('\n') ?? []), tag]
    const { status } = await h.alice.patch(url, { notes: lines.join('\n') }, body.version)
    if (status === 200) return
    expect(status).toBe(412)
  }
}

test(`no edit of ${WRITERS} writers who make ${EDITS} edits each is lost`, { timeout: 300_000 }, async () => {
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Contended' })
  const url = `/api/clients/${body.id}`
  const writer = async (n: number) => {
    for (let i = 0; i < EDITS; i++) await edit(url, `${n}.${i}`)
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(n)))
  const after = await h.alice.get(url)
  const lines = after.body.notes.split('\n')
  expect(after.body.version).toBe(WRITERS * EDITS + 1)
  expect(lines).toHaveLength(WRITERS * EDITS)
  expect(new Set(lines).size).toBe(WRITERS * EDITS)
})

test('fifty requests with one idempotency key make one row and get one answer', async () => {
  const body = { type: 'company', companyName: 'Once' }
  const post = () => h.alice.post('/api/clients', body, { 'idempotency-key': 'fifty' })
  const replies = await Promise.all(Array.from({ length: 50 }, post))
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]))
  expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
  expect((await h.alice.get('/api/clients?companyName=Once&count=exact')).body.total.value).toBe(1)
  const other = await h.alice.post('/api/clients', { ...body, notes: 'x' }, { 'idempotency-key': 'fifty' })
  expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
})

test('an e-mail is taken once, in any case, however many ask at the same time', async () => {
  const post = (_: unknown, i: number) =>
    h.alice.post('/api/clients', {
      type: 'person',
      lastName: 'Twin',
      email: i % 2 ? 'twin@example.com' : 'Twin@Example.com',
    })
  const replies = await Promise.all(Array.from({ length: 20 }, post))
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1)
  const refused = replies.filter(({ status }) => status === 409)
  expect(refused).toHaveLength(19)
  expect(refused[0]?.body).toMatchObject({ code: 'unique', errors: [{ path: '/email', code: 'unique' }] })
  expect(
    (await h.bob.post('/api/clients', { type: 'person', lastName: 'Twin', email: 'twin@example.com' })).status,
  ).toBe(201)
})

test('the same request made fifty times at once gets one answer, also where its values are unique', async () => {
  const body = { type: 'person', lastName: 'Once', email: 'once@example.com' }
  const post = () => h.alice.post('/api/clients', body, { 'idempotency-key': 'unique-fifty' })
  const replies = await Promise.all(Array.from({ length: 50 }, post))
  expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(replies[0]?.status).toBe(201)
})
