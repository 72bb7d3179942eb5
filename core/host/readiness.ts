/** Whether this process can serve, and what of the installation does not work. It names no plugin and no address. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../data/database.ts'
import type { Guard } from '../work/guard.ts'
import { ROOT } from './catalogue.ts'
import type { Standing } from './standing.ts'

type Check = { readonly status: 'ok' | 'degraded' | 'down' } & { readonly [detail: string]: string | number }

export interface Readiness {
  /** `degraded` serves and lacks something. */
  readonly status: 'ready' | 'degraded' | 'unavailable'
  readonly checks: Readonly<Record<string, Check>>
}

const PROBE_MS = 2_000
/** From this on the worker is behind. */
const LAG_SECONDS = 60

/** What counts where the worker cannot say. */
const UNKNOWN_SECONDS = 86_400

/** What the worker of this process says of itself; null where it runs none. */
export type AskWorker = () => Promise<{ lagSeconds: number; isQueueThere: boolean } | null>

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('timeout')), PROBE_MS)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function filesOf(plugin: string, folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
  return names.map((name) => `${plugin}/${name.replace(/\.sql$/, '')}`)
}

export class ReadinessProbe {
  readonly #database: Database
  readonly #standing: Standing
  readonly #guard: Guard
  readonly #askWorker: AskWorker
  readonly #files: readonly string[]
  /** Without which nothing can be served. */
  readonly #own: readonly string[]

  constructor(database: Database, means: { standing: Standing; guard: Guard; askWorker: AskWorker }) {
    this.#database = database
    this.#standing = means.standing
    this.#guard = means.guard
    this.#askWorker = means.askWorker
    const own = filesOf('kernel', join(ROOT, 'core/data/migrations'))
    const kernel = means.standing.installed.filter(({ isKernel }) => isKernel)
    this.#own = [...own, ...kernel.flatMap(({ id, dir }) => filesOf(id, join(dir, 'migrations')))]
    this.#files = [...own, ...means.standing.installed.flatMap(({ id, dir }) => filesOf(id, join(dir, 'migrations')))]
  }

  async #checkDatabase(): Promise<Record<string, Check>> {
    try {
      const { rows } = await inTime(
        this.#database.door<{ name: string }>({
          name: 'applied_migrations',
          text: `select m.plugin || '/' || m.name as name from kernel.migrations m, (select from kernel.tenants limit 1) t`,
        }),
      )
      const applied = new Set(rows.map(({ name }) => name))
      // Without a tenant nothing is told: nobody can sign in, and that is not this check's to say.
      const pending = rows.length === 0 ? [] : this.#files.filter((name) => !applied.has(name))
      const status =
        pending.length === 0 ? 'ok' : pending.some((name) => this.#own.includes(name)) ? 'down' : 'degraded'
      return { database: { status: 'ok' }, migrations: { status, pending: pending.length } }
    } catch {
      return { database: { status: 'down' } }
    }
  }

  async #checkWorker(): Promise<Record<string, Check>> {
    const said = await inTime(this.#askWorker()).catch(() => ({ lagSeconds: UNKNOWN_SECONDS, isQueueThere: false }))
    if (!said) return {}
    return {
      worker: { status: said.lagSeconds > LAG_SECONDS ? 'degraded' : 'ok', lagSeconds: Math.round(said.lagSeconds) },
      queue: { status: said.isQueueThere ? 'ok' : 'degraded' },
    }
  }

  #checkPlugins(): Record<string, Check> {
    const quarantined = this.#standing.leftOut.filter(({ state }) => state === 'quarantined').length
    const suspended = this.#guard.metrics().filter((each) => each.suspended).length
    const status = quarantined + suspended > 0 ? 'degraded' : 'ok'
    return { plugins: { status, quarantined, suspended } }
  }

  async ask(): Promise<Readiness> {
    const database = await this.#checkDatabase()
    const isDown = database.database?.status === 'down'
    // Whoever has no database asks it nothing more.
    const worker = isDown ? {} : await this.#checkWorker()
    const checks = { ...database, ...worker, ...this.#checkPlugins() }
    const all = Object.values(checks).map(({ status }) => status)
    const status = all.includes('down') ? 'unavailable' : all.includes('degraded') ? 'degraded' : 'ready'
    return { status, checks }
  }
}
