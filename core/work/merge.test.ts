/** Merge and unmerge, asked like any client does and compared with what stands in the tables. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'

const isThere = areShipped('couple', 'interactions')

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

const create = async (more: object = {}, visitor: Visitor = h.alice) => {
  const made = await visitor.post('/api/clients', { type: 'person', lastName: 'Morel', ...more })
  expect(made.status, made.text).toBe(201)
  return made.body
}
const read = async (id: string) => (await h.alice.get(`/api/clients/${id}`)).body
/** What a client sees of it, but for what each write changes. */
async function bodyOf(id: string) {
  const { version: _, updatedAt: __, updatedBy: ___, ...body } = await read(id)
  return body
}
const merge = (id: string, other: string, visitor = h.alice) =>
  visitor.post(`/api/clients/${id}/merge`, { with: other })
const unmerge = (id: string, mergeId: string, visitor = h.alice) =>
  visitor.post(`/api/clients/${id}/unmerge`, { mergeId })
const task = async (clientId: string, more: object = {}) =>
  (await h.alice.post('/api/tasklist', { clientId, title: 'Call', ...more })).body
const note = async (recordId: string, more: object = {}) =>
  (await h.alice.post('/api/interactions', { recordId, type: 'note', title: 'Met', ...more })).body

const TABLES = ['clients', 'interactions__interactions', 'tasklist__tasklist']
const UNKEPT = `'{version,updated_at,updated_by,search_text,derived}'::text[]`

/** Every column of the rows but those that a put-back may change; what is derived is compared as it is read. */
async function imagesOf(ids: readonly string[]): Promise<unknown[]> {
  const parts = TABLES.map((table) => `select '${table}' as "table", to_jsonb(t) - ${UNKEPT} as image from ${table} t`)
  return h.database.query(
    `select * from (${parts.join(' union all ')}) rows where (image ->> 'id')::uuid = any($1) order by image ->> 'id'`,
    [ids],
  )
}

describe.skipIf(!isThere)('what a merge makes of two values (needs couple and interactions)', () => {
  test('keep: the survivor’s value stays, and an empty one is filled', async () => {
    const a = await create({ lastName: 'Morel', country: 'FR' })
    const b = await create({ lastName: 'Moreau', firstName: 'Léa', country: 'GB', language: 'fr' })
    const reply = await merge(a.id, b.id)
    expect([reply.status, reply.body.conflicts, reply.body.moved]).toEqual([200, [], 0])
    expect(await read(a.id)).toMatchObject({ lastName: 'Morel', firstName: 'Léa', country: 'FR', language: 'fr' })
  })

  test('union: lists are joined without doubles, texts stand below each other', async () => {
    const a = await create({ tags: ['vip', 'paris'], notes: 'first' })
    const b = await create({ tags: ['paris', 'press'], notes: 'second' })
    const c = await create({ tags: ['vip'], notes: 'first' })
    expect((await merge(a.id, b.id)).body.conflicts).toEqual([])
    await merge(a.id, c.id)
    expect(await read(a.id)).toMatchObject({ tags: ['vip', 'paris', 'press'], notes: 'first\n\nsecond' })
  })

  test('union: what would not fit the schema stays as it is and is listed', async () => {
    const tags = Array.from({ length: 50 }, (_, i) => `t${i}`)
    const a = await create({ tags })
    const b = await create({ tags: ['other'] })
    const reply = await merge(a.id, b.id)
    expect(reply.body.conflicts).toEqual([{ field: 'tags', kept: tags, other: ['other'] }])
    expect((await read(a.id)).tags).toEqual(tags)
  })

  test('latest: the value of the row that was changed later counts, whichever survives', async () => {
    for (const isOtherLater of [true, false]) {
      const a = await create({ status: 'prospect' })
      const b = await create({ status: 'lost' })
      const later = isOtherLater ? b : a
      await h.alice.patch(`/api/clients/${later.id}`, { source: 'fair' }, 1)
      const reply = await merge(a.id, b.id)
      expect(reply.body.conflicts).toEqual([])
      expect((await read(a.id)).status).toBe(isOtherLater ? 'lost' : 'prospect')
    }
  })

  test('ask: like keep, and listed where both differ; a number in another spelling does not', async () => {
    const a = await create({ email: 'ask-a@test.example', phone: '01 99 00 12 34', vatNumber: null })
    const b = await create({ email: 'ask-b@test.example', phone: '+33 1 99 00 12 34', mobile: '06 12 34 56 78' })
    const reply = await merge(a.id, b.id)
    expect(reply.body.conflicts).toEqual([{ field: 'email', kept: 'ask-a@test.example', other: 'ask-b@test.example' }])
    expect(await read(a.id)).toMatchObject({
      email: 'ask-a@test.example',
      phone: '01 99 00 12 34',
      mobile: '06 12 34 56 78',
      mobileE164: '+33612345678',
    })
  })

  test('a unique value of the one that goes is the survivor’s', async () => {
    const a = await create()
    const b = await create({ email: 'only@test.example' })
    expect((await merge(a.id, b.id)).status).toBe(200)
    expect((await read(a.id)).email).toBe('only@test.example')
  })

  test('extensions follow the rules of their schema; a value whose plugin is gone is kept with its companion', async () => {
    const a = await create({ type: 'couple', extensions: { couple: { email: 'a@test.example' } } })
    const couple = { email: 'b@test.example', firstName: 'Zoé' }
    const b = await create({ type: 'couple', extensions: { couple, probe: { visits: 3, price: '1.50' } } })
    const gone = {
      a: { gone: { name: 'A', phone: 'A' } },
      b: { gone: { name: 'B', phone: 'B', phoneE164: '+331', n: 1 } },
    }
    await h.database.query('alter table clients disable trigger user')
    await h.database.query(
      'update clients set extensions = extensions || case id when $1 then $2::jsonb else $3::jsonb end where id in ($1, $4)',
      [a.id, JSON.stringify(gone.a), JSON.stringify(gone.b), b.id],
    )
    await h.database.query('alter table clients enable trigger user')
    const reply = await merge(a.id, b.id)
    expect(reply.body.conflicts).toEqual([
      { field: 'extensions.couple.email', kept: 'a@test.example', other: 'b@test.example' },
    ])
    const [row] = await h.database.query<{ extensions: object }>('select extensions from clients where id = $1', [a.id])
    expect(row?.extensions).toEqual({
      couple: { email: 'a@test.example', firstName: 'Zoé' },
      probe: { visits: 3, price: '1.50' },
      gone: { name: 'A', phone: 'A', n: 1 },
    })
  })
})

describe.skipIf(!isThere)('rows that belong to the merged one (needs couple and interactions)', () => {
  test('move with their rollups, are told by facts of one task, and come back byte for byte', async () => {
    const a = await create({ notes: 'a', tags: ['x'] })
    const b = await create({ notes: 'b', email: 'moved@test.example', extensions: { probe: { visits: 2 } } })
    const own = await task(a.id, { due: '2031-01-01', estimate: 1 })
    const moving = [
      await task(b.id, { due: '2030-01-01', estimate: 0.1, price: '10.50', labels: ['l'], details: { room: 'r' } }),
      await note(b.id, { occurredAt: '2030-05-05T10:00:00.123Z' }),
    ]
    const deleted = await task(b.id, { title: 'Deleted' })
    await h.alice.remove(`/api/tasklist/${deleted.id}`, 1)
    const ids = [a.id, b.id, own.id, deleted.id, ...moving.map(({ id }) => id)]
    const before = await imagesOf(ids)
    const bodies = [await bodyOf(a.id), await bodyOf(b.id)]
    const { body, status } = await merge(a.id, b.id)
    expect([status, body.moved]).toEqual([200, 2])
    const after = await read(a.id)
    expect(after.extensions).toMatchObject({
      probe: { tasks: 2, effort: 1.1, nextDue: '2030-01-01' },
      interactions: { lastInteractionAt: '2030-05-05T10:00:00.123Z' },
    })
    const [gone] = await h.database.query('select client_id from tasklist__tasklist where id = $1', [deleted.id])
    expect(gone).toEqual({ client_id: a.id })
    const facts = await h.database.query<{ event: string; payload: unknown }>(
      'select event, payload from kernel.facts where task = $1 order by id',
      [body.mergeId],
    )
    expect(facts.map(({ event }) => event).sort()).toEqual([
      'clients.deleted',
      'clients.merged',
      'clients.updated',
      'interactions.updated',
      'tasklist.updated',
      'tasklist.updated',
    ])
    const payload = { id: a.id, recordId: a.id, with: b.id, mergeId: body.mergeId }
    expect(facts.find(({ event }) => event === 'clients.merged')?.payload).toEqual(payload)
    const undone = await unmerge(a.id, body.mergeId)
    expect([undone.status, undone.body]).toEqual([200, { moved: 2 }])
    expect(await imagesOf(ids)).toEqual(before)
    expect([await bodyOf(a.id), await bodyOf(b.id)]).toEqual(bodies)
    expect(bodies[1].extensions.probe).toMatchObject({ tasks: 1, nextDue: '2030-01-01', visits: 2 })
    expect((await h.alice.get('/api/clients?q=moved@test.example')).body.items).toHaveLength(1)
  })

  test('stay with the survivor when they came after the merge', async () => {
    const [a, b] = [await create(), await create()]
    const { body } = await merge(a.id, b.id)
    const late = await task(a.id)
    expect((await unmerge(a.id, body.mergeId)).status).toBe(200)
    expect((await h.alice.get(`/api/tasklist/${late.id}`)).body.clientId).toBe(a.id)
  })

  test('move and come back while their plugin is off for the tenant', async () => {
    const [a, b] = [await create(), await create({ type: 'couple', extensions: { couple: { lastName: 'Off' } } })]
    const [t, n] = [await task(b.id), await note(b.id)]
    const ids = [a.id, b.id, t.id, n.id]
    const before = await imagesOf(ids)
    const bodies = [await bodyOf(a.id), await bodyOf(b.id)]
    const turn = async (enabled: boolean) => {
      const order = enabled
        ? ['tasklist', 'probe', 'interactions', 'couple']
        : ['couple', 'interactions', 'probe', 'tasklist']
      for (const id of order) expect((await h.alice.patch(`/api/plugins/${id}`, { enabled })).status, id).toBe(200)
    }
    await turn(false)
    const { body } = await merge(a.id, b.id)
    expect(body).toMatchObject({ moved: 2, conflicts: [] })
    await turn(true)
    expect((await h.alice.get(`/api/tasklist/${t.id}`)).body.clientId).toBe(a.id)
    expect((await h.alice.get(`/api/interactions/${n.id}`)).body.recordId).toBe(a.id)
    expect((await read(a.id)).extensions.couple.lastName).toBe('Off')
    await turn(false)
    expect((await unmerge(a.id, body.mergeId)).status).toBe(200)
    await turn(true)
    expect(await imagesOf(ids)).toEqual(before)
    expect([await bodyOf(a.id), await bodyOf(b.id)]).toEqual(bodies)
  })
})

describe.skipIf(!isThere)('a merged id (needs couple and interactions)', () => {
  test('leads every verb to the survivor, along the whole chain, and is in no list', async () => {
    const [a, b, c] = [await create({ lastName: 'Chainmail' }), await create(), await create()]
    const t = await task(a.id)
    const first = await merge(b.id, a.id)
    const second = await merge(c.id, b.id)
    expect((await h.alice.get(`/api/tasklist/${t.id}`)).body.clientId).toBe(c.id)
    const version = { 'if-match': '"1"' }
    const calls: [method: string, path: string, call?: object][] = [
      ['GET', ''],
      ['GET', '?include=tasklist'],
      ['GET', '/history'],
      ['PATCH', '', { body: { notes: 'x' }, headers: version }],
      ['PATCH', '', { body: { phone: '01 99 00 12 34' }, headers: version }],
      ['DELETE', '', { headers: version }],
      ['POST', '/restore'],
      ['POST', '/merge', { body: { with: c.id } }],
      ['POST', '/unmerge', { body: { mergeId: first.body.mergeId } }],
    ]
    for (const id of [a.id, b.id, a.id.toUpperCase()]) {
      for (const [method, path, call] of calls) {
        const reply = await h.alice.call(method, `/api/clients/${id}${path}`, call)
        const said = [reply.status, reply.headers.location, reply.body.code]
        expect(said, `${method} ${path}`).toEqual([308, `/api/clients/${c.id}${path}`, 'merged'])
        expect(reply.headers['content-type']).toContain('application/problem+json')
      }
    }
    expect((await h.alice.get(`/api/tasklist/${a.id}`)).status).toBe(404)
    expect((await h.alice.get('/api/clients?q=Chainmail&count=exact')).body).toMatchObject({
      items: [],
      total: { value: 0 },
    })
    const refused = await h.alice.post('/api/tasklist', { clientId: a.id, title: 'x' })
    expect([refused.status, refused.body.errors]).toEqual([422, [{ path: '/clientId', code: 'reference' }]])
    const early = await unmerge(c.id, first.body.mergeId)
    expect([early.status, early.body.code]).toEqual([409, 'changed_since'])
    expect(early.body.errors).toContainEqual({
      path: `/api/clients/${b.id}`,
      code: 'changed_since',
      params: { resource: 'clients', id: b.id },
    })
    expect((await unmerge(c.id, second.body.mergeId)).status).toBe(200)
    expect((await h.alice.get(`/api/clients/${a.id}`)).headers.location).toBe(`/api/clients/${b.id}`)
    expect((await unmerge(b.id, first.body.mergeId)).status).toBe(200)
    expect((await h.alice.get(`/api/tasklist/${t.id}`)).body.clientId).toBe(a.id)
  })
})

describe.skipIf(!isThere)('an unmerge (needs couple and interactions)', () => {
  test('is refused where it would lose a later change, and names the row', async () => {
    const [a, b] = [await create(), await create()]
    const t = await task(b.id)
    const { body } = await merge(a.id, b.id)
    const url = `/api/tasklist/${t.id}`
    const { version, title } = (await h.alice.get(url)).body
    const changed = await h.alice.patch(url, { title: 'Changed' }, version)
    const refused = await unmerge(a.id, body.mergeId)
    expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
      409,
      'changed_since',
      [{ path: url, code: 'changed_since', params: { resource: 'tasklist', id: t.id } }],
    ])
    // Nothing is lost any more when it is as it was.
    await h.alice.patch(url, { title }, changed.body.version)
    const survivor = await h.alice.patch(`/api/clients/${a.id}`, { notes: 'later' }, (await read(a.id)).version)
    expect((await unmerge(a.id, body.mergeId)).body.errors).toEqual([
      { path: `/api/clients/${a.id}`, code: 'changed_since', params: { resource: 'clients', id: a.id } },
    ])
    await h.alice.patch(`/api/clients/${a.id}`, { notes: null }, survivor.body.version)
    expect((await unmerge(a.id, body.mergeId)).status).toBe(200)
    const again = await unmerge(a.id, body.mergeId)
    expect([again.status, again.body.code]).toEqual([409, 'unmerged'])
  })

  test('is refused where a unique value was taken meanwhile, and puts nothing back', async () => {
    const [a, b] = [await create({ email: 'a1@test.example' }), await create({ email: 'b1@test.example' })]
    const { body } = await merge(a.id, b.id)
    const thief = await create({ email: 'B1@test.example' })
    const refused = await unmerge(a.id, body.mergeId)
    expect([refused.status, refused.body.errors]).toEqual([409, [{ path: '/email', code: 'unique' }]])
    expect((await h.alice.get(`/api/clients/${b.id}`)).status).toBe(308)
    await h.alice.remove(`/api/clients/${thief.id}`, 1)
    expect((await unmerge(a.id, body.mergeId)).status).toBe(200)
  })

  test('of another pair, or of no merge, is a reference that is not there', async () => {
    const [a, b, c] = [await create(), await create(), await create()]
    const { body } = await merge(a.id, b.id)
    for (const [id, mergeId] of [
      [c.id, body.mergeId],
      [a.id, randomUUID()],
    ]) {
      const refused = await unmerge(id, mergeId)
      expect([refused.status, refused.body.errors]).toEqual([422, [{ path: '/mergeId', code: 'reference' }]])
    }
  })
})

describe.skipIf(!isThere)('who and what (needs couple and interactions)', () => {
  test('the same id, no id and strange fields are refused', async () => {
    const a = await create()
    const cases: [body: unknown, path: string, code: string][] = [
      [{ with: a.id }, '/with', 'same'],
      [{ with: a.id.toUpperCase() }, '/with', 'same'],
      [{ with: 'x' }, '/with', 'format'],
      [{}, '/with', 'required'],
      [{ with: randomUUID(), tenantId: h.tenants.bob }, '/tenantId', 'unknown'],
      [[], '', 'type'],
    ]
    for (const [body, path, code] of cases) {
      const reply = await h.alice.post(`/api/clients/${a.id}/merge`, body)
      expect([reply.status, reply.body.errors[0]], JSON.stringify(body)).toMatchObject([400, { path, code }])
    }
    expect((await h.alice.post(`/api/clients/${a.id}/merge`)).status).toBe(400)
  })

  test('unknown, deleted and foreign ids, and those of another resource, are not there', async () => {
    const a = await create()
    const deleted = await create()
    await h.alice.remove(`/api/clients/${deleted.id}`, 1)
    const foreign = await create({}, h.bob)
    const other = await task(a.id)
    for (const id of [randomUUID(), deleted.id, foreign.id, other.id]) {
      expect((await merge(id, a.id)).status).toBe(404)
      const refused = await merge(a.id, id)
      expect([refused.status, refused.body.errors]).toEqual([422, [{ path: '/with', code: 'reference' }]])
    }
    expect((await merge('nobody', a.id)).status).toBe(404)
    const theirs = await merge(foreign.id, (await create({}, h.bob)).id, h.bob)
    expect(theirs.status).toBe(200)
    expect((await unmerge(foreign.id, theirs.body.mergeId)).status).toBe(404)
    const refused = await unmerge(a.id, theirs.body.mergeId)
    expect([refused.status, refused.body.errors]).toEqual([422, [{ path: '/mergeId', code: 'reference' }]])
    expect((await h.bob.get(`/api/clients/${foreign.id}`)).status).toBe(200)
  })

  test('a member who may not delete may neither merge nor unmerge', async () => {
    const member = await h.addMember(h.tenants.alice, 'merge-member@test.example', 'member')
    const [a, b] = [await create(), await create()]
    expect((await merge(a.id, b.id, member)).status).toBe(403)
    const { body } = await merge(a.id, b.id)
    expect((await unmerge(a.id, body.mergeId, member)).status).toBe(403)
    expect((await h.anonymous().post(`/api/clients/${a.id}/merge`, { with: b.id })).status).toBe(401)
  })

  test('rows that belong to others are merged as well', async () => {
    const [a, b] = [await create(), await create()]
    const [own, other] = [await task(a.id, { title: 'Same' }), await task(b.id, { title: 'Other', due: '2030-01-01' })]
    const reply = await h.alice.post(`/api/tasklist/${own.id}/merge`, { with: other.id })
    expect(reply.body).toMatchObject({ moved: 0, conflicts: [] })
    expect((await h.alice.get(`/api/tasklist/${own.id}`)).body).toMatchObject({ clientId: a.id, due: '2030-01-01' })
    expect((await h.alice.get(`/api/tasklist/${other.id}`)).headers.location).toBe(`/api/tasklist/${own.id}`)
    expect((await read(b.id)).extensions.probe.tasks).toBe(0)
    expect((await h.alice.post(`/api/tasklist/${own.id}/unmerge`, { mergeId: reply.body.mergeId })).status).toBe(200)
    expect((await read(b.id)).extensions.probe.tasks).toBe(1)
  })
})
