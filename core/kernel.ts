/** The composition of a running process: what is made of what, and in which order it ends. */
import { join } from 'node:path'
import { asFunction, asValue, type AwilixContainer, createContainer, InjectionMode, Lifetime } from 'awilix'
import { Acting } from './access/acting.ts'
import { AccountTokens } from './access/account-tokens.ts'
import { ApiKeys } from './access/keys.ts'
import { Flows } from './access/flows.ts'
import { Identities } from './access/identities.ts'
import { LinkTokens } from './access/links.ts'
import { kernelPermissions } from './access/policy.ts'
import { Challenges } from './access/challenge.ts'
import { OpenId } from './access/openid.ts'
import { Passkeys } from './access/passkeys.ts'
import { Providers } from './access/providers.ts'
import { ProviderSignIn } from './access/provider-sign-in.ts'
import { SecondFactor } from './access/second-factor.ts'
import { Sessions } from './access/sessions.ts'
import { type Config, readS3Address } from './config.ts'
import { type Database, openDatabase } from './data/database.ts'
import { lintCatalogue } from './data/lint.ts'
import { assertNotAhead } from './data/migration.ts'
import {
  authenticatorKeyOf,
  challengeKeyOf,
  cursorKeyOf,
  loginUrl,
  providerKeyOf,
  wrappingKeyOf,
} from './data/roles.ts'
import { openCarrier } from './delivery/queue.ts'
import { StartFault } from './fault.ts'
import { Files } from './files/files.ts'
import { S3Store } from './files/s3-store.ts'
import { Spool } from './files/spool.ts'
import { LocalStore, type Store } from './files/store.ts'
import { permissionsOf } from './host/judgement.ts'
import type { Fault, Installed } from './host/manifest.ts'
import { powersOf } from './host/powers.ts'
import { enterQuarantine, type Quarantine } from './host/quarantine.ts'
import { ReadinessProbe } from './host/readiness.ts'
import { settingsOf } from './host/settings.ts'
import { type Standing, takeStock } from './host/standing.ts'
import type { Services } from './http/services.ts'
import type { RoleNames } from './resource/derived.ts'
import { DataKeys } from './secrets/keys.ts'
import { Secrets } from './secrets/secrets.ts'
import { Mails } from './mail/mails.ts'
import { openPost } from './mail/post.ts'
import { Notices } from './notify/notices.ts'
import { findTenant, isMember, listMembers, namesOf } from './tenancy/directory.ts'
import { Switches } from './tenancy/switches.ts'
import { Compositions } from './work/composition.ts'
import { type Answering, ContextFactory, type FindAnswers } from './work/context.ts'
import type { Ports } from './work/ports.ts'
import { Guard } from './work/guard.ts'
import { openFetch } from './work/outbound-fetch.ts'
import { Rights } from './work/rights.ts'
import type { FeedTimes } from './worker/feeds.ts'
import { AccountMail } from './worker/account-mail.ts'
import { NoticeMail } from './worker/notice-mail.ts'
import { Narrowings } from './work/narrowings.ts'
import { LogBudget } from './work/log-budget.ts'
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
  /** Why plugins must not be loaded, as far as it is known already. */
  readonly faults?: readonly Fault[]
  /** Plugins that are no more to be loaded, from now on and in every process. */
  readonly quarantine?: readonly Quarantine[]
  /** A process before this one has served; it goes on also where a newer Weft has come beside it. */
  readonly hasServed?: boolean
  /** Of feeds, where tests cannot wait for the usual ones. */
  readonly feedTimes?: FeedTimes
}

interface Cradle extends Services {
  readonly roles: RoleNames
  readonly worker: DeliveryWorker
  readonly findAnswers: FindAnswers
  readonly narrowings: Narrowings
  readonly ports: Ports
  readonly standing: Standing
  readonly store: Store
  readonly spool: Spool
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
      const isOwned = resource?.rule?.write !== undefined
      return { name, verb, belongsTo: resource?.belongsTo ?? null, isOwned, administration: false, plugin: plugin.id }
    })
  })
  return [...own, ...brought]
}

/** Plugins stand in the order in which they load: what they require comes first, then their ids decide. */
function createFindAnswers(installed: readonly Installed[], switches: Switches): FindAnswers {
  const known = installed.flatMap((plugin) => {
    return (plugin.plugin.answers ?? []).map((answer) => ({ plugin, answer }))
  })
  const answered = new Set(known.map(({ answer }) => answer.point.name))
  return async (tenant, point) => {
    if (!answered.has(point)) return []
    const state = await switches.of(tenant)
    return known
      .filter(({ plugin, answer }) => answer.point.name === point && state.enabled.has(plugin.id))
      .map(({ plugin, answer }) => ({
        plugin: plugin.id,
        powers: powersOf(plugin, state),
        answer: answer as Answering['answer'],
        settings: settingsOf(plugin, state),
      }))
  }
}

const createNarrowings = ({ database, contexts }: Cradle, report: KernelOptions['report']) =>
  new Narrowings({ contexts, report, findTenant: (id) => findTenant(database, id) })

const openStore = ({ s3Url, dataDir }: Config): Store =>
  s3Url === null ? new LocalStore(join(dataDir, 'files')) : new S3Store(readS3Address(s3Url))

const WAKE_MS = 50
const MIGRATIONS = join(import.meta.dirname, 'data/migrations')

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

/** What a tenant has changed is compiled when it is told, and not by the first who asks. */
function prepareChanges({ switches, compositions }: Cradle, report: KernelOptions['report']): void {
  switches.watch((tenant) => {
    if (tenant === null) return
    const prepared = switches.of(tenant).then((state) => compositions.prepare(state))
    prepared.catch((err: unknown) => report('a tenant is not composed', { err, tenant }))
  })
}

function createWorker(cradle: Cradle, { databaseUrl, report, feedTimes }: KernelOptions): DeliveryWorker {
  const { config, database, roles, switches, compositions, contexts, standing, sessions, store, spool, rights } = cradle
  const { installed, leftOut } = standing
  const url = loginUrl(databaseUrl, config.secret, { part: 'door', roles })
  const carrier = openCarrier(config.redisUrl, url, (error) => report('queue failed', { err: error }))
  const house = { database, sessions, accountTokens: cradle.accountTokens, store, spool, logBudget: cradle.logBudget }
  const tasks = { rights, cursorKey: cradle.cursorKey, isMember: cradle.isMember }
  const { notices, mails } = cradle
  const telling = { database, installed, switches, notices, mails, rights, report }
  const address = config.url ?? `http://localhost:${config.port}`
  const mailings = [
    new NoticeMail({ ...telling, url: config.url }),
    new AccountMail({ database, mails, report, address, accountTokens: cradle.accountTokens }),
  ]
  const means = { ...house, ...tasks, carrier, switches, compositions, contexts, installed, leftOut, report, feedTimes }
  return new DeliveryWorker({ ...means, mailings, findTenant: (id) => findTenant(database, id) })
}

function registerPorts(container: AwilixContainer<Cradle>, config: Config): void {
  const single = { lifetime: Lifetime.SINGLETON }
  container.register({
    secrets: asFunction(
      ({ database }: Cradle) => new Secrets(database, new DataKeys(database, wrappingKeyOf(config.secret))),
      single,
    ),
    store: asValue(openStore(config)),
    spool: asValue(new Spool(join(config.dataDir, 'files', '.incoming'))),
    files: asFunction(({ database, store, spool }: Cradle) => new Files(database, store, spool), single),
    notices: asValue(new Notices()),
    mails: asFunction(({ database }: Cradle) => new Mails(database, openPost(config)), single),
    ports: asFunction((cradle: Cradle): Ports => cradle, single),
  })
}

function registerAccess(container: AwilixContainer<Cradle>, { secret, localProviders: isLocal = false }: Config): void {
  const single = { lifetime: Lifetime.SINGLETON }
  container.register({
    passkeys: asFunction(
      ({ database }: Cradle) => new Passkeys(database, new Challenges(database, challengeKeyOf(secret))),
      single,
    ),
    secondFactor: asFunction(({ database }: Cradle) => new SecondFactor(database, authenticatorKeyOf(secret)), single),
    sessions: asFunction(({ database, secondFactor }: Cradle) => new Sessions(database, secondFactor), single),
    acting: asFunction(
      ({ database, sessions }: Cradle) => new Acting(database, (token) => sessions.authenticate(token)),
      single,
    ),
    accountTokens: asFunction(({ database }: Cradle) => new AccountTokens(database), single),
    keys: asFunction(({ database }: Cradle) => new ApiKeys(database), single),
    links: asFunction(({ database }: Cradle) => new LinkTokens(database), single),
    providers: asFunction(({ database }: Cradle) => new Providers(database, providerKeyOf(secret), isLocal), single),
    identities: asFunction(({ database }: Cradle) => new Identities(database), single),
    openId: asFunction(() => new OpenId(openFetch(isLocal), isLocal), single),
    providerSignIn: asFunction(
      (cradle: Cradle) => new ProviderSignIn({ ...meansOf(cradle), flows: new Flows(cradle.database) }),
      single,
    ),
  })
}

/** Named one by one: a cradle makes whatever is read of it. */
const meansOf = ({ database, providers, identities, openId, sessions, accountTokens }: Cradle) => ({
  database,
  providers,
  identities,
  openId,
  sessions,
  accountTokens,
})

function register(container: AwilixContainer<Cradle>, options: KernelOptions): void {
  const { config } = options
  const single = { lifetime: Lifetime.SINGLETON }
  container.register({
    cursorKey: asValue(cursorKeyOf(config.secret)),
    isSecure: asValue(config.url?.startsWith('https:') ?? false),
    compositions: asFunction(({ standing }: Cradle) => new Compositions(standing.described), single),
    permissions: asFunction(({ installed }: Cradle) => permissionEntries(installed), single),
    switches: asFunction(({ database, installed }: Cradle) => {
      const plugins = installed.map(({ id, isKernel, manifest }) => ({
        id,
        isKernel,
        requires: Object.keys(manifest.requires),
      }))
      return new Switches(database, plugins)
    }, single).disposer((switches) => switches.stop()),
    guard: asFunction(() => new Guard(), single),
    logBudget: asFunction(() => new LogBudget(), single),
    readiness: asFunction(
      ({ database, standing, guard, worker }: Cradle) =>
        new ReadinessProbe(database, { standing, guard, askWorker: () => worker.askHow() }),
      single,
    ),
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
    narrowings: asFunction((cradle: Cradle) => createNarrowings(cradle, options.report), single),
    rights: asFunction((cradle: Cradle) => new Rights(cradle), single),
    worker: asFunction((cradle: Cradle) => createWorker(cradle, options), single).disposer((worker) => worker.stop()),
  })
}

/**
 * Opens the database, proves its catalogue and loads the plugins.
 * @throws StartFault for a database that is not prepared or not safe
 */
export async function openKernel(options: KernelOptions): Promise<Kernel> {
  const { config, databaseUrl, screen } = options
  const { database, roles } = await openDatabase(databaseUrl, config.secret, config.databaseConnections)
  try {
    if (!options.hasServed) await assertNotAhead((query) => database.door(query), MIGRATIONS)
    await assertCatalogue(database, roles)
    for (const each of options.quarantine ?? []) await enterQuarantine(database, each)
    const standing = await takeStock(database, config.plugins, options.faults ?? [])
    const { installed, leftOut } = standing
    const container = createContainer<Cradle>({ injectionMode: InjectionMode.PROXY, strict: true })
    container.register({
      config: asValue(config),
      database: asFunction(() => database, { lifetime: Lifetime.SINGLETON }).disposer((each) => each.close()),
      roles: asValue(roles),
      installed: asValue(installed),
      leftOut: asValue(leftOut),
      standing: asValue(standing),
      screen: asValue(screen),
    })
    registerPorts(container, config)
    registerAccess(container, config)
    register(container, options)
    await container.cradle.switches.start()
    prepareChanges(container.cradle, options.report)
    return { services: container.cradle, worker: container.cradle.worker, close: () => closeAll(container) }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The worker and the switches stop before the database that they use. */
async function closeAll(container: AwilixContainer<Cradle>): Promise<void> {
  const { worker, switches, mails, database } = container.cradle
  await worker.stop()
  mails.close()
  await switches.stop()
  await database.close()
}
