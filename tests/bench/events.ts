/** `npm run bench -- events`: how long after a write its handler works, at ten thousand events a minute. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import { hasRedis, openRedis } from '../support/redis.ts'
import { type Child, startChild } from './child.ts'
import { machineOf, verdict, writeResults } from './report.ts'
import { signIn } from './servers.ts'
import { addTenants, emailOf, openSite } from './site.ts'

const EVENTS_COMMAND = 'npm run bench -- events'
const USAGE = `${EVENTS_COMMAND} [--sample] [--seconds 60] [--rate 167]`
const TENANTS = ['north', 'east', 'south', 'west', 'middle']
/** Its handler answers each new client with a task of its own. */
const PLUGINS = [join(import.meta.dirname, '../support/plugins/tasklist')]
const HANDLER = 'tasklist.welcome'
const GATE_MS = 1_000
/** Before it is measured, statements are planned and code is warm. */
const WARM_SECONDS = 3
const MAX_IN_FLIGHT = 100
const DRAIN_MS = 300_000

interface Lags {
  readonly told: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}
type Outcome = Lags & { readonly queue: string; readonly perSecond: number }
type Log = (line: string) => void

function readOptions(args: string[]): { seconds: number; rate: number; isSample: boolean } {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { sample: { type: 'boolean' }, seconds: text, rate: text } })
  const isSample = values.sample ?? false
  const [seconds, rate] = [Number(values.seconds ?? (isSample ? 10 : 60)), Number(values.rate ?? 167)]
  if (!(seconds > 0) || !(rate > 0)) throw new Error(USAGE)
  return { seconds, rate, isSample }
}

/** Each tenant in turn, by the clock: what comes late is made up for. @returns how many were answered each second */
async function write(port: number, cookies: readonly Record<string, string>[], seconds: number, rate: number) {
  const pending = new Set<Promise<void>>()
  const begin = performance.now()
  const total = Math.round(rate * seconds)
  const send = async (n: number) => {
    const reply = await fetch(`http://127.0.0.1:${port}/api/clients`, {
      method: 'POST',
      headers: { ...cookies[n % cookies.length], 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'person', lastName: `Event ${n}` }),
    })
    await reply.arrayBuffer()
    if (reply.status !== 201) throw new Error(`A write is answered with ${reply.status}.`)
  }
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1_000) * rate) + 1)
    while (sent < due && pending.size < MAX_IN_FLIGHT) {
      const one = send(sent++).finally(() => pending.delete(one))
      pending.add(one)
    }
    await Promise.race([pause(5), ...pending])
  }
  await Promise.all(pending)
  return total / ((performance.now() - begin) / 1_000)
}

/** Waits until all is told. */
async function drain(owner: Client): Promise<void> {
  const end = Date.now() + DRAIN_MS
  const text = `select (select count(*) from kernel.deliveries where state in ('waiting', 'queued'))
    + (select count(*) from kernel.facts f, kernel.relay r where (f.xid, f.id) > (r.xid, r.fact)) as open`
  while (Number((await owner.query(text)).rows[0].open) > 0) {
    if (Date.now() > end) throw new Error('Not everything was told in time.')
    await pause(200)
  }
}

/** From the moment of the fact to the transaction in which its handler works, in ms. */
async function readLags(owner: Client): Promise<Lags> {
  const { rows } = await owner.query(
    `select count(*)::int as told, percentile_cont(0.5) within group (order by lag) as p50,
       percentile_cont(0.95) within group (order by lag) as p95, max(lag) as max
     from (select extract(epoch from d.told_at - f.at)::float8 * 1000 as lag from kernel.deliveries d
       join kernel.facts f on f.tenant_id = d.tenant_id and f.id = d.fact where d.handler = $1) lags`,
    [HANDLER],
  )
  return rows[0] as Lags
}

async function measure(server: Child, owner: Client, port: number, at: { seconds: number; rate: number }) {
  const cookies = await Promise.all(TENANTS.map((slug) => signIn(port, emailOf(slug))))
  await write(port, cookies, WARM_SECONDS, at.rate)
  await drain(owner)
  await owner.query('delete from kernel.deliveries')
  const perSecond = await write(port, cookies, at.seconds, at.rate)
  await drain(owner)
  await server.ask('close')
  return { perSecond, ...(await readLags(owner)) }
}

async function runOn(queue: string, options: { seconds: number; rate: number }, log: Log) {
  const site = await openSite('events', PLUGINS)
  const redis = queue === 'Redis' ? await openRedis(tmpdir()) : null
  const child = startChild('ours.ts')
  try {
    await addTenants(site.ownerUrl, TENANTS)
    const input = { ownerUrl: site.ownerUrl, plugins: PLUGINS, redisUrl: redis?.url ?? null }
    const port = await child.ask<number>('open', input)
    log(`queue in ${queue}: ${options.rate} events a second for ${options.seconds} s`)
    return { outcome: { queue, ...(await measure(child, site.owner, port, options)) }, database: site.description }
  } finally {
    await child.end()
    redis?.stop()
    await site.close()
  }
}

const ms = (value: number) => Math.round(value).toLocaleString('en')

function lineOf({ queue, told, perSecond, p50, p95, max }: Outcome): string {
  const cells = [queue, told.toLocaleString('en'), Math.round(perSecond), ms(p50), ms(p95), ms(max)]
  return `| ${[...cells, `< ${GATE_MS.toLocaleString('en')}`, verdict(p95 < GATE_MS)].join(' | ')} |`
}

/** @returns whether the gate is reached, which a sample always says */
export async function runEvents(args: string[], log: Log): Promise<boolean> {
  const { isSample, ...options } = readOptions(args)
  const queues = hasRedis() ? ['PostgreSQL', 'Redis'] : ['PostgreSQL']
  const runs = []
  for (const queue of queues) runs.push(await runOn(queue, options, log))
  const text = [
    `${machineOf(runs[0]?.database ?? '')}, ${TENANTS.length} tenants, ${options.seconds} s for each queue.`,
    '',
    '| queue in | events told | writes a second | p50 ms | p95 ms | max ms | gate of p95 |  |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...runs.map(({ outcome }) => lineOf(outcome)),
  ].join('\n')
  console.log(text)
  if (!isSample) writeResults(text, EVENTS_COMMAND)
  return isSample || runs.every(({ outcome }) => outcome.p95 < GATE_MS)
}
