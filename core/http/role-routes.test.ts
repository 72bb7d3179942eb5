/** Roles of a tenant's own: what they may do, which rows they meet, which fields of them they see, on every path. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, untilOvertaken, type Visitor } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'
const hasInteractions = areShipped('interactions')
const VERBS = ['clients', ...(hasInteractions ? ['interactions'] : [])].flatMap((name) =>
  ['read', 'create', 'update', 'delete'].map((verb) => `${name}.${verb}`),
)

interface Person {
  readonly id: string
  readonly email: string
  visitor: Visitor
}

let h: Harness
let count = 0
beforeAll(async () => {
  h = await openHarness({ worker: true })
})
afterAll(() => h?.close())

const fresh = (word: string) => `${word} ${(count += 1)}`

async function addPerson(role?: string): Promise<Person> {
  const email = `person${(count += 1)}@roles.example`
  const visitor = await h.addMember(h.tenants.alice, email, 'member')
  const { id } = (await visitor.get('/api/session')).body.user as { id: string }
  const person = { id, email, visitor }
  if (role) await giveRole(person, role)
  return person
}

async function giveRole(person: Person, role: string): Promise<void> {
  const reply = await h.alice.patch(`/api/users/${person.id}`, { role })
  expect(reply.body).toMatchObject({ id: person.id, role })
  person.visitor = await h.signIn(person.email)
}

type RoleBody = { permissions?: string[]; rows?: object; fields?: object }
async function addRole(body: RoleBody): Promise<{ id: string; version: number }> {
  const reply = await h.alice.post('/api/roles', { name: fresh('Role'), permissions: VERBS, ...body })
  expect(reply.status, reply.text).toBe(201)
  return reply.body
}

async function addClient(by: Visitor, body: object = {}): Promise<{ id: string; version: number }> {
  const reply = await by.post('/api/clients', { type: 'person', lastName: fresh('Moreau'), ...body })
  expect(reply.status, reply.text).toBe(201)
  return reply.body
}

const idsOf = ({ body }: { body: { items: { id: string }[] } }) => body.items.map(({ id }) => id)
const listIds = async (by: Visitor, query = '') => idsOf(await by.get(`/api/clients?limit=200${query}`))

describe('permissions', () => {
  test('are those that the role names and no others, and change at once', async () => {
    const role = await addRole({ permissions: ['clients.read'] })
    const { visitor } = await addPerson(role.id)
    const client = await addClient(h.alice)
    expect((await visitor.get(`/api/clients/${client.id}`)).status).toBe(200)
    expect((await visitor.post('/api/clients', { type: 'person', lastName: 'No' })).status).toBe(403)
    expect((await visitor.get('/api/tasklist')).status).toBe(403)
    expect((await visitor.get('/api/roles')).status).toBe(403)
    const changed = await h.alice.patch(`/api/roles/${role.id}`, { version: 1, permissions: ['clients.create'] })
    expect(changed.body).toMatchObject({ version: 2, permissions: ['clients.create'] })
    expect((await visitor.get(`/api/clients/${client.id}`)).status).toBe(403)
    expect((await visitor.post('/api/clients', { type: 'person', lastName: 'Yes' })).status).toBe(201)
  })

  test('to change roles are an administrator’s alone', async () => {
    const refused = await h.alice.post('/api/roles', { name: fresh('Root'), permissions: ['roles.manage'] })
    expect(refused.body.errors).toEqual([{ path: '/permissions/0', code: 'administrators_only' }])
    const member = await addPerson()
    for (const [method, url] of [
      ['POST', '/api/roles'],
      ['PATCH', `/api/roles/${NOBODY}`],
      ['DELETE', `/api/roles/${NOBODY}`],
      ['POST', '/api/teams'],
    ] as const)
      expect((await member.visitor.call(method, url, { body: { name: 'x', permissions: [] } })).status).toBe(403)
  })

  test('who manages people gives nobody more than it has, and takes nothing from whoever has more', async () => {
    const narrow = await addRole({ permissions: ['users.manage', 'users.read', 'clients.read'] })
    const wide = await addRole({ permissions: ['clients.read', 'clients.update'] })
    const less = await addRole({ permissions: ['clients.read'] })
    const { visitor } = await addPerson(narrow.id)
    const [other, boss] = [await addPerson(less.id), await addPerson()]
    await giveRole(boss, 'administrator')
    for (const role of ['administrator', 'member', wide.id]) {
      expect((await visitor.patch(`/api/users/${other.id}`, { role })).status, role).toBe(403)
      expect((await visitor.post('/api/invitations', { email: 'x@roles.example', role })).status, role).toBe(403)
    }
    expect((await visitor.patch(`/api/users/${other.id}`, { suspended: true })).status).toBe(200)
    expect((await visitor.patch(`/api/users/${boss.id}`, { suspended: true })).status).toBe(403)
    expect((await visitor.remove(`/api/users/${boss.id}`)).status).toBe(403)
    expect((await boss.visitor.get('/api/session')).status).toBe(200)
  })

  test('an invitation brings a role of the tenant’s own', async () => {
    const role = await addRole({ permissions: ['clients.read'] })
    const email = `invited${(count += 1)}@roles.example`
    expect((await h.alice.post('/api/invitations', { email, role: role.id })).body).toMatchObject({ role: role.id })
    const mail = await eventually(async () => {
      const { items } = (await h.alice.get('/api/mailbox')).body
      const found = items.find(({ to }: { to: string[] }) => to.some((each) => each.includes(email)))
      return found && ((await h.alice.get(`/api/mailbox/${found.id}`)).body.text as string)
    }, `a mail to ${email}`)
    const token = /#(wfa_[\w-]{43})/.exec(mail)?.[1]
    const password = 'seven gulls over a lighthouse'
    expect((await h.anonymous().post('/api/invitations/accept', { token, name: 'New', password })).status).toBe(200)
    const visitor = await h.signIn(email, password)
    expect((await visitor.get('/api/session')).body.role).toBe(role.id)
    expect((await visitor.get('/api/clients')).status).toBe(200)
    expect((await visitor.get('/api/tasklist')).status).toBe(403)
  })

  test('a role that somebody has stays, and its name is nobody else’s', async () => {
    const { id, name } = (await addRole({})) as { id: string; version: number; name?: string }
    const person = await addPerson(id)
    expect((await h.alice.remove(`/api/roles/${id}`)).body).toMatchObject({ status: 409, code: 'in_use' })
    const again = await h.alice.post('/api/roles', { name: name?.toUpperCase(), permissions: [] })
    expect(again.body).toMatchObject({ status: 409, errors: [{ path: '/name', code: 'unique' }] })
    await giveRole(person, 'member')
    expect((await h.alice.remove(`/api/roles/${id}`)).status).toBe(204)
    expect((await h.alice.get(`/api/roles/${id}`)).status).toBe(404)
  })

  test('another tenant’s roles and teams are not there', async () => {
    const { id } = await addRole({})
    const team = (await h.alice.post('/api/teams', { name: fresh('Team') })).body.id as string
    for (const url of [`/api/roles/${id}`, `/api/teams/${team}`]) {
      const change = await h.bob.patch(url, { version: 1, name: 'Taken' })
      expect([change.status, (await h.bob.remove(url)).status]).toEqual([404, 404])
    }
    const bobsMember = await h.addMember(h.tenants.bob, `bob${(count += 1)}@roles.example`, 'member')
    const bobs = (await bobsMember.get('/api/session')).body.user.id as string
    expect((await h.bob.patch(`/api/users/${bobs}`, { role: id })).body).toMatchObject({
      status: 400,
      errors: [{ path: '/role', code: 'unknown' }],
    })
    expect((await h.alice.post('/api/teams', { name: fresh('T'), members: [bobs] })).body.errors).toEqual([
      { path: '/members/0', code: 'unknown' },
    ])
  })

  test('a role is judged before it is kept', async () => {
    const judge = async (body: object) =>
      (await h.alice.post('/api/roles', { name: fresh('Bad'), permissions: [], ...body })).body.errors
    expect(await judge({ permissions: ['clients.fly'] })).toEqual([{ path: '/permissions/0', code: 'unknown' }])
    expect(await judge({ rows: { ghosts: { read: 'all' } } })).toEqual([{ path: '/rows/ghosts', code: 'unknown' }])
    expect(await judge({ rows: { clients: { read: [{ notes: 'x' }] } } })).toEqual([
      { path: '/rows/clients/read/0/notes', code: 'not_filterable' },
    ])
    expect(await judge({ rows: { clients: { read: [] } } })).not.toEqual([])
    expect(await judge({ fields: { clients: { lastName: 'masked' } } })).toEqual([
      { path: '/fields/clients/lastName', code: 'required' },
    ])
    expect(await judge({ fields: { clients: { id: 'masked', nope: 'read' } } })).toEqual([
      { path: '/fields/clients/id', code: 'kept_by_kernel' },
      { path: '/fields/clients/nope', code: 'unknown' },
    ])
    expect(await judge({ fields: { clients: { email: 'write' } } })).not.toEqual([])
    const role = await addRole({})
    const stale = await h.alice.patch(`/api/roles/${role.id}`, { version: 7, name: 'Late' })
    expect(stale.body).toMatchObject({ status: 412, code: 'stale' })
  })
})

describe('rows', () => {
  let mine: { id: string; version: number }
  let others: { id: string; version: number }
  let person: Person

  beforeEach(async () => {
    const role = await addRole({ rows: { clients: { read: ['own'] } } })
    person = await addPerson(role.id)
    mine = await addClient(h.alice, { ownerId: person.id, email: `mine${(count += 1)}@rows.example` })
    others = await addClient(h.alice, { email: `others${(count += 1)}@rows.example` })
  })

  test('of one’s own are met on every path, and no others', async () => {
    const { visitor } = person
    const ids = await listIds(visitor)
    expect([ids.includes(mine.id), ids.includes(others.id)]).toEqual([true, false])
    expect((await visitor.get('/api/clients?count=exact')).body.total).toEqual({ value: 1, exact: true })
    const groups = (await visitor.get('/api/clients/aggregate?values=count')).body.items
    expect(groups).toEqual([{ by: {}, values: { count: 1 } }])
    for (const path of ['', '/history']) {
      expect((await visitor.get(`/api/clients/${mine.id}${path}`)).status).toBe(200)
      expect((await visitor.get(`/api/clients/${others.id}${path}`)).status).toBe(404)
    }
    expect((await visitor.patch(`/api/clients/${others.id}`, { notes: 'x' }, 1)).status).toBe(404)
    expect((await visitor.remove(`/api/clients/${others.id}`, 1)).status).toBe(404)
    const merge = await visitor.post(`/api/clients/${mine.id}/merge`, { with: others.id })
    expect(merge.status).toBeGreaterThanOrEqual(400)
    await untilOvertaken(h.database)
    const changes = (await visitor.get('/api/changes')).body.items as { rowId: string }[]
    expect(changes.map(({ rowId }) => rowId)).toContain(mine.id)
    expect(changes.map(({ rowId }) => rowId)).not.toContain(others.id)
    expect((await h.alice.get(`/api/clients/${others.id}`)).body.version).toBe(1)
  })

  test('named facts about records are told of those that are met, and of no others', async () => {
    const role = await addRole({ permissions: [...VERBS, 'tasklist.read'], rows: { clients: { read: ['own'] } } })
    const { visitor } = await addPerson(role.id)
    const [met, unmet] = [await addClient(visitor), await addClient(h.alice)]
    const { next } = (await h.alice.get('/api/changes?after=now')).body
    const about = [met.id, unmet.id, NOBODY, null]
    await h.database.query(
      `insert into kernel.facts (tenant_id, at, event, record_id, actor_kind)
       select $1, now(), 'tasklist.closed', record, 'system' from unnest($2::uuid[]) as record`,
      [h.tenants.alice, about],
    )
    await untilOvertaken(h.database)
    const told = async (by: Visitor) =>
      ((await by.get(`/api/changes?after=${next}`)).body.items as { event: string; recordId: string | null }[])
        .filter(({ event }) => event === 'tasklist.closed')
        .map(({ recordId }) => recordId)
    expect(await told(h.alice)).toEqual(about)
    expect(await told(visitor)).toEqual([met.id, NOBODY, null])
  })

  test('a row that one makes for nobody is one’s own; given to a colleague it is gone', async () => {
    const { visitor } = person
    const made = await addClient(visitor)
    expect(await listIds(visitor)).toContain(made.id)
    const colleague = await addPerson()
    const given = await visitor.patch(`/api/clients/${made.id}`, { ownerId: colleague.id }, made.version)
    expect(given.status).toBe(200)
    expect((await visitor.get(`/api/clients/${made.id}`)).status).toBe(404)
  })

  test.skipIf(!hasInteractions)('what belongs to a row that one does not meet is not met either', async () => {
    const { visitor } = person
    const add = async (recordId: string) =>
      (await h.alice.post('/api/interactions', { recordId, type: 'note', title: fresh('Note') })).body.id as string
    const [shown, hidden] = [await add(mine.id), await add(others.id)]
    const below = await add(shown)
    const list = idsOf(await visitor.get('/api/interactions?limit=200'))
    expect(list).toEqual(expect.arrayContaining([shown, below]))
    expect(list).not.toContain(hidden)
    const deep = await add(hidden)
    expect(idsOf(await visitor.get('/api/interactions?limit=200'))).not.toContain(deep)
    expect((await visitor.get(`/api/interactions/${hidden}`)).status).toBe(404)
    expect((await visitor.get(`/api/interactions/${hidden}/history`)).status).toBe(404)
    expect((await visitor.post('/api/interactions', { recordId: others.id, type: 'note', title: 'x' })).status).toBe(
      422,
    )
    await untilOvertaken(h.database)
    const changes = (await visitor.get('/api/changes?limit=200')).body.items as { rowId: string }[]
    expect(changes.map(({ rowId }) => rowId)).not.toContain(hidden)
    const page = await visitor.get(`/api/clients/${mine.id}?include=interactions`)
    expect(page.body.interactions.map(({ id }: { id: string }) => id)).toEqual([shown])
  })

  test('a batch touches those alone', async () => {
    const { visitor } = person
    const body = { ids: [mine.id, others.id], update: { source: 'batch' } }
    const begun = await visitor.post('/api/clients/batch', body)
    expect(begun.status, begun.text).toBe(202)
    await eventually(async () => {
      const { state } = (await visitor.get(`/api/tasks/${begun.body.task}`)).body
      return ['done', 'failed'].includes(state)
    }, 'the batch')
    expect((await h.alice.get(`/api/clients/${mine.id}`)).body.source).toBe('batch')
    expect((await h.alice.get(`/api/clients/${others.id}`)).body.source).toBeNull()
  })

  test('of a team are those of all who are in it', async () => {
    const role = await addRole({ rows: { clients: { read: ['team'], write: ['own'] } } })
    await giveRole(person, role.id)
    const mate = await addPerson(role.id)
    const theirs = await addClient(h.alice, { ownerId: mate.id })
    expect((await person.visitor.get(`/api/clients/${theirs.id}`)).status).toBe(404)
    const team = await h.alice.post('/api/teams', { name: fresh('Team'), members: [person.id, mate.id] })
    expect(team.status).toBe(201)
    expect((await person.visitor.get(`/api/clients/${theirs.id}`)).status).toBe(200)
    expect((await person.visitor.patch(`/api/clients/${theirs.id}`, { notes: 'x' }, 1)).status).toBe(403)
    expect((await mate.visitor.patch(`/api/clients/${theirs.id}`, { notes: 'x' }, 1)).status).toBe(200)
    await h.alice.patch(`/api/teams/${team.body.id}`, { version: 1, members: [mate.id] })
    expect((await person.visitor.get(`/api/clients/${theirs.id}`)).status).toBe(404)
  })

  test('that a filter finds are met beside one’s own', async () => {
    const role = await addRole({ rows: { clients: { read: ['own', { status: 'lead', country: 'FR' }] } } })
    await giveRole(person, role.id)
    const found = await addClient(h.alice, { status: 'lead', country: 'FR' })
    const abroad = await addClient(h.alice, { status: 'lead', country: 'BE' })
    const ids = await listIds(person.visitor)
    expect(ids).toEqual(expect.arrayContaining([mine.id, found.id]))
    expect(ids).not.toContain(abroad.id)
    expect(ids).not.toContain(others.id)
  })

  test('an API key meets those of its user', async () => {
    const role = await addRole({ permissions: [...VERBS, 'api-keys.manage'], rows: { clients: { read: ['own'] } } })
    await giveRole(person, role.id)
    const made = await person.visitor.post('/api/api-keys', { name: 'k', permissions: ['clients.read'] })
    const headers = { authorization: `Bearer ${made.body.key}` }
    const keyed = h.anonymous()
    expect((await keyed.call('GET', `/api/clients/${mine.id}`, { headers })).status).toBe(200)
    expect((await keyed.call('GET', `/api/clients/${others.id}`, { headers })).status).toBe(404)
  })
})

describe.skipIf(!areShipped('couple'))('fields', () => {
  const SECRET = 'canary-of-notes'
  let person: Person
  let client: { id: string; version: number }

  beforeEach(async () => {
    const fields = {
      clients: {
        notes: 'masked',
        email: 'masked',
        phone: 'masked',
        source: 'read',
        'extensions.couple.email': 'masked',
      },
    }
    person = await addPerson((await addRole({ fields })).id)
    client = await addClient(h.alice, {
      notes: SECRET,
      email: `masked${(count += 1)}@fields.example`,
      phone: '06 12 34 56 78',
      source: 'fair',
      extensions: { couple: { email: 'second@fields.example', firstName: 'Camille' } },
    })
  })

  test('that are masked are nowhere: not in rows, lists, history, changes, schema or the description', async () => {
    const { visitor } = person
    await h.alice.patch(`/api/clients/${client.id}`, { notes: `${SECRET} again` }, 1)
    const row = (await visitor.get(`/api/clients/${client.id}`)).body
    for (const name of ['notes', 'email', 'phone', 'phoneE164']) expect(row).not.toHaveProperty(name)
    expect(row).toMatchObject({ source: 'fair', extensions: { couple: { firstName: 'Camille' } } })
    expect(row.extensions.couple).not.toHaveProperty('email')
    const texts = await Promise.all(
      ['/api/clients?limit=200', `/api/clients/${client.id}/history`, '/api/changes?limit=200'].map(
        async (url) => (await visitor.get(url)).text,
      ),
    )
    for (const text of texts) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('fields.example')
      expect(text).not.toMatch(/"(notes|phone|phoneE164)"/)
    }
    const { properties } = (await visitor.get('/api/schemas/clients')).body
    expect(properties).not.toHaveProperty('notes')
    expect(properties.extensions.properties.couple.properties).not.toHaveProperty('email')
    expect(properties.source.readOnly).toBe(true)
    const openapi = (await visitor.get('/api/openapi.json')).body.paths['/api/clients']
    expect(JSON.stringify(openapi)).not.toContain('"notes"')
  })

  test('of a plugin that are all masked leave nothing of it', async () => {
    const names = ['civility', 'firstName', 'lastName', 'email', 'phone', 'birthDate']
    const masked = Object.fromEntries(names.map((name) => [`extensions.couple.${name}`, 'masked']))
    const { visitor } = await addPerson((await addRole({ fields: { clients: masked } })).id)
    const row = await visitor.get(`/api/clients/${client.id}`)
    expect([row.status, row.body.extensions.couple]).toEqual([200, undefined])
    expect(await listIds(visitor)).toContain(client.id)
    const patched = await visitor.patch(`/api/clients/${client.id}`, { firstName: 'Ada' }, row.body.version)
    expect(patched.status).toBe(200)
    const after = (await h.alice.get(`/api/clients/${client.id}`)).body
    expect(after.extensions.couple).toMatchObject({ firstName: 'Camille', email: 'second@fields.example' })
  })

  test('that are masked answer no question', async () => {
    const { visitor } = person
    const refused = [
      'email=masked1@fields.example',
      'email.gte=a',
      'sort=email',
      'extensions.couple.email=x',
      `filter=${encodeURIComponent(JSON.stringify({ any: [{ email: { empty: false } }] }))}`,
    ]
    for (const query of refused) expect((await visitor.get(`/api/clients?${query}`)).status, query).toBe(400)
    expect((await visitor.get('/api/clients/aggregate?by=email&values=count')).status).toBe(400)
    for (const q of ['fields.example', '0612345678', '06 12 34', 'second@'])
      expect(await listIds(visitor, `&q=${encodeURIComponent(q)}`), q).toEqual([])
    expect(await listIds(h.alice, '&q=second%40fields')).toContain(client.id)
    expect(await listIds(visitor, '&q=Camille')).toContain(client.id)
    const view = { resource: 'clients', name: 'v', filter: { email: { empty: false } } }
    expect((await visitor.post('/api/views', view)).status).toBeGreaterThanOrEqual(400)
  })

  test('are written by nobody from whom they are kept, and stay as they are', async () => {
    const { visitor } = person
    const refusals = [
      [{ notes: 'x' }, '/notes', 'unknown'],
      [{ source: 'x' }, '/source', 'read_only'],
      [{ extensions: { couple: { email: 'x@y.example' } } }, '/extensions/couple/email', 'unknown'],
    ] as const
    for (const [body, path, code] of refusals) {
      const patched = await visitor.patch(`/api/clients/${client.id}`, body, 1)
      expect(patched.body).toMatchObject({ status: 400, errors: [{ path, code }] })
      const made = await visitor.post('/api/clients', { type: 'person', lastName: 'x', ...body })
      expect(made.body).toMatchObject({ status: 400, errors: [{ path, code }] })
    }
    const changes = { firstName: 'New', extensions: { couple: { firstName: 'Claude' } }, country: 'BE' }
    expect((await visitor.patch(`/api/clients/${client.id}`, changes, 1)).status).toBe(200)
    const after = (await h.alice.get(`/api/clients/${client.id}`)).body
    expect(after).toMatchObject({
      notes: SECRET,
      phone: '06 12 34 56 78',
      source: 'fair',
      firstName: 'New',
      extensions: { couple: { email: 'second@fields.example', firstName: 'Claude' } },
    })
    const made = (await visitor.post('/api/clients', { type: 'person', lastName: 'Made' })).body
    expect((await h.alice.get(`/api/clients/${made.id}`)).body).toMatchObject({ notes: null, status: 'active' })
  })

  test('a batch and a merge tell and change nothing of them', async () => {
    const { visitor } = person
    const other = await addClient(h.alice, { notes: `${SECRET} too`, email: 'other@fields.example' })
    const batch = await visitor.post('/api/clients/batch', { ids: [client.id], update: { notes: 'x' } })
    expect(batch.status).toBe(400)
    const merged = await visitor.post(`/api/clients/${client.id}/merge`, { with: other.id })
    expect(merged.status, merged.text).toBe(200)
    expect(merged.text).not.toContain('fields.example')
    expect(merged.text).not.toContain(SECRET)
  })

  test('an answer that was kept for a key is not told to whoever sees less now', async () => {
    const body = { type: 'person', lastName: 'Kept', notes: SECRET }
    const plain = await addPerson()
    const headers = { 'idempotency-key': fresh('key').replace(' ', '-') }
    const first = await plain.visitor.post('/api/clients', body, headers)
    expect(first.text).toContain(SECRET)
    await giveRole(plain, (await addRole({ fields: { clients: { notes: 'masked' } } })).id)
    const again = await plain.visitor.post('/api/clients', body, headers)
    expect(again.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    expect((await h.alice.get('/api/clients?lastName=Kept&count=exact')).body.total.value).toBe(1)
  })
})
