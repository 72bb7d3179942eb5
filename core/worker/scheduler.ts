/** Tells what is due. Of several workers one tells each time: it is moved on, or taken away, with the fact that it becomes. */
import type { Claims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import { nextDue } from '../delivery/schedule.ts'
import type { Installed } from '../host/manifest.ts'

const BATCH = 200
/** How long one that cannot be told stands back, so that it does not hold up the others. */
const STAND_BACK = `interval '1 minute'`

interface Due {
  readonly tenant: string
  readonly id: string
  readonly plugin: string
  readonly event: string
  readonly due: string
  readonly every: string | null
  readonly tz: string
}

export class Scheduler {
  readonly #database: Database
  readonly #installed: readonly Installed[]
  readonly #report: (error: unknown, schedule: Due) => void

  constructor(database: Database, installed: readonly Installed[], report: (error: unknown, schedule: Due) => void) {
    this.#database = database
    this.#installed = installed
    this.#report = report
  }

  /**
   * Enters what manifests declare for every tenant, and takes out what they declare no more.
   * @param newer plugins of which a newer version says it, elsewhere
   */
  async declare(newer: ReadonlySet<string>): Promise<void> {
    const now = this.#database.now()
    const own = this.#installed.filter(({ id }) => !newer.has(id))
    const lines = own.flatMap(({ id, manifest }) =>
      Object.entries(manifest.schedules).map(([event, every]) => [id, event, every, nextDue(every, 'UTC', now)]),
    )
    const columns = [0, 1, 2, 3].map((i) => lines.map((line) => line[i]))
    await this.#database.door({
      text: `delete from kernel.schedules s where declared and plugin = any($3::text[]) and not exists
        (select from unnest($1::text[], $2::text[]) as l (plugin, event) where l.plugin = s.plugin and l.event = s.event)`,
      values: [...columns.slice(0, 2), own.map(({ id }) => id)],
    })
    await this.#database.door({
      text: `insert into kernel.schedules (tenant_id, plugin, event, key, due, every, declared)
        select t.id, l.plugin, l.event, '', l.due, l.every, true from kernel.tenants t,
          unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as l (plugin, event, every, due)
        on conflict (tenant_id, event, key) do update set due = excluded.due, every = excluded.every
          where schedules.every is distinct from excluded.every`,
      values: columns,
    })
  }

  /** @returns how many were told */
  async turn(): Promise<number> {
    const { rows } = await this.#database.door<Due>({
      name: 'due_schedules',
      text: `select tenant_id as tenant, id, plugin, event, due::text, every, tz from kernel.schedules s
        where due <= now() and plugin = any($1::text[]) and not exists (select from kernel.tenant_plugins p
          where p.tenant_id = s.tenant_id and p.plugin = s.plugin and not p.enabled)
        order by s.due limit ${BATCH}`,
      values: [this.#installed.map(({ id }) => id)],
    })
    let told = 0
    for (const schedule of rows) {
      try {
        if (await this.#tell(schedule)) told++
      } catch (error) {
        this.#report(error, schedule)
        await this.#database.door({
          text: `update kernel.schedules set due = now() + ${STAND_BACK} where tenant_id = $1 and id = $2 and due = $3`,
          values: [schedule.tenant, schedule.id, schedule.due],
        })
      }
    }
    return told
  }

  async #tell({ tenant, id, plugin, event, due, every, tz }: Due): Promise<boolean> {
    const claims: Claims = {
      tenant,
      actorKind: 'system',
      actor: null,
      plugin,
      request: id,
      origin: null,
      task: null,
      at: null,
    }
    const taken =
      every === null
        ? { text: 'delete from kernel.schedules where tenant_id = $1 and id = $2 and due = $3 returning payload' }
        : {
            text: 'update kernel.schedules set due = $4 where tenant_id = $1 and id = $2 and due = $3 returning payload',
          }
    // What was missed while nothing ran is told once, not once for each time; and never for the same time again, should the
    // time that is known here lag behind the database's by an instant.
    const from = new Date(Math.max(this.#database.now().getTime(), new Date(due).getTime()))
    const next = every === null ? [] : [nextDue(every, tz, from)]
    const { rowCount } = await this.#database.once(claims, 'write', {
      text: `with taken as (${taken.text}) select kernel.emit($${4 + next.length}, payload) from taken`,
      values: [tenant, id, due, ...next, event],
    })
    return rowCount === 1
  }
}
