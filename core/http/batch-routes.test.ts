/** Batches as clients of the API meet them: what is refused at once, what each verb does, what a failing row means. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness, type Visitor } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'

const isThere = areShipped('interactions')

let h: Harness
beforeAll(async () => {
  h = await openHarness({ worker: true })
})
afterAll(() => h?.close())

const ended = ['done', 'failed', 'cancelled', 'undone']
const taskOf = async (id: string, visitor = h.alice) => (await visitor.get(`/api/tasks/${id}`)).body

const over = (id: string, visitor = h.alice) =>
  eventually(async () => {
    const task = await taskOf(id, visitor)
    return ended.includes(task.state) && task
  }, `task ${id} is over`)

async function batch(body: unknown, visitor = h.alice, path = '/api/clients') {
  const reply = await visitor.post(`${path}/batch`, body)
  expect(reply.status, reply.text).toBe(202)
  expect(reply.headers.location).toBe(`/api/tasks/${reply.body.task}`)
  return over(reply.body.task, visitor)
}

async function undo(id: string, visitor = h.alice) {
  const reply = await visitor.post(`/api/tasks/${id}`, { undo: true })
  expect(reply.status, reply.text).toBe(202)
  expect(reply.headers.location).toBe(`/api/tasks/${reply.body.task}`)
  return over(reply.body.task, visitor)
}

async function clients(count: number, more: object = {}, visitor = h.alice): Promise<string[]> {
  const made = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      visitor.post('/api/clients', { type: 'person', lastName: `Row ${i}`, ...more }),
    ),
  )
  return made.map(({ body }) => body.id as string)
}
/** A client whose notes others answer to: approved, for its creation is held. */
async function marked(notes: string): Promise<string> {
  const [id = ''] = await clients(1)
  if (notes !== 'probe: hold') {
    expect((await h.alice.patch(`/api/clients/${id}`, { notes }, 1)).status).toBe(200)
    return id
  }
  const { proposal } = (await h.alice.post('/api/clients', { type: 'person', lastName: 'Held', notes })).body
  return (await h.alice.post(`/api/proposals/${proposal.id}/approve`)).body.rowId
}
const clientOf = async (id: string, visitor: Visitor = h.alice) => (await visitor.get(`/api/clients/${id}`)).body

describe('what cannot be done is refused at once', () => {
  const id = randomUUID()
  test.each([
    [{}, 400, '', 'one_verb'],
    [{ ids: [id] }, 400, '', 'one_verb'],
    [{ ids: [id], delete: true, restore: true }, 400, '', 'one_verb'],
    [{ delete: true }, 400, '', 'ids_or_filter'],
    [{ ids: [id], filter: {}, delete: true }, 400, '', 'ids_or_filter'],
    [{ ids: [], delete: true }, 400, '/ids', 'minItems'],
    [{ ids: ['x'], delete: true }, 400, '/ids/0', 'format'],
    [{ ids: Array(1001).fill(id), delete: true }, 400, '/ids', 'maxItems'],
    [{ ids: [id], q: 'x', delete: true }, 400, '/q', 'filter'],
    [{ ids: [id], delete: false }, 400, '/delete', 'const'],
    [{ ids: [id], update: {} }, 400, '/update', 'minProperties'],
    [{ ids: [id], update: { colour: 'red' } }, 400, '/update/colour', 'unknown'],
    [{ ids: [id], update: { version: 3 } }, 400, '/update/version', 'read_only'],
    [{ ids: [id], update: { type: 'dragon' } }, 400, '/update/type', 'enum'],
    [{ ids: [id], update: { type: null } }, 400, '/update/type', 'required'],
    [{ ids: [id], update: { ownerId: id } }, 422, '/update/ownerId', 'reference'],
    [{ filter: { colour: 'red' }, delete: true }, 400, '/filter/colour', 'unknown'],
    [{ filter: {}, expect: 99, delete: true }, 409, '/expect', 'expected'],
    [[], 400, '', 'type'],
  ])('%j', async (body, status, path, code) => {
    const reply = await h.alice.post('/api/clients/batch', body)
    expect([reply.status, reply.body.errors[0]?.path, reply.body.errors[0]?.code]).toEqual([status, path, code])
  })

  test('by whom the verb is denied, though others of it are not', async () => {
    const member = await h.addMember(h.tenants.alice, 'batch-member@test.example', 'member')
    const [row] = await clients(1)
    expect((await member.post('/api/clients/batch', { ids: [row], delete: true })).status).toBe(403)
    expect((await member.post('/api/clients/batch', { ids: [row], restore: true })).status).toBe(403)
    const done = await batch({ ids: [row], update: { status: 'active' } }, member)
    expect(done).toMatchObject({ state: 'done', done: 1 })
    expect((await h.anonymous().post('/api/clients/batch', { ids: [row], delete: true })).status).toBe(401)
    expect((await h.alice.get('/api/tasks')).body.items.map((task: { id: string }) => task.id)).toContain(done.id)
    const [own] = (await member.get('/api/tasks')).body.items
    expect(own.id).toBe(done.id)
    const foreign = await batch({ ids: [row], update: { status: 'prospect' } })
    expect((await member.get(`/api/tasks/${foreign.id}`)).status).toBe(404)
    expect((await member.post(`/api/tasks/${foreign.id}`, { undo: true })).status).toBe(404)
  })
})

describe('each verb', () => {
  test('changes rows by their ids, and is undone', async () => {
    const ids = await clients(3, { source: 'fair' })
    const task = await batch({ ids: [...ids, ids[0]?.toUpperCase()], update: { source: 'press', status: 'active' } })
    expect(task).toMatchObject({
      name: 'batch.update',
      resource: 'clients',
      state: 'done',
      total: 3,
      done: 3,
      failed: 0,
      undoable: true,
      errors: [],
      plugin: null,
      undoes: null,
      undoneBy: null,
    })
    for (const id of ids) expect(await clientOf(id)).toMatchObject({ source: 'press', status: 'active', version: 2 })
    const undone = await undo(task.id)
    expect(undone).toMatchObject({ name: 'undo', state: 'done', done: 3, failed: 0, undoes: task.id, undoable: false })
    for (const id of ids) expect(await clientOf(id)).toMatchObject({ source: 'fair', version: 3 })
    expect(await taskOf(task.id)).toMatchObject({ state: 'undone', undoneBy: undone.id, undoable: false })
    for (const id of [task.id, undone.id]) {
      const again = await h.alice.post(`/api/tasks/${id}`, { undo: true })
      expect([again.status, again.body.code]).toEqual([409, 'not_undoable'])
    }
  })

  test('changes extensions, phones and what a rule of the schema watches, row by row', async () => {
    const ids = await clients(2, { phone: '06 12 34 56 78', extensions: { couple: { firstName: 'Ana' } } })
    const update = { phone: '06 98 76 54 32', extensions: { couple: { lastName: 'Roy' } } }
    const task = await batch({ ids, update })
    expect(task).toMatchObject({ state: 'done', done: 2, failed: 0 })
    for (const id of ids)
      expect(await clientOf(id)).toMatchObject({
        phoneE164: '+33698765432',
        extensions: { couple: { firstName: 'Ana', lastName: 'Roy' } },
      })
    // Another one works on the same extension in the meantime, in another field.
    const other = await h.alice.patch(`/api/clients/${ids[0]}`, { extensions: { couple: { firstName: 'Eva' } } }, 2)
    expect(other.status).toBe(200)
    expect(await undo(task.id)).toMatchObject({ state: 'done', done: 2, failed: 0 })
    const back = await clientOf(ids[0] as string)
    expect(back).toMatchObject({ phoneE164: '+33612345678', extensions: { couple: { firstName: 'Eva' } } })
    expect(back.extensions.couple.lastName ?? null).toBeNull()
  })

  test('deletes and restores, and both are undone', async () => {
    const ids = await clients(4, { source: 'deletable' })
    const removal = await batch({ ids, delete: true })
    expect(removal).toMatchObject({ name: 'batch.delete', state: 'done', done: 4 })
    for (const id of ids) expect((await h.alice.get(`/api/clients/${id}`)).status).toBe(404)
    const back = await batch({ filter: { source: 'deletable' }, restore: true, expect: 4 })
    expect(back).toMatchObject({ name: 'batch.restore', state: 'done', done: 4, failed: 0 })
    expect(await undo(back.id)).toMatchObject({ done: 4, failed: 0 })
    for (const id of ids) expect((await h.alice.get(`/api/clients/${id}`)).status).toBe(404)
    expect(await undo(removal.id)).toMatchObject({ done: 4, failed: 0 })
    for (const id of ids) expect(await clientOf(id)).toMatchObject({ source: 'deletable' })
  })

  test('a filter with words chooses its rows at the start, and each is changed once', async () => {
    const ids = await clients(5, { source: 'chosen', firstName: 'Zébulon' })
    await clients(2, { source: 'chosen' })
    const task = await batch({ filter: { source: 'chosen' }, q: 'zebulon', update: { source: 'left' }, expect: 5 })
    expect(task).toMatchObject({ state: 'done', total: 5, done: 5 })
    for (const id of ids) expect(await clientOf(id)).toMatchObject({ source: 'left', version: 2 })
    expect((await h.alice.get('/api/clients?source=chosen&count=exact')).body.total.value).toBe(2)
  })
})

describe('rows that fail', () => {
  test('are named with their code, and the others go on', async () => {
    const persons = await clients(2)
    const company = (await h.alice.post('/api/clients', { type: 'company', companyName: 'Only' })).body.id
    const gone = randomUUID()
    const bobs = (await clients(1, {}, h.bob))[0]
    const task = await batch({ ids: [...persons, company, gone, bobs], update: { type: 'person' } })
    expect(task).toMatchObject({ state: 'done', total: 5, done: 2, failed: 3 })
    expect(task.errors).toHaveLength(3)
    expect(task.errors).toEqual(
      expect.arrayContaining([
        { id: company, code: 'invalid', path: '/lastName' },
        { id: gone, code: 'not_found' },
        { id: bobs, code: 'not_found' },
      ]),
    )
    expect(await clientOf(company)).toMatchObject({ type: 'company', version: 1 })
    expect(await clientOf(bobs as string, h.bob)).toMatchObject({ version: 1 })
  })

  test.skipIf(!isThere)('by a reference that is not there', async () => {
    const [client] = await clients(1)
    const note = (await h.alice.post('/api/interactions', { recordId: client, type: 'note' })).body.id
    const task = await batch({ ids: [note], update: { recordId: randomUUID() } }, h.alice, '/api/interactions')
    expect(task).toMatchObject({ state: 'done', done: 0, failed: 1 })
    expect(task.errors).toEqual([{ id: note, code: 'reference', path: '/recordId' }])
    const reply = await h.alice.post(`/api/tasks/${task.id}`, { undo: true })
    expect([reply.status, reply.body.code]).toEqual([409, 'nothing_to_undo'])
  })
})

test('a value that only one row may have is refused to the others alone, also in an undo', async () => {
  const ids = await clients(3)
  const email = 'only@one.example'
  const task = await batch({ ids, update: { email } })
  expect(task).toMatchObject({ state: 'done', done: 1, failed: 2 })
  expect(task.errors.map(({ code, path }: { code: string; path: string }) => [code, path])).toEqual([
    ['unique', '/email'],
    ['unique', '/email'],
  ])
  const removal = await batch({ ids, delete: true })
  await clients(1, { email })
  expect(await undo(removal.id)).toMatchObject({ state: 'done', done: 2, failed: 1, errors: [{ code: 'unique' }] })
})

describe('an undo', () => {
  test('leaves what others have changed since, and says so', async () => {
    const [mine, theirs, other, gone] = (await clients(4, { source: 'fair' })) as [string, string, string, string]
    const task = await batch({ ids: [mine, theirs, other, gone], update: { source: 'press' } })
    expect((await h.alice.patch(`/api/clients/${theirs}`, { source: 'radio' }, 2)).status).toBe(200)
    expect((await h.alice.patch(`/api/clients/${other}`, { notes: 'kept' }, 2)).status).toBe(200)
    expect((await h.alice.remove(`/api/clients/${gone}`, 2)).status).toBe(204)
    const undone = await undo(task.id)
    expect(undone).toMatchObject({ state: 'done', done: 2, failed: 2 })
    expect(undone.errors.map(({ id, code }: { id: string; code: string }) => [id, code]).sort()).toEqual(
      [theirs, gone].sort().map((id) => [id, 'changed_since']),
    )
    expect(await clientOf(mine)).toMatchObject({ source: 'fair' })
    expect(await clientOf(theirs)).toMatchObject({ source: 'radio', version: 3 })
    expect(await clientOf(other)).toMatchObject({ source: 'fair', notes: 'kept' })
  })

  test.skipIf(!isThere)('works on rows of a plugin that is off', async () => {
    const [client] = await clients(1)
    const note = (await h.alice.post('/api/interactions', { recordId: client, type: 'note', title: 'Old' })).body.id
    const task = await batch({ ids: [note], update: { title: 'New' } }, h.alice, '/api/interactions')
    expect((await h.alice.patch('/api/plugins/interactions', { enabled: false })).status).toBe(200)
    expect((await h.alice.post('/api/interactions/batch', { ids: [note], delete: true })).status).toBe(404)
    expect(await undo(task.id)).toMatchObject({ state: 'done', done: 1 })
    expect((await h.alice.patch('/api/plugins/interactions', { enabled: true })).status).toBe(200)
    expect((await h.alice.get(`/api/interactions/${note}`)).body.title).toBe('Old')
  })
})

test('the same key begins one task, and another body under it none', async () => {
  const ids = await clients(1)
  const call = (body: unknown) => h.alice.post('/api/clients/batch', body, { 'idempotency-key': 'batch-1' })
  const replies = await Promise.all([1, 2, 3].map(() => call({ ids, update: { source: 'once' } })))
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 202])
  expect(new Set(replies.map(({ body }) => body.task)).size).toBe(1)
  const again = await call({ ids, update: { source: 'once' } })
  expect([again.status, again.body, again.headers['idempotency-replayed']]).toEqual([202, replies[0]?.body, 'true'])
  expect((await call({ ids, update: { source: 'twice' } })).status).toBe(422)
  await over(again.body.task)
  expect(await clientOf(ids[0] as string)).toMatchObject({ source: 'once', version: 2 })
})

test('tasks of another tenant are nobody’s here', async () => {
  const ids = await clients(1, {}, h.bob)
  const task = await batch({ ids, update: { source: 'bob' } }, h.bob)
  for (const call of [
    () => h.alice.get(`/api/tasks/${task.id}`),
    () => h.alice.call('PATCH', `/api/tasks/${task.id}`, { body: { state: 'cancelled' } }),
    () => h.alice.post(`/api/tasks/${task.id}`, { undo: true }),
  ])
    expect((await call()).status).toBe(404)
  const seen: { id: string }[] = (await h.alice.get('/api/tasks?limit=200')).body.items
  expect(seen.map(({ id }) => id)).not.toContain(task.id)
})

test('the list of tasks is walked page by page, newest first', async () => {
  const ids = await clients(1)
  const made: string[] = []
  for (const source of ['a', 'b', 'c']) made.unshift((await batch({ ids, update: { source } })).id)
  const first = (await h.alice.get('/api/tasks?limit=2')).body
  const second = (await h.alice.get(`/api/tasks?limit=2&after=${first.next}`)).body
  const seen = [...first.items, ...second.items].map(({ id }: { id: string }) => id)
  expect(seen.slice(0, 3)).toEqual(made)
  expect((await h.alice.get('/api/tasks?after=x')).status).toBe(400)
  const late = await h.alice.call('PATCH', `/api/tasks/${made[0]}`, { body: { state: 'cancelled' } })
  expect([late.status, late.body.code]).toEqual([409, 'ended'])
})

test('others are asked of each row, and what is held or refused has failed', async () => {
  const [plain = ''] = await clients(1)
  const [held, kept] = [await marked('probe: hold'), await marked('probe: keep')]
  const before = (await h.alice.get('/api/proposals')).body.items.length
  const task = await batch({ ids: [plain, held, kept], delete: true })
  expect(task).toMatchObject({ state: 'done', done: 1, failed: 2 })
  expect(new Map(task.errors.map(({ id, code }: { id: string; code: string }) => [id, code]))).toEqual(
    new Map([
      [held, 'held'],
      [kept, 'kept'],
    ]),
  )
  expect((await clientOf(held)).lastName).toBe('Held')
  expect((await h.alice.get(`/api/clients/${plain}`)).status).toBe(404)
  expect((await h.alice.get('/api/proposals')).body.items.length).toBe(before)
  const update = await batch({ ids: [held, kept], update: { notes: 'probe: change' } })
  expect(update).toMatchObject({ state: 'done', done: 2, failed: 0 })
  expect((await clientOf(held)).notes).toBe('after probe: hold')
})

test('an answer that came too late is asked for once more', async () => {
  const ids = await clients(2)
  expect(await batch({ ids, update: { notes: 'probe: late once' } })).toMatchObject({ done: 2, failed: 0 })
  const [never = ''] = await clients(1)
  expect(await batch({ ids: [never], update: { notes: 'probe: bad change' } })).toMatchObject({
    failed: 1,
    errors: [{ id: never, code: 'unanswered' }],
  })
})
