/** BullMQ carries the ids of deliveries; PostgreSQL alone knows what they are. Redis may be wiped at any time. */
import { createHash } from 'node:crypto'
import { createPostgresBackend, Queue, runMigrations, Worker, withBackend } from 'bullmq'

export interface Job {
  readonly tenant: string
  readonly delivery: string
  /** Told by a handler that mostly waits for others. */
  readonly patient?: boolean
}

/** Carries jobs from the sweep to a worker. */
export interface Carrier {
  add(jobs: readonly Job[]): Promise<void>
  /** Calls `handle` for each job until `close`; a job whose handling fails is not tried again here. */
  work(handle: (job: Job) => Promise<void>, concurrency: number): void
  /** Whether what carries them answers. */
  isThere(): Promise<boolean>
  /** Ends when running jobs have ended. */
  close(): Promise<void>
}

const NAME = 'deliveries'
const SCHEMA = 'bullmq'
/** Done jobs are of no use: their deliveries tell what became of them. */
const OPTIONS = { removeOnComplete: true, removeOnFail: true, attempts: 1 }
/** How long a worker rests after a lost connection. BullMQ's own fifteen seconds would also hold up its end. */
const RETRY_MS = 1_000
/** How long it is waited for an answer of what carries the jobs. */
const PATIENCE_MS = 1_000

/** A connection of the login that owns the tables. */
interface Owner {
  query(text: string): Promise<unknown>
}

/** Makes BullMQ's own tables; the login of the worker may only use them. */
export async function migrateQueue(client: Owner, login: string): Promise<void> {
  await runMigrations(client as never, SCHEMA)
  // BullMQ makes a sequence for each queue when it is first used; that one is the worker's own, not ours to grant.
  await client.query(`grant usage, create on schema ${SCHEMA} to ${login}`)
  await client.query(`grant all on all tables in schema ${SCHEMA} to ${login}`)
  await client.query(`grant all on all functions in schema ${SCHEMA} to ${login}`)
  await client.query(`do $$ declare sequence regclass; begin
    for sequence in select oid from pg_class where relnamespace = '${SCHEMA}'::regnamespace and relkind = 'S'
      and relowner = (select oid from pg_roles where rolname = current_user)
    loop execute format('grant all on sequence %s to ${login}', sequence); end loop;
  end $$`)
}

function classesFor(redisUrl: string | null, databaseUrl: string) {
  if (redisUrl === null) {
    const { Queue: PostgresQueue, Worker: PostgresWorker } = withBackend(createPostgresBackend)
    const connection = { connectionString: databaseUrl, max: 4, application_name: 'weft queue', schema: SCHEMA }
    return {
      Queue: PostgresQueue as unknown as typeof Queue,
      Worker: PostgresWorker as unknown as typeof Worker,
      connection,
    }
  }
  // A queue that cannot be reached must not hold up the sweep: it comes round again.
  return { Queue, Worker, connection: { url: redisUrl, maxRetriesPerRequest: null, enableOfflineQueue: false } }
}

/** Several installations may share a Redis: each has its keys under the mark of its database and its secret. */
function prefixFor(databaseUrl: string): string {
  const { password, pathname } = new URL(databaseUrl)
  return `weft:${createHash('sha256').update(`${password}${pathname}`).digest('hex').slice(0, 12)}`
}

export function openCarrier(redisUrl: string | null, databaseUrl: string, onFault: (error: Error) => void): Carrier {
  const { Queue: AnyQueue, Worker: AnyWorker, connection } = classesFor(redisUrl, databaseUrl)
  const prefix = redisUrl === null ? {} : { prefix: prefixFor(databaseUrl) }
  const queue = new AnyQueue<Job>(NAME, { connection: connection as never, defaultJobOptions: OPTIONS, ...prefix })
  queue.on('error', onFault)
  let worker: Worker<Job> | null = null
  return {
    async add(jobs) {
      await queue.addBulk(jobs.map((data) => ({ name: 'deliver', data })))
    },
    work(handle, concurrency) {
      // A worker waits in a blocking call, which must outlive a lost connection.
      const own = redisUrl === null ? connection : { url: redisUrl, maxRetriesPerRequest: null }
      worker = new AnyWorker<Job>(NAME, ({ data }) => handle(data), {
        connection: own as never,
        concurrency,
        runRetryDelay: RETRY_MS,
        ...prefix,
      })
      worker.on('error', onFault)
    },
    async isThere() {
      // In PostgreSQL it is there when the database is.
      if (redisUrl === null) return true
      const { promise: late, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(resolve, PATIENCE_MS, false)
      const asked = queue.count().then(
        () => true,
        () => false,
      )
      return Promise.race([asked, late]).finally(() => clearTimeout(timer))
    },
    async close() {
      await worker?.close()
      await queue.close()
    },
  }
}
