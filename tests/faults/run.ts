/** `npm run test:faults`: processes are killed a thousand times while others write, and what was promised is counted. */
import { parseArgs } from 'node:util'
import { openServer } from '../../core/data/server.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import { eventually } from '../support/harness.ts'
import { hasRedis, openRedis } from '../support/redis.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { type Outcome, runKills } from './kills/course.ts'
import { failures, print, type Run, writeResults } from './kills/report.ts'
import { addTenants, openQuery, settingsOf, type Stage } from './kills/stage.ts'
import { Folders } from './program.ts'

const USAGE = 'npm run test:faults -- [--kills 1000] [--seed 1] [--queue postgres,redis]'
const QUEUES = ['postgres', 'redis'] as const
type Queue = (typeof QUEUES)[number]

const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

function readOptions(args: string[]): { kills: number; seed: number; queues: readonly Queue[] } {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { kills: text, seed: text, queue: text } })
  const kills = Number(values.kills ?? 1_000)
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  const queues = (values.queue?.split(',') ?? availableQueues()) as Queue[]
  if (
    !Number.isInteger(kills) ||
    kills < 1 ||
    !Number.isInteger(seed) ||
    !queues.every((each) => QUEUES.includes(each))
  )
    throw new Error(USAGE)
  return { kills, seed, queues }
}

function availableQueues(): Queue[] {
  if (hasRedis()) return [...QUEUES]
  log('no redis-server or valkey-server: the queue is in PostgreSQL alone')
  return ['postgres']
}

async function openStage(queue: Queue): Promise<Stage> {
  const folders = new Folders()
  const name = 'data'
  const dataDir = folders.path(name)
  // A PostgreSQL of our own always: it is killed, too.
  const server = await openServer({ dataDir, databaseUrl: null, log: () => {} })
  const { described } = await describePlugins(pluginFolders)
  await migrateDatabase({ ownerUrl: server.ownerUrl, secret: SECRET, described })
  await addTenants(server.ownerUrl)
  const redis = queue === 'redis' ? await openRedis(folders.path('.')) : null
  const { query, close } = openQuery(server.ownerUrl)
  return {
    ownerUrl: server.ownerUrl,
    dataDir,
    settings: settingsOf({ WEFT_DATA_DIR: dataDir, ...(redis ? { REDIS_URL: redis.url } : {}) }),
    query,
    isImpatient: false,
    async killPostgres() {
      const killed = folders.postmaster(name)
      if (killed === null) return
      process.kill(killed, 'SIGKILL')
      const isBack = async () => folders.postmaster(name) !== killed && (await query('select 1').catch(() => null))
      await eventually(isBack, 'PostgreSQL is back', 120_000)
    },
    async close() {
      await close()
      await server.stop()
      redis?.stop()
      folders.remove([name])
    },
  }
}

async function runOn(queue: Queue, kills: number, seed: number): Promise<Outcome> {
  log(`queue in ${queue}: ${kills} kills, seed ${seed}`)
  const stage = await openStage(queue)
  try {
    return await runKills({ stage, kills, seed, log })
  } finally {
    await stage.close()
  }
}

async function main(): Promise<boolean> {
  const { kills, seed, queues } = readOptions(process.argv.slice(2))
  const runs: Run[] = []
  for (const [i, queue] of queues.entries()) {
    // The kills are shared among the queues.
    const share = Math.floor(kills / queues.length) + (i < kills % queues.length ? 1 : 0)
    runs.push({ queue, seed: seed + i, outcome: await runOn(queue, share, seed + i) })
  }
  print(runs)
  writeResults(runs, `npm run test:faults -- --kills ${kills} --seed ${seed} --queue ${queues.join(',')}`)
  return failures(runs) === 0
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
