import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'

let h: Harness
let client: string
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())
beforeEach(async () => {
  client = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Asked' })).body.id
})

const post = (path: string, title: string, clientId = client) =>
  h.alice.post(`/api/tasklist/${path}`, { clientId, title })
const titles = async () => {
  const { items } = (await h.alice.get(`/api/tasklist?clientId=${client}`)).body
  return (items as { title: string }[]).map(({ title }) => title)
}

describe('a veto', () => {
  test('that nobody speaks against leaves the input as it is, whatever is done to the copy', async () => {
    expect((await post('add', 'plain')).body).toMatchObject({ title: 'plain', clientId: client })
  })

  test('may change the input', async () => {
    expect((await post('add', 'shout')).body.title).toBe('SHOUT')
  })

  test.each([
    ['refuse', 'not_today', [{ path: '/title', code: 'not_today' }]],
    ['throw', 'thrown', []],
    ['break', 'unanswered', [{ path: '', code: 'unanswered', params: { plugin: 'probe' } }]],
    ['sleep', 'unanswered', [{ path: '', code: 'unanswered', params: { plugin: 'probe' } }]],
  ])('answered by %s is a 409 with its code, and nothing is written', async (title, code, errors) => {
    const { status, body } = await post('add', title)
    expect([status, body.code, body.errors]).toEqual([409, code, errors])
    expect(await titles()).toEqual([])
  })

  test('is not asked of a plugin that is off, nor on behalf of another tenant', async () => {
    await h.alice.patch('/api/plugins/probe', { enabled: false })
    expect((await post('add', 'refuse')).status).toBe(200)
    const bobs = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Bob' })).body.id
    expect((await h.bob.post('/api/tasklist/add', { clientId: bobs, title: 'refuse' })).status).toBe(409)
    await h.alice.patch('/api/plugins/probe', { enabled: true })
    expect((await post('add', 'refuse')).status).toBe(409)
  })
})

describe('who answers', () => {
  test('has the powers of its own manifest, not those of who asks', async () => {
    expect((await post('add', 'overstep')).body.title).toBe('forbidden')
    expect((await h.alice.get(`/api/clients/${client}`)).status).toBe(200)
  })

  test('has nothing left of its ctx afterwards', async () => {
    await post('add', 'keep')
    expect((await post('add', 'use kept')).body.title).toBe('nothing is left')
  })
})

describe('a collection', () => {
  test('has the answers', async () => {
    expect((await post('hints', 'here')).body).toEqual([{ hint: 'here' }])
  })

  test.each(['half', 'sleep'])('goes on without an answer that fails (%s), of which nothing remains', async (title) => {
    const { status, body } = await post('hints', title)
    expect([status, body]).toEqual([200, []])
    expect(await titles()).toEqual([`after ${title}`])
    const { items } = (await h.alice.get('/api/tasklist?q=half%20of')).body
    expect(items).toEqual([])
  })
})

describe('a choice', () => {
  test('is answered by the one with the key', async () => {
    expect((await post('send', 'hello', 'post')).body).toEqual({ sent: 'hello' })
  })

  test('of nobody is 422', async () => {
    const { status, body } = await post('send', 'hello', 'pigeon')
    expect([status, body.code, body.errors[0].params]).toEqual([422, 'unknown_key', { key: 'pigeon' }])
  })

  test('that is made outside of transactions is not asked within one', async () => {
    expect((await h.alice.post('/api/tasklist/send-within')).body).toContain('is asked within an exchange')
  })
})
