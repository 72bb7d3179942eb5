/** What each login may not do, whoever has stolen it, and what a plugin may not that runs SQL of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness } from '../support/harness.ts'
import { codeOf, type Logins, openLogins, sign, signAs } from './logins.ts'

let h: Harness
let logins: Logins
let theirs: string
const asApp: Logins['asApp'] = (...given) => logins.asApp(...given)

beforeAll(async () => {
  h = await openHarness()
  logins = await openLogins(h.database)
  await h.alice.post('/api/clients', { type: 'person', lastName: 'Mine' })
  theirs = (await h.bob.post('/api/clients', { type: 'person', lastName: 'Theirs' })).body.id
})
afterAll(async () => {
  await logins?.end()
  await h?.close()
})

describe('a task', () => {
  const context = (plugin: string | null) => signAs(h.tenants.alice, { plugin })
  const INSERT = 'insert into kernel.tasks (tenant_id, id, name'
  const ROW = `values ($1, gen_random_uuid(), 'x'`

  test.each(['plugin', 'created_by', 'actor_kind', 'created_at', 'state', 'run'])(
    'is not entered with a forged %s',
    async (column) => {
      const text = `${INSERT}, ${column}) ${ROW}, null)`
      expect(await codeOf(asApp(context('probe'), text, [h.tenants.alice]))).toBe('42501')
    },
  )

  test('is of the plugin that enters it, in its own tenant', async () => {
    const text = `${INSERT}) ${ROW}) returning plugin, created_by`
    expect(await asApp(context('probe'), text, [h.tenants.alice])).toEqual([{ plugin: 'probe', created_by: null }])
    expect(await codeOf(asApp(context('probe'), text, [h.tenants.bob]))).toBe('42501')
  })

  test.each(['undoes', 'permission', 'resource'])(
    'of a plugin names no %s for the kernel to act upon',
    async (column) => {
      const text = `${INSERT}, ${column}) ${ROW}, '00000000-0000-4000-8000-000000000000')`
      expect(await codeOf(asApp(context('probe'), text, [h.tenants.alice]))).toBe('23514')
    },
  )

  test('is moved on by its own plugin and by the kernel alone', async () => {
    await h.database.query(
      `insert into kernel.tasks (tenant_id, id, name, plugin, actor_kind, created_at) values ($1, gen_random_uuid(), 'y', 'probe', 'system', now())`,
      [h.tenants.alice],
    )
    const text = `update kernel.tasks set state = 'done' where name = 'y' returning state`
    expect(await codeOf(asApp(context('tasklist'), text))).toBe('42501')
    expect(await asApp(context('probe'), text)).toEqual([{ state: 'done' }])
    expect(await asApp(context(null), text)).toEqual([{ state: 'done' }])
    expect(await codeOf(asApp(context('probe'), `update kernel.tasks set plugin = 'probe'`))).toBe('42501')
    expect(await codeOf(asApp(context('probe'), `delete from kernel.tasks`))).toBe('42501')
  })
})

describe('the login of requests', () => {
  test('cannot write what the kernel keeps', async () => {
    const own = sign(h.tenants.alice)
    const kept = [
      'version = 7',
      'created_at = now()',
      'updated_at = now()',
      'created_by = null',
      'updated_by = null',
      `derived = '{}'`,
      `search_text = ''`,
      `tenant_id = '${h.tenants.bob}'`,
      'id = gen_random_uuid()',
    ]
    for (const set of kept) expect(await codeOf(asApp(own, `update clients set ${set}`)), set).toBe('42501')
    const refused = [
      'delete from clients',
      'truncate clients',
      `insert into clients (tenant_id, type, last_name, version) values ('${h.tenants.alice}', 'person', 'x', 9)`,
      `insert into kernel.facts (tenant_id, at, event, actor_kind) values ('${h.tenants.alice}', now(), 'clients.updated', 'user')`,
      `update kernel.facts set event = 'x'`,
      'delete from kernel.facts',
      `update kernel.records set deleted_at = now()`,
      'delete from kernel.records',
      'update kernel.records set merged_into = null',
      'select * from kernel.records for update',
      'delete from kernel.merges',
      `update kernel.merges set survivor = merged`,
      `insert into kernel.merges (tenant_id, id, resource, survivor, merged, by) values ('${h.tenants.alice}', gen_random_uuid(), 'clients', gen_random_uuid(), gen_random_uuid(), gen_random_uuid())`,
      'delete from kernel.record_references',
      `insert into kernel.record_references values ('clients', 'owner_id', 'clients', 'any', false)`,
      'alter table clients disable row level security',
      'alter table clients disable trigger all',
      `create policy open on clients using (true)`,
      'create table hole (id int)',
      `set session authorization ${logins.roles.owner}`,
      `set role ${logins.roles.reader}`,
      `set session_replication_role = replica`,
      'select * from kernel.users',
      'select * from kernel.sessions',
      'select * from kernel.tenants',
      'select * from kernel.api_keys',
      'select * from kernel.tenant_plugins',
      'select * from kernel.secret_keys',
      `update kernel.files set plugin = 'tasklist'`,
      `update kernel.files set sha256 = null`,
      'delete from kernel.files',
      'delete from kernel.mails',
      'delete from kernel.notifications',
      'update kernel.notifications set user_id = null',
      `update kernel.mails set recipients = '{}'`,
      `update kernel.mails set at = now()`,
      `insert into kernel.files (tenant_id, id, plugin, name, type, bytes, sha256, state)
        values ('${h.tenants.alice}', gen_random_uuid(), 'probe', 'x', 'x', 1, '\\x${'00'.repeat(32)}', 'kept')`,
    ]
    for (const text of refused) expect(await codeOf(asApp(own, text)), text).toBe('42501')
  })

  test('cannot merge what lives, what is another tenant’s, or bring back what was merged', async () => {
    const own = sign(h.tenants.alice)
    const enter = `insert into kernel.merges (tenant_id, id, resource, survivor, merged) values ($1, gen_random_uuid(), 'clients', $2, $3)`
    const [mine] = await asApp<{ id: string }>(own, 'select id from clients')
    expect(await codeOf(asApp(own, enter, [h.tenants.alice, theirs, mine!.id]))).toBe('23503')
    expect(await codeOf(asApp(own, enter, [h.tenants.bob, theirs, theirs]))).toBe('42501')
    expect(await codeOf(asApp(own, enter, [h.tenants.alice, mine!.id, mine!.id]))).toBe('23514')
    expect(await asApp(own, 'select id from kernel.lock_records($1)', [[mine!.id, theirs]])).toEqual([mine])
    const [a, b] = [
      (await h.alice.post('/api/clients', { type: 'person', lastName: 'A' })).body.id,
      (await h.alice.post('/api/clients', { type: 'person', lastName: 'B' })).body.id,
    ]
    const merge = await h.alice.post(`/api/clients/${a}/merge`, { with: b })
    const revive = `update clients set deleted_at = null where id = '${b}'`
    expect(await codeOf(asApp(own, revive))).toBe('23514')
    expect((await h.alice.post(`/api/clients/${a}/unmerge`, { mergeId: merge.body.mergeId })).status).toBe(200)
    for (const id of [a, b]) {
      const { version } = (await h.alice.get(`/api/clients/${id}`)).body
      expect((await h.alice.remove(`/api/clients/${id}`, version)).status).toBe(204)
    }
  })

  test('writes version, times, authors and fact whatever it says', async () => {
    const [row] = await asApp<{ version: number }>(
      sign(h.tenants.alice),
      `update clients set notes = 'raw' returning version`,
    )
    expect(row).toEqual({ version: 2 })
    const facts = `with changed as (update clients set notes = 'raw' returning 1) select count(*)::int as count from changed`
    await logins.app.query('begin')
    await logins.app.query(`set local app.ctx = '${sign(h.tenants.alice)}'`)
    await logins.app.query(facts)
    const { rows } = await logins.app.query(`select event, changed from kernel.facts order by id desc limit 1`)
    await logins.app.query('rollback')
    expect(rows).toEqual([{ event: 'clients.updated', changed: ['notes'] }])
  })
})

describe('a plugin that runs SQL of its own', () => {
  const asPlugin = (text: string) => asApp(signAs(h.tenants.alice, { plugin: 'probe' }), text)

  test('tells its own events and nobody else’s', async () => {
    expect(await codeOf(asPlugin(`select kernel.emit('probe.rang', '{}')`))).toContain('done')
    for (const event of ['clients.created', 'clients.merged', 'tasklist.closed', 'probed.x', 'kernel.x', ''])
      expect(await codeOf(asPlugin(`select kernel.emit('${event}', '{}')`)), event).toBe('42501')
  })

  test('takes nothing from the past', async () => {
    const [mine] = await asApp<{ id: string }>(sign(h.tenants.alice), 'select id from clients_read')
    for (const text of [`select kernel.erase('${mine!.id}')`, 'select kernel.forget_facts(1)'])
      expect(await codeOf(asPlugin(text)), text).toBe('42501')
    expect(await codeOf(asPlugin(`select kernel.erase_traces('${mine!.id}')`))).toBe('42501')
  })

  test('schedules for itself, and leaves what others are owed', async () => {
    const enter = (event: string) =>
      `insert into kernel.schedules (tenant_id, plugin, event, key, due) values ('${h.tenants.alice}', 'probe', '${event}', 'k', now() + interval '1 hour')`
    expect(await codeOf(asPlugin(enter('probe.rang')))).toContain('done')
    expect(await codeOf(asPlugin(enter('tasklist.closed')))).toBe('42501')
    await h.database.query(`insert into kernel.schedules (tenant_id, plugin, event, key, due)
      values ('${h.tenants.alice}', 'tasklist', 'tasklist.closed', 'theirs', now() + interval '1 hour')`)
    await h.database.query(`insert into kernel.deliveries (tenant_id, handler, fact, due)
      values ('${h.tenants.alice}', 'tasklist.welcome', 0, now() + interval '1 hour')`)
    expect(await codeOf(asPlugin(`delete from kernel.schedules where key = 'theirs'`))).toBe('42501')
    expect(await codeOf(asPlugin(`update kernel.schedules set due = now() where key = 'theirs'`))).toBe('42501')
    expect(
      await codeOf(asPlugin(`update kernel.deliveries set state = 'done' where handler = 'tasklist.welcome'`)),
    ).toBe('42501')
  })
})

describe('the login of the directory', () => {
  test('reads no row of a tenant, and of facts no image', async () => {
    for (const text of [
      'select * from clients',
      'select * from clients_read',
      'select * from tasklist__tasklist',
      'select * from kernel.records',
      'select * from kernel.merges',
      'select * from kernel.secrets',
      'select name from kernel.files',
      'select text from kernel.mails',
      'select params from kernel.notifications',
      'select * from kernel.notification_preferences',
      `update kernel.files set deleted_at = now()`,
      'select before from kernel.facts',
      'select after from kernel.facts',
      'select body from kernel.answers',
      'select context_key from kernel.installation',
      `update clients set notes = 'x'`,
      'update kernel.facts set changed = null',
      'delete from kernel.facts',
      'create table hole (id int)',
      `set role ${logins.roles.app}`,
    ]) {
      expect(await codeOf(logins.door.query(text)), text).toBe('42501')
    }
    expect((await logins.door.query('select id, event from kernel.facts')).rows.length).toBeGreaterThan(0)
  })
})

describe('links and feeds', () => {
  const refused = async (login: Logins['app'], text: string) => {
    await login.query('begin')
    await login.query(`set local app.ctx = '${sign(h.tenants.alice)}'`)
    const code = await codeOf(login.query(text))
    await login.query('rollback')
    expect(code, text).toBe('42501')
  }

  test('cannot be forged, read or prolonged by the login of requests', async () => {
    const own = `'${h.tenants.alice}', gen_random_uuid(), 'x', 'share'`
    for (const text of [
      'select token_hash from kernel.links',
      'select password from kernel.links',
      'update kernel.links set uses_left = 9',
      'update kernel.links set expires_at = null',
      'delete from kernel.links',
      `insert into kernel.links (tenant_id, id, token_hash, name, plugin) values (${own}, 'other')`,
      `insert into kernel.links (tenant_id, id, token_hash, name, created_by) values (${own}, gen_random_uuid())`,
      `insert into kernel.links (tenant_id, id, token_hash, name) values (${own.replace(h.tenants.alice, h.tenants.bob)})`,
      'update kernel.feeds set worker = null',
      'select from kernel.feeds for share',
      `select nextval('kernel.feed_fences')`,
    ])
      await refused(logins.app, text)
  })

  test('tell the door whose a token is, and nothing of what it carries', async () => {
    for (const text of [
      'select data from kernel.links',
      'select subject from kernel.links',
      'update kernel.links set revoked_at = null',
      `insert into kernel.links (tenant_id, id, token_hash, name) values (gen_random_uuid(), gen_random_uuid(), 'x', 'x')`,
    ])
      await refused(logins.door, text)
  })
})
