/**
 * The process that prepares and migrates a database, and ends before any plugin code runs. It reads its orders as
 * JSON from standard input and answers `{applied}` or `{fault}` on standard output.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { reasonOf, StartFault } from './fault.ts'
import { derive, type RoleNames } from './resource/derived.ts'
import { compileModels, type Described } from './resource/description.ts'
import { detach, recount, restore, subjectOf } from './data/archive.ts'
import type { Query } from './data/database.ts'
import { inTransaction, undone } from './data/derivation.ts'
import { keepFieldIndexes } from './data/field-indexes.ts'
import { explain, ifUnlocked, migrate, migrateKernel, underLock } from './data/migration.ts'
import { purge } from './data/purge.ts'
import { install, provision } from './data/provision.ts'
import { type Cause, detachedCause, keepSchemas, readKept, withKept } from './data/schemas.ts'
import { findRoles, loginUrl } from './data/roles.ts'
import { catchUp, heldCause, type Step, step } from './data/steps.ts'
import { migrateQueue } from './delivery/queue.ts'
import type { ActResult, DataAct, Migrated, MigrateOrders } from './host/preparation.ts'
import { HOST_CHANNEL } from './host/quarantine.ts'

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

/** @param held plugins that are to stay below their last migration, with the reason */
async function migrateAll(client: Client, { described, roles, raises }: Context, held = new Map<string, Cause>()) {
  const applied = await migrateKernel(client, join(import.meta.dirname, 'data/migrations'))
  const ask = query(client)
  const kept = await readKept(ask as never)
  const refused = new Map(held)
  for (const { plugin, detached, held: at } of kept) {
    if (detached) refused.set(plugin, detachedCause(plugin))
    else if (at !== null && !raises(plugin)) refused.set(plugin, heldCause(at))
  }
  const folders = described.map(({ id, dir, isKernel, requires }) => ({
    plugin: id,
    folder: join(dir, 'migrations'),
    isKernel,
    requires,
  }))
  // A plugin that is being written has schemas before it has tables.
  const deriveFor = (tables: ReadonlySet<string>, without: ReadonlySet<string>) => {
    const whole = described.filter(({ id }) => !without.has(id))
    const models = compileModels(withKept(whole, kept))
    return derive(
      models.filter(({ table }) => tables.has(table)),
      roles,
    )
  }
  const migration = { folders, derive: deriveFor, roles, grants: readGrants(roles) }
  applied.push(...(await migrate(client, migration, refused)))
  await keepSchemas(ask, described, refused)
  const whole = described.filter(({ id }) => !refused.has(id))
  const raised = kept.filter(({ plugin, held: at }) => at !== null && whole.some(({ id }) => id === plugin))
  for (const { plugin } of raised) await catchUp(client, plugin, { described: withKept(whole, kept), roles })
  return { applied, refused: [...refused].map(([plugin, reason]) => ({ plugin, reason })) }
}

const query = (client: Client) => (each: Query) => client.query(each.text, each.values as unknown[])

/** What was in the archive when the plugin was detached the last time. */
async function readDetached(client: Client, plugin: string): Promise<Record<string, number>> {
  const text = `select details from kernel.operations where operation = 'detach' and plugin = $1 order by id desc limit 1`
  return (await client.query(text, [plugin])).rows[0]?.details ?? {}
}

async function note(client: Client, { act, plugin }: DataAct, details: object): Promise<void> {
  const values = [act, plugin, JSON.stringify(details)]
  await client.query('insert into kernel.operations (operation, plugin, details) values ($1, $2, $3)', values)
}

/** @throws StartFault where the plugin's data is not such that this can be done with it */
async function actOnData(client: Client, order: DataAct, context: Context): Promise<ActResult> {
  const { act, plugin } = order
  const kept = await readKept(query(client) as never)
  const isDetached = kept.some((each) => each.plugin === plugin && each.detached)
  const subject = subjectOf(plugin, context.described, kept)
  if (act === 'detach') {
    if (isDetached) throw new StartFault(`'${plugin}' is detached already.`)
    const rows = await inTransaction(client, async () => {
      const counts = await detach(client, subject)
      await note(client, order, counts)
      return counts
    })
    return { rows, gone: 0, merged: 0 }
  }
  if (act === 'restore') {
    if (!isDetached) throw new StartFault(`'${plugin}' is not detached.`)
    const before = await readDetached(client, plugin)
    return inTransaction(client, async () => {
      const result = await restore(client, subject, { roles: context.roles, before })
      await note(client, order, result)
      return result
    })
  }
  const isInstalled = context.described.some(({ id }) => id === plugin)
  if (isInstalled && !isDetached)
    throw new StartFault(`'${plugin}' is at work: take its folder away, or detach it first.`)
  if (act === 'purge')
    return { rows: await inTransaction(client, () => purge(client, subject, true)), gone: 0, merged: 0 }
  const rows = await undone(client, () => purge(client, subject, false))
  return { rows, gone: 0, merged: 0, isListed: true }
}

async function afterAct(client: Client, { act, plugin }: DataAct, { described }: Context): Promise<void> {
  if (act === 'restore') {
    const kept = await readKept(query(client) as never)
    await inTransaction(client, () => recount(client, subjectOf(plugin, described, kept)))
  }
  // Processes that run load their plugins anew.
  await client.query('select pg_notify($1, $2)', [HOST_CHANNEL, plugin])
}

interface Context {
  readonly described: readonly Described[]
  readonly roles: RoleNames
  /** Whether a plugin that was taken back is brought up again. */
  readonly raises: (plugin: string) => boolean
}

/** As two logins: the one sees what tenants have defined, the other owns the tables. */
async function keepIndexes({ ownerUrl, secret }: MigrateOrders, roles: RoleNames): Promise<string[]> {
  const loginOf = (part: 'owner' | 'door') => loginUrl(ownerUrl, secret, { part, roles })
  return connected(loginOf('door'), (door) =>
    connected(loginOf('owner'), async (owner) => {
      const kept = await ifUnlocked(owner, () => keepFieldIndexes(owner, query(door) as never))
      return kept?.made ?? []
    }),
  )
}

async function stepAlone(client: Client, order: Step, context: Context): Promise<Migrated> {
  const kept = await readKept(query(client) as never)
  const stepped = await step(client, order, { described: context.described, kept })
  const { plugin } = order
  const { held } = stepped
  const raises = (id: string) => id === plugin && held === null
  const done = await migrateAll(client, { ...context, raises }, new Map(held === null ? [] : [[plugin, held]]))
  await client.query('select pg_notify($1, $2)', [HOST_CHANNEL, plugin])
  return { ...done, stepped }
}

async function run(orders: MigrateOrders): Promise<Migrated> {
  const { ownerUrl, secret, visitor, described, act, step: order, raises = false } = orders
  if (orders.indexes) {
    const known = await connected(ownerUrl, (client) => findRoles(client, secret))
    if (!known) throw new StartFault('The database is not prepared.')
    return { applied: await keepIndexes(orders, known), refused: [] }
  }
  const roles = await connected(ownerUrl, (client) => provision(client, secret, visitor))
  return connected(loginUrl(ownerUrl, secret, { part: 'owner', roles }), async (client) => {
    const migrated = await underLock(client, async () => {
      const context = { described, roles, raises: () => raises }
      if (order) return stepAlone(client, order, context)
      if (!act) return migrateAll(client, context)
      const result = await actOnData(client, act, context)
      if (result.isListed) return { applied: [], refused: [], result }
      const done = await migrateAll(client, context)
      await afterAct(client, act, context)
      return { ...done, result }
    })
    await install(client, secret)
    await migrateQueue(client, roles.door)
    await keepIndexes(orders, roles)
    return migrated
  })
}

try {
  const migrated = await run(JSON.parse(readFileSync(0, 'utf8')) as MigrateOrders)
  process.stdout.write(JSON.stringify(migrated))
} catch (error) {
  // The stack says nothing more.
  const sentence = error instanceof StartFault ? error.message : `The database cannot be migrated: ${explain(error)}.`
  process.stdout.write(JSON.stringify({ fault: sentence }))
  process.exitCode = 1
}
