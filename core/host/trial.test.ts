/** Plugins that fail: each is found, left out with its reason, and the others are described, migrated and served. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fixtures, notesFixture } from '../../tests/support/fixtures.ts'
import { configFor, eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { pluginFolders, SECRET } from '../../tests/support/settings.ts'
import { buildServer } from '../http/server.ts'
import { openKernel } from '../kernel.ts'
import { ROOT } from './catalogue.ts'
import { migrateDatabase } from './preparation.ts'
import { enterQuarantine } from './quarantine.ts'
import { faultOf } from './reason.ts'
import { describePlugins } from './trial.ts'

const fixtures = new Fixtures()
afterAll(() => fixtures.remove())

const failing = {
  throwing: { server: `throw new Error('I cannot')` },
  hanging: { server: `await new Promise(() => setInterval(() => {}, 1000))\nexport default {}` },
  blocking: { server: `for (;;);` },
  leaving: { server: `process.exit(0)` },
  flooding: { server: `import { writeSync } from 'node:fs'\nfor (;;) try { writeSync(1, 'x'.repeat(4096)) } catch {}` },
  hoarding: { server: `const kept = []\nfor (;;) kept.push(Buffer.alloc(10_000_000, 1))` },
  swelling: { server: `const kept = []\nfor (;;) kept.push(new Array(100_000).fill(0.5))` },
  teeming: { server: `export default { routes: Array.from({ length: 100000 }, () => ({})) }` },
  wrong: { server: `export default { resources: [null] }` },
  unreadable: { manifest: { version: 1 } },
  hollow: { server: `export const plugin = {}` },
}

test(
  'whatever a plugin does when it is loaded, it alone is left out and told by its reason',
  { timeout: 120_000 },
  async () => {
    const folders = Object.entries(failing).map(([id, fixture]) => fixtures.write(id, fixture))
    const sound = fixtures.write('sound', notesFixture('sound'))
    const leaning = fixtures.write('leaning', { manifest: { requires: { throwing: '^1.0.0' } } })
    const { described, faults } = await describePlugins([...folders, sound, leaning], 3_000, 512)
    const rules = Object.fromEntries(faults.map(({ plugin, rule }) => [plugin, rule]))
    expect(described.map(({ id }) => id)).toContain('sound')
    expect(rules).toEqual({
      throwing: 'server.ts does not load: I cannot',
      hanging: 'it is not loaded after 3000 ms: it hangs or blocks',
      blocking: 'it is not loaded after 3000 ms: it hangs or blocks',
      leaving: 'it ends the process that loads it (code 0)',
      flooding: 'it prints more than 1048576 bytes while it is loaded',
      hoarding: 'it fills the memory of the process that loads it beyond 512 MB',
      swelling: 'it fills the memory of the process that loads it beyond 512 MB',
      teeming: 'it breaks a rule for plugins: it brings 100000 routes',
      wrong: expect.stringContaining('what server.ts exports cannot be read'),
      unreadable: expect.stringContaining('its manifest is not valid'),
      hollow: 'it breaks a rule for plugins: server.ts has no default export',
      leaning: 'it requires throwing, which is left out because server.ts does not load: I cannot',
    })
    expect(faults.every(({ mend }) => mend.length > 0)).toBe(true)
  },
)

describe('an installation with a plugin', () => {
  let h: Harness
  beforeAll(async () => {
    h = await openHarness()
  })
  afterAll(() => h?.close())

  const migrate = async (folders: readonly string[]) => {
    const { described, faults } = await describePlugins(folders)
    const migrated = await migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described })
    return {
      ...migrated,
      faults: [...faults, ...migrated.refused.map((each) => faultOf(each.plugin, each.reason))],
    }
  }

  /** A process on the same database, with other folders. */
  const open = async (folders: readonly string[], faults = [] as Awaited<ReturnType<typeof migrate>>['faults']) => {
    const config = { ...configFor(h.database), plugins: folders }
    const kernel = await openKernel({
      config,
      databaseUrl: h.database.ownerUrl,
      screen: null,
      report: () => {},
      faults,
    })
    const app = await buildServer(kernel.services)
    const get = async (url: string, cookie = h.alice.cookie) => {
      const reply = await app.inject({ method: 'GET', url, headers: { host: 'localhost', cookie } })
      return { status: reply.statusCode, body: reply.json() }
    }
    const close = async () => {
      await app.close()
      await kernel.close()
    }
    return { kernel, get, close }
  }

  test('whose migration fails keeps what it had, and the others are migrated and served', async () => {
    const good = fixtures.write('diary', notesFixture('diary'))
    const torn = fixtures.write('torn', {
      files: { 'migrations/0001_init.sql': 'create table torn__a (); create table nowhere.torn__b ();' },
    })
    const dependent = fixtures.write('dependent', { manifest: { requires: { torn: '^1.0.0' } } })
    const { applied, refused, faults } = await migrate([...pluginFolders, torn, good, dependent])
    expect(applied).toEqual(['diary/0001_init'])
    expect(refused.map(({ plugin }) => plugin).toSorted()).toEqual(['dependent', 'torn'])
    expect(refused.find(({ plugin }) => plugin === 'torn')?.reason).toEqual({
      code: 'migration_fails',
      params: { error: expect.stringMatching(/nowhere/) },
    })
    expect(await h.database.query(`select to_regclass('public.torn__a') as found`)).toEqual([{ found: null }])
    // Also where this process has not migrated itself.
    for (const known of [faults, []]) {
      const other = await open([...pluginFolders, torn, good, dependent], known)
      const { body } = await other.get('/api/plugins')
      const stateOf = (id: string) => body.items.find((each: { id: string }) => each.id === id)
      expect(stateOf('diary')).toMatchObject({ state: 'active', enabled: true, reason: null })
      expect(stateOf('torn')).toMatchObject({ state: 'quarantined', name: { en: 'The torn' } })
      expect(stateOf('torn').reason).toEqual({
        code: 'migration_fails',
        rule: expect.stringMatching(/^its migration fails: .*nowhere/),
        mend: expect.any(String),
      })
      expect(stateOf('dependent').reason.rule).toMatch(/^it requires torn, which is left out/)
      expect((await other.get('/api/diary')).status).toBe(200)
      await other.close()
    }
    const mended = fixtures.write('torn', { files: { 'migrations/0001_init.sql': 'select 1;' } })
    expect((await migrate([...pluginFolders, mended, good, dependent])).refused).toEqual([])
  })

  test('whose schema does not fit its table is found among all that extend it', async () => {
    const schema = {
      type: 'object',
      additionalProperties: false,
      properties: { size: { type: 'string', maxLength: 20, 'x-filter': true, 'x-sort': true } },
    }
    const clash = fixtures.write('clash', {
      manifest: { extends: { clients: 'schemas/clients.json' } },
      files: { 'schemas/clients.json': JSON.stringify(schema) },
    })
    // Its index cannot be made: there is one of its name already, over a column that is gone.
    await h.database.query(`create function refuse() returns event_trigger language plpgsql as $$ begin
      if exists (select from pg_event_trigger_ddl_commands() where object_identity like '%clash%') then raise exception 'no clash here'; end if;
      end $$`)
    await h.database.query('create event trigger refuse on ddl_command_end execute function refuse()')
    const { refused, faults } = await migrate([...pluginFolders, clash])
    await h.database.query('drop event trigger refuse')
    await h.database.query('drop function refuse()')
    expect(faults.map(({ rule }) => rule)).toEqual([expect.stringMatching(/no clash/)])
    expect(refused).toEqual([
      { plugin: 'clash', reason: { code: 'schemas_fail', params: { error: expect.stringMatching(/no clash/) } } },
    ])
    expect((await migrate(pluginFolders)).refused).toEqual([])
  })

  test('that is missing is quarantined; its rows are kept, and what happens meanwhile is told when it is back', async () => {
    const folder = fixtures.write('lodger', notesFixture('lodger'))
    await migrate([...pluginFolders, folder])
    const at = await open([...pluginFolders, folder])
    const client = async (lastName: string) =>
      (await h.alice.post('/api/clients', { type: 'person', lastName })).body.id as string
    const notesOf = async (id: string) => h.database.query('select * from lodger__lodger where record_id = $1', [id])
    await at.kernel.worker.start()
    const first = await client('First')
    await eventually(async () => (await notesOf(first)).length === 1, 'the handler is told')
    await at.close()

    const without = await open(pluginFolders)
    await without.kernel.worker.start()
    const { body } = await without.get('/api/plugins')
    expect(body.items.find((each: { id: string }) => each.id === 'lodger')).toMatchObject({
      state: 'quarantined',
      version: '1.0.0',
      reason: { rule: 'its folder is not here, and its tables are' },
    })
    const member = await h.addMember(h.tenants.alice, 'member@host.example', 'member')
    const seen = (await without.get('/api/plugins', member.cookie)).body.items
    expect(seen.map((each: { id: string }) => each.id)).not.toContain('lodger')
    expect((await without.get('/api/lodger')).status).toBe(404)
    const second = await client('Second')
    const held = `select state from kernel.deliveries d join kernel.facts f on f.id = d.fact
      where d.handler = 'lodger.welcome' and f.row_id = $1`
    const isHeld = async () => (await h.database.query<{ state: string }>(held, [second]))[0]?.state === 'held'
    await eventually(isHeld, 'the delivery is held')
    expect(await notesOf(first)).toHaveLength(1)
    // A merge moves the rows of a plugin that is gone.
    expect((await h.alice.post(`/api/clients/${second}/merge`, { with: first })).status).toBe(200)
    expect(await notesOf(second)).toHaveLength(1)
    await without.close()

    const back = await open([...pluginFolders, folder])
    await back.kernel.worker.start()
    await eventually(async () => (await notesOf(second)).length === 2, 'what was held is told')
    await back.close()
  })

  test('that is in quarantine tells each administrator why in their own language', async () => {
    const folder = fixtures.write('unquiet', notesFixture('unquiet'))
    const other = fixtures.write('listening', { manifest: { requires: { unquiet: '^1.0.0' } } })
    const folders = [...pluginFolders, folder, other]
    await migrate(folders)
    await enterQuarantine(h.kernel.services.database, {
      plugin: 'unquiet',
      reason: { code: 'blocked', params: { ms: 5000 } },
    })
    const at = await open(folders)
    const reasonOf = async (id: string, asked = '', cookie = h.alice.cookie) => {
      const { items } = (await at.get(`/api/plugins${asked}`, cookie)).body
      return items.find((each: { id: string }) => each.id === id).reason
    }
    expect((await h.alice.patch('/api/session', { language: 'fr' })).status).toBe(200)
    expect(await reasonOf('unquiet')).toEqual({
      code: 'blocked',
      rule: 'elle a bloqué le processus pendant plus de 5000 ms, deux fois en dix minutes',
      mend: 'corrigez l’extension, puis reprenez-la depuis la page des extensions',
    })
    expect((await reasonOf('listening')).rule).toBe(
      'elle nécessite unquiet, qui est écartée pour cette raison : ' +
        'elle a bloqué le processus pendant plus de 5000 ms, deux fois en dix minutes',
    )
    const english = 'it blocked the process for more than 5000 ms, twice in ten minutes'
    expect((await reasonOf('unquiet', '?lang=en')).rule).toBe(english)
    const colleague = await h.addMember(h.tenants.alice, 'colleague@host.example', 'administrator')
    expect((await reasonOf('unquiet', '', colleague.cookie)).rule).toBe(english)
    await at.close()
  })

  test('whose reason was kept as a sentence still tells it', async () => {
    const folder = fixtures.write('ancient', notesFixture('ancient'))
    await migrate([...pluginFolders, folder])
    const asText = (table: string, column: string) => `alter table kernel.${table} alter column ${column} type text`
    await h.database.query(asText('quarantine', 'reason'))
    await h.database.query(asText('schemas', 'refused'))
    await h.database.query(`insert into kernel.quarantine (plugin, reason) values ('ancient', 'it was loud')`)
    await h.database.query(`update kernel.schemas set refused = 'it was torn' where plugin = 'ancient'`)
    await h.database.query(readFileSync(join(ROOT, 'core/data/migrations/0033_reasons.sql'), 'utf8'))
    const untold = await h.database.query(`select plugin from kernel.schemas where refused is null`)
    expect(untold.length).toBeGreaterThan(0)
    const reasonNow = async () => {
      const at = await open([...pluginFolders, folder])
      const { items } = (await at.get('/api/plugins?lang=fr')).body
      await at.close()
      return items.find((each: { id: string }) => each.id === 'ancient').reason
    }
    const told = (sentence: string) => `une version antérieure de Weft l’a écartée : ${sentence}`
    expect(await reasonNow()).toMatchObject({ code: 'earlier', rule: told('it was torn') })
    await h.database.query(`update kernel.schemas set refused = null where plugin = 'ancient'`)
    expect(await reasonNow()).toMatchObject({ code: 'earlier', rule: told('it was loud') })
  })
})
