/** Lists over HTTP: pages, cursors, filters and search, on rows with many equal and many empty values. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillRows } from '../../tests/support/bulk.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import { readSort } from './list.ts'
import type { Model } from './model.ts'

const ROWS = 400

let h: Harness
let model: Model
let everybody: any[]
beforeAll(async () => {
  h = await openHarness()
  model = h.kernel.services.compositions.whole.resources.get('clients')!.model
  await fillRows(h.database, model, { [h.tenants.alice]: ROWS, [h.tenants.bob]: 40 })
  await h.database.query('set session_replication_role = replica')
  // Few values, so that the second sort key and the id decide.
  await h.database.query(
    `update clients set first_name = (array['Zoé', 'zoe', 'Ärm', 'arm', null])[1 + abs(hashtext(id::text)) % 5],
     last_name = (array['Noël', 'noel', 'Œuvre', 'Élan'])[1 + abs(hashtext(id::text || 'l')) % 4],
     deleted_at = case when abs(hashtext(id::text || 'd')) % 11 = 0 then now() end`,
  )
  await h.database.query('set session_replication_role = origin')
  everybody = []
  for (let after: string | null = ''; after !== null;) {
    const page = await h.alice.get(`/api/clients?limit=200${after && `&after=${after}`}`)
    everybody.push(...page.body.items)
    after = page.body.next
  }
})
afterAll(() => h?.close())

const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id)

async function walk(query: string): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | null = null; ;) {
    const { status, body } = await h.alice.get(
      `/api/clients?${query}${after ? `&after=${encodeURIComponent(after)}` : ''}`,
    )
    expect(status, JSON.stringify(body)).toBe(200)
    ids.push(...idsOf(body.items))
    if (body.next === null) return ids
    after = body.next
  }
}

/** The same order by one plain statement: empty values last, equal ones by id in the direction of the last key. */
async function referenceOrder(sort: string): Promise<string[]> {
  const keys = readSort(model, sort)
  const order = keys.map(({ field, descending }) => `${field.sql} ${descending ? 'desc' : 'asc'} nulls last`)
  const rows = await h.database.query<{ id: string }>(
    `select id from clients where tenant_id = $1 and deleted_at is null order by ${order.join(', ')}, id ${keys.at(-1)?.descending ? 'desc' : 'asc'}`,
    [h.tenants.alice],
  )
  return idsOf(rows)
}

describe('pages', () => {
  const MIXED = [
    'lastName,firstName',
    '-lastName,firstName',
    'firstName,-lastName',
    '-firstName,-lastName',
    '-createdAt,lastName',
    'createdAt,-firstName,email',
    'firstName,lastName,-createdAt,email',
    '-firstName,extensions.probe.visits,-extensions.probe.code,updatedAt',
    'extensions.probe.nextDue,-createdAt',
    '-extensions.probe.nextDue,extensions.probe.code',
    'lastName,-extensions.probe.price',
    'id',
    '-id',
    'firstName,firstName',
  ]

  test('walked to the end by any sort hold every row once, in the order of the sort', async () => {
    const single = [...model.fields.values()].filter(({ sort }) => sort).flatMap(({ key }) => [key, `-${key}`])
    for (const sort of [...single, ...MIXED]) {
      const ids = await walk(`sort=${sort}&limit=67`)
      expect(new Set(ids).size, sort).toBe(everybody.length)
      expect(ids, sort).toEqual(await referenceOrder(sort))
    }
  }, 60_000)

  test('of one row each are walked like any other', async () => {
    const ids = await walk('sort=-firstName,lastName&limit=1&type=couple&lastName=noel')
    expect(ids).toEqual((await referenceOrder('-firstName,lastName')).filter((id) => ids.includes(id)))
    expect(ids.length).toBe(everybody.filter(({ type, lastName }) => type === 'couple' && lastName === 'noel').length)
  })

  test('go on where they were when rows come and go between them', async () => {
    const first = await h.alice.get('/api/clients?sort=lastName&limit=50')
    const made = await h.alice.post('/api/clients', { type: 'person', lastName: 'Aaron' })
    await h.alice.remove(`/api/clients/${first.body.items[49].id}`, first.body.items[49].version)
    const second = await h.alice.get(`/api/clients?sort=lastName&limit=50&after=${first.body.next}`)
    const reference = await referenceOrder('lastName')
    expect(idsOf(second.body.items)).toEqual(reference.slice(50, 100))
    await h.alice.post(`/api/clients/${first.body.items[49].id}/restore`)
    await h.alice.remove(`/api/clients/${made.body.id}`, 1)
  })

  test('say how many rows there are: exactly when asked, or when the page holds all of them', async () => {
    const exact = await h.alice.get('/api/clients?limit=1&count=exact')
    expect(exact.body.total).toEqual({ value: everybody.length, exact: true })
    expect((await h.alice.get('/api/clients?limit=1')).body.total.exact).toBe(false)
    const none = await h.alice.get('/api/clients?email=nobody@example.org')
    expect(none.body).toEqual({ items: [], next: null, total: { value: 0, exact: true } })
  })
})

describe('a cursor', () => {
  const cursorOf = async (query = '') => (await h.alice.get(`/api/clients?limit=5${query}`)).body.next as string

  test('is refused by another tenant, sort, filter, search or resource', async () => {
    const cursor = await cursorOf('&sort=lastName&type=person')
    const refused = [
      await h.bob.get(`/api/clients?limit=5&sort=lastName&type=person&after=${cursor}`),
      await h.alice.get(`/api/clients?limit=5&sort=-lastName&type=person&after=${cursor}`),
      await h.alice.get(`/api/clients?limit=5&sort=lastName&type=couple&after=${cursor}`),
      await h.alice.get(`/api/clients?limit=5&sort=lastName&after=${cursor}`),
      await h.alice.get(`/api/clients?limit=5&sort=lastName&type=person&q=a&after=${cursor}`),
      await h.alice.get(`/api/tasklist?limit=5&sort=title&after=${cursor}`),
    ]
    for (const { status, body } of refused) expect([status, body.code]).toEqual([400, 'invalid_cursor'])
    expect((await h.alice.get(`/api/clients?limit=7&sort=lastName&type=person&after=${cursor}`)).status).toBe(200)
  })

  test('that was forged, cut or changed is refused', async () => {
    const cursor = await cursorOf()
    const bytes = Buffer.from(cursor, 'base64url')
    const changed = [0, 5, bytes.length - 1].map((at) => {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] as number) ^ 1
      return copy.toString('base64url')
    })
    const forged = [
      ...changed,
      cursor.slice(0, -4),
      '',
      'x',
      '%00',
      'null',
      Buffer.from('["2026-01-01","a"]').toString('base64url'),
      'a'.repeat(4_000),
    ]
    for (const after of forged) {
      const { status, body } = await h.alice.get(`/api/clients?limit=5&after=${after}`)
      expect(status, after.slice(0, 40)).toBe(400)
      expect(['invalid_cursor', 'invalid_query']).toContain(body.code)
    }
  })
})

describe('a filter', () => {
  type Client = any
  const probe = (client: Client) => client.extensions.probe
  const year = (years: number) => new Date(Date.now() - years * 365.25 * 86_400_000).toISOString()

  const FLAT: [query: string, holds: (client: Client) => boolean][] = [
    ['type=company', ({ type }) => type === 'company'],
    ['type.ne=company', ({ type }) => type !== 'company'],
    ['type.in=company,couple', ({ type }) => ['company', 'couple'].includes(type)],
    ['type=company&type=couple', () => false],
    ['lastName=Noël', ({ lastName }) => lastName === 'Noël'],
    ['lastName=noel&type=person', ({ lastName, type }) => lastName === 'noel' && type === 'person'],
    ['email=USER17@example.test', ({ email }) => email === 'user17@example.test'],
    [
      'email.in=User17@example.test,user18@EXAMPLE.test',
      ({ email }) => ['user17@example.test', 'user18@example.test'].includes(email),
    ],
    ['email.empty=true', ({ email }) => email === null],
    ['email.empty=false', ({ email }) => email !== null],
    ['tags=mark 7', ({ tags }) => tags?.includes('mark 7')],
    ['tags.has=all', ({ tags }) => tags?.includes('all')],
    ['tags.empty=true', ({ tags }) => !tags?.length],
    ['createdAt.gte=2026-05-31T23:00:00Z', ({ createdAt }) => createdAt >= '2026-05-31T23:00:00.000Z'],
    ['createdAt.lt=2026-05-31T23:00:00%2B01:00', ({ createdAt }) => createdAt < '2026-05-31T22:00:00.000Z'],
    ['createdAt.gte=2026-06-01', ({ createdAt }) => createdAt >= '2026-06-01'],
    ['createdAt.gt=now-20y&createdAt.lte=now', () => true],
    ['createdAt.lt=now-20y', () => false],
    ['extensions.probe.code.empty=true', (client) => probe(client).code === undefined],
    ['extensions.probe.visits=7', (client) => probe(client).visits === 7],
    ['extensions.probe.visits.ne=7', (client) => probe(client).visits !== 7],
    [
      'extensions.probe.visits.gt=100&extensions.probe.visits.lte=200',
      (client) => probe(client).visits > 100 && probe(client).visits <= 200,
    ],
    ['extensions.probe.weight.lt=3.5', (client) => probe(client).weight < 3.5],
    ['extensions.probe.price.gte=1.10', (client) => Number(probe(client).price) >= 1.1],
    ['extensions.probe.price=1.10', (client) => probe(client).price === '1.10'],
    ['extensions.probe.price=123456789012345678.123456789012', () => false],
    ['extensions.probe.vip=true', (client) => probe(client).vip === true],
    ['extensions.probe.vip.empty=true', (client) => probe(client).vip === undefined],
    ['extensions.probe.metOn=2020-03-01', (client) => probe(client).metOn === '2020-03-01'],
    ['extensions.probe.metOn.lt=2020-03-01', (client) => probe(client).metOn < '2020-03-01'],
    ['extensions.probe.seenAt.gte=2025-12-25', (client) => probe(client).seenAt >= '2025-12-25'],
    ['extensions.probe.marks=mark 12', (client) => probe(client).marks?.includes('mark 12')],
    ['extensions.probe.marks.empty=true', (client) => !probe(client).marks?.length],
    ['extensions.probe.tasks.gte=300', (client) => probe(client).tasks >= 300],
    ['extensions.probe.nextDue.lt=2020-02-01', (client) => probe(client).nextDue < '2020-02-01'],
  ]

  test('in the flat form finds what it says, by every operator and type', async () => {
    for (const [query, holds] of FLAT) {
      const ids = await walk(`${query.replaceAll(' ', '%20')}&limit=200&sort=id`)
      expect(ids, query).toEqual(idsOf(everybody.filter(holds)).toSorted())
    }
  })

  const FULL: [filter: object, holds: (client: Client) => boolean][] = [
    [{ type: 'company' }, ({ type }) => type === 'company'],
    [
      { type: { in: ['company'] }, lastName: { ne: 'Noël' } },
      ({ type, lastName }) => type === 'company' && lastName !== 'Noël',
    ],
    [{ type: { in: [] } }, () => false],
    [{ email: null }, ({ email }) => email === null],
    [{ not: { email: { eq: 'user17@example.test' } } }, ({ email }) => email !== 'user17@example.test'],
    [{ any: [{ type: 'couple' }, { extensions: 0 }].slice(0, 1) }, ({ type }) => type === 'couple'],
    [
      { all: [{ any: [{ type: 'couple' }, { tags: { has: 'mark 7' } }] }, { not: { 'extensions.probe.vip': true } }] },
      ({ type, tags, extensions }) => (type === 'couple' || tags?.includes('mark 7')) && extensions.probe.vip !== true,
    ],
    [{ not: { 'extensions.probe.visits': { gt: 100 } } }, (client) => !(probe(client).visits > 100)],
    [
      { 'extensions.probe.weight': { gte: 1.5, lt: 3 } },
      (client) => probe(client).weight >= 1.5 && probe(client).weight < 3,
    ],
    [{ createdAt: { gte: 'now-1y' } }, ({ createdAt }) => createdAt >= year(1)],
    [{ createdAt: { lt: 'now-52w' } }, ({ createdAt }) => createdAt < year(1)],
    [{ some: { tasklist: { done: false } } }, () => false],
    [{ not: { some: { tasklist: { done: false } } } }, () => true],
  ]

  test('in the full form finds what it says', async () => {
    for (const [filter, holds] of FULL) {
      const ids = await walk(`filter=${encodeURIComponent(JSON.stringify(filter))}&limit=200&sort=id`)
      expect(ids, JSON.stringify(filter)).toEqual(idsOf(everybody.filter(holds)).toSorted())
    }
  })

  test('by rows that belong to a row asks all of one and the same of them', async () => {
    const [one, other] = [
      await h.bob.post('/api/clients', { type: 'person', lastName: 'One' }),
      await h.bob.post('/api/clients', { type: 'person', lastName: 'Other' }),
    ]
    await h.bob.post('/api/tasklist', { clientId: one.body.id, title: 'a', done: true, price: '10.00' })
    await h.bob.post('/api/tasklist', { clientId: one.body.id, title: 'b', done: false, price: '99.50' })
    await h.bob.post('/api/tasklist', { clientId: other.body.id, title: 'c', done: true, price: '99.50' })
    const find = async (filter: object) =>
      idsOf(
        (await h.bob.get(`/api/clients?sort=createdAt&filter=${encodeURIComponent(JSON.stringify(filter))}`)).body
          .items,
      )
    expect(await find({ some: { tasklist: { done: true, price: '99.5' } } })).toEqual([other.body.id])
    expect(await find({ some: { tasklist: { any: [{ done: false }, { price: { lt: 11 } }] } } })).toEqual([one.body.id])
    expect(await find({ all: [{ lastName: 'One' }, { not: { some: { tasklist: { price: '1' } } } }] })).toEqual([
      one.body.id,
    ])
    const listed = await h.bob.get('/api/clients?include=tasklist&lastName=One')
    expect(listed.body.items[0].tasklist.map((task: { title: string }) => task.title)).toEqual(['b', 'a'])
    expect(listed.body.items[0].extensions.probe).toMatchObject({ tasks: 2 })
  })

  const REFUSED: [query: string, path: string, code: string][] = [
    ['nothing=1', 'nothing', 'unknown'],
    ['notes=x', 'notes', 'not_filterable'],
    ['notes.eq=x', 'notes.eq', 'not_filterable'],
    ['type.like=c', 'type.like', 'operator'],
    ['type=castle', 'type', 'enum'],
    ['type.in=company,castle', 'type.in', 'enum'],
    ['tags.lt=a', 'tags.lt', 'operator'],
    ['ownerId=myself', 'ownerId', 'format'],
    ['createdAt.gte=now-9s', 'createdAt.gte', 'format'],
    ['createdAt.gte=now-9999y', 'createdAt.gte', 'format'],
    ['ownerId.lt=00000000-0000-4000-8000-000000000000', 'ownerId.lt', 'operator'],
    ['createdAt.gte=yesterday', 'createdAt.gte', 'format'],
    ['createdAt.gte=2026-02-30', 'createdAt.gte', 'format'],
    ['createdAt.gte=now-9', 'createdAt.gte', 'format'],
    ['email.empty=1', 'email.empty', 'type'],
    ['extensions.probe.visits=1.5', 'extensions.probe.visits', 'type'],
    ['extensions.probe.visits=9999999999', 'extensions.probe.visits', 'type'],
    ['extensions.probe.price=1e3', 'extensions.probe.price', 'type'],
    ['extensions.probe.vip=yes', 'extensions.probe.vip', 'type'],
    ['extensions.probe.nothing=1', 'extensions.probe.nothing', 'unknown'],
    ['extensions.nobody.code=1', 'extensions.nobody.code', 'unknown'],
    ['deletedAt.empty=false', 'deletedAt.empty', 'unknown'],
    ['tenantId=1', 'tenantId', 'unknown'],
    ['search_text=a', 'search_text', 'unknown'],
    ['__proto__=1', '__proto__', 'unknown'],
    ['sort=notes', 'sort', 'not_sortable'],
    ['sort=nothing', 'sort', 'unknown'],
    ['sort=', 'sort', 'unknown'],
    ['sort=--lastName', 'sort', 'unknown'],
    ['sort=lastName;drop', 'sort', 'unknown'],
    ['sort=lastName,firstName,email,createdAt,updatedAt', 'sort', 'too_many'],
    ['limit=0', 'limit', 'range'],
    ['limit=201', 'limit', 'range'],
    ['limit=1e2', 'limit', 'range'],
    ['limit=5&limit=6', 'limit', 'repeated'],
    ['count=yes', 'count', 'enum'],
    ['include=notes', 'include', 'unknown'],
    ['filter=x', 'filter', 'json'],
    ['filter=[]', 'filter', 'type'],
    ['filter={}', 'filter', 'empty'],
    ['filter={"all":[]}', 'filter/all', 'type'],
    ['filter={"type":{}}', 'filter/type', 'empty'],
    ['filter={"type":{"like":"x"}}', 'filter/type/like', 'operator'],
    ['filter={"any":[{"type":"company"},{"x":1}]}', 'filter/any/1/x', 'unknown'],
    ['filter={"extensions.probe.visits":"7a"}', 'filter/extensions.probe.visits', 'type'],
    ['filter={"some":{"nothing":{"a":1}}}', 'filter/some', 'unknown'],
    ['filter={"some":{"tasklist":{"nothing":1}}}', 'filter/some/tasklist/nothing', 'unknown'],
    ['filter={"some":[]}', 'filter/some', 'type'],
    ['filter={"some":{}}', 'filter/some', 'empty'],
    ['filter={"some":{"tasklist":{"done":true},"x":{}}}', 'filter/some', 'too_many'],
    ['filter={"some":{"tasklist":{"some":{"tasklist":{"done":true}}}}}', 'filter/some/tasklist/some', 'unknown'],
    ['filter={"not":{"not":{"not":{"type":"company"}}}}', 'filter/not/not/not', 'too_complex'],
    ['filter={"all":[{"any":[{"all":[{"type":"company"}]}]}]}', 'filter/all/0/any/0/all', 'too_complex'],
    ['filter={"lastName":"\\u0000"}', 'filter/lastName', 'text'],
    ['filter={"lastName":{"in":["a","\\ud800"]}}', 'filter/lastName/in', 'text'],
    [`filter={"type":{"in":${JSON.stringify(Array(201).fill('company'))}}}`, 'filter/type/in', 'too_many'],
    [
      `filter={"any":${JSON.stringify(Array.from({ length: 101 }, () => ({ type: 'company' })))}}`,
      'filter/any/99',
      'too_complex',
    ],
  ]

  test('that is unknown or mistyped is refused with the place of its fault', async () => {
    for (const [query, path, code] of REFUSED) {
      const { status, body } = await h.alice.get(`/api/clients?${query.replace(/[{"[].*/, encodeURIComponent)}`)
      expect([status, body.errors?.[0]?.path, body.errors?.[0]?.code], query).toEqual([400, path, code])
    }
  })
})

describe('search', () => {
  const names = ['Lefèvre-Cœur', 'Straße', 'Ångström', '100% Mariage', 'snake_case', 'back\\slash', "O'Brien", 'Ａｂｅ']
  beforeAll(async () => {
    for (const companyName of names) await h.bob.post('/api/clients', { type: 'company', companyName })
  })
  const find = async (q: string) =>
    (await h.bob.get(`/api/clients?type=company&sort=createdAt&q=${encodeURIComponent(q)}`)).body.items.map(
      (item: { companyName: string }) => item.companyName,
    )

  test('knows no case, accents or ligatures, on either side', async () => {
    for (const q of ['lefevre', 'LEFÈVRE', 'coeur', 'Cœur', 'le cœ', 'fèv coe'])
      expect(await find(q), q).toEqual(['Lefèvre-Cœur'])
    for (const q of ['strasse', 'STRASSE', 'straße', 'rasse']) expect(await find(q), q).toEqual(['Straße'])
    for (const q of ['angstrom', 'ångstrÖm']) expect(await find(q), q).toEqual(['Ångström'])
    expect(await find('abe')).toEqual(['Ａｂｅ'])
  })

  test('takes the wildcards of LIKE and quotes for what they are', async () => {
    expect(await find('100%')).toEqual(['100% Mariage'])
    expect(await find('100% ma')).toEqual(['100% Mariage'])
    expect(await find('e_c')).toEqual(['snake_case'])
    expect(await find('k\\s')).toEqual(['back\\slash'])
    expect(await find("o'b")).toEqual(["O'Brien"])
    for (const q of ['%%%', '___', 'sn%ke', '\\\\\\', "' or 1=1 --"]) expect(await find(q), q).toEqual([])
  })

  test('of one or two letters finds the starts of words', async () => {
    expect(await find('ab')).toEqual(['Ａｂｅ'])
    expect(await find('br')).toEqual([])
    expect(await find('Ma')).toEqual(['100% Mariage'])
  })

  test('of digits finds a phone in any form', async () => {
    const { body } = await h.bob.post('/api/clients', {
      type: 'person',
      lastName: 'Phone',
      phone: '06 98 76 54 32',
      mobile: '+44 7700 900123',
    })
    const forms = [
      '06 98 76 54 32',
      '0698765432',
      '06.98.76.54.32',
      '06-98-76-54-32',
      '+33 6 98 76 54 32',
      '0033698765432',
      '33698765432',
      '+33 (0)6 98 76 54 32',
      '98 76 54',
      '6 98',
      '876543',
      '07700 900123',
      '+447700900123',
      '00447700',
      '7700 900',
    ]
    for (const q of forms) {
      const { body: page } = await h.bob.get(`/api/clients?q=${encodeURIComponent(q)}&lastName=Phone`)
      expect(idsOf(page.items), q).toEqual([body.id])
    }
    expect((await h.bob.get('/api/clients?q=0698765433&lastName=Phone')).body.items).toEqual([])
  })

  test('looks in the fields of a plugin only while it is on', async () => {
    const { body } = await h.bob.post('/api/clients', {
      type: 'person',
      lastName: 'Dossier',
      extensions: { probe: { code: 'Zürich-4711', phone: '01 99 00 55 66' } },
    })
    const find = async (q: string) => idsOf((await h.bob.get(`/api/clients?q=${encodeURIComponent(q)}`)).body.items)
    for (const q of ['zurich-4711', 'dossier zurich', '0033 1 99 00 55 66']) expect(await find(q), q).toEqual([body.id])
    await h.bob.patch('/api/plugins/probe', { enabled: false })
    for (const q of ['zurich-4711', 'dossier zurich', '0033 1 99 00 55 66']) expect(await find(q), q).toEqual([])
    expect(await find('dossier')).toEqual([body.id])
    await h.bob.patch('/api/plugins/probe', { enabled: true })
    expect(await find('zurich-4711')).toEqual([body.id])
  })
})
