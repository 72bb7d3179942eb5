/** A database of one's own for a test file: a copy of the migrated template. */
import { randomBytes } from 'node:crypto'
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

/** Copies wait for each other: a template must not be in use while it is copied. */
async function copy(server: Client, name: string, tablespace: string): Promise<void> {
  await server.query(`select pg_advisory_lock(hashtext('weft template'))`)
  try {
    await server.query(`create database ${name} template ${inject('template')} tablespace ${tablespace}`)
  } finally {
    await server.query(`select pg_advisory_unlock(hashtext('weft template'))`)
  }
}

/** @param tablespace where on the server's disks it lies */
export async function createTestDatabase(tablespace = 'pg_default'): Promise<TestDatabase> {
  const server = await connect(inject('ownerUrl'))
  const name = `weft_test_${randomBytes(6).toString('hex')}`
  await copy(server, name, tablespace)
  const url = new URL(inject('ownerUrl'))
  url.pathname = `/${name}`
  const owner = await connect(url.href)
  // Rights and settings of a database are not copied with it.
  await provision(owner, SECRET)
  return {
    ownerUrl: url.href,
    query: async (text, values) => (await owner.query(text, values)).rows as never,
    async drop() {
      await owner.end()
      await server.query(`drop database if exists ${name} with (force)`)
      await server.end()
    },
  }
}
