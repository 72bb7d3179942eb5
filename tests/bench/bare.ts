/** The rival: Fastify and pg as its owner, nothing else. No session, no rights, no history, no check of the body. */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { Pool } from 'pg'
import {
  countStatement,
  createStatement,
  type FieldName,
  FIELDS,
  GET,
  GET_JSON,
  type ListQuery,
  listStatement,
  updateStatement,
} from './bare-sql.ts'
import { PAGE_SIZE } from './options.ts'
import { serve } from './child.ts'

interface Place {
  readonly pool: Pool
  readonly tenant: string
  readonly user: string
}

/** One name for each text: prepared once on each connection. */
const names = new Map<string, string>()
function prepared({ text, values }: { text: string; values: unknown[] }) {
  const name = names.get(text) ?? `bare_${names.size}`
  names.set(text, name)
  return { name, text, values }
}

const fold = (text: string) =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('œ', 'oe').replaceAll('æ', 'ae')
const pattern = (word: string) => `${word.length < 3 ? '% ' : '%'}${fold(word).replace(/[\\%_]/g, '\\$&')}%`

function readQuery(query: Record<string, string>): ListQuery {
  const filters = Object.entries(query).filter(([name]) => name in FIELDS) as [FieldName, string][]
  return {
    filters,
    words: (query.q ?? '').split(' ').filter(Boolean).map(pattern),
    sort: query.sort ?? '-createdAt',
    after: query.after ? JSON.parse(Buffer.from(query.after, 'base64url').toString()) : null,
  }
}

type Row = { id: string; version: number; createdAt: unknown; lastName: unknown; body: string }

function cursorOf({ sort }: ListQuery, row: Row | undefined): string | null {
  if (!row) return null
  const key = sort === 'lastName' ? row.lastName : row.createdAt
  return Buffer.from(JSON.stringify([key, row.id])).toString('base64url')
}

async function readList({ pool, tenant }: Place, query: ListQuery, ask: { count: boolean; asJson: boolean }) {
  const list = pool.query<Row>(prepared(listStatement(tenant, query, PAGE_SIZE + 1, ask.asJson)))
  const count = ask.count ? pool.query<{ count: number }>(prepared(countStatement(tenant, query))) : null
  const [{ rows }, counted] = await Promise.all([list, count])
  const page = rows.slice(0, PAGE_SIZE)
  const next = rows.length > PAGE_SIZE ? cursorOf(query, page.at(-1)) : null
  return { page, next, total: counted ? { value: counted.rows[0]?.count, exact: true } : null }
}

function sendRow(reply: FastifyReply, row: Row | undefined) {
  return row ? reply.header('etag', `"${row.version}"`).send(row) : reply.code(404).send()
}

function registerReads(app: FastifyInstance, place: Place): void {
  type Query = { Querystring: Record<string, string> }
  type WithId = { Params: { id: string } }
  app.get<Query>('/api/clients', async ({ query }) => {
    const { page, ...rest } = await readList(place, readQuery(query), { count: query.count === 'exact', asJson: false })
    return { items: page, ...rest }
  })
  app.get<WithId>('/api/clients/:id', async ({ params }, reply) => {
    const { rows } = await place.pool.query<Row>({ name: 'get', text: GET, values: [place.tenant, params.id] })
    return sendRow(reply, rows[0])
  })
  // The same with PostgreSQL writing the JSON: for comparison, no gate looks at it.
  app.get<Query>('/json/clients', async ({ query }, reply) => {
    const { page, next, total } = await readList(place, readQuery(query), {
      count: query.count === 'exact',
      asJson: true,
    })
    const items = page.map(({ body }) => body).join(',')
    return reply
      .type('application/json')
      .send(`{"items":[${items}],"next":${JSON.stringify(next)},"total":${JSON.stringify(total)}}`)
  })
  app.get<WithId>('/json/clients/:id', async ({ params }, reply) => {
    const { rows } = await place.pool.query<Row>({
      name: 'get_json',
      text: GET_JSON,
      values: [place.tenant, params.id],
    })
    return reply.type('application/json').header('etag', `"${rows[0]?.version}"`).send(rows[0]?.body)
  })
}

function registerWrites(app: FastifyInstance, { pool, tenant, user }: Place): void {
  type Body = { Body: Record<string, unknown> }
  app.post<Body>('/api/clients', async ({ body }, reply) => {
    const { rows } = await pool.query<Row>(prepared(createStatement(tenant, user, body)))
    return sendRow(reply.code(201).header('location', `/api/clients/${rows[0]?.id}`), rows[0])
  })
  app.patch<Body & { Params: { id: string } }>('/api/clients/:id', async ({ params, body, headers }, reply) => {
    const version = Number(headers['if-match']?.slice(1, -1))
    const { rows } = await pool.query<Row>(prepared(updateStatement({ tenant, user, id: params.id, version }, body)))
    return rows[0] ? sendRow(reply, rows[0]) : reply.code(412).send()
  })
}

await serve<{ ownerUrl: string; tenant: string; user: string }>(async ({ ownerUrl, tenant, user }) => {
  const pool = new Pool({ connectionString: ownerUrl, max: 16 })
  const app = Fastify()
  registerReads(app, { pool, tenant, user })
  registerWrites(app, { pool, tenant, user })
  const close = () => app.close().then(() => pool.end())
  return { app, close }
})
