/** `npm run bench -- million`: whether a tenant with ten times as many clients waits longer for the same answers. */
import { findRoles, loginUrl } from '../../core/data/roles.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import { startChild } from './child.ts'
import { connect } from './database.ts'
import { changeFilled, fill } from './fill.ts'
import type { Address } from './operations.ts'
import { machineOf, writeResults } from './report.ts'
import { signIn } from './servers.ts'
import { SECRET } from './settings.ts'
import { addTenants, emailOf, openSite, type Site } from './site.ts'
import { CONNECTIONS, lineOf, measureInTurns, ratioOf, readNumbers } from './turns.ts'

const COMMAND = 'npm run bench -- million'
const USAGE = `${COMMAND} [--small 100000] [--large 1000000] [--rounds 7] [--seconds 3]`
const GATE = 1.5
/** Words that find as many rows in both tenants, whatever their size. */
const WORDS = 10
const HITS = 50
const SLUGS = ['small', 'large'] as const

const STANDARDS = { small: 100_000, large: 1_000_000, rounds: 7, seconds: 3 }
type Options = Readonly<typeof STANDARDS>

const wordOf = (n: number) => `zyxquell${String.fromCodePoint(97 + n)}`

const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  'list, page 1': ['sort=-createdAt', 'sort=lastName'],
  [`filter by name with total, ${HITS} hits`]: Array.from(
    { length: WORDS },
    (_, n) => `lastName=${wordOf(n)}&count=exact`,
  ),
  // A field of few values, whose index is kept without ids.
  [`filter by source with total, ${HITS} hits`]: Array.from(
    { length: WORDS },
    (_, n) => `source=${wordOf(n)}&count=exact`,
  ),
  [`search, ${HITS} hits`]: Array.from({ length: WORDS }, (_, n) => `q=${wordOf(n)}`),
}
const PATHS = Object.fromEntries(
  Object.entries(OPERATIONS).map(([name, queries]) => [name, queries.map((query) => `/clients?${query}`)]),
)

/** Gives rows that lie spread over the whole tenant a source and a name of their own. */
const MARK = `update clients c set source = m.word, last_name = m.word, type = 'person' from (
    select id, 'zyxquell' || chr(97 + (place % ${WORDS})::int) as word from (
      select id, n / (total / ${WORDS * HITS}) as place, n % (total / ${WORDS * HITS}) as rest from (
        select id, row_number() over (order by created_at, id) - 1 as n, count(*) over () as total
        from clients where tenant_id = $1) numbered) placed
    where rest = 0 and place < ${WORDS * HITS}) m
  where c.tenant_id = $1 and c.id = m.id`

async function fillSite(site: Site, { small, large }: Options): Promise<void> {
  const made = await addTenants(site.ownerUrl, SLUGS)
  const roles = (await findRoles(site.owner, SECRET)) as RoleNames
  const tables = await connect(loginUrl(site.ownerUrl, SECRET, { part: 'owner', roles }))
  await fill(
    tables,
    made.map((each, i) => ({ ...each, count: i === 0 ? small : large, seed: 0 })),
  )
  await changeFilled(tables, async () => {
    for (const { tenant } of made) await tables.query(MARK, [tenant])
  })
  await tables.query('update kernel.relay set xid = pg_current_xact_id(), fact = 0')
  await tables.query('vacuum analyze')
  await tables.end()
}

/** Both tenants must find as much, or their times say nothing. */
async function assertEqual(addresses: readonly Address[]): Promise<void> {
  for (const path of Object.values(PATHS).slice(1).flat())
    for (const { port, headers } of addresses) {
      const reply = await fetch(`http://127.0.0.1:${port}/api${path}&count=exact`.replace('&count=exact&', '&'), {
        headers,
      })
      const { total } = (await reply.json()) as { total?: { value: number } }
      if (total?.value !== HITS) throw new Error(`${path} finds ${total?.value} rows, not ${HITS}.`)
    }
}

export async function runMillion(args: string[], log: (line: string) => void): Promise<boolean> {
  const options = readNumbers(args, STANDARDS, USAGE)
  if (options.small < WORDS * HITS) throw new Error(`--small is at least ${WORDS * HITS}.\n${USAGE}`)
  const site = await openSite('million', [])
  const [server, load] = [startChild('ours.ts'), startChild('load.ts')]
  try {
    log(`filling ${options.small} + ${options.large} clients`)
    await fillSite(site, options)
    const port = await server.ask<number>('open', { ownerUrl: site.ownerUrl })
    const addresses = await Promise.all(
      SLUGS.map(async (slug) => ({ port, prefix: '/api', headers: await signIn(port, emailOf(slug)) })),
    )
    await assertEqual(addresses)
    log('measuring')
    const rows = await measureInTurns(load, addresses, { ...options, operations: PATHS })
    await server.ask('close')
    const [small, large] = [options.small, options.large].map((count) => count.toLocaleString('en'))
    const text = [
      `${machineOf(site.description)}, ${options.rounds} rounds of ${options.seconds} s, ${CONNECTIONS} connections.`,
      '',
      `| operation | ms, ${small} clients | ms, ${large} clients | ratio | gate |  |`,
      '| --- | --- | --- | --- | --- | --- |',
      ...rows.map((row) => lineOf(row, GATE)),
    ].join('\n')
    console.log(text)
    // A smaller pair says nothing of a million.
    if (options.small >= 100_000 && options.large >= 1_000_000) writeResults(text, COMMAND)
    return rows.every((row) => ratioOf(row) <= GATE)
  } finally {
    await load.end()
    await server.end()
    await site.close()
  }
}
