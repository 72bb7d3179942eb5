/** `npm run test:security`: the whole of what the conformance kit can try, of every plugin and of the kernel itself. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Kit,
  LEAST,
  judgeBreadth,
  openBench,
  openKit,
  RULES,
  runRule,
} from '../../core/commands/conformance/kit.ts'
import { triedOn } from '../../core/commands/conformance/matrix.ts'
import { openStage, type Stage } from '../../core/commands/conformance/stage.ts'
import { readConfig } from '../../core/config.ts'
import { createScratch } from '../../core/data/scratch.ts'
import { openServer } from '../../core/data/server.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { isKept, print, type Promised, writeResults } from './report.ts'
import { trySlow } from './slow.ts'
import { listen } from './streams.ts'

const USAGE = 'npm run test:security -- [--seed 1] [--share 1]'
const SOCKETS = 2_000
const HEALTH_MS = 500
const HEALTH_ASKED = 200
const STREAMED = 100

/** By rule: what is promised, and how often it has to have been tried. */
const PROMISES: Readonly<Record<string, readonly [promise: string, least: number]>> = {
  tenants: ['nothing of another tenant is seen or changed', 20_000],
  permissions: ['who may not is refused, and nothing is changed', 5_000],
  roles: ['a role of the tenant’s own sees and writes what its rules say', 5_000],
  'kernel fields': ['what the kernel keeps cannot be written', 400],
  'bad input': ['malformed requests are refused, and are no fault of the server', 10_000],
  repeats: ['one key makes one row and one answer', 200],
  versions: ['no change is lost', 200],
  merges: ['merged and parted again, all is as it was', 100],
  privacy: ['the pack tells all, and after an erasure nothing is left', 40],
  'telling twice': ['told twice, a handler acts once', 4],
  'off and on': ['switched off a plugin is not there, on again it has lost nothing', 100],
}

const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

function readOptions(args: string[]): { seed: number; share: number } {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { seed: text, share: text } })
  const options = { seed: Number(values.seed ?? Date.now() % 1_000_000), share: Number(values.share ?? 1) }
  if (!Number.isInteger(options.seed) || !(options.share > 0 && options.share <= 1)) throw new Error(USAGE)
  return options
}

async function withStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-security-'))
  const server = await openServer({ dataDir, databaseUrl: process.env.DATABASE_URL, log: () => {} })
  const scratch = await createScratch(server.ownerUrl)
  try {
    const { described } = await describePlugins(pluginFolders)
    await migrateDatabase({ ownerUrl: scratch.url, secret: SECRET, described })
    const config = readConfig({ WEFT_SECRET: SECRET, WEFT_DATA_DIR: dataDir })
    const alone = { plugins: pluginFolders, redisUrl: null, databaseConnections: 12 }
    const query: Stage['query'] = (text, values) => scratch.query(text, values)
    const stage = await openStage({ config: { ...config, ...alone }, databaseUrl: scratch.url, query })
    try {
      return await work(stage)
    } finally {
      await stage.close()
    }
  } finally {
    await scratch.drop()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

type Sums = Map<string, { tried: number; broken: string[] }>

async function runAll(kit: Kit, extent: { seed: number; share: number }): Promise<Sums> {
  const sums: Sums = new Map(Object.keys(RULES).map((rule) => [rule, { tried: 0, broken: [] }]))
  const ids = [...kit.stage.services.installed.map(({ id }) => id), null]
  for (const [i, id] of ids.entries()) {
    const bench = await openBench(kit, id, { ...extent, seed: extent.seed + i })
    for (const rule of Object.keys(RULES)) {
      const found = await runRule(kit, bench, rule)
      const sum = sums.get(rule) as { tried: number; broken: string[] }
      sum.tried += bench.tally.triedOf(rule)
      sum.broken.push(...found.map(({ finding, mend }) => `${id ?? 'kernel'}, ${rule}: ${finding}; mend: ${mend}`))
    }
    log(`${id ?? 'the kernel'}: ${bench.tally.total} tried`)
    const narrow = judgeBreadth(bench).map(({ finding }) => `${id}: ${finding} (${LEAST})`)
    sums.get('tenants')?.broken.push(...narrow)
  }
  return sums
}

/** Each route of the server has its place in the matrix. */
function judgeRoutes({ stage, routes }: Kit): Promised {
  const tried = triedOn(stage)
  const missing = routes.map(({ method, path }) => `${method} ${path}`).filter((route) => !tried.has(route))
  const done = routes.length - missing.length
  const figure = `${missing.length} (${((100 * done) / routes.length).toFixed(1)} % of the routes)`
  return {
    promise: 'every route is in the matrix of roles',
    tried: done,
    least: routes.length,
    broken: missing,
    figure,
  }
}

async function judgeSlowness(stage: Stage): Promise<Promised> {
  const { sockets, slowest, failed } = await trySlow(stage, SOCKETS, HEALTH_ASKED)
  const late = slowest > HEALTH_MS ? [`the slowest answer took ${Math.round(slowest)} ms`] : []
  const bad = failed > 0 ? [`${failed} answers were no success`] : []
  return {
    promise: `${number(SOCKETS)} slow sockets do not stop the health check (${HEALTH_MS} ms)`,
    tried: sockets,
    least: SOCKETS,
    broken: [...late, ...bad],
    figure: `${late.length + bad.length} (slowest of ${HEALTH_ASKED}: ${Math.round(slowest)} ms)`,
  }
}

const number = (value: number) => value.toLocaleString('en')

async function judgeStream(kit: Kit): Promise<Promised> {
  const { written, foreign } = await listen(kit, STREAMED)
  const promise = 'a stream tells nothing of what another tenant writes'
  return { promise, tried: written, least: STREAMED, broken: foreign }
}

async function main(): Promise<boolean> {
  const extent = readOptions(process.argv.slice(2))
  log(`seed ${extent.seed}`)
  const all = await withStage(async (stage) => {
    const kit = await openKit(stage)
    const sums = await runAll(kit, extent)
    const promised = [...sums].map(([rule, { tried, broken }]): Promised => {
      const [promise, least] = PROMISES[rule] as readonly [string, number]
      return { promise, least: Math.ceil(least * extent.share), tried, broken }
    })
    await stage.origin()
    return [...promised, judgeRoutes(kit), await judgeStream(kit), await judgeSlowness(stage)]
  })
  print(all)
  const share = extent.share === 1 ? '' : ` --share ${extent.share}`
  writeResults(all, `npm run test:security -- --seed ${extent.seed}${share}`)
  return all.every(isKept)
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
