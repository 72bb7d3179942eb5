/** What is measured: for each operation the requests of ours, the same of the rival, and the gate. */
import type { BenchDatabase } from './database.ts'
import { PAGE_SIZE } from './options.ts'
import { drawClients } from './rows.ts'
import type { Server } from './servers.ts'

/** What the load sends. `{n}`, `{id}` and `{version}` are filled in for each request. */
export type Job = { readonly name: string } & (
  | { readonly kind: 'fixed'; readonly requests: readonly string[] }
  | { readonly kind: 'create'; readonly head: string; readonly bodies: readonly string[] }
  | { readonly kind: 'update'; readonly head: string; readonly ids: readonly string[] }
)

export interface Operation {
  readonly name: string
  readonly label: string
  /** The least ratio to the rival. */
  readonly gate: number
  readonly hasJson: boolean
  jobFor(server: Server): Promise<Job>
}

const SORTS = ['-createdAt', 'lastName']
const DEEP_PAGES = 10
const QUERIES = 400
const MAX_HITS = 1_000

/** Where requests go to, and in whose name. */
export type Address = Pick<Server, 'port' | 'prefix' | 'headers'>

const head = (server: Address, line: string, more: Record<string, string> = {}) => {
  const headers = { host: `127.0.0.1:${server.port}`, ...server.headers, ...more }
  return `${line} HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}`
}

export const gets = (server: Address, paths: readonly string[]) =>
  paths.map((path) => `${head(server, `GET ${server.prefix}${path}`)}\r\n`)

const pathOf = (query: Record<string, string>) => `/clients?${new URLSearchParams(query)}`

const deepPageOf = (clients: number) => Math.min(1_000, Math.floor((clients / PAGE_SIZE) * 0.9) - DEEP_PAGES)

/** Walks to the page by its cursors, as a client would. */
async function walk(server: Server, sort: string, page: number): Promise<string[]> {
  const found: string[] = []
  let path = pathOf({ sort })
  for (let at = 1; at < page + DEEP_PAGES; at++) {
    const { next } = (await server.read(path)) as { next: string }
    path = pathOf({ sort, after: next })
    if (at + 1 >= page) found.push(path)
  }
  return found
}

/** Names as one types them into a search box, of which each finds something, and not too much. */
async function findQueries(database: BenchDatabase): Promise<string[]> {
  const rows = await database.query<{ q: string }>(
    `select q from (
       select last_name as q from clients where tenant_id = $1
       union select first_name || ' ' || left(last_name, 4) from clients where tenant_id = $1
       union select extensions -> 'couple' ->> 'lastName' from clients where tenant_id = $1
       union select split_part(company_name, ' ', 2) from clients where tenant_id = $1) typed
     where q ~ '^[[:alpha:] ''-]{4,}$' order by md5(q) limit ${QUERIES}`,
    [database.tenant],
  )
  const found: string[] = []
  for (const { q } of rows) {
    const hits = await countHits(database, q.split(/ +/))
    if (hits >= 1 && hits <= MAX_HITS) found.push(q)
  }
  return found
}

async function countHits({ query, tenant }: BenchDatabase, words: readonly string[]): Promise<number> {
  const conditions = words.map((_, i) => `search_text like kernel.search_pattern($${i + 2})`).join(' and ')
  const [row] = await query<{ hits: number }>(
    `select count(*)::integer as hits from bare.clients where tenant_id = $1 and deleted_at is null and ${conditions}`,
    [tenant, ...words],
  )
  return row?.hits ?? 0
}

const FILTERS = [
  { type: 'company' },
  { type: 'association' },
  { status: 'past' },
  { status: 'prospect' },
  { status: 'lost' },
  { country: 'BE' },
  { source: 'press' },
  { type: 'couple', status: 'active' },
  { type: 'person', country: 'GB' },
  { type: 'company', source: 'venue' },
]

async function idsWhere(database: BenchDatabase, derived: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select id from clients where tenant_id = $1 and derived ${derived} '{}' order by md5(id::text) limit 4000`,
    [database.tenant],
  )
  return rows.map(({ id }) => id)
}

export async function findOperations(database: BenchDatabase, clients: number): Promise<Operation[]> {
  const deepPage = deepPageOf(clients)
  const fixed = (
    name: string,
    label: string,
    gate: number,
    paths: (server: Server) => Promise<string[]>,
  ): Operation => ({
    name,
    label,
    gate,
    hasJson: true,
    jobFor: async (server) => ({ name, kind: 'fixed', requests: gets(server, await paths(server)) }),
  })
  const queries = await findQueries(database)
  const told = await idsWhere(database, '<>')
  const others = await idsWhere(database, '=')
  const bodies = [...drawClients(2_000, 900)].flat().map(({ input }) => JSON.stringify(input).replaceAll('@', '.{n}@'))
  const send = { 'content-type': 'application/json' }
  return [
    fixed('list', 'list, page 1', 0.6, async () => SORTS.map((sort) => pathOf({ sort }))),
    fixed('deep', `list, page ${deepPage}`, 0.6, async (server) =>
      (await Promise.all(SORTS.map((sort) => walk(server, sort, deepPage)))).flat(),
    ),
    fixed('search', 'search, 1 to 1,000 hits', 0.5, async () => queries.map((q) => pathOf({ q }))),
    fixed('filter', 'filter with total', 0.5, async () =>
      FILTERS.map((filter) => pathOf({ ...filter, count: 'exact' } as never)),
    ),
    fixed('read', 'read with 5 interactions', 0.4, async () => told.map((id) => `/clients/${id}?include=interactions`)),
    {
      name: 'update',
      label: 'update',
      gate: 0.25,
      hasJson: false,
      jobFor: async (server) => {
        const line = `PATCH ${server.prefix}/clients/{id}`
        return {
          name: 'update',
          kind: 'update',
          head: head(server, line, { ...send, 'if-match': '"{version}"' }),
          ids: others,
        }
      },
    },
    {
      name: 'create',
      label: 'create',
      gate: 0.2,
      hasJson: false,
      jobFor: async (server) => ({
        name: 'create',
        kind: 'create',
        head: head(server, `POST ${server.prefix}/clients`, send),
        bodies,
      }),
    },
  ]
}
