/** The whole kernel over a database of its own, with two tenants, spoken to like any client does. */
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../core/config.ts'
import { buildServer } from '../../core/http/server.ts'
import { type Kernel, openKernel } from '../../core/kernel.ts'
import { createTenant } from '../../core/tenancy/directory.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { PASSWORD, pluginFolders, SECRET } from './settings.ts'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // Bodies of any route: tests say what they expect.
  readonly body: any
}

export interface Call {
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** A signed-in browser. */
export interface Visitor {
  readonly cookie: string
  call(method: string, url: string, call?: Call): Promise<Reply>
  get(url: string): Promise<Reply>
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  patch(url: string, body: unknown, version?: number): Promise<Reply>
  remove(url: string, version?: number): Promise<Reply>
}

export interface Harness {
  readonly kernel: Kernel
  readonly app: FastifyInstance
  readonly database: TestDatabase
  /** Administrators of two tenants that must not know of each other. */
  readonly alice: Visitor
  readonly bob: Visitor
  readonly tenants: { readonly alice: string; readonly bob: string }
  anonymous(): Visitor
  signIn(email: string, password?: string): Promise<Visitor>
  addMember(tenant: string, email: string, role: 'administrator' | 'member'): Promise<Visitor>
  close(): Promise<void>
}

const ORIGIN = 'http://localhost'

/** Whoever has this cookie, by this one of several processes. */
export function visitorOf(app: FastifyInstance, cookie: string): Visitor {
  const call = async (method: string, url: string, { body, headers = {} }: Call = {}): Promise<Reply> => {
    const reply = await app.inject({
      method: method as 'GET',
      url,
      headers: {
        host: 'localhost',
        origin: ORIGIN,
        accept: 'application/json',
        ...(cookie ? { cookie } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    })
    const isJson = String(reply.headers['content-type'] ?? '').includes('json')
    return {
      status: reply.statusCode,
      headers: reply.headers as Record<string, string>,
      text: reply.payload,
      body: isJson && reply.payload ? JSON.parse(reply.payload) : undefined,
    }
  }
  return {
    cookie,
    call,
    get: (url) => call('GET', url),
    post: (url, body, headers) => call('POST', url, { body, ...(headers ? { headers } : {}) }),
    patch: (url, body, version) =>
      call('PATCH', url, { body, headers: version === undefined ? {} : { 'if-match': `"${version}"` } }),
    remove: (url, version) =>
      call('DELETE', url, { headers: version === undefined ? {} : { 'if-match': `"${version}"` } }),
  }
}

export function configFor(database: TestDatabase): Config {
  return {
    port: 0,
    dataDir: '/nonexistent',
    url: null,
    adminEmail: null,
    adminPassword: null,
    secret: SECRET,
    plugins: pluginFolders,
    databaseUrl: database.ownerUrl,
    databaseOwnerUrl: database.ownerUrl,
    redisUrl: process.env.REDIS_URL ?? null,
    s3Url: null,
    smtpUrl: null,
    // Many kernels share the server of the tests.
    databaseConnections: 12,
    memoryMb: null,
    chromium: null,
  }
}

/** Polls until `check` gives a value; never sleeps for a guess. @throws Error with `what` after `ms` */
export async function eventually<T>(
  check: () => Promise<T | null | undefined | false>,
  what: string,
  ms = 10_000,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const value = await check()
    if (value) return value
    if (performance.now() > end) throw new Error(`It did not happen within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Waits until every transaction has ended that began before now: what is followed is told no earlier. Those of other
 * databases of the server count too.
 */
export async function untilOvertaken(database: TestDatabase): Promise<void> {
  const [now] = await database.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
  const text = 'select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as is_over'
  const isOver = async () => (await database.query<{ is_over: boolean }>(text, [now?.xid]))[0]?.is_over
  await eventually(isOver, 'every transaction that began before has ended', 25_000)
}

async function addTenant(kernel: Kernel, slug: string): Promise<string> {
  const admin = { email: `${slug}@test.example`, name: slug, password: PASSWORD }
  const made = await createTenant(kernel.services.database, { slug, name: slug, language: 'en', country: 'FR', admin })
  return made.tenant.id
}

export interface HarnessOptions {
  readonly worker?: boolean
  /** The folder of a built screen. */
  readonly screen?: string
  /** Folders of plugins beside the shipped ones, in place of those of the tests. */
  readonly plugins?: readonly string[]
  /** What is configured otherwise than for all tests. */
  readonly config?: Partial<Config>
  readonly tablespace?: string
  /** What is done with the database before it is served. */
  readonly prepare?: (database: TestDatabase) => Promise<unknown>
}

export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const database = await createTestDatabase(options.tablespace)
  await options.prepare?.(database)
  const config = { ...configFor(database), plugins: options.plugins ?? pluginFolders, ...options.config }
  const screen = options.screen ?? null
  const kernel = await openKernel({ config, databaseUrl: database.ownerUrl, screen, report: () => {} })
  const app = await buildServer(kernel.services)
  const tenants = { alice: await addTenant(kernel, 'alice'), bob: await addTenant(kernel, 'bob') }
  if (options.worker) await kernel.worker.start()
  const signIn = async (email: string, password = PASSWORD) => {
    const reply = await visitorOf(app, '').post('/api/session', { email, password })
    if (reply.status !== 200) throw new Error(`${email} cannot sign in: ${reply.text}`)
    return visitorOf(app, String(reply.headers['set-cookie']).split(';')[0] as string)
  }
  return {
    kernel,
    app,
    database,
    tenants,
    alice: await signIn('alice@test.example'),
    bob: await signIn('bob@test.example'),
    anonymous: () => visitorOf(app, ''),
    signIn,
    async addMember(tenant, email, role) {
      await database.query(
        `insert into kernel.users (email, name, password) select $1, $1, password from kernel.users limit 1`,
        [email],
      )
      await database.query(
        `insert into kernel.memberships (tenant_id, user_id, role) select $1, id, $3 from kernel.users where email = $2`,
        [tenant, email, role],
      )
      return signIn(email)
    },
    async close() {
      await app.close()
      await kernel.close()
      await database.drop()
    },
  }
}
