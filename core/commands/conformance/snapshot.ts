/** What stands in a database, table by table, so that whatever changes is found and named. */
import { StartFault } from '../../fault.ts'
import type { Stage } from './stage.ts'

/** By table: how many rows, and a sum over all that they hold. */
export type Snapshot = Readonly<Record<string, string>>

/** To be signed in, and to fail to be, is noted there. */
const NOT_READ = ['sessions', 'sign_in_failures']
/** When somebody was seen last says nothing of what was done. */
const SEEN = 'used_at'
const has = (column: string) =>
  `exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = '${column}')`
const TABLES = `select format('%I.%I', n.nspname, c.relname) as name, ${has('tenant_id')} as "isTenants", ${has(SEEN)} as "isSeen"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'kernel') and c.relkind = 'r' and not (c.relname = any($1))
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`

interface Table {
  readonly name: string
  readonly isTenants: boolean
  readonly isSeen: boolean
}

/** All that a row holds, as one text; without need it is not made JSON first, for that takes longest of all. */
const contentOf = ({ isSeen }: Table) => (isSeen ? `(to_jsonb(t) - '${SEEN}')::text` : 't::text')

export class Snapshots {
  readonly #stage: Pick<Stage, 'query'>
  readonly #tables: readonly Table[]

  private constructor(stage: Pick<Stage, 'query'>, tables: readonly Table[]) {
    this.#stage = stage
    this.#tables = tables
  }

  /** @throws StartFault where the login sees no rows: then nothing could ever be found */
  static async open(stage: Stage): Promise<Snapshots> {
    const tables = await stage.query<Table>(TABLES, [NOT_READ])
    const snapshots = new Snapshots(stage, tables)
    const seen = Object.keys(await snapshots.ofTenant(stage.own.tenant))
    if (seen.length === 0)
      throw new StartFault('The kit needs a login that reads every row: DATABASE_OWNER_URL may name a superuser.')
    return snapshots
  }

  get tables(): readonly string[] {
    return this.#tables.map(({ name }) => name)
  }

  async #read(tables: readonly Table[], where: string, values: unknown[]): Promise<Snapshot> {
    const parts = tables.map(
      (table) =>
        `select '${table.name}' as name, count(*) || ' ' || coalesce(sum(hashtextextended(${contentOf(table)}, 0)), 0) as sum from ${table.name} t${where}`,
    )
    const rows = await this.#stage.query<{ name: string; sum: string }>(parts.join(' union all '), values)
    return Object.fromEntries(rows.filter(({ sum }) => sum !== '0 0').map(({ name, sum }) => [name, sum]))
  }

  whole(): Promise<Snapshot> {
    return this.#read(this.#tables, '', [])
  }

  ofTenant(tenant: string): Promise<Snapshot> {
    const tables = this.#tables.filter(({ isTenants }) => isTenants)
    return this.#read(tables, ' where tenant_id = $1', [tenant])
  }
}

/** The tables in which two snapshots differ. */
export const differences = (before: Snapshot, after: Snapshot): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name])
