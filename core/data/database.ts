/** Transactions on the two logins of a running server: tenant rows under a signed context, and the directory. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { MikroORM } from '@mikro-orm/postgresql'
import { Client, type Pool, type PoolClient } from 'pg'
import { Problem } from '../contract.ts'
import { codeOf, StartFault } from '../fault.ts'
import type { RoleNames } from '../resource/derived.ts'
import { Clock } from './clock.ts'
import { type Claims, signContext } from './context.ts'
import { fly, type Mode, prepareFlights, type Query, type Result } from './flight.ts'
import { contextKeyOf, findRoles, loginUrl } from './roles.ts'

export type { Mode, Query, Result }

/** Runs statements within one transaction. */
export interface Transaction {
  query<R>(query: Query): Promise<Result<R>>
}

/** A transaction on the rows of a tenant. */
export interface TenantTransaction extends Transaction {
  /** Signs what follows with other claims, as those of a task. */
  assume(claims: Claims): Promise<void>
}

const TRANSACTION_MS = 5_000
const RELISTEN_MS = 250
/** Serialization failure and deadlock: nothing was written, the whole may be tried again. */
const RETRIED = ['40001', '40P01']
const isOfTheMoment = (error: unknown) =>
  [error, error instanceof Problem ? error.cause : null].some((each) => RETRIED.includes(codeOf(each) ?? ''))
/** The database's time has left ours behind, as after a sleep of the machine. */
const isOutdated = (error: unknown) => error instanceof Error && error.message === 'the tenant context has expired'
const MEASURE_MS = 60_000
const MAX_ATTEMPTS = 3
const PAUSE_MS = 40

const BEGIN: Record<Mode, string> = {
  read: 'begin read only',
  snapshot: 'begin isolation level repeatable read read only',
  write: 'begin',
  optimistic: 'begin isolation level repeatable read',
}

/** Runs one statement, wherever that is. */
export type Run = <R>(query: Query) => Promise<Result<R>>

export class Database {
  readonly #orms: MikroORM[]
  readonly #app: Pool
  readonly #door: Pool
  readonly #key: KeyObject
  readonly #doorUrl: string
  readonly #clock = new Clock()
  #measuring: NodeJS.Timeout | undefined

  constructor(pools: { orms: MikroORM[]; app: Pool; door: Pool; doorUrl: string }, secret: string) {
    this.#orms = pools.orms
    this.#app = pools.app
    this.#door = pools.door
    this.#doorUrl = pools.doorUrl
    // A key that is prepared once: from a buffer each signature would prepare it anew, at fifteen times the cost.
    this.#key = createSecretKey(contextKeyOf(secret))
  }

  async measureClock(): Promise<void> {
    await this.#clock.measure(async () => {
      const { rows } = await this.#door.query('select extract(epoch from clock_timestamp())::float8 * 1000 as now')
      return rows[0].now
    })
    this.#measuring ??= setInterval(() => void this.measureClock().catch(() => {}), MEASURE_MS).unref()
  }

  /** The database's time: ends, dues and leases go by it, whatever the clock of this process says. */
  now(): Date {
    return new Date(this.#clock.now())
  }

  #sign(claims: Claims): string {
    return signContext(claims, this.#key, this.#clock.now())
  }

  #begin(mode: Mode, claims: Claims): string {
    // The context is made of safe characters only, so it may stand in the text: begin and context are one message.
    return `${BEGIN[mode]};set local app.ctx='${this.#sign(claims)}'`
  }

  /** One statement in a transaction of its own; context and statement travel in one flight. */
  async once<R>(claims: Claims, mode: Mode, query: Query): Promise<Result<R>> {
    return this.#retry(async () => {
      const client = await this.#app.connect()
      let fault: Error | undefined
      try {
        return await fly<R>(client, { mode, context: this.#sign(claims) }, query)
      } catch (error) {
        fault = isBroken(error) ? (error as Error) : undefined
        throw error
      } finally {
        client.release(fault)
      }
    })
  }

  /**
   * Runs `work` in one transaction and commits what it did; rolls back when it throws. Tried again as a whole up to
   * three times when another transaction got in the way.
   * @throws Problem 503 `timeout` after five seconds
   */
  async transaction<T>(claims: Claims, mode: Mode, work: (transaction: TenantTransaction) => Promise<T>): Promise<T> {
    return this.#retry(() => this.#run(this.#app, this.#begin(mode, claims), work))
  }

  /** A transaction on the directory; with claims it may tell facts of their tenant. */
  async directory<T>(work: (transaction: Transaction) => Promise<T>, claims?: Claims): Promise<T> {
    return this.#retry(() => this.#run(this.#door, claims ? this.#begin('write', claims) : 'begin', work))
  }

  /** One statement on the tables without a tenant. Plugin code never meets this login. */
  async door<R>(query: Query): Promise<Result<R>> {
    return (await this.#door.query(query)) as unknown as Result<R>
  }

  async #run<T>(pool: Pool, begin: string, work: (transaction: TenantTransaction) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    let fault: Error | undefined
    const late = setTimeout(() => {
      fault = new Problem(503, 'timeout')
      ;(client as PoolClient & { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      // Work that never comes back would keep its place in the pool for ever.
      reject(fault)
    }, TRANSACTION_MS)
    try {
      return await Promise.race([this.#perform(client, begin, work), ended])
    } catch (error) {
      if (fault) throw fault
      if (isBroken(error)) fault = error as Error
      else await client.query('rollback').catch((reason: Error) => (fault = reason))
      throw error
    } finally {
      clearTimeout(late)
      client.release(fault)
    }
  }

  async #perform<T>(client: PoolClient, begin: string, work: (transaction: TenantTransaction) => Promise<T>) {
    await client.query(begin)
    const result = await work({
      query: async (query) => (await client.query(withoutName(query))) as never,
      assume: async (claims) => {
        await client.query(`select set_config('app.ctx', $1, true)`, [this.#sign(claims)])
      },
    })
    await client.query('commit')
    return result
  }

  async #retry<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run()
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(isOfTheMoment(error) || isOutdated(error))) throw error
        if (isOutdated(error)) await this.measureClock()
        // Those who got in each other's way would meet again if they went on at the same moment.
        await pause(Math.random() * PAUSE_MS * attempt)
      }
    }
  }

  /**
   * Listens on a channel for as long as the server runs, and listens again after a lost connection. `onGap` is called
   * whenever something may have been missed.
   */
  async listen(
    channel: string,
    on: { message: (payload: string) => void; gap: () => void },
  ): Promise<() => Promise<void>> {
    let client: Client | null = null
    let timer: NodeJS.Timeout | undefined
    let ended = false
    const again = () => {
      client = null
      if (!ended) timer = setTimeout(() => void connect().catch(again), RELISTEN_MS)
    }
    const connect = async () => {
      const next = new Client({ connectionString: this.#doorUrl, application_name: `weft listen ${channel}` })
      next.on('error', () => {})
      next.on('notification', ({ payload }) => on.message(payload ?? ''))
      await next.connect()
      // Only now, because a connection that could not be made ends as well: each would bring two others.
      next.once('end', again)
      client = next
      if (ended) return next.end()
      await next.query(`listen ${channel}`).then(on.gap, () => next.end())
    }
    await connect()
    return async () => {
      ended = true
      clearTimeout(timer)
      await client?.end()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#measuring)
    // Kysely ends a pool only when a query has gone through Kysely itself, and none of ours does.
    await Promise.all([this.#app.end(), this.#door.end()])
    await Promise.all(this.#orms.map((orm) => orm.close(true)))
  }
}

/** Within a longer transaction a statement that is planned each time is not prepared at all. */
const withoutName = (query: Query): Query =>
  query.isPlannedEachTime ? { text: query.text, values: query.values ?? [] } : query

/** Whether the connection itself is lost or in an unknown state. */
function isBroken(error: unknown): boolean {
  const code = codeOf(error)
  // 57P01 to 57P03: the server goes down or the session was ended. 25P03: it idled too long in a transaction.
  return (
    code === undefined || code.startsWith('08') || code.startsWith('57P') || code === '25P03' || /^E[A-Z]+$/.test(code)
  )
}

async function openPool(url: string, name: 'app' | 'door', max: number): Promise<{ orm: MikroORM; pool: Pool }> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    pool: { min: 0, max },
    driverOptions: {
      pipeline: true,
      application_name: `weft ${name}`,
      connectionTimeoutMillis: 5_000,
      ...(name === 'app' ? { onConnect: prepareFlights } : {}),
    },
  } as never)
  const connection = orm.em.getConnection() as unknown as { getNativeClient(): Promise<Pool> }
  const pool = (await connection.getNativeClient()) as Pool
  // An idle connection that the server ends is dropped by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  return { orm, pool }
}

/**
 * @param connections held at most: two thirds for what tenants own, the rest for the directory and the queue's rows
 * @throws StartFault where no migrate has prepared this database, or with the secret of another one
 */
export async function openDatabase(
  url: string,
  secret: string,
  connections: number,
): Promise<{ database: Database; roles: RoleNames }> {
  const roles = await readRoles(url, secret)
  const third = Math.floor(connections / 3)
  const doorUrl = loginUrl(url, secret, { part: 'door', roles })
  const app = await openPool(loginUrl(url, secret, { part: 'app', roles }), 'app', connections - third)
  const door = await openPool(doorUrl, 'door', third)
  const database = new Database({ orms: [app.orm, door.orm], app: app.pool, door: door.pool, doorUrl }, secret)
  await database.measureClock()
  return { database, roles }
}

async function readRoles(url: string, secret: string): Promise<RoleNames> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const roles = await findRoles(client, secret)
    if (roles) return roles
    throw new StartFault('The database is not prepared, or WEFT_SECRET is not the secret that it was made with.')
  } finally {
    await client.end()
  }
}
