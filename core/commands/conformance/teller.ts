/** Tells facts to handlers at once, and once more, without waiting for the relay. */
import { findTenant } from '../../tenancy/directory.ts'
import { anyEvent } from '../../contract.ts'
import { Newer } from '../../host/newer.ts'
import { BEGUN } from '../../work/task-store.ts'
import { Deliverer, type KnownHandler } from '../../worker/deliverer.ts'
import { KERNEL_TASKS } from '../../worker/settling.ts'
import type { Stage } from './stage.ts'

export interface Fact {
  readonly id: string
  readonly event: string
}

/** A task goes on in another run that often at most. */
const RUNS = 50

export class Teller {
  readonly #stage: Stage
  readonly #handlers: ReadonlyMap<string, KnownHandler>
  readonly #deliverer: Deliverer
  /** What was said of handlers that failed. */
  readonly failures: string[] = []

  constructor(stage: Stage) {
    this.#stage = stage
    const { services } = stage
    const all = services.installed.flatMap((plugin) =>
      (plugin.plugin.handlers ?? []).map((handler) => [`${plugin.id}.${handler.name}`, { plugin, handler }] as const),
    )
    this.#handlers = new Map(all)
    const means = {
      database: services.database,
      switches: services.switches,
      compositions: services.compositions,
      contexts: services.contexts,
      leftOut: services.leftOut,
      logBudget: services.logBudget,
      newer: new Newer(services.database, services.installed),
      rights: services.rights,
      cursorKey: services.cursorKey,
      isMember: services.isMember,
      findTenant: (id: string) => findTenant(services.database, id),
      report: (message: string, { err }: Record<string, unknown>) =>
        void this.failures.push(err ? String(err) : message),
    }
    this.#deliverer = new Deliverer(means, this.#handlers, { isEnding: () => false, wake: () => {} })
  }

  /** Names of a plugin's handlers, each with its event. */
  handlersOf(plugin: string | null): { name: string; event: string; kind: string }[] {
    const mine = [...this.#handlers].filter(([, known]) => known.plugin.id === plugin)
    return mine.map(([name, { handler }]) => ({ name, event: handler.event.name, kind: handler.kind }))
  }

  async lastFact(tenant: string): Promise<string> {
    const text = `select coalesce(max(id), 0)::text as id from kernel.facts where tenant_id = $1`
    return (await this.#stage.query<{ id: string }>(text, [tenant]))[0]?.id ?? '0'
  }

  factsSince(tenant: string, after: string): Promise<Fact[]> {
    const text = `select id::text, event from kernel.facts where tenant_id = $1 and id > $2 order by facts.id limit 2000`
    return this.#stage.query<Fact>(text, [tenant, after])
  }

  async lastOf(tenant: string, event: string): Promise<Fact | undefined> {
    const text = `select id::text, event from kernel.facts where tenant_id = $1 and event = $2 order by facts.id desc limit 1`
    return (await this.#stage.query<Fact>(text, [tenant, event]))[0]
  }

  /** @returns the delivery */
  async enter(tenant: string, handler: string, fact: string): Promise<string> {
    const text = `insert into kernel.deliveries (tenant_id, handler, fact, state, leased_until)
      values ($1, $2, $3, 'queued', now() + interval '90 seconds')
      on conflict (tenant_id, handler, fact) do update set state = 'queued', attempts = 0 returning id`
    return (await this.#stage.query<{ id: string }>(text, [tenant, handler, fact]))[0]?.id as string
  }

  /** @returns how it stands then */
  async deliver(tenant: string, delivery: string): Promise<string> {
    for (let run = 0; run < RUNS; run++) {
      await this.#deliverer.deliver({ tenant, delivery, patient: false })
      const [row] = await this.#stage.query<{ state: string; attempts: number }>(
        'select state, attempts from kernel.deliveries where tenant_id = $1 and id = $2',
        [tenant, delivery],
      )
      if (row?.state !== 'waiting' || row.attempts > 0) return row?.state ?? 'gone'
      const again = `update kernel.deliveries set state = 'queued' where tenant_id = $1 and id = $2`
      await this.#stage.query(again, [tenant, delivery])
    }
    return 'waiting'
  }

  /** Tells what was written since: tasks of the kernel, and the handlers of one plugin. */
  async tellSince(tenant: string, after: string, plugin: string | null): Promise<void> {
    const mine = this.handlersOf(plugin)
    let last = after
    // What handlers write is told as well, and by no means for ever.
    for (let round = 0; round < 5; round++) {
      const facts = await this.factsSince(tenant, last)
      for (const { id, event } of facts) {
        const wanting = mine.filter((each) => each.event === event || each.event === anyEvent.name)
        const names = event === BEGUN ? [KERNEL_TASKS] : wanting.map(({ name }) => name)
        for (const name of names) await this.deliver(tenant, await this.enter(tenant, name, id))
      }
      last = facts.at(-1)?.id ?? last
      if (facts.length === 0) return
    }
  }
}
