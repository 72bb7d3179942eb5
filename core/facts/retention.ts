/** Forgets the history that tenants do not keep, and makes the months in which the next facts stand. */
import { type Claims, kernelClaims } from '../data/context.ts'
import type { Database } from '../data/database.ts'

const CHUNK = 5_000

/** In short transactions, for every tenant that keeps its history for some months only. */
export async function forgetFacts(database: Database): Promise<void> {
  const text = 'select id from kernel.tenants where history_months is not null'
  const { rows } = await database.door<{ id: string }>({ text })
  for (const { id } of rows) {
    const forget = { text: 'select kernel.forget_facts($1) as number', values: [CHUNK] }
    const next = () => database.once<{ number: number }>(kernelClaims(id), 'write', forget)
    while ((await next()).rows[0]?.number === CHUNK);
  }
}

/** Sweeps away what is no record and older than its table is kept, for every tenant, in short transactions. */
export async function sweepRows(database: Database): Promise<void> {
  const kept = await database.door({ text: 'select 1 from kernel.kept_tables limit 1' })
  if (kept.rows.length === 0) return
  const { rows } = await database.door<{ id: string }>({ text: 'select id from kernel.tenants' })
  const sweep = { text: 'select kernel.sweep_rows($1) as number', values: [CHUNK] }
  for (const { id } of rows) {
    const next = () => database.once<{ number: number }>(kernelClaims(id), 'write', sweep)
    while ((await next()).rows[0]?.number === CHUNK);
  }
}

export async function findHistory(database: Database, tenant: string): Promise<{ months: number | null }> {
  const { rows } = await database.door<{ months: number | null }>({
    text: 'select history_months as months from kernel.tenants where id = $1',
    values: [tenant],
  })
  return { months: rows[0]?.months ?? null }
}

/** @param months at least one; null keeps all of it */
export async function keepHistory(database: Database, claims: Claims, months: number | null): Promise<void> {
  await database.once(claims, 'write', { text: 'select kernel.keep_history($1)', values: [months] })
}
