/** The whole server without a port, over a database made for it, with two tenants that must not know of each other. */
import { randomUUID } from 'node:crypto'
import type { Config } from '../../config.ts'
import { StartFault } from '../../fault.ts'
import type { Services } from '../../http/services.ts'
import { buildServer } from '../../http/server.ts'
import { openKernel } from '../../kernel.ts'
import { createTenant } from '../../tenancy/directory.ts'

export type Server = Awaited<ReturnType<typeof buildServer>>

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  // Answers of any route: who asks says what it expects.
  readonly body: any
}

export interface Call {
  /** Text and bytes are sent as they are. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Ask = (method: string, url: string, call?: Call) => Promise<Reply>

export interface Side {
  readonly tenant: string
  readonly slug: string
  /** Its administrator. */
  readonly user: string
  readonly ask: Ask
  /** What its requests are signed with. */
  readonly cookie: string
  /** Stands in every text of its rows. */
  readonly word: string
}

export interface Member {
  readonly id: string
  readonly ask: Ask
  readonly cookie: string
}

export interface Stage {
  readonly app: Server
  readonly services: Services
  /** Who attacks, and whose rows nobody of the other tenant may see. */
  readonly own: Side
  readonly other: Side
  readonly guest: Ask
  /** Runs SQL past every policy. */
  query<R>(text: string, values?: unknown[]): Promise<R[]>
  /** By `authorization` of a key. */
  askWith(headers: Readonly<Record<string, string>>): Ask
  addMember(side: Side): Promise<Member>
  /** Where it listens, for what goes on: from the first time that it is asked for. */
  origin(): Promise<string>
  close(): Promise<void>
}

export interface StageOptions {
  readonly config: Config
  /** Of a migrated database, as the login that owns it. */
  readonly databaseUrl: string
  query<R>(text: string, values?: unknown[]): Promise<R[]>
  /** Services and server as they are to be tried, where something is to be wrong with them. */
  readonly doctor?: { services?(services: Services): Services; app?(app: Server, stage: () => Stage): void }
}

const PASSWORD = 'correct horse battery staple'

const payloadOf = (body: unknown) => (typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))

/** Of an answer that breaks off in its middle nothing is told. */
function cutOff(error: Error): null {
  if (error.message.includes('destroyed before completion')) return null
  throw error
}

function askOf(app: Server, fixed: Readonly<Record<string, string>>): Ask {
  return async (method, url, { body, headers = {} } = {}) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const usual = { host: 'localhost', origin: 'http://localhost', accept: 'application/json' }
    const given = body === undefined ? {} : { payload: payloadOf(body) }
    const sent = { ...usual, ...fixed, ...type, ...headers }
    const reply = await app.inject({ method: method as 'GET', url, headers: sent, ...given }).catch(cutOff)
    if (reply === null) return { status: 0, headers: {}, text: '', body: undefined }
    const isJson = String(reply.headers['content-type'] ?? '').includes('json')
    const text = reply.payload
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text,
      body: isJson && text ? JSON.parse(text) : undefined,
    }
  }
}

async function signIn(app: Server, email: string): Promise<{ ask: Ask; cookie: string }> {
  const reply = await askOf(app, {})('POST', '/api/session', { body: { email, password: PASSWORD } })
  if (reply.status !== 200) throw new StartFault(`The kit cannot sign in: ${reply.text}`)
  const cookie = String(reply.headers['set-cookie']).split(';')[0] as string
  return { ask: askOf(app, { cookie }), cookie }
}

async function openSide(services: Services, app: Server, slug: string, word: string): Promise<Side> {
  const email = `${slug}@kit.example`
  const admin = { email, name: word, password: PASSWORD }
  const made = await createTenant(services.database, { slug, name: word, language: 'en', country: 'FR', admin })
  const signed = await signIn(app, email)
  const { body } = await signed.ask('GET', '/api/session')
  return { tenant: made.tenant.id, slug, user: body.user.id, ...signed, word }
}

async function addMember(stage: Stage, { tenant }: Side): Promise<Member> {
  const email = `${randomUUID()}@kit.example`
  const [user] = await stage.query<{ id: string }>(
    `insert into kernel.users (email, name, password) select $1, 'Member', password from kernel.users
      where password is not null limit 1 returning id`,
    [email],
  )
  const { id } = user as { id: string }
  await stage.query(`insert into kernel.memberships (tenant_id, user_id, role) values ($1, $2, 'member')`, [tenant, id])
  return { id, ...(await signIn(stage.app, email)) }
}

/** Asked without a port nothing of a stream would come before its end. */
function originOf(app: Server): () => Promise<string> {
  let listening: Promise<string> | null = null
  return () => (listening ??= app.listen({ port: 0, host: '127.0.0.1' }))
}

/** @throws StartFault where the server does not start */
export async function openStage({ config, databaseUrl, query, doctor = {} }: StageOptions): Promise<Stage> {
  const kernel = await openKernel({ config, databaseUrl, screen: null, report: () => {} })
  try {
    const services = doctor.services?.(kernel.services) ?? kernel.services
    const app = await buildServer(services)
    // Its answers tell what it would log.
    app.log.level = 'silent'
    const begun: { stage?: Stage } = {}
    doctor.app?.(app, () => begun.stage as Stage)
    const stage: Stage = {
      app,
      services,
      query,
      own: await openSide(services, app, 'kit-own', 'Ownword'),
      other: await openSide(services, app, 'kit-other', 'Quetzalcoatl'),
      guest: askOf(app, {}),
      askWith: (headers) => askOf(app, headers),
      addMember: (side) => addMember(stage, side),
      origin: originOf(app),
      async close() {
        await app.close()
        await kernel.close()
      },
    }
    begun.stage = stage
    return stage
  } catch (error) {
    await kernel.close()
    throw error
  }
}
