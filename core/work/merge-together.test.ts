/** Merges among many writers, in plugin code, and over the tables of plugins that are gone. */
import { NO_RULES } from './rules.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients } from '../client/contract.ts'
import type { Ctx } from '../contract.ts'
import { tasks } from '../../tests/support/plugins/tasklist/contract.ts'
import { type Harness, openHarness } from '../../tests/support/harness.ts'
import { areShipped } from '../../tests/support/needs.ts'
import { createRandom } from '../../tests/support/random.ts'

const isThere = areShipped('interactions')

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

let number = 0
async function create(more: object = {}): Promise<string> {
  const made = await h.alice.post('/api/clients', { type: 'person', lastName: `N${number++}`, ...more })
  return made.body.id
}
const addTask = async (clientId: string) => (await h.alice.post('/api/tasklist', { clientId, title: 'Call' })).body.id
const addNote = async (recordId: string) =>
  (await h.alice.post('/api/interactions', { recordId, type: 'note', title: 'Met' })).body.id

const UNKEPT = `'{version,updated_at,updated_by,search_text,derived}'::text[]`
const imagesOf = (ids: readonly string[]) =>
  h.database.query(
    `select * from (select to_jsonb(t) - ${UNKEPT} as image from clients t
        union all select to_jsonb(t) - ${UNKEPT} from interactions__interactions t
        union all select to_jsonb(t) - ${UNKEPT} from tasklist__tasklist t) rows
      where (image ->> 'id')::uuid = any($1) order by image ->> 'id'`,
    [ids],
  )

/** Rows that belong to a record which is not a living one, and rollups that are not what their rows say. */
async function findBroken(): Promise<unknown[]> {
  return h.database.query(
    `select 'orphan' as what, child.id from (select tenant_id, id, client_id as owner, deleted_at from tasklist__tasklist
        union all select tenant_id, id, record_id, deleted_at from interactions__interactions) child
      join kernel.records on records.tenant_id = child.tenant_id and records.id = child.owner
      where child.deleted_at is null and records.deleted_at is not null
    union all select 'rollup', id from clients where deleted_at is null and
      coalesce((derived -> 'probe' ->> 'tasks')::int, 0) <> (select count(*) from tasklist__tasklist t
        where t.client_id = clients.id and t.deleted_at is null)
    union all select 'record', r.id from kernel.records r join clients c on c.id = r.id
      where (r.deleted_at is null) <> (c.deleted_at is null)
        or (r.merged_into is null) = exists (select 1 from kernel.merges m where m.merged = r.id and m.unmerged_at is null)`,
  )
}

/** Runs the operations in their order, so many at a time. */
async function runTogether(operations: readonly (() => Promise<void>)[], width: number): Promise<void> {
  const waiting = [...operations]
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next()
  }
  await Promise.all(Array.from({ length: width }, work))
}

describe.skipIf(!isThere)('many writers (needs interactions)', () => {
  test('five hundred merges and unmerges lose nothing, and undone in reverse order leave no trace', async () => {
    const random = createRandom(20_261_123)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const ids: string[] = []
    const children: string[] = []
    // A tag of its own: each merge changes its survivor, so that none but the last of them can be undone.
    for (let i = 0; i < 90; i++) {
      const id = await create({ tags: [`t${i}`], ...(i % 3 === 0 ? { email: `many${i}@test.example` } : {}) })
      ids.push(id)
      children.push(await addTask(id), await addTask(id), await addNote(id))
    }
    const first = await imagesOf([...ids, ...children])
    const merges: { id: string; mergeId: string }[] = []
    const statuses = new Map<number, number>()
    const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const operations = Array.from({ length: 500 }, (_, i) => async () => {
      const [id, other] = [pick(ids), pick(ids)]
      if (i % 5 === 3) return count((await h.alice.post('/api/tasklist', { clientId: id, title: 'Late' })).status)
      if (i % 3 === 2 && merges.length > 0) {
        const { id: survivor, mergeId } = pick(merges)
        return count((await h.alice.post(`/api/clients/${survivor}/unmerge`, { mergeId })).status)
      }
      const reply = await h.alice.post(`/api/clients/${id}/merge`, { with: other })
      if (reply.status === 200) merges.push({ id, mergeId: reply.body.mergeId })
      return count(reply.status)
    })
    // Who was in the way of others three times is told 503, and has changed nothing.
    await runTogether(operations as (() => Promise<never>)[], 8)
    expect([...statuses.keys()].filter((status) => ![200, 201, 308, 400, 409, 422, 503].includes(status))).toEqual([])
    expect(merges.length).toBeGreaterThan(10)
    expect(await findBroken()).toEqual([])
    const standing = await h.database.query<{ id: string; survivor: string }>(
      `select m.id, m.survivor from kernel.merges m join kernel.facts f on f.task = m.id and f.event = 'clients.merged'
        where m.unmerged_at is null and m.survivor = any($1) order by f.id desc`,
      [ids],
    )
    expect(standing.length).toBeGreaterThan(5)
    for (const { id, survivor } of standing) {
      const undone = await h.alice.post(`/api/clients/${survivor}/unmerge`, { mergeId: id })
      expect(undone.status, undone.text).toBe(200)
    }
    expect(await imagesOf([...ids, ...children])).toEqual(first)
    expect(await findBroken()).toEqual([])
  }, 120_000)

  test('a row that is entered while its record is merged follows it or is refused', async () => {
    const statuses: number[] = []
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await create(), await create()]
      const entering = Array.from({ length: 6 }, async (_, i) => {
        for (let n = 0; n < 3; n++) {
          const child = { title: 'Late' }
          const reply = await (i % 2
            ? h.alice.post('/api/tasklist', { ...child, clientId: b })
            : h.alice.post('/api/interactions', { ...child, type: 'note', recordId: b }))
          statuses.push(reply.status)
        }
      })
      const merged = await h.alice.post(`/api/clients/${a}/merge`, { with: b })
      expect(merged.status).toBe(200)
      await Promise.all(entering)
    }
    expect(statuses.filter((status) => ![201, 422].includes(status))).toEqual([])
    expect(await findBroken()).toEqual([])
  })

  test('a row that waited for the merge in its foreign key is refused', async () => {
    const [a, b] = [await create(), await create()]
    const { database } = h.kernel.services
    const claims = { ...systemClaims(), tenant: h.tenants.alice }
    const done = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    // The record is held as a merge holds it, and merged by the time that the row has passed its first check.
    const holding = database.transaction(claims, 'write', async (transaction) => {
      await transaction.query({ text: 'select * from kernel.lock_records($1)', values: [[a, b]] })
      await transaction.query({ text: `select 1 from clients where id = any($1) for update`, values: [[a, b]] })
      locked.resolve()
      await done.promise
      await transaction.query({ text: 'update clients set deleted_at = now() where id = $1', values: [b] })
      await transaction.query({
        text: `insert into kernel.merges (tenant_id, id, resource, survivor, merged) values ($1, gen_random_uuid(), 'clients', $2, $3)`,
        values: [h.tenants.alice, a, b],
      })
    })
    await locked.promise
    const entering = [
      h.alice.post('/api/tasklist', { clientId: b, title: 'Late' }),
      h.alice.post('/api/interactions', { recordId: b, type: 'note' }),
    ]
    for (let waiting = 0; waiting < 2;) {
      const [row] = await h.database.query<{ count: number }>(
        `select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      waiting = row?.count ?? 0
    }
    done.resolve()
    await holding
    for (const [i, path] of ['/clientId', '/recordId'].entries()) {
      const reply = await entering[i]!
      expect([reply.status, reply.body.errors]).toEqual([422, [{ path, code: 'reference' }]])
    }
  })
})

function systemClaims() {
  return { actorKind: 'system', actor: null, plugin: null, request: null, origin: null, task: null, at: null } as const
}

/** Runs code as the command of a plugin with such permissions. */
function command<T>(permissions: readonly string[], code: (ctx: Ctx) => Promise<T>): Promise<T> {
  const { contexts, compositions } = h.kernel.services
  const log = { info() {}, warn() {}, error() {} }
  const occasion = {
    tenant: { id: h.tenants.alice, slug: 'alice', country: 'FR' },
    actor: { kind: 'system', id: null } as const,
    lang: 'en',
    composition: compositions.whole,
    permissions: null,
    rules: NO_RULES,
    settings: {},
    idempotencyKey: null,
    request: 'test',
    log,
  }
  return contexts.run(
    occasion,
    { id: 'probe', permissions: new Set(permissions), locales: {}, hosts: [], secrets: [], opens: () => false },
    { kind: 'command', code },
  )
}
const ALL = ['read', 'create', 'update', 'delete'].flatMap((verb) =>
  ['clients', 'tasklist', 'interactions'].map((resource) => `${resource}.${verb}`),
)

describe.skipIf(!isThere)('in plugin code (needs interactions)', () => {
  test('a merge is one task of its command, and can be undone by another command', async () => {
    const [a, b] = [await create(), await create()]
    const moving = await addTask(b)
    const before = await imagesOf([a, b, moving])
    const { merge, later } = await command(ALL, async (ctx) => ({
      merge: await ctx.rows(clients).merge(a, b),
      later: await ctx.rows(tasks).create({ clientId: a, title: 'After' }),
    }))
    expect(merge).toMatchObject({ moved: 1, conflicts: [] })
    const facts = await h.database.query<{ task: string | null }>(
      'select task from kernel.facts where row_id = any($1)',
      [[later.id]],
    )
    expect(facts).toEqual([{ task: null }])
    expect(await command(ALL, (ctx) => ctx.rows(clients).unmerge(a, merge.mergeId))).toEqual({ moved: 1 })
    expect(await imagesOf([a, b, moving])).toEqual(before)
  })

  test('a merge that is refused leaves the rest of its command to another context', async () => {
    const a = await create()
    const made = await command(ALL, async (ctx) => {
      await ctx
        .rows(clients)
        .merge(
          a,
          a.replace(/^./, (c) => (c === '0' ? '1' : '0')),
        )
        .catch(() => null)
      return ctx.rows(tasks).create({ clientId: a, title: 'Still' })
    })
    const facts = await h.database.query('select task from kernel.facts where row_id = $1', [made.id])
    expect(facts).toEqual([{ task: null }])
  })

  test('adopt moves what may belong to any record, also to a record of another resource', async () => {
    const [c, other] = [await create(), await create()]
    const lead = await addNote(other)
    const [below, taskOfOther] = [await addNote(lead), await addTask(other)]
    expect(await command(ALL, (ctx) => ctx.rows(clients).adopt(lead, c))).toEqual({ moved: 1 })
    expect((await h.alice.get(`/api/interactions/${below}`)).body.recordId).toBe(c)
    // Within one resource everything follows.
    expect(await command(ALL, (ctx) => ctx.rows(clients).adopt(other, c))).toEqual({ moved: 2 })
    expect((await h.alice.get(`/api/tasklist/${taskOfOther}`)).body.clientId).toBe(c)
    expect((await h.alice.get(`/api/clients/${other}`)).status).toBe(200)
    const refused = { status: 403, code: 'forbidden' }
    await expect(command(['clients.update'], (ctx) => ctx.rows(clients).adopt(lead, c))).rejects.toMatchObject(refused)
    await expect(command(['clients.update'], (ctx) => ctx.rows(clients).merge(c, other))).rejects.toMatchObject(refused)
    const nobody = crypto.randomUUID()
    const gone = { status: 422, errors: [{ path: '/from', code: 'reference' }] }
    await expect(command(ALL, (ctx) => ctx.rows(clients).adopt(nobody, c))).rejects.toMatchObject(gone)
    await expect(command(ALL, (ctx) => ctx.rows(clients).adopt(c, nobody))).rejects.toMatchObject({ status: 404 })
    const foreign = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Foreign' })).body.id
    await expect(command(ALL, (ctx) => ctx.rows(clients).adopt(foreign, c))).rejects.toMatchObject(gone)
  })
})

describe.skipIf(!isThere)('the links about a record (needs interactions)', () => {
  const share = async (subject: string) => (await h.alice.post('/api/probe/share', { subject })).body
  const subjectOf = async (url: string) => (await h.anonymous().get(url)).body.link?.subject

  test('follow it when another one adopts what belongs to it', async () => {
    const [c, lead] = [await create(), await create()]
    const { id, url } = await share(lead)
    await command(ALL, (ctx) => ctx.rows(clients).adopt(lead, c))
    expect(await subjectOf(url)).toBe(c)
    expect((await h.alice.get(`/api/links?subject=${c}`)).body.items).toMatchObject([{ id, subject: c }])
    expect((await h.alice.get(`/api/links?subject=${lead}`)).body.items).toEqual([])
  })

  test('come back with the unmerge of the record that they were about, and stay where they came before it', async () => {
    const [kept, merged, taker] = [await create(), await create(), await create()]
    const [own, other] = [await share(kept), await share(merged)]
    const first = (await h.alice.post(`/api/clients/${kept}/merge`, { with: merged })).body
    await command(ALL, (ctx) => ctx.rows(clients).adopt(kept, taker))
    expect([await subjectOf(own.url), await subjectOf(other.url)]).toEqual([taker, taker])
    const second = (await h.alice.post(`/api/clients/${taker}/merge`, { with: kept })).body
    await h.alice.post(`/api/clients/${taker}/unmerge`, { mergeId: second.mergeId })
    expect([await subjectOf(own.url), await subjectOf(other.url)]).toEqual([taker, taker])
    const back = await h.alice.post(`/api/clients/${kept}/unmerge`, { mergeId: first.mergeId })
    expect(back.status, back.text).toBe(200)
    expect([await subjectOf(own.url), await subjectOf(other.url)]).toEqual([taker, merged])
  })
})

describe.skipIf(!isThere)('a plugin that is gone (needs interactions)', () => {
  test('rows of a plugin that is no longer installed move and come back', async () => {
    const without = await openHarness({ plugins: [] })
    try {
      const make = async (lastName: string) =>
        (await without.alice.post('/api/clients', { type: 'person', lastName })).body.id as string
      const [a, b] = [await make('A'), await make('B')]
      const [made] = await without.kernel.services.database
        .transaction({ ...systemClaims(), tenant: without.tenants.alice }, 'write', (transaction) =>
          transaction.query<{ id: string }>({
            text: `insert into tasklist__tasklist (tenant_id, client_id, title) values ($1, $2, 'Left') returning id`,
            values: [without.tenants.alice, b],
          }),
        )
        .then(({ rows }) => rows)
      const ownerOf = async () =>
        (
          await without.database.query<{ id: string }>('select client_id as id from tasklist__tasklist where id = $1', [
            made?.id,
          ])
        )[0]?.id
      expect((await without.alice.get(`/api/tasklist/${made?.id}`)).status).toBe(404)
      const { body } = await without.alice.post(`/api/clients/${a}/merge`, { with: b })
      expect([body.moved, await ownerOf()]).toEqual([1, a])
      expect((await without.alice.post(`/api/clients/${a}/unmerge`, { mergeId: body.mergeId })).body).toEqual({
        moved: 1,
      })
      expect(await ownerOf()).toBe(b)
    } finally {
      await without.close()
    }
  })
})
