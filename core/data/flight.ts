/**
 * One statement in a transaction of its own, as one message to PostgreSQL and one answer. Statements that are sent
 * before one Sync are one transaction: it is committed with the Sync, and when one of them fails, those after it are
 * skipped and nothing is done. So the statement never runs without the context that goes before it.
 */
import type { Client, PoolClient } from 'pg'
import { Query as PgQuery } from 'pg'

export interface Query {
  readonly name?: string
  readonly text: string
  readonly values?: unknown[]
  /** Planned for the values of each run. A prepared statement is otherwise soon planned once for all values. */
  readonly isPlannedEachTime?: boolean
  /**
   * Read in the order of an index, however few rows PostgreSQL expects: taken for few, it would read all that are left
   * and sort them, to give the first.
   */
  readonly isOrdered?: boolean
}

// Rows of compiled statements are shaped by their statement.
export type Result<R> = { rows: R[]; rowCount: number | null }

/** `optimistic` refuses to wait for a row only to find it changed: PostgreSQL then answers 40001. */
export type Mode = 'read' | 'snapshot' | 'write' | 'optimistic'

/** Gives no row, so that the answer holds only what the statement gives. */
const contextText = (more = '') =>
  `select 1 where (set_config('app.ctx', $1, true) || set_config('transaction_read_only', $2, true)${more}) is null`
const CONTEXTS = {
  plain: { name: 'weft_context', text: contextText() },
  planned: {
    name: 'weft_context_plan',
    text: contextText(` || set_config('plan_cache_mode', 'force_custom_plan', true)`),
  },
  ordered: { name: 'weft_context_order', text: contextText(` || set_config('enable_sort', 'off', true)`) },
} as const
/** The level of a transaction can only be chosen before its first statement. */
const LEVELS: Partial<Record<Mode, string>> = { snapshot: 'repeatable read read only', optimistic: 'repeatable read' }

const contextOf = ({ isPlannedEachTime, isOrdered }: Query) =>
  CONTEXTS[isPlannedEachTime ? 'planned' : isOrdered ? 'ordered' : 'plain'].name
const beginName = (mode: Mode) => `weft_begin_${mode}`
const commitName = 'weft_commit'

/** Once for each connection, before its first flight. */
export async function prepareFlights(client: Client): Promise<void> {
  const begins = Object.entries(LEVELS).flatMap(([mode, level]) => [
    { name: beginName(mode as Mode), text: `begin isolation level ${level}` },
    { name: commitName, text: 'commit' },
  ])
  const contexts = Object.values(CONTEXTS).map((context) => ({ ...context, values: ['', 'off'] }))
  await Promise.all([...contexts, ...begins].map((query) => client.query(query)))
}

/** The parts of pg's query that a flight builds on. They are pg's own affair: its version is pinned. */
interface Wire {
  bind(message: { portal: string; statement: string; values: string[]; valueMapper: (value: string) => string }): void
  execute(message: { portal: string }): void
  sync(): void
}
interface WireQuery {
  prepare(wire: Wire): void
  _getRows(wire: Wire): void
  handleCommandComplete(message: unknown, wire: Wire): void
}
type Done = (error: Error | null, result: unknown) => void
const BaseQuery = PgQuery as unknown as new (config: Query & { queryMode: 'extended' }, done: Done) => WireQuery

class Flight extends BaseQuery {
  readonly #mode: Mode
  readonly #context: string
  readonly #contextName: string
  #completed = 0

  constructor(query: Query, { mode, context }: { mode: Mode; context: string }, done: Done) {
    super({ ...query, queryMode: 'extended' }, done)
    this.#mode = mode
    this.#context = context
    this.#contextName = contextOf(query)
  }

  #run(wire: Wire, statement: string, values: string[] = []): void {
    wire.bind({ portal: '', statement, values, valueMapper: (value) => value })
    wire.execute({ portal: '' })
  }

  override prepare(wire: Wire): void {
    if (LEVELS[this.#mode]) this.#run(wire, beginName(this.#mode))
    this.#run(wire, this.#contextName, [
      this.#context,
      this.#mode === 'read' || this.#mode === 'snapshot' ? 'on' : 'off',
    ])
    super.prepare(wire)
  }

  override _getRows(wire: Wire): void {
    wire.execute({ portal: '' })
    if (LEVELS[this.#mode]) this.#run(wire, commitName)
    wire.sync()
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    const own = LEVELS[this.#mode] ? 2 : 1
    if (this.#completed++ === own) super.handleCommandComplete(message, wire)
  }
}

export async function fly<R>(
  client: PoolClient,
  order: { mode: Mode; context: string },
  query: Query,
): Promise<Result<R>> {
  try {
    return await new Promise<Result<R>>((resolve, reject) => {
      const done: Done = (error, result) => (error ? reject(error) : resolve(result as Result<R>))
      client.query(new Flight(query, order, done) as never)
    })
  } catch (error) {
    // A transaction that was begun by name is not ended by the Sync. Of a lost connection the pool is told by the error.
    if (LEVELS[order.mode]) await client.query('rollback').catch(() => {})
    throw error
  }
}
