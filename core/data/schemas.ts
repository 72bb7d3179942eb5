/** What is kept of each plugin's schemas, so that its rows are still understood when its folder is gone or broken. */
import type { JsonObject } from '../contract.ts'
import type { Described } from '../resource/description.ts'
import { compileModels } from '../resource/description.ts'
import type { Query, Result } from './database.ts'

/** Why a plugin is left out, without words: those are the host's. */
export type Cause = { readonly code: string; readonly params: JsonObject }

/** A newer version of it, or of what it requires, has prepared the database: that one is not to be kept from its work. */
const isAhead = (cause: Cause | undefined): boolean =>
  cause !== undefined && (cause.code === 'ahead' || isAhead(cause.params.because as Cause | undefined))

export const detachedCause = (plugin: string): Cause => ({ code: 'detached', params: { plugin } })

export interface Kept {
  readonly plugin: string
  readonly version: string | null
  readonly name: { readonly en: string; readonly fr: string } | null
  /** As it was when its migration last went through; null where it never did. */
  readonly description: Described | null
  /** Why its migration was rolled back the last time. */
  readonly refused: Cause | null
  readonly detached: boolean
  /** The number of the migration to which it was taken back, null at its last one. */
  readonly held: number | null
}

type Run = (query: Query) => Promise<Result<Kept>>

export async function readKept(run: Run): Promise<Kept[]> {
  const { rows } = await run({
    text: `select plugin, version, name, description, refused, detached_at is not null as detached, held_at as held
      from kernel.schemas order by plugin`,
  })
  return rows
}

/** @throws never: what was written by another version of the kernel may not be understood by this one */
function isUnderstood(others: readonly Described[], each: Described): boolean {
  try {
    return compileModels([...others, each]).length > 0
  } catch {
    return false
  }
}

/**
 * The descriptions of an installation: those of the plugins that are whole, and of the others as they were kept.
 * @param whole those that are here and not refused
 */
export function withKept(whole: readonly Described[], kept: readonly Kept[]): Described[] {
  const all = [...whole]
  for (const { plugin, description, detached } of kept) {
    if (detached || !description || whole.some(({ id }) => id === plugin)) continue
    if (isUnderstood(all, description)) all.push(description)
  }
  // One order whoever is here, because what is derived depends on it.
  return all.toSorted((a, b) => Number(b.isKernel) - Number(a.isKernel) || (a.id < b.id ? -1 : 1))
}

/**
 * Where a new version asks for more than the one before it, what every tenant has is noted: the rest waits for its
 * administrator. Tenants that are made later are asked for nothing, because they begin with all of it.
 */
async function keepConsents(run: (query: Query) => Promise<unknown>, { id, asks }: Described): Promise<void> {
  if (!asks) return
  await run({
    text: `insert into kernel.consents (tenant_id, plugin, asks) select t.id, s.plugin, s.description -> 'asks'
      from kernel.schemas s cross join kernel.tenants t
      where s.plugin = $1 and s.description ? 'asks' and not s.description -> 'asks' @> $2::jsonb
      on conflict (tenant_id, plugin) do nothing`,
    values: [id, JSON.stringify(asks)],
  })
}

/** Enters those that were migrated and those that were refused; others stay as they are. */
export async function keepSchemas(
  run: (query: Query) => Promise<unknown>,
  described: readonly Described[],
  refused: ReadonlyMap<string, Cause>,
): Promise<void> {
  for (const each of described.filter(({ id, isKernel }) => !isKernel && !isAhead(refused.get(id)))) {
    const reason = refused.get(each.id) ?? null
    if (!reason) await keepConsents(run, each)
    await run({
      text: `insert into kernel.schemas as s (plugin, version, name, description, refused) values ($1, $2, $3, $4, $5)
        on conflict (plugin) do update set refused = excluded.refused,
          held_at = case when excluded.refused is not null then s.held_at end,
          version = case when excluded.refused is null then excluded.version else s.version end,
          name = coalesce(excluded.name, s.name), migrated_at = now(),
          description = coalesce(excluded.description, s.description)
        where s.detached_at is null and (s.version, s.name, s.description, s.refused) is distinct from
          (excluded.version, excluded.name, coalesce(excluded.description, s.description), excluded.refused)`,
      values: [
        each.id,
        each.version,
        JSON.stringify(each.name),
        reason ? null : JSON.stringify(each),
        reason && JSON.stringify(reason),
      ],
    })
  }
  // Of what never had a table nothing is left to understand.
  const ids = described.map(({ id }) => id)
  await run({
    text: 'delete from kernel.schemas where description is null and held_at is null and not plugin = any($1)',
    values: [ids],
  })
}
