/** Asks a PostgreSQL server by a real connection what state it is in. */
import { Client } from 'pg'
import { codeOf, reasonOf } from '../fault.ts'

export type Answer =
  | { state: 'ready'; versionNumber: number }
  /** It is there and will be ready or gone soon: starting, recovering or shutting down. */
  | { state: 'busy' }
  /** Nobody listens, or nobody answers. */
  | { state: 'silent'; reason: string }
  /** Name or password is refused. */
  | { state: 'denied'; reason: string }
  | { state: 'no database'; reason: string }
  | { state: 'broken'; reason: string }

/** One connection, waited for at most `patience` ms; never throws. */
export async function probe(url: string, patience: number): Promise<Answer> {
  let client: Client | undefined
  try {
    client = new Client({ connectionString: url, connectionTimeoutMillis: Math.max(patience, 1) })
    // A connection that ends between two answers is reported by the answer, not by an uncaught event.
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query("select current_setting('server_version_num')::int as number")
    return { state: 'ready', versionNumber: rows[0].number }
  } catch (error) {
    return judge(error)
  } finally {
    await client?.end().catch(() => {})
  }
}

/** Makes the database `name` unless it is listed; `url` leads to another database of the same server. */
export async function makeDatabase(url: string, name: string): Promise<true> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
    return true
  } finally {
    await client.end().catch(() => {})
  }
}

function judge(error: unknown): Answer {
  const reason = reasonOf(error).replace(/^.*\btimeout\b.*$/, 'no answer')
  const code = codeOf(error instanceof AggregateError ? error.errors[0] : error) ?? ''
  if (code === '57P03' || code === '57P01' || code === '57P02') return { state: 'busy' }
  if (code.startsWith('28')) return { state: 'denied', reason }
  if (code === '3D000') return { state: 'no database', reason }
  // Five signs are an error that the server itself reports; what comes without one never reached a ready server.
  const reported = /^[0-9A-Z]{5}$/.test(code)
  return reported ? { state: 'broken', reason } : { state: 'silent', reason }
}
