/** `npm run bench`: ours beside a rival written by hand, in alternating rounds on one database; other runs by their word. */
import { runBatch } from './batch.ts'
import { createBenchDatabase, type BenchDatabase } from './database.ts'
import { type Child, startChild } from './child.ts'
import { runEvents } from './events.ts'
import type { LoadOrder, LoadResult } from './load.ts'
import { runMillion } from './million.ts'
import { findOperations, type Job, type Operation } from './operations.ts'
import { CONNECTIONS, type Options, readOptions } from './options.ts'
import { runRights } from './rights.ts'
import { conditionsOf, failures, type Measure, type Outcome, type Round, tableOf, writeResults } from './report.ts'
import { assertSame, type Server, startServers, stopServers } from './servers.ts'

const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

interface Bench {
  readonly options: Options
  readonly database: BenchDatabase
  readonly servers: readonly Server[]
  readonly load: Child
}

async function measure(bench: Bench, server: Server, job: Job, seconds: number): Promise<Measure> {
  const { load, database } = bench
  // Each write pays for its own checkpoint, and not for that of the server before it.
  if (job.kind !== 'fixed') await database.query('checkpoint').catch(() => {})
  const before = await server.child.ask<number>('cpu')
  const order: LoadOrder = { port: server.port, connections: CONNECTIONS, seconds, target: server.name, job }
  const result = await load.ask<LoadResult>('run', order)
  const used = (await server.child.ask<number>('cpu')) - before
  return { perSecond: result.answered / result.seconds, cpu: used / result.answered }
}

const WARM_SECONDS = 1
const PAGES = ['list', 'deep']

interface Course {
  readonly operation: Operation
  readonly jobs: ReadonlyMap<Server, Job>
  readonly rounds: Round[]
}

async function prepare(bench: Bench, operation: Operation): Promise<Course> {
  const servers = bench.servers.filter(({ name }) => name !== 'json' || operation.hasJson)
  const jobs = new Map<Server, Job>()
  for (const server of servers) jobs.set(server, await operation.jobFor(server))
  await assertSame(servers, (server) => samplesOf(jobs.get(server) as Job, server))
  for (const [server, job] of jobs) await measure(bench, server, job, Math.min(WARM_SECONDS, bench.options.seconds))
  return { operation, jobs, rounds: [] }
}

async function runRound(bench: Bench, { jobs, rounds }: Course): Promise<void> {
  const found: Partial<Record<Server['name'], Measure>> = {}
  // Whoever comes first finds the machine as the other left it, so the two take turns.
  for (const [server, job] of rounds.length % 2 ? [...jobs].toReversed() : jobs) {
    found[server.name] = await measure(bench, server, job, bench.options.seconds)
  }
  rounds.push({ json: null, ...found } as Round)
}

/** Operations that are compared with each other take turns too: a machine is not the same a minute later. */
async function runTogether(bench: Bench, operations: readonly Operation[]): Promise<Outcome[]> {
  const courses: Course[] = []
  for (const operation of operations) courses.push(await prepare(bench, operation))
  for (let n = 0; n < bench.options.rounds; n++) for (const course of courses) await runRound(bench, course)
  for (const { operation, rounds } of courses)
    log(`${operation.label}: ${rounds.map(({ ours, bare }) => (ours.perSecond / bare.perSecond).toFixed(2)).join(' ')}`)
  return courses
}

/** Some of the paths that a job asks for, spread over all of them. */
function samplesOf(job: Job, { prefix }: Server): string[] {
  if (job.kind !== 'fixed') return []
  const step = Math.ceil(job.requests.length / 20)
  return job.requests
    .filter((_, i) => i % step === 0)
    .map((request) => (request.split(' ')[1] as string).slice(prefix.length))
}

async function runAll(bench: Bench): Promise<Outcome[]> {
  log('measuring')
  const { options, database } = bench
  const operations = await findOperations(database, options.clients)
  const chosen = operations.filter(({ name }) => options.only.length === 0 || options.only.includes(name))
  const outcomes: Outcome[] = []
  // Reads come before writes: the tables that they read are the same for both.
  const pages = chosen.filter(({ name }) => PAGES.includes(name))
  if (pages.length > 0) outcomes.push(...(await runTogether(bench, pages)))
  for (const each of chosen) if (!pages.includes(each)) outcomes.push(...(await runTogether(bench, [each])))
  return outcomes
}

function report({ options, database }: Bench, outcomes: readonly Outcome[]): boolean {
  const text = `${conditionsOf({ ...options, database: database.description })}\n\n${tableOf(outcomes)}`
  console.log(text)
  const missed = failures(outcomes)
  if (missed.length > 0) console.log(`\nBelow the gate: ${missed.join(', ')}.`)
  if (!options.isSample && options.only.length === 0) writeResults(text)
  return missed.length === 0 || options.isSample
}

/** A server that we have started outlives us when nobody stops it. */
function onSignal(stop: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)))
}

async function compare(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2))
  const database = await createBenchDatabase(options.clients, log)
  onSignal(() => database.drop())
  const load = startChild('load.ts')
  try {
    const servers = await startServers(database, options.profile)
    try {
      const bench = { options, database, servers, load }
      return report(bench, await runAll(bench))
    } finally {
      await stopServers(servers)
    }
  } finally {
    await load.end()
    await database.drop()
  }
}

/** Runs that have a word of their own; without one ours is compared with the rival. */
const RUNS: Record<string, (args: string[], report: typeof log) => Promise<boolean>> = {
  batch: runBatch,
  events: runEvents,
  million: runMillion,
  rights: runRights,
}

const [word = '', ...words] = process.argv.slice(2)
try {
  process.exitCode = (await (RUNS[word]?.(words, log) ?? compare())) ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
