/** Malformed requests over every route: each is refused with a reason, none is the server's fault. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, openHarness } from '../support/harness.ts'
import { createRandom } from '../support/random.ts'
import { type ApiRoute, listRoutes } from './routes.ts'

const REQUESTS = 5_000
const SEED = 20_261_122

let h: Harness
let routes: ApiRoute[]
let ids: string[]

beforeAll(async () => {
  h = await openHarness()
  const { body } = await h.alice.post('/api/clients', { type: 'person', lastName: 'Fuzzed' })
  ids = [
    body.id,
    '0',
    'null',
    '%00',
    '%ff',
    '..%2f..',
    "'; drop table clients; --",
    'a'.repeat(150),
    '00000000-0000-0000-0000-000000000000',
  ]
  // The probe's own routes fail on purpose.
  routes = (await listRoutes(h)).filter(({ path }) => !path.startsWith('/api/probe/'))
})
afterAll(() => h?.close())

const random = createRandom(SEED)
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
const deep = (n: number) => `${'{"all":['.repeat(n)}{}${']}'.repeat(n)}`

const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e23,
  2 ** 53,
  1.5,
  '',
  ' ',
  '\u0000',
  '\ud800',
  'x'.repeat(5_000),
  '2024-02-30',
  '99999-01-01T00:00:00Z',
  "'",
  '%',
  '\\',
  'NaN',
  '1e999',
  [],
  [null],
  [[]],
  {},
  { a: { b: {} } },
  'null',
  '$1',
  '${1}',
  '\u202e',
  '＝cmd',
  '2026-01-01T00:00:00+99:99',
  '٣',
]
const FIELDS = [
  'type',
  'lastName',
  'companyName',
  'email',
  'phone',
  'tags',
  'notes',
  'ownerId',
  'recordId',
  'clientId',
  'title',
  'occurredAt',
  'extensions',
  'due',
  'estimate',
  'price',
  'labels',
  'details',
  'done',
  'id',
  'version',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'a/b~c',
  '\u0000',
  'enabled',
  'settings',
  'name',
  'permissions',
  'expiresAt',
  'tenant',
  'language',
  'password',
]
const RAW_BODIES = [
  '{',
  '[',
  '"',
  '{"a":1,}',
  '\u0000',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '[]',
  '"text"',
  '1',
  'null',
  'true',
  deep(60),
  '{"a":1e400}',
  '{"lastName":"\\ud800"}',
  '{"type":"person","type":"company"}',
  Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
]
const PARAMETERS = [
  'limit',
  'after',
  'sort',
  'q',
  'count',
  'include',
  'filter',
  'type',
  'createdAt.gte',
  'createdAt.has',
  'tags.has',
  'tags.lt',
  'extensions.couple.lastName',
  'extensions..',
  '.',
  '..',
  '__proto__',
  '__proto__[x]',
  'constructor',
  'type.in',
  'email.empty',
  'version',
  'id',
  'price.gte',
  'estimate.lt',
  'due',
  'labels',
  'lang',
]
const TEXTS = [
  '',
  '-1',
  '0',
  '201',
  '1e3',
  'x',
  '%',
  '%25',
  '%00',
  '%ff',
  '%ed%a0%80',
  '+',
  'now-99999y',
  'now-99999999d',
  'now+1M',
  'null',
  'true',
  '"',
  "' or 1=1",
  '{}',
  '[]',
  '{"all":[]}',
  '{"all":[{}]}',
  '{"type":{"in":[]}}',
  '{"type":{"in":[null]}}',
  '{"tags":{"has":{}}}',
  '{"createdAt":{"gte":{}}}',
  '{"some":{"interactions":{}}}',
  '{"some":{"x":1}}',
  '{"not":null}',
  encodeURIComponent(deep(40)),
  'a'.repeat(3_000),
  '-createdAt,-createdAt,-createdAt',
  'eyJhIjoxfQ',
  '2024-02-30',
  '0001-01-01',
  '9999-12-31T23:59:59.999999999Z',
  '%F0%9F%92%A9',
]
const TYPES = [
  'application/json',
  'application/merge-patch+json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=latin1',
  'a/b',
  '',
  'application/json\t',
]
const HEADERS: readonly Record<string, string>[] = [
  {},
  { 'if-match': '"1"' },
  { 'if-match': 'W/"1"' },
  { 'if-match': '1' },
  { 'if-match': '*' },
  { 'if-match': '"99999999999999"' },
  { 'idempotency-key': 'é' },
  { 'idempotency-key': 'x'.repeat(300) },
  { 'idempotency-key': 'k' },
  { authorization: 'Bearer x' },
  { authorization: 'Basic eDp5' },
  { accept: 'image/png' },
  { 'content-length': '5' },
  { cookie: 'weft_session=%00' },
  { origin: 'null' },
]

function body(): unknown {
  if (random() < 0.35) return pick(RAW_BODIES)
  const entries = Array.from({ length: 1 + Math.floor(random() * 4) }, () => [pick(FIELDS), pick(VALUES)])
  return Object.fromEntries(entries)
}

function query(): string {
  if (random() < 0.3) return ''
  const pairs = Array.from({ length: 1 + Math.floor(random() * 3) }, () => `${pick(PARAMETERS)}=${pick(TEXTS)}`)
  return `?${pairs.join('&')}`
}

test(
  `of ${REQUESTS} malformed requests none is answered with 5xx, and each refusal has a code`,
  { timeout: 120_000 },
  async () => {
    const statuses = new Map<number, number>()
    for (let i = 0; i < REQUESTS; i++) {
      const route = pick(routes)
      // Sessions and switches stay as they are, so that later requests meet the same server.
      const method = random() < 0.1 ? pick(['PUT', 'OPTIONS', 'HEAD', 'DELETE']) : route.method
      const isEnding = method === 'DELETE' && route.path === '/api/session'
      const url = route.path.replace(/\{\w+\}/, encodeURI(pick(ids)).replaceAll('%25', '%')) + query()
      const headers = { ...pick(HEADERS), ...(random() < 0.3 ? { 'content-type': pick(TYPES) } : {}) }
      const visitor = random() < 0.1 || isEnding ? h.anonymous() : h.alice
      const given = ['GET', 'HEAD', 'OPTIONS'].includes(method) ? undefined : body()
      const reply = await visitor.call(method, url, { headers, ...(given === undefined ? {} : { body: given }) })
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
      const label = `${i}: ${method} ${url} ${JSON.stringify(headers)} ${Buffer.isBuffer(given) ? given.toString('hex') : JSON.stringify(given)?.slice(0, 300)}`
      expect(reply.status, label).toBeLessThan(500)
      if (reply.status >= 400 && method !== 'HEAD')
        expect(reply.body?.code, `${label} ${reply.text}`).toMatch(/^[a-z_]+$/)
    }
    expect([...statuses.values()].reduce((sum, n) => sum + n)).toBe(REQUESTS)
    expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 5)
  },
)
