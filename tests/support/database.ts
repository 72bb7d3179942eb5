/** A database of one's own for a test file: a copy of the migrated template. */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { Client } from 'pg'
import { inject } from 'vitest'
import { provision } from '../../core/data/provision.ts'
import { SECRET } from './settings.ts'

export interface TestDatabase {
  /** The login that owns the server. */
  readonly ownerUrl: string
  /** Runs SQL as that login, past every policy. */
  query<R = Record<string, never>>(text: string, values?: unknown[]): Promise<R[]>
  drop(): Promise<void>
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** The account of a server that runs on this machine, by its process. @throws Error where it runs elsewhere */
export async function accountOf(server: Client): Promise<{ uid: number; gid: number }> {
  const { rows } = await server.query<{ pid: number }>('select pg_backend_pid() as pid')
  return statSync(`/proc/${rows[0]?.pid}`)
}

/** The end of a statement that makes a database. */
export const within = (tablespace: string | null): string => (tablespace === null ? '' : `tablespace ${tablespace}`)

/** Copies wait for each other: a template must not be in use while it is copied. */
async function copy(server: Client, name: string, tablespace: string | null): Promise<void> {
  await server.query(`select pg_advisory_lock(hashtext('weft template'))`)
  try {
    await server.query(`create database ${name} template ${inject('template')} ${within(tablespace)}`)
  } finally {
    await server.query(`select pg_advisory_unlock(hashtext('weft template'))`)
  }
}

async function open(server: Client, name: string): Promise<{ owner: Client; database: TestDatabase }> {
  const url = new URL(inject('ownerUrl'))
  url.pathname = `/${name}`
  const owner = await connect(url.href)
  const database = {
    ownerUrl: url.href,
    query: async (text: string, values?: unknown[]) => (await owner.query(text, values)).rows as never,
    async drop() {
      await owner.end()
      await server.query(`drop database if exists ${name} with (force)`)
      await server.end()
    },
  }
  return { owner, database }
}

const drawName = () => `weft_test_${randomBytes(6).toString('hex')}`

/** @param tablespace where on the server's disks it lies, in place of where all of the tests do */
export async function createTestDatabase(tablespace = inject('tablespace')): Promise<TestDatabase> {
  const server = await connect(inject('ownerUrl'))
  const name = drawName()
  await copy(server, name, tablespace)
  const { owner, database } = await open(server, name)
  // Rights and settings of a database are not copied with it.
  await provision(owner, SECRET)
  return database
}

/** One that nobody has prepared. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const server = await connect(inject('ownerUrl'))
  const name = drawName()
  await server.query(`create database ${name} ${within(inject('tablespace'))}`)
  return (await open(server, name)).database
}
