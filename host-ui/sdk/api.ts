import type { Page, Row } from './row.ts'

export interface ProblemEntry {
  /** A JSON Pointer into the body, or the name of a query parameter. */
  readonly path: string
  readonly code: string
  readonly params?: Record<string, unknown>
}

/**
 * What the server refused, or `offline` with status 0 when it could not be reached. Status 202 and `held`: not done, and
 * waiting for somebody to approve it.
 */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly ProblemEntry[]
  constructor(status: number, code: string, errors: readonly ProblemEntry[] = []) {
    super(code)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
    this.errors = errors
  }
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>
export type Query = Record<string, string | number | boolean | null | undefined>
type Versioned = { readonly id: string; readonly version: number }

export interface Api {
  get<T>(path: string, query?: Query): Promise<T>
  list<R = Row>(path: string, query?: Query): Promise<Page<R>>
  create<R = Row>(path: string, body: unknown, options?: { idempotencyKey?: string }): Promise<R>
  update<R = Row>(path: string, row: Versioned, patch: unknown, options?: { idempotencyKey?: string }): Promise<R>
  remove(path: string, row: Versioned): Promise<void>
  restore<R = Row>(path: string, id: string): Promise<R>
  send<T>(method: string, path: string, body?: unknown): Promise<T>
}

export function createApi(fetchLike: Fetch = (url, init) => fetch(url, init)): Api {
  const call = <T>(method: string, url: string, headers: Record<string, string> = {}, body?: unknown) =>
    request(fetchLike, url, {
      method,
      headers: { accept: 'application/json', ...headers },
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }) as Promise<T>
  const one = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`
  return {
    get: (path, query) => call('GET', withQuery(path, query)),
    list: (path, query) => call('GET', withQuery(path, query)),
    create: (path, body, { idempotencyKey = newKey() } = {}) =>
      call('POST', path, { 'content-type': 'application/json', 'idempotency-key': idempotencyKey }, body),
    update: (path, row, patch, { idempotencyKey } = {}) => {
      const key: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
      const headers = { 'content-type': 'application/merge-patch+json', ...ifMatch(row), ...key }
      return call('PATCH', one(path, row.id), headers, patch)
    },
    remove: (path, row) => call('DELETE', one(path, row.id), ifMatch(row)),
    restore: (path, id) => call('POST', `${one(path, id)}/restore`),
    send: (method, path, body) =>
      call(method, path, body === undefined ? {} : { 'content-type': 'application/json' }, body),
  }
}

const ifMatch = (row: Versioned) => ({ 'if-match': `"${row.version}"` })

/** `randomUUID` is missing where the page came over plain http from another machine. */
function newKey(): string {
  if (crypto.randomUUID) return crypto.randomUUID()
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path
}

async function request(fetchLike: Fetch, url: string, init: RequestInit): Promise<unknown> {
  const response = await fetchLike(url, init).catch((cause: unknown) => {
    throw Object.assign(new ApiProblem(0, 'offline'), { cause })
  })
  if (response.ok && (response.status === 204 || response.status === 205)) return undefined
  const body = await response.json().catch(() => undefined)
  if (!response.ok) throw problemFrom(response.status, body)
  const held = response.status === 202 ? body?.proposal?.id : undefined
  if (held) throw new ApiProblem(202, 'held', [{ path: '', code: 'held', params: { proposal: held } }])
  return body
}

/** A proxy may answer with a page of its own, so nothing in the body is taken for granted. */
function problemFrom(status: number, body: any): ApiProblem {
  const errors = Array.isArray(body?.errors) ? body.errors.filter((e: any) => typeof e?.path === 'string') : []
  return new ApiProblem(status, typeof body?.code === 'string' ? body.code : `http_${status}`, errors)
}
