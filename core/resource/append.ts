/** Many rows entered by one statement. */
import type { JsonObject } from '../contract.ts'
import { Parameters } from './filter.ts'
import { compileGuards, type Ruled } from './guard.ts'
import { named, type Statement } from './list.ts'
import type { Field, Model } from './model.ts'
import { castOf } from './projection.ts'

/** One row: its columns by field, as in a body, and its extension column. */
export interface Entry {
  readonly id: string
  readonly columns: ReadonlyMap<Field, unknown>
  readonly extensions: JsonObject | null
}

/**
 * Returns `{ count }`: of all rows, or none where a reference of one of them is not there. The rows travel as one JSON
 * text, so that one resource has one statement, however many there are.
 */
export function compileAppend(
  model: Model,
  entries: readonly Entry[],
  at: { tenant: string; ruled: readonly Ruled[] },
): Statement {
  const slots = new Parameters(at.tenant)
  const lines = entries.map(({ id, columns, extensions }) => ({
    id,
    extensions: extensions ?? {},
    ...Object.fromEntries([...columns].map(([{ column }, value]) => [column, value])),
  }))
  const given = slots.add(JSON.stringify(lines), 'jsonb')
  const types = model.own.map((field) => `${field.sql} ${castOf(field)}`)
  const names = ['id', ...model.own.map(({ sql }) => sql), 'extensions'].join(', ')
  const missing = missingOf(model, at.ruled, slots)
  const where = missing.length > 0 ? ` where not exists (${missing.join(' union all ')})` : ''
  return named(
    `with given as materialized (select * from jsonb_to_recordset(${given}) as g(id uuid, ${types.join(', ')}, extensions jsonb)), ` +
      `written as (insert into ${model.table} (tenant_id, ${names}) select $1::uuid, ${names} from given${where} returning 1) ` +
      `select count(*)::integer as count from written`,
    slots.values,
  )
}

/** For each reference the rows whose record is not there, or deleted, or not met. */
function missingOf(model: Model, ruled: readonly Ruled[], slots: Parameters): string[] {
  const references = model.own.filter(({ ref }) => ref !== null && ref !== 'users')
  return references.map(({ sql, ref }) => {
    const id = `g.${sql}`
    const met = ruled.filter((each) => ref === 'any' || ref === each.model.name)
    const guards = compileGuards(met, slots, { resource: 'r.resource', id })
    const resource = ref === 'any' ? '' : ` and r.resource = '${ref}'`
    const record = `select 1 from kernel.records r where r.tenant_id = $1::uuid and r.id = ${id} and r.deleted_at is null${resource}${guards}`
    return `select 1 from given g where ${id} is not null and not exists (${record})`
  })
}
