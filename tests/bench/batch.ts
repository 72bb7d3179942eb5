/** `npm run bench -- batch`: whether a batch of a hundred thousand rows costs more for each than one of ten thousand. */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import { findRoles, loginUrl } from '../../core/data/roles.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import { type Child, startChild } from './child.ts'
import { connect } from './database.ts'
import { changeFilled, fill } from './fill.ts'
import { machineOf, verdict, writeResults } from './report.ts'
import { signIn } from './servers.ts'
import { SECRET } from './settings.ts'
import { addTenants, emailOf, openSite, type Site } from './site.ts'

const COMMAND = 'npm run bench -- batch'
const USAGE = `${COMMAND} [--small 10000] [--large 100000]`
/** What a row of the large batch may cost of one of the small, in time and in memory. */
const GATE = 1.5
const GATE_CANCEL_MS = 1_000
/** How much longer others may wait than in a quiet process. */
const GATE_OTHERS = 10
const OTHERS = 5_000
const QUIET_MS = 3_000
const LIMIT_MS = 3_600_000

interface Options {
  readonly small: number
  readonly large: number
}

function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { small: text, large: text } })
  const [small, large] = [Number(values.small ?? 10_000), Number(values.large ?? 100_000)]
  if (!(small > 0) || !(large > small)) throw new Error(USAGE)
  return { small, large }
}

interface Visitor {
  get<T>(path: string): Promise<T>
  send<T>(method: 'POST' | 'PATCH', path: string, body: object): Promise<T>
}

async function visit(port: number, slug: string): Promise<Visitor> {
  const headers = await signIn(port, emailOf(slug))
  const ask = async (path: string, init: RequestInit = {}) => {
    const reply = await fetch(`http://127.0.0.1:${port}/api${path}`, {
      ...init,
      headers: { ...headers, ...init.headers },
    })
    if (!reply.ok) throw new Error(`${init.method ?? 'GET'} ${path} answers ${reply.status}: ${await reply.text()}`)
    return reply.json()
  }
  return {
    get: (path) => ask(path) as Promise<never>,
    send: (method, path, body) =>
      ask(path, {
        method,
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }) as Promise<never>,
  }
}

type Task = { state: string; done: number; failed: number; total: number | null }

/** Looks at a list again and again until told to stop. @returns how long each answer took, in ms */
function watch(visitor: Visitor): () => Promise<number[]> {
  const times: number[] = []
  const over = new AbortController()
  const run = (async () => {
    while (!over.signal.aborted) {
      const begin = performance.now()
      await visitor.get('/clients?sort=lastName&limit=50')
      times.push(performance.now() - begin)
      await pause(20)
    }
  })()
  return async () => {
    over.abort()
    await run
    return times
  }
}

const p95 = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0

interface Measured {
  readonly act: string
  readonly seconds: number
  readonly steps: number
  /** The most that the process held, in bytes. */
  readonly memory: number
  /** What the history grew by, in bytes. */
  readonly facts: number
  /** The p95 of a list of somebody else, in ms. */
  readonly others: number
}

interface Place {
  readonly server: Child
  readonly owner: Client
  readonly visitor: Visitor
  readonly other: Visitor
  readonly count: number
  /** Two clients, of which the second one has as many interactions. */
  readonly pair: readonly [string, string]
}

const sizeOfFacts = async (owner: Client) =>
  Number(
    (
      await owner.query(
        `select sum(pg_total_relation_size(inhrelid)) as size from pg_inherits where inhparent = 'kernel.facts'::regclass`,
      )
    ).rows[0].size,
  )

async function measure(
  { server, owner, visitor, other, count }: Place,
  act: string,
  begin: () => Promise<{ task: string }>,
): Promise<[Measured, task: string]> {
  const size = await sizeOfFacts(owner)
  const stop = watch(other)
  const start = performance.now()
  const { task } = await begin()
  let memory = 0
  let found: Task
  do {
    await pause(200)
    memory = Math.max(memory, await server.ask<number>('memory'))
    found = await visitor.get<Task>(`/tasks/${task}`)
    if (performance.now() - start > LIMIT_MS) throw new Error(`${act} does not end: ${JSON.stringify(found)}`)
  } while (found.state === 'waiting' || found.state === 'running')
  const seconds = (performance.now() - start) / 1_000
  const times = await stop()
  if (found.state !== 'done' || found.done < count || found.failed !== 0)
    throw new Error(`${act} of ${count} rows ended otherwise: ${JSON.stringify(found)}`)
  const { rows } = await owner.query('select count(distinct xid)::int as steps from kernel.facts where task = $1', [
    task,
  ])
  const facts = (await sizeOfFacts(owner)) - size
  return [{ act, seconds, steps: rows[0].steps, memory, facts, others: p95(times) }, task]
}

async function measureAll(place: Place): Promise<Measured[]> {
  const { visitor, pair } = place
  const batch = (body: object) => () =>
    visitor.send<{ task: string }>('POST', '/clients/batch', { filter: {}, ...body })
  const undo = (task: string) => () => visitor.send<{ task: string }>('POST', `/tasks/${task}`, { undo: true })
  const [update, updated] = await measure(place, 'change', batch({ update: { source: 'batch' } }))
  const [back] = await measure(place, 'change, undone', undo(updated))
  const [remove, removed] = await measure(place, 'delete', batch({ delete: true }))
  const [restored] = await measure(place, 'delete, undone', undo(removed))
  const [merge, merged] = await measure(place, 'merge', () =>
    visitor.send('POST', `/clients/${pair[0]}/merge`, { with: pair[1] }),
  )
  const [separated] = await measure(place, 'merge, undone', () =>
    visitor.send('POST', `/clients/${pair[0]}/unmerge`, { mergeId: merged }),
  )
  return [update, back, remove, restored, merge, separated]
}

/** @returns how long the answer took, in ms. @throws when a row is changed after the answer */
async function cancel({ owner, visitor }: Place): Promise<number> {
  const order = { filter: {}, update: { source: 'cancelled' } }
  const { task } = await visitor.send<{ task: string }>('POST', '/clients/batch', order)
  while ((await visitor.get<Task>(`/tasks/${task}`)).done === 0) await pause(20)
  const begin = performance.now()
  const { state } = await visitor.send<Task>('PATCH', `/tasks/${task}`, { state: 'cancelled' })
  const took = performance.now() - begin
  const countFacts = async () =>
    (await owner.query('select count(*)::int as n from kernel.facts where task = $1', [task])).rows[0].n as number
  const then = await countFacts()
  await pause(1_000)
  if (state !== 'cancelled' || (await countFacts()) !== then) throw new Error(`The batch goes on: ${state}`)
  return took
}

/** Gives the last client of a tenant so many interactions. @returns it, after the first one */
async function enterInteractions(tables: Client, tenant: string, count: number): Promise<[string, string]> {
  const { rows } = await tables.query(
    `select (array_agg(id order by created_at, id))[1] as first, (array_agg(id order by created_at desc, id desc))[1] as last
      from clients where tenant_id = $1`,
    [tenant],
  )
  const { first, last } = rows[0] as { first: string; last: string }
  await tables.query(
    `with made as (insert into interactions__interactions (tenant_id, record_id, type, title)
      select $1, $2, 'note', 'Met ' || i from generate_series(1, $3::int) i returning tenant_id, id)
    insert into kernel.records (tenant_id, id, resource) select tenant_id, id, 'interactions' from made`,
    [tenant, last, count],
  )
  return [first, last]
}

async function fillSite(site: Site, { small, large }: Options): Promise<[string, string][]> {
  const made = await addTenants(site.ownerUrl, ['small', 'large', 'other'])
  const roles = (await findRoles(site.owner, SECRET)) as RoleNames
  const tables = await connect(loginUrl(site.ownerUrl, SECRET, { part: 'owner', roles }))
  await fill(
    tables,
    made.map((each, seed) => ({ ...each, count: [small, large, OTHERS][seed] as number, seed })),
  )
  const pairs: [string, string][] = []
  await changeFilled(tables, async () => {
    for (const [i, count] of [small, large].entries())
      pairs.push(await enterInteractions(tables, made[i]?.tenant as string, count))
  })
  await tables.query('update kernel.relay set xid = pg_current_xact_id(), fact = 0')
  await tables.query('vacuum analyze')
  await tables.end()
  return pairs
}

const perRow = (bytes: number, count: number) => Math.round(bytes / count).toLocaleString('en')
const mib = (bytes: number) => Math.round(bytes / 2 ** 20).toLocaleString('en')

interface Found {
  readonly options: Options
  readonly small: readonly Measured[]
  readonly large: readonly Measured[]
  readonly quiet: number
  readonly cancelled: number
}

interface Line {
  readonly cells: readonly (string | number)[]
  readonly passes: boolean
}

function linesOf({ options, small, large, quiet, cancelled }: Found): Line[] {
  const lines = large.map((each, i): Line => {
    const first = small[i] as Measured
    const time = each.seconds / options.large / (first.seconds / options.small)
    const memory = each.memory / first.memory
    const others = each.others / quiet
    return {
      cells: [
        each.act,
        `${first.seconds.toFixed(1)} / ${each.seconds.toFixed(1)}`,
        time.toFixed(2),
        `${first.steps} / ${each.steps}`,
        `${mib(first.memory)} / ${mib(each.memory)}`,
        memory.toFixed(2),
        `${perRow(first.facts, options.small)} / ${perRow(each.facts, options.large)}`,
        `${others.toFixed(1)} (${Math.round(each.others)} ms)`,
      ],
      passes: time <= GATE && memory <= GATE && others <= GATE_OTHERS,
    }
  })
  const last = ['cancel, answered in', `${Math.round(cancelled)} ms`, '', '', '', '', '', '']
  return [...lines, { cells: last, passes: cancelled < GATE_CANCEL_MS }]
}

function report(site: Site, found: Found): boolean {
  const [small, large] = [found.options.small, found.options.large].map((count) => count.toLocaleString('en'))
  const lines = linesOf(found)
  const text = [
    `${machineOf(site.description)}, ${small} and ${large} clients; others wait ${Math.round(found.quiet)} ms (p95) in a quiet process.`,
    '',
    `| act | seconds, ${small} / ${large} | a row's time | steps | MiB | memory | bytes of facts a row | others |  |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map(({ cells, passes }) => `| ${[...cells, verdict(passes)].join(' | ')} |`),
  ].join('\n')
  console.log(text)
  if (found.options.small >= 10_000 && found.options.large >= 100_000) writeResults(text, COMMAND)
  return lines.every(({ passes }) => passes)
}

export async function runBatch(args: string[], log: (line: string) => void): Promise<boolean> {
  const options = readOptions(args)
  const site = await openSite('batch', [])
  const server = startChild('ours.ts')
  try {
    log(`filling ${options.small} + ${options.large} clients`)
    const pairs = await fillSite(site, options)
    const port = await server.ask<number>('open', { ownerUrl: site.ownerUrl })
    const other = await visit(port, 'other')
    const stop = watch(other)
    await pause(QUIET_MS)
    const quiet = p95(await stop())
    const placeOf = async (slug: 'small' | 'large', pair: readonly [string, string]) => ({
      server,
      owner: site.owner,
      other,
      count: options[slug],
      pair,
      visitor: await visit(port, slug),
    })
    const first = await placeOf('small', pairs[0] as [string, string])
    log('the small batch, for a process that is warm')
    await measureAll(first)
    log('the small batch')
    const small = await measureAll(first)
    log('the large batch')
    const place = await placeOf('large', pairs[1] as [string, string])
    const large = await measureAll(place)
    const cancelled = await cancel(place)
    await server.ask('close')
    return report(site, { options, small, large, quiet, cancelled })
  } finally {
    await server.end()
    await site.close()
  }
}
