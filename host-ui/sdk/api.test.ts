import { describe, expect, it } from 'vitest'
import { ApiProblem, createApi } from './api.ts'

/** Answers once, and remembers what it was asked. */
function server(status: number, body?: unknown) {
  const asked: { url: string; init: RequestInit }[] = []
  const api = createApi(async (url, init) => {
    asked.push({ url, init })
    return new Response(body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body), { status })
  })
  const header = (name: string) => new Headers(asked[0]?.init.headers).get(name)
  return { api, asked, header }
}

describe('createApi', () => {
  it('writes queries without what is empty', async () => {
    const { api, asked } = server(200, { items: [] })
    await api.list('/api/clients', { q: 'é & b', type: '', after: undefined, limit: 50 })
    expect(asked[0]?.url).toBe('/api/clients?q=%C3%A9+%26+b&limit=50')
  })
  it('creates under an idempotency key, a given one or its own', async () => {
    const first = server(201, { id: '1' })
    await first.api.create('/api/clients', { type: 'person' })
    expect(first.header('idempotency-key')).toMatch(/^[0-9a-f-]{32,}$/)
    const second = server(201, { id: '1' })
    await second.api.create('/api/clients', {}, { idempotencyKey: 'mine' })
    expect(second.header('idempotency-key')).toBe('mine')
  })
  it('changes and deletes only the version that was read', async () => {
    const { api, asked, header } = server(200, {})
    await api.update('/api/clients', { id: 'a/b', version: 7 }, { notes: null })
    expect(asked[0]).toMatchObject({ url: '/api/clients/a%2Fb', init: { method: 'PATCH', body: '{"notes":null}' } })
    expect(header('if-match')).toBe('"7"')
    expect(header('content-type')).toBe('application/merge-patch+json')
    const gone = server(204)
    expect(await gone.api.remove('/api/clients', { id: '1', version: 2 })).toBeUndefined()
    expect(gone.header('if-match')).toBe('"2"')
  })
  it('restores by a post without a body', async () => {
    const { api, asked, header } = server(200, {})
    await api.restore('/api/clients', '1')
    expect(asked[0]).toMatchObject({ url: '/api/clients/1/restore', init: { method: 'POST' } })
    expect(asked[0]?.init.body).toBeUndefined()
    expect(header('content-type')).toBeNull()
  })
  it('turns problem+json into an ApiProblem with its entries', async () => {
    const errors = [{ path: '/email', code: 'unique' }]
    const { api } = server(409, { type: 'about:blank', status: 409, code: 'unique', errors })
    const problem = await api.get('/x').catch((e: unknown) => e)
    expect(problem).toBeInstanceOf(ApiProblem)
    expect(problem).toMatchObject({ status: 409, code: 'unique', errors })
  })
  it('survives an answer that is no problem+json', async () => {
    const { api } = server(502, '<html>Bad Gateway</html>')
    await expect(api.get('/x')).rejects.toMatchObject({ status: 502, code: 'http_502', errors: [] })
  })
  it('calls a broken line offline', async () => {
    const api = createApi(() => Promise.reject(new TypeError('Failed to fetch')))
    await expect(api.get('/x')).rejects.toMatchObject({ status: 0, code: 'offline' })
  })
})
