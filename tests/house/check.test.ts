/** `npm run weft -- plugin check`: a new plugin passes, and each fault is found by its rule, with its mend. */
import { afterAll, describe, expect, inject, test } from 'vitest'
import { readCandidate } from '../../core/commands/check/candidate.ts'
import { conformanceChecks } from '../../core/commands/check/conformance-rules.ts'
import { databaseChecks } from '../../core/commands/check/database-rules.ts'
import { FOLDER_RULES } from '../../core/commands/check/folder-rules.ts'
import type { Candidate, Finding } from '../../core/commands/check/rule.ts'
import { findChromium } from '../../core/commands/conformance/chromium.ts'
import { describeNewPlugin } from '../../core/commands/plugin-template.ts'
import { readConfig } from '../../core/config.ts'
import { loadPlugins } from '../../core/host/catalogue.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { run, Folders } from '../faults/program.ts'
import { type Fixture, Fixtures, notesFixture } from '../support/fixtures.ts'
import { SECRET } from '../support/settings.ts'

const places: Fixtures[] = []
const folders = new Folders()
afterAll(() => {
  for (const place of places) place.remove()
  folders.remove([])
})

type Files = Readonly<Record<string, string>>
const template: Files = {
  ...Object.fromEntries(describeNewPlugin('tastings')),
  'migrations/0001_init.sql': 'create table "tastings__tastings" ();\n',
  'migrations/0001_init.down.sql': 'drop table "tastings__tastings";\n',
}

/** A folder of its own, because code is loaded once for each path. */
function write(id: string, fixture: Fixture): string {
  const place = new Fixtures()
  places.push(place)
  return place.write(id, fixture)
}

async function load(id: string, fixture: Fixture): Promise<Candidate> {
  const installed = await loadPlugins([write(id, fixture)], [])
  const found = installed.find((each) => each.id === id)
  if (!found) throw new Error(`${id} does not load`)
  return readCandidate(found)
}

const text = (path: string, change: (text: string) => string): Files => ({ [path]: change(template[path] as string) })
const manifest = (more: object): Files =>
  text('manifest.json', (before) => JSON.stringify({ ...JSON.parse(before), ...more }))
const locale = (language: string, change: (words: Record<string, string>) => object): Files =>
  text(`locales/${language}.json`, (before) => JSON.stringify(change(JSON.parse(before))))
const without = (words: Record<string, string>, key: string) =>
  Object.fromEntries(Object.entries(words).filter(([name]) => name !== key))

const FAULTS: readonly (readonly [rule: string, fault: string, files: Files])[] = [
  ['files', 'utils.ts is no name', { 'utils.ts': 'export {}\n' }],
  ['readme', 'README.md has 61 lines', { 'README.md': 'line\n'.repeat(61) }],
  ['imports', "'node:fs', which is a power", { 'service.ts': "import { rm } from 'node:fs'\nexport const x = rm\n" }],
  [
    'imports',
    "'weft/testing', which is no door",
    { 'lib/a.ts': "import { x } from 'weft/testing'\nexport const y = x\n" },
  ],
  ['imports', 'does not require', { 'lib/a.ts': "import { x } from 'weft/plugins/other'\nexport const y = x\n" }],
  ['imports', 'leads out of its folder', { 'lib/a.ts': "export { x } from '../../other/contract.ts'\n" }],
  ['imports', 'is for its screen alone', { 'lib/a.ts': "import { x } from 'weft/ui'\nexport const y = x\n" }],
  ['imports', 'is no part of the screen', { 'ui/a.ts': "import { x } from '../service.ts'\nexport const y = x\n" }],
  ['imports', 'is not lit or weft/ui', { 'ui/a.ts': "import React from 'react'\nexport const y = React\n" }],
  ['powers', 'service.ts uses fetch', { 'service.ts': "export const x = () => fetch('https://a.example')\n" }],
  ['powers', 'service.ts uses process', { 'service.ts': 'export const x = () => process.exit(1)\n' }],
  ['powers', 'ui/a.ts uses localStorage', { 'ui/a.ts': "export const x = localStorage.getItem('a')\n" }],
  ['needs', "reads the secret 'key'", { 'service.ts': "export const x = (ctx: any) => ctx.secrets.get('key')\n" }],
  [
    'needs',
    'calls api.other.example',
    { 'service.ts': "export const x = (ctx: any) => ctx.http.request('https://api.other.example/a')\n" },
  ],
  [
    'needs',
    'touches rows of clients',
    {
      'service.ts': "import { clients } from 'weft/client'\nexport const x = (ctx: any) => ctx.rows(clients).list()\n",
      ...manifest({ uses: {} }),
    },
  ],
  [
    'widgets',
    "element 'other-panel' does not bear its id",
    text('ui/index.ts', (all) => `${all}\ndefineWidget('other-panel', Panel)\n`),
  ],
  ['widgets', "places 'tastings-panel', which nothing defines", { 'ui/index.ts': 'export {}\n' }],
  ['prefixes', "the table 'wines' does not", { 'migrations/0001_init.sql': 'create table "wines" ();' }],
  [
    'prefixes',
    "'wines.poured' does not",
    { 'service.ts': "import { defineEvent } from 'weft'\nexport const x = defineEvent('wines.poured')\n" },
  ],
  [
    'migrations',
    'is number 2',
    { 'migrations/0003_more.sql': 'select 1;', 'migrations/0003_more.down.sql': 'select 1;' },
  ],
  ['migrations', '0002_more.sql has no way back', { 'migrations/0002_more.sql': 'select 1;' }],
  ['migrations', '0002_more.down.sql is the way back of nothing', { 'migrations/0002_more.down.sql': 'select 1;' }],
  ['schemas', 'it has 2 schemas, and 1 count', { 'schemas/more.json': template['schemas/tastings.json'] as string }],
  [
    'schemas',
    'x-sortt is not in the dialect',
    { 'schemas/more.json': (template['schemas/tastings.json'] as string).replace('x-sort', 'x-sortt') },
  ],
  ['languages', "'panel.empty' is not said in French", locale('fr', (words) => without(words, 'panel.empty'))],
  ['languages', "'panel.more' is not said in English", locale('fr', (words) => ({ ...words, 'panel.more': 'Plus' }))],
  ['languages', "'panel.empty' is empty", locale('en', (words) => ({ ...words, 'panel.empty': '' }))],
  ['labels', "'tastings.title' has no label", locale('en', (words) => without(words, 'tastings.title'))],
  ['wiring', 'server.ts does more', text('server.ts', (all) => `${all}\nexport const x = () => 1\n`)],
  [
    'handlers',
    "the handler 'On Created' has no plain name",
    {
      'events.ts': `import { defineHandler } from 'weft'\nimport { tastings } from './contract.ts'
export const x = defineHandler({ event: tastings.events.created, name: 'On Created', kind: 'command', handle: async () => {} })\n`,
      'server.ts': `import { definePlugin } from 'weft'\nimport { tastings } from './contract.ts'\nimport { x } from './events.ts'
export default definePlugin({ resources: [tastings], handlers: [x] })\n`,
    },
  ],
]

const judge = (candidate: Candidate): Record<string, readonly Finding[]> =>
  Object.fromEntries(FOLDER_RULES.map(({ rule, judge: each }) => [rule, each(candidate)]))

describe('the rules of a folder', () => {
  test('find nothing in a new plugin', async () => {
    const found = judge(await load('tastings', { files: template }))
    expect(Object.values(found).flat()).toEqual([])
  })

  test.each(FAULTS)('%s: %s', async (rule, fault, files) => {
    const found = judge(await load('tastings', { files: { ...template, ...files } }))
    expect(found[rule]?.map(({ finding }) => finding).join('\n')).toContain(fault)
    expect(found[rule]?.every(({ mend }) => mend.length > 10)).toBe(true)
  })

  test('find a folder of another name, a missing README and missing migrations', async () => {
    const candidate = await load('tastings', { files: template })
    const moved = { ...candidate, installed: { ...candidate.installed, dir: '/elsewhere/wines' } }
    expect(judge(moved).name?.[0]?.finding).toBe("its folder is called 'wines'")
    const bare = { ...candidate, files: candidate.files.filter((file) => !/^(README|migrations)/.test(file)) }
    expect(judge(bare).readme?.[0]?.finding).toBe('it has no README.md')
    expect(judge(bare).migrations?.[0]?.finding).toBe('its resources have no migration')
  })

  test('each have a fault that they find', () => {
    const planted = new Set([...FAULTS.map(([rule]) => rule), 'name'])
    expect(FOLDER_RULES.map(({ rule }) => rule).filter((rule) => !planted.has(rule))).toEqual([])
  })
})

describe('the rules on a database', { timeout: 240_000 }, () => {
  const changed = (text: string): Fixture =>
    notesFixture('diaries', { files: { 'migrations/0001_init.down.sql': text } })
  const own = notesFixture('diaries')
  const init = own.files?.['migrations/0001_init.sql'] as string
  const init2 = (change: (text: string) => string): Fixture =>
    notesFixture('diaries', { files: { 'migrations/0001_init.sql': change(init) } })

  /** @param rules all of them unless said; each needs the database that the first one makes */
  async function tryOut(
    fixture: Fixture,
    rules?: readonly string[],
    checksOf: typeof conformanceChecks = databaseChecks,
  ): Promise<Record<string, string>> {
    const folder = write('diaries', fixture)
    const { described } = await describePlugins([folder])
    const installed = (await loadPlugins([folder], [])).find(({ id }) => id === 'diaries')
    if (!installed) throw new Error('it does not load')
    const { CHROMIUM } = process.env
    const environment = { WEFT_SECRET: SECRET, WEFT_DATA_DIR: folders.path('data'), CHROMIUM }
    const config = { ...readConfig(environment), plugins: [folder] }
    const lab = { config, ownerUrl: inject('ownerUrl'), described }
    const { checks, close } = checksOf(lab, readCandidate(installed))
    const found: Record<string, string> = {}
    try {
      for (const { rule, run: each } of checks) {
        if (rules && rule !== 'migrates' && !rules.includes(rule)) continue
        found[rule] = (await each()).map(({ finding }) => finding).join('\n')
      }
    } finally {
      await close()
    }
    return found
  }

  test('find nothing in a sound plugin', async () => {
    expect(Object.values(await tryOut(own)).join('')).toBe('')
  })

  test('find a migration that fails', async () => {
    const found = await tryOut(
      init2(() => 'create table nowhere.diaries__a ();'),
      ['serving'],
    )
    expect(found.migrates).toContain('nowhere')
    expect(found.serving).toContain('it is not migrated')
  })

  test('find a table that lacks what the schema says', async () => {
    const found = await tryOut(
      init2((text) =>
        text
          .replace(/create index "diaries__diaries_record_id.*\n/, '')
          .replace(', "text" text not null', ', "text" text null'),
      ),
      ['tables'],
    )
    expect(found.tables).toContain('its schemas say more than its migrations')
  })

  test('find a way back that leaves something behind, or fails', async () => {
    const rest = await tryOut(changed('alter table "diaries__diaries" rename to "diaries__old";'), ['down and up'])
    expect(rest['down and up']).toMatch(/already exists|differs in/)
    const broken = await tryOut(changed('drop table nowhere;'), ['down and up'])
    expect(broken['down and up']).toContain('The way back of diaries/0001_init fails')
  })

  test('find what cannot be served or switched', async () => {
    const denied = init2((text) => `${text}\ncreate policy "everybody" on "diaries__diaries" using (true);\n`)
    const found = await tryOut(denied, ['serving', 'switch'])
    expect(found.serving).toContain('the server does not start with it')
    expect(found.switch).toContain('the server does not start with it')
  })

  test.skipIf(!findChromium(process.env.CHROMIUM))('find a widget that does not say what it asks for', async () => {
    const ui = `import { html } from 'lit'
      import { defineWidget, WeftElement } from 'weft/ui'
      class Box extends WeftElement { render() { return html\`<input type="text" class="input">\` } }
      defineWidget('diaries-box', Box)`
    const files = { ...own.files, 'ui/index.ts': ui }
    const manifest = { ...own.manifest, widgets: [{ slot: 'record.tab', of: 'clients', id: 'box' }] }
    const found = await tryOut({ ...own, files, manifest }, ['accessibility'], conformanceChecks)
    expect(found.accessibility).toMatch(
      /^diaries, record.tab box: label: <input .*\ndiaries, record.tab box, empty: label/,
    )
  })
})

describe('the command', { timeout: 240_000 }, () => {
  const settings = () => ({
    DATABASE_URL: inject('ownerUrl'),
    WEFT_SECRET: SECRET,
    WEFT_DATA_DIR: folders.path('data'),
  })

  test('passes a plugin outside of the clone, and says so for tools', async () => {
    const folder = write('couples-of', {
      files: {
        'README.md': '# couples-of\n\nOf a test.\n',
        'locales/en.json': '{ "clients.size": "Size" }',
        'locales/fr.json': '{ "clients.size": "Taille" }',
        'schemas/clients.json': JSON.stringify({
          type: 'object',
          additionalProperties: false,
          properties: { size: { type: 'string', maxLength: 20 } },
        }),
      },
      manifest: { extends: { clients: 'schemas/clients.json' } },
    })
    const blind = { ...settings(), CHROMIUM: '/nowhere' }
    const { code, out, err } = await run(['plugin', 'check', folder, '--json'], blind).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const told = JSON.parse(out)
    expect(told.passed).toBe(true)
    expect(told.checks.map(({ rule }: { rule: string }) => rule)).toEqual(
      expect.arrayContaining(['loads', 'files', 'labels', 'migrates', 'tables', 'down and up', 'serving', 'switch']),
    )
    const tried = Object.fromEntries(
      told.checks.map((each: { rule: string; tried?: number }) => [each.rule, each.tried]),
    )
    expect(tried.tenants + tried.permissions + tried['bad input']).toBeGreaterThan(50)
    expect(told.checks[0]).toEqual({ plugin: 'couples-of', rule: 'loads', findings: [] })
    const unseen = told.checks.find(({ rule }: { rule: string }) => rule === 'accessibility')
    expect(unseen.skipped).toMatch(/^Chromium is not there: /)
  })

  test('fails one that does not load, with the rule and the mend, and one that nobody knows', async () => {
    const folder = write('broken', { server: 'export const x = 1\n' })
    const { code, out } = await run(['plugin', 'check', folder], settings()).ended
    expect(code).toBe(1)
    expect(out).toContain('FAILED  broken: loads')
    expect(out).toMatch(/server.ts has no default export\n\s+mend: export default definePlugin/)
    const unknown = await run(['plugin', 'check', 'nobody'], settings()).ended
    expect(unknown).toMatchObject({ code: 1, err: "There is no plugin 'nobody'.\n" })
  })
})
