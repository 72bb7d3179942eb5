/**
 * The process that prepares and migrates a database, and ends before any plugin code runs. It reads its orders as
 * JSON from standard input and answers `{applied}` or `{fault}` on standard output.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { reasonOf, StartFault } from './fault.ts'
import { derive, type Derived, type RoleNames } from './resource/derived.ts'
import { compileModels, type Described } from './resource/description.ts'
import type { Model } from './resource/model.ts'
import { detach, recount, restore, type Subject, subjectOf } from './data/archive.ts'
import type { Query } from './data/database.ts'
import { deriveAnew, inTransaction, undone } from './data/derivation.ts'
import { keepFieldIndexes } from './data/field-indexes.ts'
import { explain, ifUnlocked, migrate, migrateKernel, underLock } from './data/migration.ts'
import { purge } from './data/purge.ts'
import { install, provision } from './data/provision.ts'
import { type Cause, detachedCause, keepSchemas, type Kept, readKept, withKept } from './data/schemas.ts'
import { findRoles, loginUrl } from './data/roles.ts'
import { catchUp, heldCause, type Step, step } from './data/steps.ts'
import { migrateQueue } from './delivery/queue.ts'
import type { ActResult, DataAct, Migrated, MigrateOrders, Ordered } from './host/preparation.ts'
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
  const whole = described.filter(({ id }) => !refused.has(id))
  const raised = kept.filter(({ plugin, held: at }) => at !== null && whole.some(({ id }) => id === plugin))
  // While it is not noted that a plugin is up again, whoever migrates next begins here anew.
  for (const { plugin } of raised) await catchUp(client, plugin, { described: withKept(whole, kept), roles })
  await inTransaction(client, async () => {
    await keepSchemas(ask, described, refused)
    for (const { plugin } of raised) await tellHosts(client, plugin)
  })
  return { applied, refused: [...refused].map(([plugin, reason]) => ({ plugin, reason })) }
}

/** Processes that run load their plugins anew, as soon as the transaction is committed. */
const tellHosts = (client: Client, plugin: string) => client.query('select pg_notify($1, $2)', [HOST_CHANNEL, plugin])

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
      await tellHosts(client, plugin)
      return counts
    })
    return { rows, gone: 0, merged: 0 }
  }
  if (act === 'restore') {
    if (!isDetached) throw new StartFault(`'${plugin}' is not detached.`)
    const before = await readDetached(client, plugin)
    const models = standingModels(plugin, context.described, kept)
    return inTransaction(client, async () => {
      const result = await restore(client, subject, { roles: context.roles, before })
      // It is at work from here on, whatever becomes of this process.
      await deriveAnew(client, derive(models, context.roles).filter(isConcerned(subject)), context.roles)
      await recount(client, { plugin, models })
      await note(client, order, result)
      await tellHosts(client, plugin)
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

/** What the tables of the others and of this plugin were last migrated for. */
function standingModels(plugin: string, described: readonly Described[], kept: readonly Kept[]): Model[] {
  const standing = kept.map((each) => (each.plugin === plugin ? { ...each, detached: false } : each))
  const kernel = described.filter(({ isKernel }) => isKernel)
  return compileModels(withKept(kernel, standing))
}

const isConcerned =
  ({ own, extended }: Subject) =>
  ({ table }: Derived) =>
    [...own, ...extended].some((model) => model.table === table)

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
  const { plugin } = order
  const onHeld = () => tellHosts(client, plugin)
  const stepped = await step(client, order, { described: context.described, kept, onHeld })
  const { held } = stepped
  const isKernel = context.described.some((each) => each.id === plugin && each.isKernel)
  const raises = (id: string) => id === plugin && held === null
  const done = await migrateAll(client, { ...context, raises }, new Map(held === null ? [] : [[plugin, held]]))
  // What is the kernel's own is never left out, so that it is told when it is there again.
  if (isKernel) await tellHosts(client, plugin)
  return { ...done, stepped }
}

async function migrateAs(
  client: Client,
  { act, step: order }: Pick<MigrateOrders, 'act' | 'step'>,
  context: Context,
): Promise<Migrated> {
  if (order) return stepAlone(client, order, context)
  if (!act) return migrateAll(client, context)
  const result = await actOnData(client, act, context)
  if (result.isListed) return { applied: [], refused: [], result }
  const done = await migrateAll(client, context)
  // Where its folder is here it is there again, as new.
  if (act.act === 'purge') await tellHosts(client, act.plugin)
  return { ...done, result }
}

async function run(orders: Ordered): Promise<Migrated> {
  const { ownerUrl, secret, visitor, described, act, step: order, raises = false } = orders
  if (orders.indexes) {
    const known = await connected(ownerUrl, (client) => findRoles(client, secret))
    if (!known) throw new StartFault('The database is not prepared.')
    return { applied: await keepIndexes(orders, known), refused: [] }
  }
  const roles = await connected(ownerUrl, (client) => provision(client, secret, visitor))
  return connected(loginUrl(ownerUrl, secret, { part: 'owner', roles }), async (client) => {
    const context = { described, roles, raises: () => raises }
    const work = async () => {
      const done = await migrateAs(client, { act, step: order }, context)
      await install(client, secret)
      await migrateQueue(client, roles.door)
      return done
    }
    const migrated = await underLock(client, work, () => process.ppid === orders.orderer)
    await keepIndexes(orders, roles)
    return migrated
  })
}

try {
  const migrated = await run(JSON.parse(readFileSync(0, 'utf8')) as Ordered)
  process.stdout.write(JSON.stringify(migrated))
} catch (error) {
  // The stack says nothing more.
  const sentence = error instanceof StartFault ? error.message : `The database cannot be migrated: ${explain(error)}.`
  process.stdout.write(JSON.stringify({ fault: sentence }))
  process.exitCode = 1
}
