/** The rules by which a tenant keeps its records, as they stand in the database. */
import { randomUUID } from 'node:crypto'
import { type JsonObject, Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Query, Result, Transaction } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import { enterTask } from './task-store.ts'

export type Act = 'erase' | 'delete'

export interface RetentionRule {
  readonly id: string
  readonly resource: string
  readonly filter: JsonObject
  readonly act: Act
  readonly enabled: boolean
  readonly createdAt: string
  readonly createdBy: string | null
  readonly updatedAt: string
  readonly updatedBy: string | null
  readonly nextRunAt: string | null
  readonly lastRunAt: string | null
  /** How many records the last run has erased or deleted. */
  readonly lastCount: number | null
  /** Why it was not applied the last time, or not to its end. */
  readonly lastReason: string | null
}

type Run = { query<R>(query: Query): Promise<Result<R>> }

const MOST = 100
const SHOWN = `id, resource, filter, act, enabled, kernel.iso(created_at) as "createdAt", created_by as "createdBy",
  kernel.iso(updated_at) as "updatedAt", updated_by as "updatedBy",
  case when enabled then kernel.iso(next_run_at) end as "nextRunAt", kernel.iso(last_run_at) as "lastRunAt",
  last_count as "lastCount", last_reason as "lastReason"`

export async function listRules(database: Database, claims: Claims): Promise<RetentionRule[]> {
  const { rows } = await database.once<RetentionRule>(claims, 'read', {
    text: `select ${SHOWN} from kernel.retention_rules where tenant_id = $1 order by created_at, id`,
    values: [claims.tenant],
  })
  return rows
}

export async function readRule(run: Run, at: { tenant: string; id: string }): Promise<RetentionRule | null> {
  if (!isUuid(at.id)) return null
  const { rows } = await run.query<RetentionRule>({
    text: `select ${SHOWN} from kernel.retention_rules where tenant_id = $1 and id = $2`,
    values: [at.tenant, at.id],
  })
  return rows[0] ?? null
}

/** @throws Problem 404 */
export async function findRule(database: Database, claims: Claims, id: string): Promise<RetentionRule> {
  const run: Run = { query: (query) => database.once(claims, 'read', query) }
  const found = await readRule(run, { tenant: claims.tenant, id })
  if (!found) throw new Problem(404, 'not_found')
  return found
}

/** It is off until somebody has seen what it would do. @throws Problem 409 `too_many` beyond a hundred */
export async function addRule(
  database: Database,
  claims: Claims,
  rule: Pick<RetentionRule, 'resource' | 'filter' | 'act'>,
): Promise<RetentionRule> {
  const { rows } = await database.once<RetentionRule>(claims, 'write', {
    text: `insert into kernel.retention_rules (tenant_id, resource, filter, act) select $1, $2, $3, $4
      where (select count(*) from kernel.retention_rules where tenant_id = $1) < ${MOST} returning ${SHOWN}`,
    values: [claims.tenant, rule.resource, JSON.stringify(rule.filter), rule.act],
  })
  if (!rows[0]) throw new Problem(409, 'too_many', [{ path: '', code: 'too_many', params: { most: MOST } }])
  return rows[0]
}

/** @throws Problem 404 */
export async function changeRule(
  database: Database,
  claims: Claims,
  { id, filter, act, enabled }: Pick<RetentionRule, 'id' | 'filter' | 'act' | 'enabled'>,
): Promise<RetentionRule> {
  const { rows } = await database.once<RetentionRule>(claims, 'write', {
    text: `update kernel.retention_rules set filter = $3, act = $4, enabled = $5 where tenant_id = $1 and id = $2
      returning ${SHOWN}`,
    values: [claims.tenant, id, JSON.stringify(filter), act, enabled],
  })
  if (!rows[0]) throw new Problem(404, 'not_found')
  return rows[0]
}

/** @throws Problem 404 */
export async function removeRule(database: Database, claims: Claims, id: string): Promise<void> {
  const found = await findRule(database, claims, id)
  await database.once(claims, 'write', {
    text: 'delete from kernel.retention_rules where tenant_id = $1 and id = $2',
    values: [claims.tenant, found.id],
  })
}

/** Tenants of which a rule is due. */
export async function findDueTenants(database: Database): Promise<string[]> {
  const { rows } = await database.door<{ id: string }>({
    text: 'select distinct tenant_id as id from kernel.retention_rules where enabled and next_run_at <= now()',
  })
  return rows.map(({ id }) => id)
}

/**
 * Takes the rules of a tenant that are due, and begins a task for each: of several workers one takes a rule, once a day.
 * Of a resource that is not there, as when its plugin is off, the rule notes why it is passed over.
 * @returns how many tasks were begun
 */
export async function beginDueRules(
  transaction: Transaction,
  tenant: string,
  isThere: (resource: string) => boolean,
): Promise<number> {
  const { rows } = await transaction.query<{ id: string; resource: string; act: Act }>({
    text: `update kernel.retention_rules set last_run_at = now(), last_count = 0, last_reason = null,
        next_run_at = next_run_at + (1 + floor(extract(epoch from now() - next_run_at) / 86400)) * interval '1 day'
      where tenant_id = $1 and enabled and next_run_at <= now() returning id, resource, act`,
    values: [tenant],
  })
  const [begun, passed] = [
    rows.filter((rule) => isThere(rule.resource)),
    rows.filter((rule) => !isThere(rule.resource)),
  ]
  for (const { id, resource, act } of begun)
    await enterTask(transaction, {
      id: randomUUID(),
      tenant,
      name: `retention.${act}`,
      resource,
      permission: 'privacy.manage',
      cursor: { rule: id, phase: 'count', after: null, count: 0 },
    })
  for (const { id } of passed) await noteRun(transaction, { tenant, rule: id, reason: 'switched_off' })
  return begun.length
}

/** How far a run of a rule has come, or why it has ended. */
export async function noteRun(
  transaction: Transaction,
  run: { tenant: string; rule: string; count?: number; reason?: string },
): Promise<void> {
  await transaction.query({
    text: `update kernel.retention_rules set last_count = coalesce($3, last_count), last_reason = $4
      where tenant_id = $1 and id = $2`,
    values: [run.tenant, run.rule, run.count ?? null, run.reason ?? null],
  })
}
