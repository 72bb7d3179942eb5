/** The verbs of a resource by their codes and headers. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness } from '../../tests/support/harness.ts'

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

const create = async (more: object = {}) =>
  (await h.alice.post('/api/clients', { type: 'person', lastName: 'Morel', ...more })).body

describe('a problem', () => {
  test('is problem+json with type, title, status, code and errors', async () => {
    const reply = await h.alice.post('/api/clients', {
      type: 'castle',
      tags: ['a', 'a'],
      email: 'no',
      stray: 1,
      version: 2,
    })
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(reply.body).toEqual({
      type: 'about:blank#invalid',
      title: 'Bad Request',
      status: 400,
      code: 'invalid',
      errors: [
        { path: '/stray', code: 'unknown' },
        { path: '/version', code: 'read_only' },
      ],
    })
    const second = await h.alice.post('/api/clients', { type: 'castle', tags: ['a', 'a'], email: 'no' })
    expect(second.body.errors).toEqual(
      expect.arrayContaining([
        { path: '/type', code: 'enum' },
        { path: '/email', code: 'format', params: { format: 'email' } },
        { path: '/tags', code: 'unique_items' },
      ]),
    )
  })

  test('names what cannot be coerced: nothing is turned into another type or dropped', async () => {
    const cases: [body: object, path: string, code: string][] = [
      [{ lastName: 5 }, '/lastName', 'type'],
      [{ lastName: '' }, '/lastName', 'minLength'],
      [{ tags: 'vip' }, '/tags', 'type'],
      [{ tags: [1] }, '/tags/0', 'type'],
      [{ extensions: { probe: { visits: '3' } } }, '/extensions/probe/visits', 'type'],
      [{ extensions: { probe: { price: 1.5 } } }, '/extensions/probe/price', 'type'],
      [{ extensions: { probe: { tasks: 3 } } }, '/extensions/probe/tasks', 'read_only'],
      [{ extensions: { probe: { nothing: 1 } } }, '/extensions/probe/nothing', 'unknown'],
      [{ extensions: { nobody: {} } }, '/extensions/nobody', 'unknown'],
      [{ extensions: [] }, '/extensions', 'type'],
      [{ phoneE164: '+33612345678' }, '/phoneE164', 'read_only'],
      [{ createdAt: '2020-01-01T00:00:00Z' }, '/createdAt', 'read_only'],
      [{ tenantId: h.tenants.bob }, '/tenantId', 'unknown'],
      [{ tenant_id: h.tenants.bob }, '/tenant_id', 'unknown'],
    ]
    const { id } = await create()
    for (const [body, path, code] of cases) {
      for (const reply of [
        await h.alice.post('/api/clients', { type: 'person', lastName: 'x', ...body }),
        await h.alice.patch(`/api/clients/${id}`, body, 1),
      ]) {
        expect(
          [reply.status, reply.body.errors?.[0]?.path, reply.body.errors?.[0]?.code],
          JSON.stringify(body),
        ).toEqual([400, path, code])
      }
    }
    expect((await h.alice.get(`/api/clients/${id}`)).body.version).toBe(1)
  })

  test('of a reference that is not there is 422 with its field', async () => {
    const cases: [url: string, body: object, path: string][] = [
      ['/api/tasklist', { title: 'x', clientId: randomUUID() }, '/clientId'],
      ['/api/clients', { type: 'person', lastName: 'x', ownerId: randomUUID() }, '/ownerId'],
    ]
    for (const [url, body, path] of cases) {
      const { status, body: problem } = await h.alice.post(url, body)
      expect([status, problem.code, problem.errors]).toEqual([422, 'reference', [{ path, code: 'reference' }]])
    }
    const gone = await create()
    await h.alice.remove(`/api/clients/${gone.id}`, 1)
    expect((await h.alice.post('/api/tasklist', { title: 'x', clientId: gone.id })).status).toBe(422)
    // A reference to a row of another resource is none to a client.
    const task = await h.alice.post('/api/tasklist', { title: 'x', clientId: (await create()).id })
    expect((await h.alice.post('/api/tasklist', { title: 'x', clientId: task.body.id })).status).toBe(422)
  })
})

describe('If-Match', () => {
  test('is needed to change and delete a row, and for nothing else', async () => {
    const { id } = await create()
    const url = `/api/clients/${id}`
    const missing = await h.alice.patch(url, { notes: 'x' })
    expect([missing.status, missing.body.code, missing.body.errors]).toEqual([
      428,
      'precondition_required',
      [{ path: 'If-Match', code: 'required' }],
    ])
    expect((await h.alice.remove(url)).status).toBe(428)
    expect((await h.alice.remove(url, 1)).status).toBe(204)
    expect((await h.alice.post(`${url}/restore`)).status).toBe(200)
  })

  test('that is weak, unquoted or of no version matches nothing', async () => {
    const { id } = await create()
    for (const given of [
      'W/"1"',
      '1',
      '*',
      '"x"',
      '""',
      '"1", "2"',
      '"-1"',
      '"1.0"',
      '"99999999999999999999"',
      '"2"',
      '"0"',
      "'1'",
    ]) {
      const refused = await h.alice.call('PATCH', `/api/clients/${id}`, {
        body: { notes: 'x' },
        headers: { 'if-match': given },
      })
      expect([refused.status, refused.body.code], given).toEqual([412, 'stale'])
      expect(
        (await h.alice.call('DELETE', `/api/clients/${id}`, { headers: { 'if-match': given } })).status,
        given,
      ).toBe(412)
    }
    expect((await h.alice.patch(`/api/clients/${id}`, { notes: 'x' }, 1)).headers.etag).toBe('"2"')
  })
})

describe('an idempotency key', () => {
  test('gives the same answer again, byte for byte, and no second row', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const body = { type: 'company', companyName: 'Once SAS', email: 'once@sas.example' }
    const first = await h.alice.post('/api/clients', body, headers)
    const again = await h.alice.post('/api/clients', body, headers)
    expect([again.status, again.text, again.headers.etag, again.headers.location]).toEqual([
      201,
      first.text,
      '"1"',
      first.headers.location,
    ])
    expect(again.headers['idempotency-replayed']).toBe('true')
    await h.alice.patch(`/api/clients/${first.body.id}`, { notes: 'later' }, 1)
    expect((await h.alice.post('/api/clients', body, headers)).text).toBe(first.text)
    expect((await h.alice.post('/api/clients', { ...body, notes: 'other' }, headers)).body.code).toBe(
      'idempotency_key_reused',
    )
    expect((await h.bob.post('/api/clients', body, headers)).body.id).not.toBe(first.body.id)
  })

  test('of a request that was refused can be used again', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    expect((await h.alice.post('/api/clients', { type: 'person' }, headers)).status).toBe(400)
    expect((await h.alice.post('/api/clients', { type: 'person', lastName: 'Mended' }, headers)).status).toBe(201)
  })

  test('is a short printable word', async () => {
    for (const key of ['', ' ', 'a b', 'é', 'x'.repeat(256)]) {
      const refused = await h.alice.post('/api/clients', { type: 'person', lastName: 'x' }, { 'idempotency-key': key })
      expect([refused.status, refused.body.errors], key).toEqual([400, [{ path: 'Idempotency-Key', code: 'format' }]])
    }
  })
})

describe('a deleted row', () => {
  test('is gone from every reading and every change, and comes back as it was', async () => {
    const made = await create({ email: 'gone@test.example', extensions: { probe: { code: 'kept' } } })
    const url = `/api/clients/${made.id}`
    await h.alice.remove(url, 1)
    const gone = await h.alice.get(url)
    expect(gone.text).toBe((await h.alice.get(`/api/clients/${randomUUID()}`)).text)
    expect((await h.alice.patch(url, { notes: 'x' }, 2)).status).toBe(404)
    expect((await h.alice.patch(url, { phone: '06 12 34 56 78' }, 2)).status).toBe(404)
    expect((await h.alice.remove(url, 2)).status).toBe(404)
    expect((await h.alice.get(`${url}/history`)).status).toBe(404)
    expect((await h.alice.get('/api/clients?email=gone@test.example')).body.items).toEqual([])
    const back = await h.alice.post(`${url}/restore`)
    expect(back.body).toEqual({ ...made, version: 3, updatedAt: back.body.updatedAt })
    expect((await h.alice.post(`${url}/restore`)).body.version).toBe(3)
    const events = (await h.alice.get(`${url}/history`)).body.items.map(({ event }: { event: string }) => event)
    expect(events).toEqual(['clients.restored', 'clients.deleted', 'clients.created'])
  })

  test('frees its unique values, and does not take them back from another', async () => {
    const one = await create({ email: 'free@test.example' })
    await h.alice.remove(`/api/clients/${one.id}`, 1)
    const other = await create({ email: 'Free@test.example' })
    const refused = await h.alice.post(`/api/clients/${one.id}/restore`)
    expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
      409,
      'unique',
      [{ path: '/email', code: 'unique' }],
    ])
    await h.alice.patch(`/api/clients/${other.id}`, { email: null }, 1)
    expect((await h.alice.post(`/api/clients/${one.id}/restore`)).status).toBe(200)
  })
})

describe('routes', () => {
  test('answer HEAD like GET without the body', async () => {
    const { id } = await create()
    for (const url of ['/api/clients', `/api/clients/${id}`, '/api/session', '/health/live']) {
      const [head, get] = [await h.alice.call('HEAD', url), await h.alice.get(url)]
      expect([head.status, head.text, head.headers.etag]).toEqual([get.status, '', get.headers.etag])
    }
    expect((await h.anonymous().call('HEAD', '/api/clients')).status).toBe(401)
  })

  test('that are not there are 404 with one body, whatever the verb', async () => {
    const urls = [
      '/api/nothing',
      '/api',
      '/api/',
      '/api/clients/',
      '/api/clients/not-an-id',
      `/api/clients/${randomUUID()}`,
      `/api/clients/${randomUUID()}/nothing`,
      '/api/schemas/nothing',
      '/api/CLIENTS',
      '//api/clients',
      '/api/clients/..%2f..%2fhealth',
    ]
    const texts = new Set<string>()
    for (const url of urls) {
      const reply = await h.alice.get(url)
      expect(reply.status, url).toBe(404)
      texts.add(reply.text)
    }
    for (const method of ['OPTIONS', 'PUT', 'DELETE']) {
      const reply = await h.alice.call(method, '/api/clients')
      expect(reply.status, method).toBe(404)
      texts.add(reply.text)
    }
    expect(texts.size).toBe(1)
  })

  test('take no query that they do not know', async () => {
    const { id } = await create()
    for (const url of [
      '/api/session?x=1',
      '/api/users?x=1',
      '/api/plugins?x=1',
      '/api/api-keys?x=1',
      '/api/ui?x=1',
      '/api/schemas/clients?x=1',
      `/api/clients/${id}?x=1`,
      `/api/clients/${id}/history?x=1`,
      `/api/clients/${id}/history?after=1&after=2`,
    ]) {
      const refused = await h.alice.get(url)
      expect([refused.status, refused.body.code], url).toEqual([400, 'invalid_query'])
    }
    expect((await h.alice.get('/api/ui?lang=fr')).status).toBe(200)
  })

  test('page through a long history by its cursor', async () => {
    const { id } = await create()
    for (let version = 1; version <= 60; version++)
      await h.alice.patch(`/api/clients/${id}`, { notes: `note ${version}` }, version)
    const first = (await h.alice.get(`/api/clients/${id}/history`)).body
    const second = (await h.alice.get(`/api/clients/${id}/history?after=${first.next}`)).body
    expect([first.items.length, second.items.length, second.next]).toEqual([50, 11, null])
    expect(first.items[0].changes).toEqual([{ field: 'notes', before: 'note 59', after: 'note 60' }])
    expect(first.items[0].actor.name).toBe('alice')
    expect(new Set([...first.items, ...second.items].map((entry) => entry.id)).size).toBe(61)
    expect((await h.alice.get(`/api/clients/${id}/history?after=x`)).status).toBe(400)
  })
})
