/**
 * The process that prepares and migrates a database, and ends before any plugin code runs. It reads its orders as
 * JSON from standard input and answers `{applied}` or `{fault}` on standard output.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { reasonOf, StartFault } from './fault.ts'
import { derive, type RoleNames } from './resource/derived.ts'
import { compileModels } from './resource/description.ts'
import { migrate } from './data/migration.ts'
import { install, provision } from './data/provision.ts'
import { loginUrl } from './data/roles.ts'
import { migrateQueue } from './delivery/queue.ts'
import type { MigrateOrders } from './host/preparation.ts'

async function connected<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'weft migrate' })
  // A connection that the server ends is reported by the query that needed it.
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    const login = decodeURIComponent(new URL(url).username)
    throw new StartFault(`DATABASE_OWNER_URL: the login '${login}' cannot connect: ${reasonOf(error)}.`)
  })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function readGrants(roles: RoleNames): string {
  const text = readFileSync(join(import.meta.dirname, 'data/sql/grants.sql'), 'utf8')
  return text.replace(/\{(app|door|reader)\}/g, (_, part: 'app' | 'door' | 'reader') => roles[part])
}

async function run({ ownerUrl, secret, visitor, described }: MigrateOrders): Promise<string[]> {
  const roles = await connected(ownerUrl, (client) => provision(client, secret, visitor))
  const folders = [
    { plugin: 'kernel', folder: join(import.meta.dirname, 'data/migrations') },
    ...described.map(({ id, dir }) => ({ plugin: id, folder: join(dir, 'migrations') })),
  ]
  const models = compileModels(described)
  // A plugin that is being written has schemas before it has tables.
  const deriveFor = (tables: ReadonlySet<string>) =>
    derive(
      models.filter(({ table }) => tables.has(table)),
      roles,
    )
  return connected(loginUrl(ownerUrl, secret, { part: 'owner', roles }), async (client) => {
    const applied = await migrate(client, { folders, derive: deriveFor, roles, grants: readGrants(roles) })
    await install(client, secret)
    await migrateQueue(client, roles.door)
    return applied
  })
}

try {
  const applied = await run(JSON.parse(readFileSync(0, 'utf8')) as MigrateOrders)
  process.stdout.write(JSON.stringify({ applied }))
} catch (error) {
  // Detail and position say which statement of which file; the stack says nothing more.
  const { detail, position } = error as { detail?: string; position?: string }
  const more = [detail, position && `at character ${position}`].filter(Boolean).join(', ')
  const sentence =
    error instanceof StartFault
      ? error.message
      : `The database cannot be migrated: ${reasonOf(error)}${more ? ` (${more})` : ''}.`
  process.stdout.write(JSON.stringify({ fault: sentence }))
  process.exitCode = 1
}
