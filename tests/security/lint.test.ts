/** What the database itself refuses, whatever the code above it does; and the lint that proves that it still does. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lintCatalogue } from '../../core/data/lint.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import { type Harness, openHarness } from '../support/harness.ts'
import { SECRET } from '../support/settings.ts'
import { codeOf, connect, type Logins, openLogins, sign } from './logins.ts'

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

describe('the lint', () => {
  const lint = () => lintCatalogue((query) => h.kernel.services.database.door(query), logins.roles)

  test('is silent on the database as it is migrated', async () => {
    expect(await lint()).toEqual([])
  })

  const isolated = `enable row level security`
  const HOLES: [hole: string, plant: (r: RoleNames) => string, mend: (r: RoleNames) => string, finding: RegExp][] = [
    [
      'a table without row security',
      () => `create table hole (tenant_id uuid, id uuid)`,
      () => `drop table hole`,
      /hole: .*forced row security/,
    ],
    [
      'row security that is not forced',
      () => `alter table clients no force row level security`,
      () => `alter table clients force row level security`,
      /clients: .*forced row security/,
    ],
    [
      'a table with row security and no policy',
      () =>
        `create table hole (tenant_id uuid, id uuid); alter table hole ${isolated}; alter table hole force row level security`,
      () => `drop table hole`,
      /hole: .*tenant policy/,
    ],
    [
      'a policy that is always true',
      ({ app }) => `create policy open on clients to ${app} using (true)`,
      () => `drop policy open on clients`,
      /clients open: .*not one of the kernel/,
    ],
    [
      'the tenant policy itself opened',
      () => `alter policy tenant_isolation on clients using (true) with check (true)`,
      () =>
        `alter policy tenant_isolation on clients using (tenant_id = (select kernel.tenant())) with check (tenant_id = (select kernel.tenant()))`,
      /clients: .*tenant policy/,
    ],
    [
      'the reader policy given to a login',
      ({ app }) => `alter policy reader on clients to ${app}`,
      ({ reader }) => `alter policy reader on clients to ${reader}`,
      /clients reader: .*not one of the kernel/,
    ],
    ['a view over a table', () => `create view hole as select * from clients`, () => `drop view hole`, /hole: .*view/],
    [
      'a read view that lost its tenant',
      () => `create view hole_read as select * from clients`,
      () => `drop view hole_read`,
      /hole_read: .*view/,
    ],
    [
      'a materialized view',
      () => `create materialized view hole as select * from clients`,
      () => `drop materialized view hole`,
      /hole: .*view/,
    ],
    [
      'a function with the rights of its owner',
      () => `create function hole() returns bigint language sql security definer as 'select count(*) from clients'`,
      () => `drop function hole()`,
      /hole: .*function/,
    ],
    [
      'a unique key without the tenant',
      () => `create unique index hole on clients (last_name)`,
      () => `drop index hole`,
      /hole: .*unique key/,
    ],
    [
      'a foreign key without the tenant',
      () =>
        `create unique index hole on kernel.tenants (id); alter table tasklist__tasklist add column hole uuid, add constraint hole foreign key (hole) references kernel.tenants (id)`,
      () => `alter table tasklist__tasklist drop column hole; drop index kernel.hole`,
      /hole: .*foreign key/,
    ],
    [
      'a right to truncate',
      ({ app }) => `grant truncate on clients to ${app}`,
      ({ app }) => `revoke truncate on clients from ${app}`,
      /clients.*truncate/,
    ],
    [
      'a right to truncate given to all',
      () => `grant truncate on kernel.facts to public`,
      () => `revoke truncate on kernel.facts from public`,
      /facts.*truncate/,
    ],
    [
      'a right to write what the kernel keeps',
      ({ app }) => `grant update (version) on clients to ${app}`,
      ({ app }) => `revoke update (version) on clients from ${app}`,
      /clients version: .*keeps/,
    ],
    [
      'a right to delete rows',
      ({ app }) => `grant delete on clients to ${app}`,
      ({ app }) => `revoke delete on clients from ${app}`,
      /clients.*keeps/,
    ],
    [
      'a right to write facts',
      ({ app }) => `grant insert on kernel.facts to ${app}`,
      ({ app }) => `revoke insert on kernel.facts from ${app}`,
      /facts.*keeps/,
    ],
    [
      'a right to say which columns refer to records',
      ({ app }) => `grant insert on kernel.record_references to ${app}`,
      ({ app }) => `revoke insert on kernel.record_references from ${app}`,
      /record_references.*migrate keeps/,
    ],
    [
      'a right to see the keys of secrets',
      ({ app }) => `grant select (id) on kernel.secret_keys to ${app}`,
      ({ app }) => `revoke select (id) on kernel.secret_keys from ${app}`,
      /secret_keys.*directory/,
    ],
    [
      'a dropped fact trigger',
      () => `drop trigger fact_updated on clients`,
      () =>
        `create trigger fact_updated after update on clients for each row when (old.derived is not distinct from new.derived) execute function kernel.write_fact('clients', '')`,
      /clients: .*trigger/,
    ],
    [
      'a disabled fact trigger',
      () => `alter table clients disable trigger fact_written`,
      () => `alter table clients enable trigger fact_written`,
      /clients: .*trigger/,
    ],
    [
      'a trigger that stands for another',
      () =>
        `create function hole() returns trigger language plpgsql as 'begin return null; end'; create or replace trigger fact_written after insert or delete on clients for each row execute function hole()`,
      () =>
        `create or replace trigger fact_written after insert or delete on clients for each row execute function kernel.write_fact('clients', ''); drop function hole()`,
      /clients: .*trigger/,
    ],
    [
      'a table that a login owns',
      ({ door }) => `alter table clients owner to ${door}`,
      ({ owner }) => `alter table clients owner to ${owner}`,
      /clients: .*owns/,
    ],
  ]

  test.each(HOLES)('finds %s', async (_hole, plant, mend, finding) => {
    await h.database.query(plant(logins.roles))
    try {
      expect((await lint()).join('\n')).toMatch(finding)
    } finally {
      await h.database.query(mend(logins.roles))
    }
  })

  test('finds a login that may do more than it should', async () => {
    // Roles belong to the whole server: they are changed in a transaction that nobody else ever sees.
    const owner = await connect(h.database.ownerUrl)
    const plants = [
      `alter role ${logins.roles.app} superuser`,
      `alter role ${logins.roles.door} bypassrls`,
      `alter role ${logins.roles.app} createrole`,
      `grant ${logins.roles.owner} to ${logins.roles.app}`,
      `grant ${logins.roles.reader} to ${logins.roles.door}`,
    ]
    for (const plant of plants) {
      await owner.query('begin')
      await owner.query(plant)
      const findings = await lintCatalogue(async (query) => (await owner.query(query)) as never, logins.roles)
      await owner.query('rollback')
      expect(findings.join('\n'), plant).toMatch(/a login (may do more|is a member)/)
    }
    await owner.end()
  })

  test('mends leave nothing behind', async () => {
    expect(await lint()).toEqual([])
  })
})

describe('a tenant context', () => {
  const count = 'select count(*)::int as count from clients'

  test('shows the rows of its own tenant, and none shows nothing', async () => {
    expect(await asApp(sign(h.tenants.alice), count)).toEqual([{ count: 1 }])
    expect(await asApp(sign(h.tenants.alice), 'select count(*)::int as count from clients_read')).toEqual([
      { count: 1 },
    ])
    for (const table of [
      'clients',
      'clients_read',
      'kernel.records',
      'kernel.facts',
      'kernel.answers',
      'kernel.deliveries',
      'kernel.merges',
      'kernel.secrets',
      'kernel.files',
      'kernel.mails',
      'kernel.links',
      'kernel.feeds',
      'kernel.notifications',
      'kernel.notification_preferences',
    ]) {
      expect(await asApp(null, `select count(*)::int as count from ${table}`), table).toEqual([{ count: 0 }])
      expect(await asApp('', `select count(*)::int as count from ${table}`), table).toEqual([{ count: 0 }])
    }
  })

  test('that is forged, of another secret, cut or joined is refused', async () => {
    const own = sign(h.tenants.alice)
    const [, hmac] = [own.slice(0, -65), own.slice(-64)]
    const swapped = own.replace(h.tenants.alice, h.tenants.bob)
    const refused = [
      swapped,
      sign(h.tenants.bob, 'another secret, just as long as the right one'),
      own.slice(0, -1),
      `${h.tenants.bob}|user|||||||9999999999|${hmac}`,
      `${h.tenants.bob}|user|||||||9999999999|${createHmac('sha256', '').update(`${h.tenants.bob}|user|||||||9999999999`).digest('hex')}`,
      h.tenants.bob,
      '|',
      'x'.repeat(200),
    ]
    for (const context of refused) {
      expect(await codeOf(asApp(context, count)), context).toBe('42501')
      expect(await codeOf(asApp(context, 'select * from clients_read')), context).toBe('42501')
    }
  })

  test('that has expired is refused', async () => {
    expect(await codeOf(asApp(sign(h.tenants.alice, SECRET, -61), count))).toBe('42501')
  })

  test('cannot be turned to another tenant by SQL', async () => {
    const own = sign(h.tenants.alice)
    const turned = [
      `select set_config('app.ctx', replace(current_setting('app.ctx'), '${h.tenants.alice}', '${h.tenants.bob}'), true), count(*) from clients`,
      `select set_config('app.ctx', '${h.tenants.bob}', true), (select count(*) from clients_read)`,
      `with turned as materialized (select set_config('app.ctx', '${h.tenants.bob}|user|||||||9999999999|00', true)) select (select count(*) from clients) from turned`,
    ]
    for (const text of turned) {
      const result = await codeOf(asApp(own, text))
      expect(result === '42501' || !result?.includes('Theirs'), `${text}: ${result}`).toBe(true)
    }
    await logins.app.query('begin')
    await logins.app.query(`set local app.ctx = '${own}'`)
    await logins.app.query(`select set_config('app.ctx', '${sign(h.tenants.bob, 'x'.repeat(40))}', true)`)
    expect(await codeOf(logins.app.query(count))).toBe('42501')
    await logins.app.query('rollback')
    expect(await codeOf(asApp(own, 'select context_key from kernel.installation'))).toBe('42501')
  })

  test('holds for tables and views alike when another tenant is named', async () => {
    const own = sign(h.tenants.alice)
    for (const relation of ['clients', 'clients_read']) {
      expect(
        await asApp(own, `select id from ${relation} where id = $1 or tenant_id = $2`, [theirs, h.tenants.bob]),
      ).toEqual([])
    }
    expect(await asApp(own, 'select id from kernel.records where id = $1', [theirs])).toEqual([])
    expect(await asApp(own, `update clients set notes = 'x' where id = $1 returning id`, [theirs])).toEqual([])
    expect(
      await codeOf(
        asApp(own, `insert into clients (tenant_id, type, last_name) values ($1, 'person', 'x')`, [h.tenants.bob]),
      ),
    ).toBe('42501')
    expect(
      await codeOf(
        asApp(own, `insert into tasklist__tasklist (tenant_id, client_id, title) values ($1, $2, 'x')`, [
          h.tenants.alice,
          theirs,
        ]),
      ),
    ).toBe('23503')
    expect(await codeOf(asApp(own, `update clients_read set notes = 'x'`))).toBe('42501')
  })
})
