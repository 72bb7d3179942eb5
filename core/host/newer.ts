/**
 * While an installation is brought up process by process, those that still run the older code share the database with newer
 * ones: what only those know is kept for them.
 */
import semver from 'semver'
import type { Database } from '../data/database.ts'
import type { Described } from '../resource/description.ts'
import type { Installed } from './manifest.ts'

interface Known {
  readonly plugin: string
  readonly version: string | null
  readonly handlers: Described['handlers'] | null
}

export interface NewerHandler {
  readonly plugin: string
  /** `<plugin>.<handler>` */
  readonly name: string
  readonly event: string
}

export class Newer {
  readonly #database: Pick<Database, 'door'>
  readonly #versions: ReadonlyMap<string, string>

  constructor(database: Pick<Database, 'door'>, installed: readonly Installed[]) {
    this.#database = database
    this.#versions = new Map(installed.map(({ id, manifest }) => [id, manifest.version]))
  }

  /** What the database knows in a later version than this process, or this process not at all. */
  async #read(): Promise<Known[]> {
    const { rows } = await this.#database.door<Known>({
      name: 'newer_plugins',
      text: `select plugin, version, description -> 'handlers' as handlers from kernel.schemas
        where detached_at is null and not exists (select from unnest($1::text[], $2::text[]) as mine (plugin, version)
          where mine.plugin = schemas.plugin and mine.version = schemas.version)`,
      values: [[...this.#versions.keys()], [...this.#versions.values()]],
    })
    return rows.filter(({ plugin, version }) => {
      const mine = this.#versions.get(plugin)
      return mine === undefined || (version !== null && semver.gt(version, mine))
    })
  }

  /** Those of newer versions, the ones that this process has included. */
  async handlers(): Promise<NewerHandler[]> {
    return (await this.#read()).flatMap(({ plugin, handlers }) =>
      (handlers ?? []).map(({ name, event }) => ({ plugin, name: `${plugin}.${name}`, event })),
    )
  }

  /** Ids of plugins of which another process has a newer version. */
  async plugins(): Promise<ReadonlySet<string>> {
    return new Set((await this.#read()).map(({ plugin }) => plugin))
  }
}
