/** A database of the bench's own, with tenants of several sizes, and the plain copy that the rival works on. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { openDatabase } from '../../core/data/database.ts'
import { findRoles, loginUrl } from '../../core/data/roles.ts'
import { openServer } from '../../core/data/server.ts'
import { migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import { createTenant } from '../../core/tenancy/directory.ts'
import { copyTables } from './bare-tables.ts'
import { fill, type Filling } from './fill.ts'
import { ADMIN, SECRET } from './settings.ts'

export interface BenchDatabase {
  /** The login that owns the database: past row security, as the rival wants it. */
  readonly ownerUrl: string
  /** `PostgreSQL 18.4, embedded` */
  readonly description: string
  readonly tenant: string
  /** Runs SQL as the owner. */
  query<R>(text: string, values?: unknown[]): Promise<R[]>
  drop(): Promise<void>
}

export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** The largest tenant is the one that is measured; the others are there to be kept out. */
const OTHERS = ['north', 'south', 'west']
const OTHERS_COUNT = 5_000

async function createTenants(ownerUrl: string, clients: number): Promise<Filling[]> {
  const { database } = await openDatabase(ownerUrl, SECRET, 12)
  try {
    const fillings: Filling[] = []
    for (const [seed, slug] of ['big', ...OTHERS].entries()) {
      const admin = { email: `admin@${slug}.example`, name: `Admin ${slug}`, password: ADMIN.password }
      const made = await createTenant(database, { slug, name: slug, language: 'en', country: 'FR', admin })
      const count = seed === 0 ? clients : Math.min(OTHERS_COUNT, Math.floor(clients / 10))
      fillings.push({ tenant: made.tenant.id, user: made.user.id, count, seed })
    }
    return fillings
  } finally {
    await database.close()
  }
}

/** A rival that may lose a commit, or a database that may, would be measured for nothing. */
async function assertDurable(owner: Client): Promise<void> {
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await owner.query(`select current_setting('${name}') as value`)
    if (rows[0].value !== 'on') throw new Error(`The bench wants ${name} on, it is ${rows[0].value}.`)
  }
}

export async function createBenchDatabase(clients: number, log: (line: string) => void): Promise<BenchDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'weft-bench-'))
  const server = await openServer({ dataDir, databaseUrl: process.env.DATABASE_URL, log: () => {} })
  const maintenance = await connect(server.ownerUrl)
  const name = `weft_bench_${randomBytes(4).toString('hex')}`
  await maintenance.query(`create database ${name}`)
  const url = new URL(server.ownerUrl)
  url.pathname = `/${name}`
  const ownerUrl = url.href
  const { described } = await describePlugins([])
  await migrateDatabase({ ownerUrl, secret: SECRET, described })
  const owner = await connect(ownerUrl)
  await assertDurable(owner)
  const fillings = await createTenants(ownerUrl, clients)
  log(`filling ${fillings.map(({ count }) => count).join(' + ')} clients`)
  await fillAs(ownerUrl, (await findRoles(owner, SECRET)) as RoleNames, fillings)
  const version = (await owner.query('show server_version')).rows[0].server_version as string
  return {
    ownerUrl,
    description: `PostgreSQL ${version.split(' ')[0]}, ${server.origin === 'url' ? 'by DATABASE_URL' : server.origin}`,
    tenant: (fillings[0] as Filling).tenant,
    query: async (text, values) => (await owner.query(text, values)).rows as never,
    async drop() {
      await owner.end()
      await maintenance.query(`drop database if exists ${name} with (force)`)
      await maintenance.end()
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function fillAs(ownerUrl: string, roles: RoleNames, fillings: readonly Filling[]): Promise<void> {
  const tables = await connect(loginUrl(ownerUrl, SECRET, { part: 'owner', roles }))
  await fill(tables, fillings)
  await copyTables(tables)
  // The relay has told what was filled in; it is not what is measured.
  await tables.query('update kernel.relay set xid = pg_current_xact_id(), fact = 0')
  await tables.query('vacuum analyze')
  await tables.end()
}
