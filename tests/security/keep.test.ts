/** What the database itself refuses of logs and scratch rows, and the lint that proves that it still does. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Claims } from '../../core/data/context.ts'
import { signContext } from '../../core/data/context.ts'
import { lintCatalogue } from '../../core/data/lint.ts'
import { contextKeyOf, findRoles, loginUrl } from '../../core/data/roles.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import { type Harness, openHarness } from '../support/harness.ts'
import { SECRET } from '../support/settings.ts'

let h: Harness
let roles: RoleNames
let app: Client
let door: Client
const ids = { reading: '', foreign: '', draft: '', client: '', other: '' }

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

beforeAll(async () => {
  h = await openHarness()
  const owner = await connect(h.database.ownerUrl)
  roles = (await findRoles(owner, SECRET))!
  await owner.end()
  app = await connect(loginUrl(h.database.ownerUrl, SECRET, { part: 'app', roles }))
  door = await connect(loginUrl(h.database.ownerUrl, SECRET, { part: 'door', roles }))
  const made = async (visitor: typeof h.alice, path: string, body: object) =>
    (await visitor.post(path, body)).body.id as string
  ids.client = await made(h.alice, '/api/clients', { type: 'person', lastName: 'Mine' })
  ids.other = await made(h.alice, '/api/clients', { type: 'person', lastName: 'Other' })
  const theirs = await made(h.bob, '/api/clients', { type: 'person', lastName: 'Theirs' })
  ids.reading = await made(h.alice, '/api/meter', { recordId: ids.client, kind: 'heat' })
  ids.foreign = await made(h.bob, '/api/meter', { recordId: theirs, kind: 'heat' })
  ids.draft = await made(h.bob, '/api/meter/drafts', { clientId: theirs, text: 'x' })
  expect(Object.values(ids)).not.toContain(undefined)
})
afterAll(async () => {
  await app?.end()
  await door?.end()
  await h?.close()
})

const contextOf = (more: Partial<Claims> = {}) =>
  signContext(
    {
      tenant: h.tenants.alice,
      actorKind: 'user',
      actor: null,
      plugin: null,
      request: null,
      origin: null,
      task: null,
      at: null,
      ...more,
    },
    contextKeyOf(SECRET),
    Date.now(),
  )

/** Runs one statement as a login, under a context, and takes it back. @returns the number of rows, or the SQLSTATE */
async function attempt(client: Client, context: string | null, text: string, values: unknown[] = []) {
  await client.query('begin')
  try {
    if (context !== null) await client.query(`set local app.ctx = '${context}'`)
    return (await client.query(text, values)).rowCount
  } catch (error) {
    return (error as { code?: string }).code
  } finally {
    await client.query('rollback')
  }
}

describe('the login of requests', () => {
  test.each([
    ['changes a value', `update meter__meter set value = 1`],
    ['changes the owner', `update meter__meter set record_id = '00000000-0000-0000-0000-000000000000'`],
    ['deletes', 'delete from meter__meter'],
    ['deletes softly', 'update meter__meter set deleted_at = now()'],
    ['empties', 'truncate meter__meter'],
    ['locks', 'select 1 from meter__meter for update'],
    [
      'backdates',
      `insert into meter__meter (tenant_id, created_at, record_id, kind) values (kernel.tenant(), '2020-01-01', null, 'heat')`,
    ],
  ])('%s nothing of a log', async (_, text) => {
    expect(await attempt(app, contextOf(), text)).toBe('42501')
    expect(await attempt(app, contextOf({ plugin: 'meter' }), text)).toBe('42501')
  })

  test('enters rows of its own tenant alone', async () => {
    const text = `insert into meter__meter (tenant_id, record_id, kind) values ($1, $2, 'heat')`
    expect(await attempt(app, contextOf(), text, [h.tenants.alice, ids.client])).toBe(1)
    expect(await attempt(app, contextOf(), text, [h.tenants.bob, ids.client])).toBe('42501')
    expect(await attempt(app, null, text, [h.tenants.alice, ids.client])).toBe('42501')
    expect(await attempt(app, contextOf(), 'select 1 from meter__meter where id = $1', [ids.foreign])).toBe(0)
    expect(await attempt(app, contextOf(), 'select 1 from meter__meter_read where id = $1', [ids.foreign])).toBe(0)
  })

  test('deletes scratch rows for good, of its own tenant alone, and hides none', async () => {
    expect(await attempt(app, contextOf(), 'delete from meter__drafts')).toBe(0)
    expect(await attempt(app, contextOf({ tenant: h.tenants.bob }), 'delete from meter__drafts')).toBe(1)
    expect(await attempt(app, contextOf(), 'update meter__drafts set deleted_at = now()')).toBe('42501')
    expect(await attempt(app, contextOf(), 'update meter__drafts set version = 9')).toBe('42501')
  })

  test('passes no other number of days, and sweeps as no plugin', async () => {
    for (const text of [
      `insert into kernel.kept_tables values ('clients', 'clients', 'log', 1)`,
      'update kernel.kept_tables set days = 1',
      'delete from kernel.kept_tables',
      'select * from kernel.moved_rows',
    ])
      for (const client of [app, door]) expect(await attempt(client, contextOf(), text), text).toBe('42501')
    expect(await attempt(app, contextOf({ plugin: 'meter' }), 'select kernel.sweep_rows(9)')).toBe('42501')
    expect(await attempt(app, null, 'select kernel.sweep_rows(9)')).toBe('42501')
  })

  test('moves rows as the kernel alone, and only rows that are no records', async () => {
    const move = 'select kernel.move_rows($1, $2, $3, $4, 9)'
    const to = [ids.client, ids.other, ['any', 'clients']]
    expect(await attempt(app, contextOf({ plugin: 'meter' }), move, ['meter__meter', ...to])).toBe('42501')
    expect(await attempt(app, contextOf(), move, ['tasklist__tasklist', ...to])).toBe('42501')
    expect(await attempt(app, contextOf(), move, ['clients', ...to])).toBe('42501')
    for (const text of [
      'select kernel.move_back($1, 9)',
      'select kernel.count_moved($1)',
      `select kernel.begin_moving($1, $1, 'merge', 1, '{}')`,
      'select kernel.end_moving($1)',
    ])
      expect(await attempt(app, contextOf({ plugin: 'meter' }), text, [ids.client]), text).toBe('42501')
    expect(await attempt(app, contextOf(), 'update kernel.merges set moving = null')).toBe('42501')
  })
})

describe('the lint finds', () => {
  /** What the lint says while the owner has done something, which is taken back. */
  async function findingsAfter(...statements: string[]): Promise<string[]> {
    const owner = await connect(h.database.ownerUrl)
    try {
      await owner.query('begin')
      for (const text of statements) await owner.query(text)
      return await lintCatalogue((query) => owner.query(query) as never, roles)
    } finally {
      await owner.query('rollback')
      await owner.end()
    }
  }

  test('nothing where all is as migrate leaves it', async () => {
    expect(await findingsAfter()).toEqual([])
  })

  test.each([
    [`grant update (value) on meter__meter to {app}`, 'meter__meter by {app}: a log may be changed'],
    [`grant delete on meter__meter to {app}`, 'public.meter__meter by {app}: a login may write what the kernel keeps'],
    [
      `grant delete on meter__drafts to {door}`,
      'public.meter__drafts by {door}: a login may write what the kernel keeps',
    ],
    [`drop trigger stamp_created on meter__meter`, 'meter__meter: a table has no trigger of facts'],
    [`drop trigger stamp_updated on meter__drafts`, 'meter__drafts: a table has no trigger of facts'],
    [`delete from kernel.kept_tables where keep = 'log'`, 'meter__meter: a table has no trigger of facts'],
    [
      `grant update on kernel.kept_tables to {app}`,
      'kernel.kept_tables by {app}: a login may write what migrate keeps',
    ],
    [`alter table meter__meter no force row level security`, 'public.meter__meter: a table has no forced row security'],
  ])('%s', async (statement, finding) => {
    const named = (text: string) => text.replace('{app}', roles.app).replace('{door}', roles.door)
    expect(await findingsAfter(named(statement))).toContain(named(finding))
  })
})

describe('a rule of retention', () => {
  const INSERT = `insert into kernel.retention_rules (tenant_id, resource, filter, act) values ($1, 'clients', '{}', 'erase')`

  test('is the kernel’s to write, in its own tenant', async () => {
    const plugin = contextOf({ plugin: 'meter' })
    expect(await attempt(app, contextOf(), INSERT, [h.tenants.alice])).toBe(1)
    expect(await attempt(app, contextOf(), INSERT, [h.tenants.bob])).toBe('42501')
    expect(await attempt(app, plugin, INSERT, [h.tenants.alice])).toBe('42501')
    expect(await attempt(app, plugin, 'select kernel.keep_history(1)')).toBe('42501')
    expect(await attempt(app, null, 'select kernel.keep_history(1)')).toBe('42501')
    const on = INSERT.replace('act)', 'act, enabled)').replace(`'erase')`, `'erase', true)`)
    expect(await attempt(app, contextOf(), on, [h.tenants.alice]), 'a rule is off when it is made').toBe('42501')
    const forged = INSERT.replace('act)', 'act, created_by)').replace(`'erase')`, `'erase', null)`)
    expect(await attempt(app, contextOf(), forged, [h.tenants.alice])).toBe('42501')
  })

  test('is changed and taken away by no plugin, and read by the door no further than when it is due', async () => {
    const made = await h.alice.post('/api/privacy/retention', {
      resource: 'clients',
      filter: { source: 'x' },
      act: 'erase',
    })
    expect(made.status, made.text).toBe(201)
    const plugin = contextOf({ plugin: 'meter' })
    expect(await attempt(app, plugin, 'update kernel.retention_rules set enabled = true')).toBe('42501')
    expect(await attempt(app, plugin, 'delete from kernel.retention_rules')).toBe('42501')
    expect(await attempt(app, contextOf({ tenant: h.tenants.bob }), 'delete from kernel.retention_rules')).toBe(0)
    expect(await attempt(door, null, 'select tenant_id, enabled, next_run_at from kernel.retention_rules')).toBe(1)
    for (const text of [
      'select filter from kernel.retention_rules',
      'update kernel.retention_rules set enabled = true',
    ])
      expect(await attempt(door, null, text), text).toBe('42501')
  })
})
