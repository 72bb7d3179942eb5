/** A kit that cannot fail says nothing: each hole is found by its rule, and named. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { judgeBundle } from '../../core/commands/conformance/bundle.ts'
import { judgeBreadth, type Kit, openBench, openKit, RULES, runRule } from '../../core/commands/conformance/kit.ts'
import type { Target } from '../../core/commands/conformance/ground.ts'
import { type Path, PATHS } from '../../core/commands/conformance/role-paths.ts'
import { tryRowStreams } from '../../core/commands/conformance/role-streams.ts'
import { draftsOf, openTrial, type RowTrial } from '../../core/commands/conformance/role-trials.ts'
import { loadPlugins } from '../../core/host/catalogue.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { Fixtures } from '../support/fixtures.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { doctor, type Hole, open, sieve } from './sieve.ts'
import { openTestStage, type TestStage } from './stage.ts'

const EXTENT = { seed: 7, share: 0.05 }

let places: Fixtures
let stage: TestStage
let kit: Kit
beforeAll(async () => {
  places = new Fixtures()
  const plugins = [...pluginFolders, places.write('sieve', sieve)]
  const { described } = await describePlugins(plugins)
  const prepare = async ({ ownerUrl }: { ownerUrl: string }) => {
    const { refused } = await migrateDatabase({ ownerUrl, secret: SECRET, described })
    expect(refused).toEqual([])
  }
  stage = await openTestStage({ plugins, doctor, prepare })
  kit = await openKit(stage)
}, 120_000)
afterAll(async () => {
  await stage?.close()
  places?.remove()
})

async function find(rule: string, hole: Hole | null = null): Promise<string> {
  const bench = await openBench(kit, 'sieve', EXTENT)
  open.hole = hole
  try {
    await runRule(kit, bench, rule)
    const all = bench.tally.findingsOf(rule, Infinity)
    return all.map(({ finding }) => finding).join('\n')
  } finally {
    open.hole = null
  }
}

/** Of the plugin's own code. */
const PLUGINS: readonly (readonly [rule: string, hole: string, said: RegExp])[] = [
  [
    'tenants',
    'a value kept between the calls of two tenants',
    /GET \/api\/sieve\/recall shows (a text|an id) of the other tenant/,
  ],
  [
    'tenants',
    'a stream that tells of a value kept between the calls of two tenants',
    /GET \/api\/sieve\/flow shows (a text|an id) of the other tenant/,
  ],
  [
    'permissions',
    'a row that is written before it is refused',
    /POST \/api\/sieve\/late .* answers 403 and changes .*public\.clients/,
  ],
  [
    'merges',
    'a row that is changed while others merge',
    /after merge and unmerge of clients, public\.sieve__sieve differs in .*text/,
  ],
  [
    'privacy',
    'a personal value copied to another record',
    /after the erasure of clients, text still stands in .*public\.clients/,
  ],
  [
    'telling twice',
    'a handler that acts each time it is told',
    /sieve\.twice, told twice of sieve\.updated, changes .*public\.clients/,
  ],
]

/** Of the server. */
const SERVERS: readonly (readonly [rule: string, hole: Hole, said: RegExp])[] = [
  ['kernel fields', 'silent strip', /POST with \/\w+ answers 201/],
  ['bad input', 'broken input', /POST \/api\/sieve .* answers 500/],
  ['repeats', 'no keys', /20 times the same POST \/api\/sieve with one key makes 20 rows/],
  ['versions', 'no versions', /PATCH \/api\/sieve\/\{id\} without If-Match answers 200, not 428/],
  ['off and on', 'never off', /GET \/api\/sieve answers 200 while it is off/],
  ['tenants', 'streams of anybody', /GET \/api\/stream\?\S+ shows an id of the other tenant/],
  ['permissions', 'every key', /by a key with no permission answers 200 instead of 403/],
  ['privacy', 'empty pack', /the access pack of clients lacks text/],
]

test.each(PLUGINS)('%s: %s', { timeout: 60_000 }, async (rule, _hole, said) => {
  expect(await find(rule)).toMatch(said)
})

test.each(SERVERS)('%s: %s', { timeout: 60_000 }, async (rule, hole, said) => {
  expect(await find(rule, hole)).toMatch(said)
  expect(await find(rule)).not.toMatch(said)
})

/** Of the server, for who has a role of the tenant's own. Together what does not get into one another's way: requests are under way at the same time. */
const FORGOTTEN: readonly (readonly [forgotten: readonly Path[], hole: Hole | null, further: readonly Path[]])[] = [
  [
    [
      'get',
      'list',
      'filter',
      'sort',
      'search',
      'aggregate',
      'include',
      'history',
      'changes',
      'stream',
      'lasting',
      'pack',
      'schema',
      'view',
      'route',
    ],
    'work without roles',
    ['batch'],
  ],
  [['create', 'update', 'restore', 'batch'], 'answers for anybody', ['repeat']],
  [['delete'], null, []],
  [['merge'], null, []],
  [['erase'], null, []],
]

/** The paths of the findings. */
async function findPaths(forgotten: readonly Path[], hole: Hole | null): Promise<Set<string>> {
  const bench = await openBench(kit, 'sieve', EXTENT)
  Object.assign(open, { forgotten, hole })
  try {
    await runRule(kit, bench, 'roles')
    const all = bench.tally.findingsOf('roles', Infinity)
    return new Set(all.map(({ finding }) => finding.split(':')[0] as string))
  } finally {
    Object.assign(open, { forgotten: [], hole: null })
  }
}

test.each(FORGOTTEN)('roles: %s forget them', { timeout: 60_000 }, async (forgotten, hole, further) => {
  const found = await findPaths(forgotten, hole)
  expect([...forgotten, ...further].filter((path) => !found.has(path))).toEqual([])
})

test('roles: a row that is written though it is refused', { timeout: 60_000 }, async () => {
  expect(await find('roles', 'written though refused')).toMatch(/is refused changes kernel\.users/)
  expect(await find('roles')).toBe('')
})

test('roles: a stream that goes on to tell of a row that has left what is met', { timeout: 60_000 }, async () => {
  const { guise } = kit
  const hear = async (forgotten: readonly Path[]) => {
    const bench = await openBench(kit, 'sieve', EXTENT)
    const target = bench.ground.targets.find(({ isOwn }) => isOwn) as Target
    const draft = draftsOf(bench, target).find(([role]) => role === 'the rows by extensions.sieve.mark')
    await guise.wear({})
    const { next } = (await stage.own.ask('GET', '/api/changes?after=now')).body
    const trial = (await openTrial(bench, guise, target, draft as NonNullable<typeof draft>)) as RowTrial
    await guise.wear({ rows: trial.rows }, true)
    Object.assign(open, { forgotten, hole: 'work without roles' })
    try {
      await tryRowStreams(bench, guise, trial, next)
      return bench.tally.findingsOf('roles').map(({ finding }) => finding)
    } finally {
      Object.assign(open, { forgotten: [], hole: null })
    }
  }
  const said = 'stream: GET /api/stream by a role that meets the rows by extensions.sieve.mark'
  expect(await hear(['stream'])).toEqual([
    `${said} tells of a row outside of it`,
    `${said} goes on to tell of a row that has left it`,
  ])
  expect(await hear([])).toEqual([])
})

test('every path of roles has a hole that is found', () => {
  const planted = new Set(FORGOTTEN.flatMap(([forgotten, , further]) => [...forgotten, ...further]))
  expect(PATHS.filter((path) => !planted.has(path))).toEqual([])
})

test('every rule has a hole that it finds', () => {
  const planted = new Set(['roles', ...[...PLUGINS, ...SERVERS].map(([rule]) => rule)])
  expect(Object.keys(RULES).filter((rule) => !planted.has(rule))).toEqual([])
})

test('a plugin of which little could be tried does not pass for a sound one', async () => {
  const bench = await openBench(kit, 'sieve', EXTENT)
  expect(judgeBreadth(bench).map(({ finding }) => finding)).toEqual([
    'only 0 things could be tried of it, and 100 are the least',
    'only 0 things by roles could be tried of it, and 20 are the least',
  ])
})

test('a screen that weighs too much is found', { timeout: 60_000 }, async () => {
  const heavy = Array.from({ length: 60_000 }, (_, n) => Math.imul(n, 2_654_435_761).toString(36)).join('')
  const folders = ['export const light = 1\n', `export const heavy = '${heavy}'\n`].map((text, i) =>
    places.write(`heavy-${i}`, { files: { 'ui/index.ts': text } }),
  )
  const installed = await loadPlugins(folders, [])
  const judged = installed.filter(({ id }) => id.startsWith('heavy-')).map(judgeBundle)
  expect((await Promise.all(judged)).map((each) => each.map(({ finding }) => finding.replace(/\d+/g, 'n')))).toEqual([
    [],
    ['its screen has n bytes packed, and n are the most'],
  ])
})
