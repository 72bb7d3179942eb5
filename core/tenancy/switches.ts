/** Which plugins are on for which tenant, which fields and roles it has defined itself, known to every process within a moment of each change. */
import { type JsonObject, Problem } from '../contract.ts'
import type { Database, Run } from '../data/database.ts'
import type { Asks } from '../resource/description.ts'
import { type Quotas, readQuotas } from '../access/quotas.ts'
import { type OwnFields, readOwnFields } from './own-fields.ts'
import { type OwnRoles, readRoles } from './roles.ts'

export interface TenantState extends OwnRoles {
  /** What a plugin may do, where a later version asks for more. */
  readonly consents: ReadonlyMap<string, Asks>
  readonly enabled: ReadonlySet<string>
  /** Switched off, whether at work in this process or not. */
  readonly off: ReadonlySet<string>
  readonly settings: ReadonlyMap<string, JsonObject>
  readonly own: OwnFields
  readonly quotas: Quotas
}

/** What the switches need to know of a plugin. */
export interface Switchable {
  readonly id: string
  readonly isKernel: boolean
  readonly requires: readonly string[]
}

const CHANNEL = 'weft_plugins'

async function readConsents(run: Run, tenant: string): Promise<ReadonlyMap<string, Asks>> {
  const { rows } = await run<{ plugin: string; asks: Asks }>({
    name: 'tenant_consents',
    text: 'select plugin, asks from kernel.consents where tenant_id = $1',
    values: [tenant],
  })
  return new Map(rows.map(({ plugin, asks }) => [plugin, asks]))
}

export class Switches {
  readonly #database: Database
  readonly #plugins: readonly Switchable[]
  readonly #states = new Map<string, Promise<TenantState>>()
  readonly #watchers = new Set<(tenant: string | null) => void>()
  #stop: (() => Promise<void>) | null = null

  constructor(database: Database, plugins: readonly Switchable[]) {
    this.#database = database
    this.#plugins = plugins
  }

  async start(): Promise<void> {
    // What is told while no connection listens is missed, so nothing that is known survives a gap.
    this.#stop = await this.#database.listen(CHANNEL, {
      message: (tenant) => {
        this.#states.delete(tenant)
        this.#watchers.forEach((watcher) => watcher(tenant))
      },
      gap: () => {
        this.#states.clear()
        this.#watchers.forEach((watcher) => watcher(null))
      },
    })
  }

  /** Tells of each tenant whose plugins were switched or set; null where it may have been any. @returns what ends it */
  watch(watcher: (tenant: string | null) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** What is known of a tenant is read anew. Others are told by the database. */
  forget(tenant: string): void {
    this.#states.delete(tenant)
  }

  async stop(): Promise<void> {
    await this.#stop?.()
  }

  of(tenant: string): Promise<TenantState> {
    const known = this.#states.get(tenant)
    if (known) return known
    const loading = this.#load(tenant)
    this.#states.set(tenant, loading)
    loading.catch(() => this.#states.delete(tenant))
    return loading
  }

  async #load(tenant: string, run: Run = (query) => this.#database.door(query)): Promise<TenantState> {
    const { rows } = await run<{ plugin: string; enabled: boolean; settings: JsonObject }>({
      name: 'tenant_plugins',
      text: 'select plugin, enabled, settings from kernel.tenant_plugins where tenant_id = $1',
      values: [tenant],
    })
    const off = new Set(rows.filter(({ enabled }) => !enabled).map(({ plugin }) => plugin))
    const enabled = this.#plugins.filter(({ id, isKernel }) => isKernel || !off.has(id)).map(({ id }) => id)
    const settings = new Map(rows.map((row) => [row.plugin, row.settings]))
    return {
      enabled: new Set(enabled),
      off,
      settings,
      own: await readOwnFields(run, tenant),
      ...(await readRoles(run, tenant)),
      consents: await readConsents(run, tenant),
      quotas: await readQuotas(run, tenant),
    }
  }

  /**
   * @throws Problem 404 for a plugin that is not installed, 409 `required_by` when others need it, 409 `requires` when
   * it needs others that are off
   */
  async change(tenant: string, id: string, change: { enabled?: boolean; settings?: JsonObject }): Promise<TenantState> {
    const plugin = this.#plugins.find((each) => each.id === id)
    if (!plugin) throw new Problem(404, 'not_found')
    await this.#database.directory(async (transaction) => {
      // One change of a tenant after the other: each is judged by what those before it have left.
      await transaction.query({ text: 'select from kernel.tenants where id = $1 for no key update', values: [tenant] })
      const state = await this.#load(tenant, (query) => transaction.query(query))
      if (change.enabled === false) this.#assertFree(plugin, state)
      if (change.enabled === true) this.#assertMet(plugin, state)
      await transaction.query({
        text: `insert into kernel.tenant_plugins (tenant_id, plugin, enabled, settings) values ($1, $2, $3, $4)
          on conflict (tenant_id, plugin) do update set enabled = excluded.enabled, settings = excluded.settings, updated_at = now()`,
        values: [
          tenant,
          id,
          change.enabled ?? state.enabled.has(id),
          JSON.stringify(change.settings ?? state.settings.get(id) ?? {}),
        ],
      })
    })
    this.#states.delete(tenant)
    return this.of(tenant)
  }

  /** What the plugin asks for now is what it may do from now on. */
  async consent(tenant: string, plugin: string, { asks, by }: { asks: Asks; by: string }): Promise<TenantState> {
    await this.#database.door({
      text: `update kernel.consents set asks = $3, decided_by = $4, decided_at = now() where tenant_id = $1 and plugin = $2`,
      values: [tenant, plugin, JSON.stringify(asks), by],
    })
    this.#states.delete(tenant)
    return this.of(tenant)
  }

  #assertFree(plugin: Switchable, state: TenantState): void {
    if (plugin.isKernel) throw new Problem(409, 'kernel_plugin', [{ path: '/enabled', code: 'kernel_plugin' }])
    const users = this.#plugins.filter(({ id, requires }) => state.enabled.has(id) && requires.includes(plugin.id))
    if (users.length === 0) return
    throw new Problem(
      409,
      'required_by',
      users.map(({ id }) => ({ path: '/enabled', code: 'required_by', params: { plugin: id } })),
    )
  }

  #assertMet(plugin: Switchable, state: TenantState): void {
    const missing = plugin.requires.filter((id) => !state.enabled.has(id))
    if (missing.length === 0) return
    throw new Problem(
      409,
      'requires',
      missing.map((id) => ({ path: '/enabled', code: 'requires', params: { plugin: id } })),
    )
  }
}
