/**
 * Turns committed facts into deliveries and hands due ones to the queue. The cursor stops before the oldest running
 * transaction, so that a fact with a lower number which commits later is not missed.
 */
import type { Database, Transaction } from '../data/database.ts'
import type { Carrier, Job } from './queue.ts'

const BATCH = 500
/** A delivery that was handed over and not finished within this is handed over again. No handler may run so long. */
const LEASE_SECONDS = 90

interface RelayedFact {
  readonly id: string
  readonly xid: string
  readonly tenant_id: string
  readonly event: string
}

/** Which handlers want an event of a tenant, as `<plugin>.<handler>`. */
export type Subscribers = (tenant: string, event: string) => Promise<readonly string[]>

export class Relay {
  readonly #database: Database
  readonly #subscribers: Subscribers
  readonly #carrier: Carrier

  constructor(database: Database, subscribers: Subscribers, carrier: Carrier) {
    this.#database = database
    this.#subscribers = subscribers
    this.#carrier = carrier
  }

  /** One look at new facts and due deliveries. @returns whether there may be more */
  async turn(): Promise<boolean> {
    const relayed = await this.#database.directory((transaction) => this.#relay(transaction))
    const swept = await this.#sweep()
    return relayed === BATCH || swept === BATCH
  }

  async #relay(transaction: Transaction): Promise<number> {
    // One relay at a time: another process waits for its turn on this row.
    const cursor = await transaction.query<{ xid: string; fact: string }>({
      text: 'select xid::text, fact::text from kernel.relay for update skip locked',
    })
    const at = cursor.rows[0]
    if (!at) return 0
    const { rows } = await transaction.query<RelayedFact>({
      text: `select id::text, xid::text, tenant_id, event from kernel.facts
        where (xid, id) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
        order by xid, id limit ${BATCH}`,
      values: [at.xid, at.fact],
    })
    const last = rows.at(-1)
    if (!last) return 0
    const told = await Promise.all(
      rows.map(async (fact) => ({ fact, handlers: await this.#subscribers(fact.tenant_id, fact.event) })),
    )
    const deliveries = told.flatMap(({ fact, handlers }) =>
      handlers.map((handler) => [fact.tenant_id, handler, fact.id] as const),
    )
    if (deliveries.length > 0) {
      await transaction.query({
        text: `insert into kernel.deliveries (tenant_id, handler, fact)
          select * from unnest($1::uuid[], $2::text[], $3::bigint[]) on conflict do nothing`,
        values: [0, 1, 2].map((i) => deliveries.map((delivery) => delivery[i])),
      })
    }
    await transaction.query({ text: 'update kernel.relay set xid = $1, fact = $2', values: [last.xid, last.id] })
    return rows.length
  }

  /** Marks due deliveries as queued, commits, and only then hands them over: what is lost in between comes round. */
  async #sweep(): Promise<number> {
    const { rows } = await this.#database.door<Job>({
      name: 'sweep_deliveries',
      text: `update kernel.deliveries set state = 'queued', leased_until = now() + interval '${LEASE_SECONDS} seconds', updated_at = now()
        where (tenant_id, id) in (select tenant_id, id from kernel.deliveries
          where state in ('waiting', 'queued') and due <= now() and (state = 'waiting' or leased_until < now())
          order by due limit ${BATCH} for update skip locked)
        returning tenant_id as tenant, id as delivery`,
    })
    if (rows.length > 0) await this.#carrier.add(rows)
    return rows.length
  }
}
