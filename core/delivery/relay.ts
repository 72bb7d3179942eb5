/**
 * Turns committed facts into deliveries and hands due ones to the queue. The cursor stops before the oldest running
 * transaction, so that a fact with a lower number which commits later is not missed.
 */
import type { Database, Transaction } from '../data/database.ts'
import type { Carrier, Job } from './queue.ts'

const BATCH = 500
/** A delivery that was handed over and not finished within this is handed over again. No handler may run so long. */
const LEASE_SECONDS = 90

/** How many deliveries of one tenant are handed over and not finished at a time. */
const SHARE = 200
/** And how many of them to patient handlers, so that those of one tenant leave room for those of others. */
const PATIENT_SHARE = 6
/** How long after an end it is looked for what that has made room for: many ends cost one look. */
const REFILL_MS = 50
const OPEN = `state in ('waiting', 'queued')`

/**
 * Takes from each tenant in turn, the oldest first, so that a tenant with few deliveries waits for few of the others.
 * Tenants are found by skipping along the index, which costs as much as there are tenants with something open.
 */
const SWEEP = `with recursive tenants as (
    (select tenant_id from kernel.deliveries where ${OPEN} order by tenant_id limit 1)
    union all
    select (select tenant_id from kernel.deliveries d where ${OPEN} and d.tenant_id > t.tenant_id order by tenant_id limit 1)
    from tenants t where t.tenant_id is not null
  ), due as materialized (
    select d.tenant_id, d.id, d.turn
    from tenants t cross join lateral (
      select count(*) as quick, count(*) filter (where handler = any($1::text[])) as patient from kernel.deliveries
      where tenant_id = t.tenant_id and state = 'queued' and leased_until >= now()
    ) given cross join lateral (
      select tenant_id, id, is_patient, row_number() over (order by due) as turn,
        row_number() over (partition by is_patient order by due) as place
      from (select tenant_id, id, due, handler = any($1::text[]) as is_patient from kernel.deliveries
        where tenant_id = t.tenant_id and ${OPEN} and due <= now() and (state = 'waiting' or leased_until < now())
        order by due limit ${2 * SHARE}) first
    ) d where d.place <= case when d.is_patient then ${PATIENT_SHARE} - given.patient else ${SHARE} - given.quick end
    order by turn limit ${BATCH}
  )
  update kernel.deliveries set state = 'queued', leased_until = now() + interval '${LEASE_SECONDS} seconds', updated_at = now()
  where (tenant_id, id) in (select tenant_id, id from kernel.deliveries
    where (tenant_id, id) in (select tenant_id, id from due) and ${OPEN} and (state = 'waiting' or leased_until < now())
    for update skip locked)
  returning tenant_id as tenant, id as delivery, handler = any($1::text[]) as patient`

export interface RelayedFact {
  readonly id: string
  readonly xid: string
  readonly tenant_id: string
  readonly event: string
  readonly plugin: string | null
}

/** Which handlers want each of some facts, as `<plugin>.<handler>`. */
export type Subscribers = (facts: readonly RelayedFact[]) => Promise<readonly (readonly string[])[]>

export class Relay {
  readonly #database: Database
  readonly #subscribers: Subscribers
  readonly #carrier: Carrier
  readonly #patient: readonly string[]
  /** Whether more may be due than may be handed over at a time. */
  #isBehind = false
  #isLooking = false
  #ended = 0

  /** @param patient the handlers that mostly wait for others, as `<plugin>.<handler>` */
  constructor(database: Database, subscribers: Subscribers, carrier: Carrier, patient: readonly string[] = []) {
    this.#database = database
    this.#subscribers = subscribers
    this.#carrier = carrier
    this.#patient = patient
  }

  /** Told of each delivery that has ended: where others are held back, it is looked for them in a moment. */
  noteEnd(look: () => void): void {
    this.#ended++
    if (!this.#isBehind || this.#isLooking) return
    this.#isLooking = true
    setTimeout(() => {
      this.#isLooking = false
      look()
    }, REFILL_MS)
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
    // Read in the order of the index, as many as are taken: behind a bulk they would all be sorted for each batch.
    await transaction.query({ text: 'set local enable_sort = off' })
    const { rows } = await transaction.query<RelayedFact>({
      text: `select id::text, xid::text, tenant_id, event, plugin from kernel.facts
        where (xid, id) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
        order by facts.xid, facts.id limit ${BATCH}`,
      values: [at.xid, at.fact],
    })
    const last = rows.at(-1)
    if (!last) return 0
    const told = await this.#subscribers(rows)
    const deliveries = rows.flatMap((fact, i) => told[i]!.map((handler) => [fact.tenant_id, handler, fact.id] as const))
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
    const ended = this.#ended
    this.#ended = 0
    const { rows } = await this.#database.door<Job>({
      name: 'sweep_deliveries',
      text: SWEEP,
      values: [this.#patient],
    })
    // There was room, and nothing to fill it.
    if (rows.length === 0 && ended > 0) this.#isBehind = false
    if (rows.length >= PATIENT_SHARE) this.#isBehind = true
    if (rows.length > 0) await this.#handOver(rows)
    return rows.length
  }

  /** What a queue that is away does not take need not wait for its lease. */
  async #handOver(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#carrier.add(jobs)
    } catch (error) {
      await this.#database.door({
        text: `update kernel.deliveries set state = 'waiting', due = now() + interval '1 second', updated_at = now()
          where state = 'queued' and (tenant_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
        values: [jobs.map(({ tenant }) => tenant), jobs.map(({ delivery }) => delivery)],
      })
      throw error
    }
  }
}
