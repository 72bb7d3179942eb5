/** What a change of a tenant's fields means for the rows that are there, in steps: their search text, their purge. */
import type { JsonObject, TaskProgress } from '../contract.ts'
import type { TenantTransaction } from '../data/database.ts'
import { problemOf } from '../data/problems.ts'
import type { Model } from '../resource/model.ts'

/** Makes the search text of rows anew. */
export const REFRESH = 'fields.refresh'
/** Takes values out of rows. */
export const PURGE = 'fields.purge'

export const isFieldsTask = (name: string): boolean => name === REFRESH || name === PURGE

const CHUNK = 500

interface State {
  readonly phase: string
  readonly after: string | null
  readonly plugin: string
  /** When it was asked for. */
  readonly from: string
  readonly names?: readonly string[]
  /** What goes: the names, with the companions of phones. */
  readonly values?: readonly string[]
}

type Step = TaskProgress & { state: JsonObject & { phase: string } }

/** The trigger of the search makes the text anew; nothing else changes, so there is no new version and no fact. */
const refreshed = ({ table }: Model) =>
  `update "${table}" set extensions = extensions where tenant_id = $1 and id = any($2::uuid[]) and extensions ? $3 returning id`

const purged = ({ table }: Model) =>
  `update "${table}" set extensions = case when (extensions -> $3) - $4::text[] = '{}' then extensions - $3
      else jsonb_set(extensions, array[$3], (extensions -> $3) - $4::text[]) end
    where tenant_id = $1 and id = any($2::uuid[]) and extensions -> $3 ?| $4::text[] returning id`

/** One chunk of rows, deleted ones too. `end` as phase says that nothing is left. */
export async function stepFields(
  transaction: TenantTransaction,
  { tenant, name, model }: { tenant: string; name: string; model: Model },
  cursor: JsonObject,
): Promise<Step> {
  const state = cursor as unknown as State
  const { rows } = await transaction.query<{ id: string }>({
    text: `select id from "${model.table}" where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit ${CHUNK}`,
    values: [tenant, state.after],
  })
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) {
    await settle(transaction, { tenant, name, resource: model.name }, state)
    return { state: { ...cursor, phase: 'end' } }
  }
  const isPurge = name === PURGE
  const values = [tenant, ids, state.plugin, ...(isPurge ? [state.values] : [])]
  const done = await transaction
    .query({ text: isPurge ? purged(model) : refreshed(model), values })
    .catch((error: unknown) => Promise.reject(problemOf(error)))
  return { state: { ...cursor, phase: 'work', after: ids.at(-1) as string }, done: done.rows.length }
}

async function settle(
  transaction: TenantTransaction,
  { tenant, name, resource }: { tenant: string; name: string; resource: string },
  { plugin, from, names = [] }: State,
): Promise<void> {
  const at = [tenant, resource, plugin]
  if (name === PURGE) {
    await transaction.query({
      text: `update kernel.tenant_fields set purged_at = now(), in_words = false
        where tenant_id = $1 and resource = $2 and plugin = $3 and name = any($4::text[]) and removed_at is not null`,
      values: [...at, names],
    })
    return
  }
  // What was defined anew meanwhile has a task of its own.
  await transaction.query({
    text: `update kernel.tenant_fields set in_words = removed_at is null and schema @> '{"x-search": true}'
      where tenant_id = $1 and resource = $2 and plugin = $3 and words_from <= $4::timestamptz`,
    values: [...at, from],
  })
}
