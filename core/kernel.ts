/** The composition of a running process: what is made of what, and in which order it ends. */
import { asFunction, asValue, type AwilixContainer, createContainer, InjectionMode, Lifetime } from 'awilix'
import { ApiKeys } from './access/keys.ts'
import { kernelPermissions } from './access/policy.ts'
import { Sessions } from './access/sessions.ts'
import type { Config } from './config.ts'
import { type Database, openDatabase } from './data/database.ts'
import { lintCatalogue } from './data/lint.ts'
import { cursorKeyOf, loginUrl } from './data/roles.ts'
import { openCarrier } from './delivery/queue.ts'
import { StartFault } from './fault.ts'
import { describe, loadPlugins } from './host/catalogue.ts'
import { permissionsOf } from './host/judgement.ts'
import type { Fault, Installed } from './host/manifest.ts'
import { powersOf } from './host/powers.ts'
import { settingsOf } from './host/settings.ts'
import type { Services } from './http/services.ts'
import type { RoleNames } from './resource/derived.ts'
import { findTenant, isMember, listMembers, namesOf } from './tenancy/directory.ts'
import { Switches } from './tenancy/switches.ts'
import { Compositions } from './work/composition.ts'
import { type Answering, ContextFactory, type FindAnswers } from './work/context.ts'
import { DeliveryWorker } from './worker/worker.ts'

export interface Kernel {
  readonly services: Services
  readonly worker: DeliveryWorker
  /** Ends what was started, in the reverse order. */
  close(): Promise<void>
}

export interface KernelOptions {
  readonly config: Config
  readonly databaseUrl: string
  /** The folder of the built screen; null for a process that serves none. */
  readonly screen: string | null
  readonly report: (message: string, fields: Record<string, unknown>) => void
}

interface Cradle extends Services {
  readonly roles: RoleNames
  readonly worker: DeliveryWorker
  readonly findAnswers: FindAnswers
}

/** The catalogue keeps what the design promises, or nothing starts. */
async function assertCatalogue(database: Database, roles: RoleNames): Promise<void> {
  const findings = await lintCatalogue((query) => database.door(query), roles)
  if (findings.length > 0)
    throw new StartFault(`The database is not safe to serve:\n${findings.map((each) => `  - ${each}`).join('\n')}`)
}

function permissionEntries(installed: readonly Installed[]): Services['permissions'] {
  const own = kernelPermissions.map((entry) => ({ ...entry, plugin: null }))
  const brought = installed.flatMap((plugin) => {
    const resources = plugin.plugin.resources ?? []
    return permissionsOf(plugin).map((name) => {
      const dot = name.lastIndexOf('.')
      const resource = resources.find((each) => each.name === name.slice(0, dot))
      const verb = resource ? (name.slice(dot + 1) as 'read') : null
      return { name, verb, belongsTo: resource?.belongsTo ?? null, administration: false, plugin: plugin.id }
    })
  })
  return [...own, ...brought]
}

/** Plugins stand in the order in which they load: what they require comes first, then their ids decide. */
function createFindAnswers(installed: readonly Installed[], switches: Switches): FindAnswers {
  const known = installed.flatMap((plugin) => {
    const powers = powersOf(plugin)
    return (plugin.plugin.answers ?? []).map((answer) => ({ plugin, powers, answer }))
  })
  return async (tenant, point) => {
    const state = await switches.of(tenant)
    return known
      .filter(({ plugin, answer }) => answer.point.name === point && state.enabled.has(plugin.id))
      .map(({ plugin, powers, answer }) => ({
        plugin: plugin.id,
        powers,
        answer: answer as Answering['answer'],
        settings: settingsOf(plugin, state),
      }))
  }
}

const WAKE_MS = 50

/** Tells the workers of new facts, at most once in a while: a notification in each commit would queue the commits. */
function createWake(database: Database): () => void {
  let timer: NodeJS.Timeout | null = null
  return () => {
    timer ??= setTimeout(() => {
      timer = null
      // The workers look by themselves every second.
      database.door({ text: `select pg_notify('weft_facts', '')` }).catch(() => {})
    }, WAKE_MS).unref()
  }
}

function register(container: AwilixContainer<Cradle>, { config, databaseUrl, report }: KernelOptions): void {
  const single = { lifetime: Lifetime.SINGLETON }
  container.register({
    cursorKey: asValue(cursorKeyOf(config.secret)),
    isSecure: asValue(config.url?.startsWith('https:') ?? false),
    compositions: asFunction(({ installed }: Cradle) => new Compositions(describe(installed)), single),
    permissions: asFunction(({ installed }: Cradle) => permissionEntries(installed), single),
    sessions: asFunction(({ database }: Cradle) => new Sessions(database), single),
    keys: asFunction(({ database }: Cradle) => new ApiKeys(database), single),
    switches: asFunction(({ database, installed }: Cradle) => {
      const plugins = installed.map(({ id, isKernel, manifest }) => ({
        id,
        isKernel,
        requires: Object.keys(manifest.requires),
      }))
      return new Switches(database, plugins)
    }, single).disposer((switches) => switches.stop()),
    wake: asFunction(({ database }: Cradle) => createWake(database), single),
    isMember: asFunction(
      ({ database }: Cradle) =>
        (tenant: string, user: string) =>
          isMember(database, tenant, user),
      single,
    ),
    listMembers: asFunction(
      ({ database }: Cradle) =>
        (tenant: string) =>
          listMembers(database, tenant),
      single,
    ),
    namesOf: asFunction(
      ({ database }: Cradle) =>
        (tenant: string, ids: readonly string[]) =>
          namesOf(database, tenant, ids),
      single,
    ),
    findAnswers: asFunction(({ installed, switches }: Cradle) => createFindAnswers(installed, switches), single),
    contexts: asFunction((cradle: Cradle) => new ContextFactory(cradle.database, cradle), single),
    worker: asFunction(({ database, roles, switches, compositions, contexts, installed, sessions }: Cradle) => {
      const url = loginUrl(databaseUrl, config.secret, { part: 'door', roles })
      const carrier = openCarrier(config.redisUrl, url, (error) => report('queue failed', { err: error }))
      const services = { database, carrier, switches, compositions, contexts, installed, sessions, report }
      return new DeliveryWorker({ ...services, findTenant: (id) => findTenant(database, id) })
    }, single).disposer((worker) => worker.stop()),
  })
}

/**
 * Opens the database, proves its catalogue and loads the plugins.
 * @throws StartFault for a database that is not prepared or not safe
 */
export async function openKernel(options: KernelOptions): Promise<Kernel> {
  const { config, databaseUrl, screen } = options
  const { database, roles } = await openDatabase(databaseUrl, config.secret)
  try {
    await assertCatalogue(database, roles)
    const faults: Fault[] = []
    const installed = await loadPlugins(config.plugins, faults)
    const container = createContainer<Cradle>({ injectionMode: InjectionMode.PROXY, strict: true })
    container.register({
      config: asValue(config),
      database: asFunction(() => database, { lifetime: Lifetime.SINGLETON }).disposer((each) => each.close()),
      roles: asValue(roles),
      installed: asValue(installed),
      faults: asValue(faults),
      screen: asValue(screen),
    })
    register(container, options)
    await container.cradle.switches.start()
    return { services: container.cradle, worker: container.cradle.worker, close: () => closeAll(container) }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The worker and the switches stop before the database that they use. */
async function closeAll(container: AwilixContainer<Cradle>): Promise<void> {
  const { worker, switches, database } = container.cradle
  await worker.stop()
  await switches.stop()
  await database.close()
}
