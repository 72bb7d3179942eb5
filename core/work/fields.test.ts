/** Fields that a tenant defines itself, asked for like any client does, by two tenants. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openKernel } from '../kernel.ts'
import { configFor, eventually, type Harness, openHarness, type Reply } from '../../tests/support/harness.ts'
import { define, defined, enter, untilSettled } from '../../tests/support/own-fields.ts'

let h: Harness
beforeAll(async () => {
  h = await openHarness({ worker: true })
})
afterAll(() => h?.close())

const FIELDS = {
  budget: { type: 'integer', minimum: 0, 'x-filter': true, 'x-sort': true, 'x-list': 30 },
  stage: { type: 'string', enum: ['cold', 'warm', 'won'], 'x-filter': true, 'x-section': 'money' },
  hobby: { type: 'string', maxLength: 200, 'x-search': true, 'x-filter': true, 'x-sort': true },
  since: { type: 'string', format: 'date', 'x-filter': true, 'x-sort': true },
  seenAt: { type: 'string', format: 'date-time', 'x-filter': true },
  fee: { type: 'string', format: 'decimal', 'x-filter': true, 'x-sort': true },
  share: { type: 'number', 'x-filter': true },
  vip: { type: 'boolean', 'x-filter': true },
  secret: { type: 'string', maxLength: 100, 'x-personal': true, 'x-search': true },
  mobile: { type: 'string', format: 'phone', 'x-personal': true, 'x-search': true },
  topics: {
    type: 'array',
    items: { type: 'string', enum: ['wine', 'art'] },
    uniqueItems: true,
    'x-filter': true,
    'x-merge': 'union',
  },
}

/** Each test begins with the same fields, and bob with none. */
beforeEach(async () => {
  await defined(h.alice, FIELDS)
  await defined(h.bob, {})
})

const list = async (query: string, visitor = h.alice) => {
  const reply = await visitor.get(`/api/clients?${query}`)
  expect(reply.status, reply.text).toBe(200)
  return reply.body.items as { id: string; extensions: { tenantfields: Record<string, unknown> } }[]
}
const own = (row: { extensions: { tenantfields?: Record<string, unknown> } }) => row.extensions.tenantfields
const patch = (row: { id: string; version: number }, values: object, visitor = h.alice) =>
  visitor.patch(`/api/clients/${row.id}`, { extensions: { tenantfields: values } }, row.version)
const faultsOf = ({ body }: Reply) => body.errors?.map(({ path, code }: { path: string; code: string }) => [path, code])

test('a value is written, read, changed and taken away', async () => {
  const made = await enter(h.alice, { budget: 12, hobby: 'sailing', fee: '12.50', topics: ['wine'], vip: true })
  expect(own(made)).toEqual({ budget: 12, hobby: 'sailing', fee: '12.50', topics: ['wine'], vip: true })
  const changed = await patch(made, { budget: 13, hobby: null, seenAt: '2026-05-01T10:00:00+02:00' })
  expect(own(changed.body)).toEqual({
    budget: 13,
    fee: '12.50',
    topics: ['wine'],
    vip: true,
    seenAt: '2026-05-01T08:00:00.000Z',
  })
})

test('what does not fit is refused with its path, on every way in', async () => {
  const bad = { budget: -1, stage: 'hot', since: '2026-02-31', nothing: 1 }
  const body = { type: 'person', lastName: 'Morel', extensions: { tenantfields: bad } }
  const strange = await h.alice.post('/api/clients', body)
  expect([strange.status, faultsOf(strange)]).toEqual([400, [['/extensions/tenantfields/nothing', 'unknown']]])
  const { nothing: _, ...known } = bad
  const wrong = await h.alice.post('/api/clients', { ...body, extensions: { tenantfields: known } })
  expect(wrong.status).toBe(400)
  const faults = [
    ['/extensions/tenantfields/budget', 'minimum'],
    ['/extensions/tenantfields/stage', 'enum'],
    ['/extensions/tenantfields/since', 'format'],
  ]
  expect(faultsOf(wrong)).toEqual(faults)
  const byPlugin = await h.alice.post('/api/tenantfields/enter', { ...body, extensions: { tenantfields: known } })
  expect([byPlugin.status, faultsOf(byPlugin)]).toEqual([400, faults])
  const batch = await h.alice.post('/api/clients/batch', {
    ids: [(await enter(h.alice, {})).id],
    update: { extensions: { tenantfields: { budget: 'much' } } },
  })
  expect([batch.status, faultsOf(batch)]).toEqual([400, [['/update/extensions/tenantfields/budget', 'type']]])
})

test('another tenant knows nothing of the field: not in bodies, filters, sorts, schemas, texts or documents', async () => {
  const made = await h.bob.post('/api/clients', {
    type: 'person',
    lastName: 'Morel',
    extensions: { tenantfields: { budget: 12 } },
  })
  expect([made.status, faultsOf(made)]).toEqual([400, [['/extensions/tenantfields', 'unknown']]])
  for (const query of ['extensions.tenantfields.budget=12', 'sort=extensions.tenantfields.budget'])
    expect((await h.bob.get(`/api/clients?${query}`)).status, query).toBe(400)
  const aggregate = await h.bob.get('/api/clients/aggregate?values=n:count&by=extensions.tenantfields.stage')
  expect(aggregate.status).toBe(400)
  for (const path of ['/api/schemas/clients', '/api/openapi.json', '/api/ui', '/api/tenantfields/schema/clients']) {
    expect((await h.alice.get(path)).text, path).toMatch(/budget/)
    expect((await h.bob.get(path)).text, path).not.toMatch(/budget/)
  }
})

test('two tenants may mean other things by one name', async () => {
  await defined(h.bob, { budget: { type: 'string', maxLength: 20, 'x-filter': true, 'x-sort': true } })
  await enter(h.bob, { budget: 'a lot' })
  await enter(h.alice, { budget: 777 })
  expect((await list('extensions.tenantfields.budget=a lot', h.bob)).map(own)).toEqual([{ budget: 'a lot' }])
  expect((await list('extensions.tenantfields.budget=777')).map(own)).toEqual([{ budget: 777 }])
})

test('every kind of field is filtered and counted', async () => {
  const values = {
    budget: 4711,
    stage: 'warm',
    hobby: 'falconry',
    since: '2026-03-02',
    seenAt: '2026-05-01T10:00:00Z',
    fee: '99.90',
    share: 0.25,
    vip: true,
    topics: ['art'],
  }
  const { id } = await enter(h.alice, values)
  const key = 'extensions.tenantfields'
  const queries = [
    'budget=4711',
    'budget.gte=4711',
    'hobby=falconry',
    'since=2026-03-02',
    'seenAt.gte=2026-05-01T09:59:59Z',
    'fee=99.9',
    'fee.gt=99.8',
    'share=0.25',
    'topics=art',
  ]
  for (const query of queries)
    expect(
      (await list(`${key}.${query}&${key}.budget=4711`)).map((row) => row.id),
      query,
    ).toEqual([id])
  expect(await list(`${key}.vip=false&${key}.budget=4711`)).toEqual([])
  const full = { all: [{ [`${key}.budget`]: { gt: 4710 } }, { [`${key}.stage`]: 'warm' }] }
  expect((await list(`filter=${encodeURIComponent(JSON.stringify(full))}`)).map((row) => row.id)).toEqual([id])
  const sums = await h.alice.get(
    `/api/clients/aggregate?by=${key}.hobby&values=count,max:${key}.budget&${key}.budget=4711`,
  )
  expect(sums.status, sums.text).toBe(200)
  expect(JSON.stringify(sums.body.items)).toContain('falconry')
})

test('pages of a sort hold every row once, the empty ones last', async () => {
  const rows = []
  for (const budget of [5, 3, null, 9, 3, null, 1])
    rows.push(await enter(h.alice, { budget, hobby: 'paged' }, { lastName: 'Paged' }))
  for (const sort of ['', '-']) {
    const met: (number | null)[] = []
    const ids = new Set<string>()
    let after = ''
    for (;;) {
      const { body } = await h.alice.get(
        `/api/clients?extensions.tenantfields.hobby=paged&sort=${sort}extensions.tenantfields.budget&limit=2${after}`,
      )
      for (const row of body.items) {
        met.push(row.extensions.tenantfields.budget ?? null)
        ids.add(row.id)
      }
      if (!body.next) break
      after = `&after=${body.next}`
    }
    const order = [1, 3, 3, 5, 9]
    expect(met).toEqual([...(sort ? order.toReversed() : order), null, null])
    expect(ids.size).toBe(rows.length)
  }
})

test('the search finds a field that is searched, and no other', async () => {
  const { id } = await enter(h.alice, { hobby: 'ornithology', mobile: '06 12 34 99 88' })
  expect((await list('q=ornitholog')).map((row) => row.id)).toEqual([id])
  expect((await list('q=0612349988')).map((row) => row.id)).toEqual([id])
  // Rows that are there follow, without a version or a fact of their own.
  const { hobby, ...others } = FIELDS
  const { 'x-search': _, ...silent } = hobby
  const before = (await h.alice.get(`/api/clients/${id}`)).body.version
  await defined(h.alice, { ...others, hobby: silent })
  expect(await list('q=ornitholog')).toEqual([])
  await untilSettled(h)
  const [kept] = await h.database.query<{ search_text: string }>('select search_text from clients where id = $1', [id])
  expect(kept!.search_text).not.toContain('ornithology')
  await defined(h.alice, FIELDS)
  await untilSettled(h)
  expect((await list('q=ornitholog')).map((row) => row.id)).toEqual([id])
  expect((await h.alice.get(`/api/clients/${id}`)).body.version).toBe(before)
  const [facts] = await h.database.query<{ n: number }>(
    'select count(*)::int as n from kernel.facts where row_id = $1',
    [id],
  )
  expect(facts!.n).toBe(1)
})

test('schema and texts carry what the tenant calls its fields', async () => {
  const labels = {
    budget: { en: 'Budget in euros', fr: 'Budget en euros' },
    stage: { fr: 'Étape' },
    'stage.won': { en: 'Won <b>', fr: 'Gagné' },
    'section.money': { en: 'Money', fr: 'Argent' },
  }
  await defined(h.alice, FIELDS, { labels })
  const english = await h.alice.get('/api/ui?lang=en')
  expect(english.body.locales.tenantfields).toMatchObject({
    'clients.budget': 'Budget in euros',
    'clients.stage': 'Étape',
    'clients.stage.won': 'Won <b>',
    'section.money': 'Money',
  })
  const french = await h.alice.get('/api/ui?lang=fr')
  expect(french.body.locales.tenantfields['clients.budget']).toBe('Budget en euros')
  const titleOf = async (path: string) =>
    (await h.alice.get(path)).body.properties.extensions.properties.tenantfields.properties.budget.title
  expect(await titleOf('/api/schemas/clients?lang=fr')).toBe('Budget en euros')
  expect(await titleOf('/api/schemas/clients?lang=en')).toBe('Budget in euros')
  expect(await titleOf('/api/tenantfields/schema/clients')).toBe('Budget in euros')
})

test('the history and the changes tell it by its name', async () => {
  const made = await enter(h.alice, { budget: 1 })
  await patch(made, { budget: 2 })
  const { body } = await h.alice.get(`/api/clients/${made.id}/history`)
  expect(body.items[0].changes).toEqual([{ field: 'extensions.tenantfields.budget', before: 1, after: 2 }])
})

test('a batch changes it in many rows', async () => {
  const ids = [(await enter(h.alice, { budget: 1 })).id, (await enter(h.alice, {})).id]
  const begun = await h.alice.post('/api/clients/batch', {
    ids,
    update: { extensions: { tenantfields: { stage: 'won' } } },
  })
  expect(begun.status, begun.text).toBe(202)
  const isDone = async () => (await h.alice.get(`/api/tasks/${begun.body.task}`)).body.state === 'done'
  await eventually(isDone, 'the batch is done')
  for (const id of ids) expect(own((await h.alice.get(`/api/clients/${id}`)).body)).toMatchObject({ stage: 'won' })
})

test('a merge joins it by its rule, and an unmerge puts it back', async () => {
  const a = await enter(h.alice, { topics: ['wine'], hobby: 'chess' })
  const b = await enter(h.alice, { topics: ['art'], hobby: 'go', budget: 5 })
  const merged = await h.alice.post(`/api/clients/${a.id}/merge`, { with: b.id })
  expect(merged.status, merged.text).toBe(200)
  const both = { topics: ['wine', 'art'], hobby: 'chess', budget: 5 }
  expect(own((await h.alice.get(`/api/clients/${a.id}`)).body)).toEqual(both)
  await h.alice.post(`/api/clients/${a.id}/unmerge`, { mergeId: merged.body.mergeId })
  expect(own((await h.alice.get(`/api/clients/${a.id}`)).body)).toEqual(own(a))
  expect(own((await h.alice.get(`/api/clients/${b.id}`)).body)).toEqual(own(b))
})

test('an erasure leaves nothing of a personal field, also of one that was taken away', async () => {
  const word = 'Zwergschnauzer'
  const key = { 'idempotency-key': 'erased-fields' }
  const body = {
    type: 'person',
    lastName: 'Morel',
    extensions: { tenantfields: { secret: word, mobile: '06 11 22 33 44', budget: 8 } },
  }
  const made = (await h.alice.post('/api/clients', body, key)).body
  await patch(made, { budget: 9 })
  const pack = await h.alice.get(`/api/clients/${made.id}/access-pack`)
  expect(pack.text).toContain(word)
  const { secret: _, ...others } = FIELDS
  await defined(h.alice, others)
  await untilSettled(h)
  const erased = await h.alice.post(`/api/clients/${made.id}/erase`, { confirm: made.id })
  expect(erased.status, erased.text).toBe(200)
  const left = await h.database.query(
    `select 1 from clients where to_jsonb(clients)::text ~* $1 union all select 2 from kernel.facts where to_jsonb(facts)::text ~* $1
     union all select 3 from kernel.answers where body ~* $1`,
    [`${word}|1122 ?33 ?44|06 11 22 33 44|611223344`],
  )
  expect(left).toEqual([])
})

test('a field that is taken away is hidden with its values, and is back with them', async () => {
  const made = await enter(h.alice, { budget: 3141, hobby: 'juggling' })
  const { budget, ...others } = FIELDS
  await defined(h.alice, others)
  const hidden = (await h.alice.get(`/api/clients/${made.id}`)).body
  expect(own(hidden)).toEqual({ hobby: 'juggling' })
  expect((await h.alice.get(`/api/clients/${made.id}/history`)).text).not.toContain('3141')
  expect((await h.alice.get('/api/clients?extensions.tenantfields.budget=3141')).status).toBe(400)
  expect((await h.alice.get('/api/tenantfields/fields/clients')).body.removed).toEqual(['budget'])
  await patch(hidden, { hobby: 'fire' })
  await defined(h.alice, { ...others, budget })
  expect(own((await h.alice.get(`/api/clients/${made.id}`)).body)).toEqual({ budget: 3141, hobby: 'fire' })
})

test('a purge takes the values of a removed field, and of no other', async () => {
  const made = await enter(h.alice, { budget: 2718, mobile: '06 12 34 56 70' })
  const purge = (names: string[]) => h.alice.post('/api/tenantfields/fields/clients/purge', { names })
  expect([(await purge(['mobile'])).status, (await purge(['nothing'])).status]).toEqual([409, 400])
  const { mobile: _, ...others } = FIELDS
  await defined(h.alice, others)
  const { body, status } = await purge(['mobile'])
  expect(status).toBe(200)
  await untilSettled(h)
  expect((await h.alice.get(`/api/tasks/${body.task}`)).body).toMatchObject({ state: 'done', undoable: false })
  expect((await h.alice.get('/api/tenantfields/fields/clients')).body.removed).toEqual([])
  await defined(h.alice, FIELDS)
  expect(own((await h.alice.get(`/api/clients/${made.id}`)).body)).toEqual({ budget: 2718 })
})

test('another type is refused while values do not fit, and says how many', async () => {
  await defined(h.alice, { ...FIELDS, code: { type: 'string', maxLength: 20 } })
  await enter(h.alice, { code: '12' })
  await enter(h.alice, { code: 'twelve' })
  await enter(h.alice, { code: 'twelve' })
  const wanted = { ...FIELDS, code: { type: 'string', enum: ['12', 'thirteen'] } }
  const refused = await define(h.alice, wanted)
  expect([refused.status, refused.body.errors]).toEqual([
    409,
    [{ path: '/schema/properties/code', code: 'values', params: { count: 2 } }],
  ])
  const widened = { ...FIELDS, code: { type: 'string', enum: ['12', 'twelve'] } }
  expect((await define(h.alice, widened)).status).toBe(200)
  // Taking it away and bringing it back as something else is no way round.
  await defined(h.alice, FIELDS)
  expect((await define(h.alice, { ...FIELDS, code: { type: 'integer' } })).status).toBe(409)
})

test('what is demanded holds for new rows, and those that are there stay writable', async () => {
  const old = await enter(h.alice, { hobby: 'knitting' })
  await defined(h.alice, FIELDS, { required: ['budget'] })
  const missing = await h.alice.post('/api/clients', { type: 'person', lastName: 'Morel' })
  expect([missing.status, faultsOf(missing)]).toEqual([400, [['/extensions/tenantfields/budget', 'required']]])
  const changed = await patch(old, { hobby: 'weaving' })
  expect(changed.status, changed.text).toBe(200)
  expect((await h.alice.patch(`/api/clients/${old.id}`, { lastName: 'Moreau' }, changed.body.version)).status).toBe(200)
  const made = await enter(h.alice, { budget: 1 })
  expect(faultsOf(await patch(made, { budget: null }))).toEqual([['/extensions/tenantfields/budget', 'required']])
  const { body } = await h.alice.get('/api/schemas/clients')
  expect(body.properties.extensions.properties.tenantfields.required).toEqual(['budget'])
  const { schemas } = (await h.alice.get('/api/openapi.json')).body.components
  expect(schemas.ClientsInput.required).toContain('extensions')
  expect(schemas.ClientsInput.properties.extensions.required).toEqual(['tenantfields'])
  expect(schemas.ClientsInput.properties.extensions.properties.tenantfields.required).toEqual(['budget'])
})

test('a row with a value from before is written as long as the value is left alone', async () => {
  const made = await enter(h.alice, { hobby: 'tea' })
  await h.database.query(`set session_replication_role = replica`)
  await h.database.query(
    `update clients set extensions = jsonb_set(extensions, '{tenantfields,budget}', '"junk"') where id = $1`,
    [made.id],
  )
  await h.database.query(`set session_replication_role = origin`)
  const changed = await patch(made, { hobby: 'coffee' })
  expect(changed.status, changed.text).toBe(200)
  expect((await patch(changed.body, { budget: 'other junk' })).status).toBe(400)
  expect((await list('extensions.tenantfields.budget.gte=0&extensions.tenantfields.hobby=coffee')).length).toBe(0)
  expect((await patch(changed.body, { budget: 4 })).status).toBe(200)
})

test('a saved view and a rule of retention speak of it', async () => {
  const view = { resource: 'clients', name: 'Rich', filter: { 'extensions.tenantfields.budget': { gt: 5 } } }
  expect((await h.alice.post('/api/views', { ...view, columns: ['extensions.tenantfields.budget'] })).status).toBe(201)
  expect((await h.bob.post('/api/views', view)).status).toBe(400)
  const rule = { resource: 'clients', filter: { 'extensions.tenantfields.budget': { gt: 1e9 } }, act: 'delete' }
  expect((await h.alice.post('/api/privacy/retention/dry-run', rule)).body.count).toBe(0)
  expect((await h.bob.post('/api/privacy/retention/dry-run', rule)).status).toBe(400)
})

const BAD: [string, object][] = [
  ['a free pattern', { code: { type: 'string', maxLength: 9, pattern: '(a+)+$' } }],
  ['a reference', { code: { $ref: '#/x' } }],
  ['depth', { code: { type: 'object', properties: {} } }],
  ['a list of anything', { code: { type: 'array', items: { type: 'object' }, uniqueItems: true } }],
  ['a text without an end', { code: { type: 'string' } }],
  ['an index of long texts', { code: { type: 'string', maxLength: 5000, 'x-filter': true } }],
  ['a reference to a row', { code: { type: 'string', format: 'uuid', 'x-ref': 'clients' } }],
  ['a unique value', { code: { type: 'string', maxLength: 9, 'x-unique': true } }],
  ['an unknown annotation', { code: { type: 'string', maxLength: 9, 'x-magic': true } }],
  ['a default', { code: { type: 'string', maxLength: 9, default: 'x' } }],
  ['a name of objects', { constructor: { type: 'boolean' } }],
  ['a name of the kernel', { id: { type: 'boolean' } }],
  ['a companion of a phone', { homeE164: { type: 'boolean' } }],
  ['a name that is none', { 'x y': { type: 'boolean' } }],
  ['a value that is no word', { code: { type: 'string', enum: ['a:b'] } }],
  ['an order of lists', { code: { ...FIELDS.topics, 'x-sort': true } }],
]
test.each(BAD)('%s is not allowed', async (_, properties) => {
  const reply = await define(h.alice, properties as never)
  expect([reply.status, reply.body.code]).toEqual([400, 'invalid'])
  for (const { path } of reply.body.errors) expect(path).toMatch(/^\/schema\/properties/)
})

test('a name of prototypes, more than 200 fields, too many indexes and labels that are none are refused', async () => {
  const raw = `{"schema":{"type":"object","additionalProperties":false,"properties":{"__proto__":{"type":"boolean"}}},"labels":{}}`
  expect((await h.alice.call('PUT', '/api/tenantfields/fields/clients', { body: raw })).status).toBe(400)
  const many = (n: number, more = {}) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, { type: 'string', maxLength: 9, ...more }]))
  expect((await define(h.alice, many(201))).status).toBe(400)
  expect(faultsOf(await define(h.alice, many(21, { 'x-filter': true })))).toEqual([
    ['/schema/properties/f20', 'too_many_indexes'],
  ])
  const bad = { budget: { en: '' }, other: { en: 'x' }, 'stage.lost': { en: 'x' }, vip: { de: 'x' } }
  expect(faultsOf(await define(h.alice, FIELDS, { labels: bad })).map(([path]: [string]) => path)).toEqual([
    '/labels/budget/en',
    '/labels/vip/de',
    '/labels/other',
    '/labels/stage.lost',
  ])
  expect((await define(h.alice, FIELDS, { resource: 'nothing' })).status).toBe(404)
  // Nothing of a refused definition is kept.
  expect(Object.keys((await h.alice.get('/api/tenantfields/fields/clients')).body.schema.properties)).toEqual(
    Object.keys(FIELDS),
  )
})

test('who may not manage fields cannot, and reads them in rows all the same', async () => {
  const member = await h.addMember(h.tenants.alice, 'member-of-fields@test.example', 'member')
  expect((await define(member, {})).status).toBe(403)
  expect(own(await enter(member, { budget: 5 }))).toEqual({ budget: 5 })
})

test('a plugin that is off takes its fields along, and brings them back', async () => {
  const made = await enter(h.alice, { budget: 99, secret: 'unheard' })
  await h.alice.patch('/api/plugins/tenantfields', { enabled: false })
  const off = (await h.alice.get(`/api/clients/${made.id}`)).body
  expect(off.extensions.tenantfields).toBeUndefined()
  expect(await list('q=unheard')).toEqual([])
  await h.alice.patch(`/api/clients/${made.id}`, { notes: 'meanwhile' }, off.version)
  await h.alice.patch('/api/plugins/tenantfields', { enabled: true })
  expect(own((await h.alice.get(`/api/clients/${made.id}`)).body)).toEqual({ budget: 99, secret: 'unheard' })
})

test('another process knows of a change within a second', async () => {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  try {
    const { switches, compositions } = other.services
    const knows = async (name: string) => {
      const { resources } = compositions.of(await switches.of(h.tenants.alice))
      return resources.get('clients')!.model.fields.has(`extensions.tenantfields.${name}`)
    }
    expect([await knows('budget'), await knows('novelty')]).toEqual([true, false])
    await defined(h.alice, { ...FIELDS, novelty: { type: 'boolean' } })
    await eventually(() => knows('novelty'), 'the other process knows the new field', 1_000)
  } finally {
    await other.close()
  }
})

test('what many tenants define is kept composed for some of them only', async () => {
  const { compositions, switches } = h.kernel.services
  const state = await switches.of(h.tenants.alice)
  const first = compositions.of(state)
  expect(compositions.of(state)).toBe(first)
  for (let i = 0; i < 200; i++) compositions.of({ ...state, own: { ...state.own, hash: `other ${i}` } })
  expect(compositions.of(state)).not.toBe(first)
})
