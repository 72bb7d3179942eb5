/** What a `ctx` tells: named facts, now or later. */
import { randomUUID } from 'node:crypto'
import type { Ctx, Event, JsonObject, Schedule } from '../contract.ts'
import { firstDue } from '../delivery/schedule.ts'
import type { Unit } from './unit.ts'

interface Teller {
  readonly tenant: string
  readonly plugin: string
  readonly now: Date
  /** @throws Error where nothing can be written */
  open(): Unit
}

const MAX_TOLD = 1_000

const SCHEDULE = `insert into kernel.schedules (tenant_id, plugin, event, key, payload, due, every, tz)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, event, key) do update
    set payload = excluded.payload, due = excluded.due, every = excluded.every, tz = excluded.tz`
const CANCEL = 'delete from kernel.schedules where tenant_id = $1 and event = $2 and key = $3 and not declared'

export function eventsOf({ tenant, plugin, now, open }: Teller): Pick<Ctx, 'emit' | 'cancel'> {
  const assertOwn = ({ name }: { name: string }) => {
    if (!name.startsWith(`${plugin}.`)) throw new Error(`${plugin} cannot tell ${name}: it is not its own event.`)
  }
  let told = 0
  const count = () => {
    if (++told > MAX_TOLD) throw new Error(`One unit of work tells at most ${MAX_TOLD} events.`)
  }
  return {
    async emit<P extends JsonObject>(event: Event<P>, payload: P, schedule?: Schedule) {
      assertOwn(event)
      count()
      const body = JSON.stringify(payload)
      if (!schedule)
        return void (await open().write({ text: 'select kernel.emit($1, $2)', values: [event.name, body] }))
      const { every = null, tz = 'UTC', key = randomUUID() } = schedule
      const values = [tenant, plugin, event.name, key, body, firstDue(schedule, now), every, tz]
      await open().write({ name: 'schedule', text: SCHEDULE, values })
    },
    async cancel(event, key) {
      assertOwn(event)
      const { rowCount } = await open().write({ text: CANCEL, values: [tenant, event.name, key] })
      return rowCount === 1
    },
  }
}
