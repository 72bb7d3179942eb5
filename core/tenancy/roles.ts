/** Roles and teams of a tenant, as they are kept. What a role gives is read in `work/rights.ts`. */
import { type ChosenRole, roleNamed, type Team, type TenantRole } from '../access/grants.ts'
import { Problem } from '../contract.ts'
import type { Database, Run, Transaction } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'

type Directory = Pick<Database, 'directory'>

export interface OwnRoles {
  readonly roles: ReadonlyMap<string, TenantRole>
  readonly teams: readonly Team[]
}

/** By name. */
export async function readRoles(run: Run, tenant: string): Promise<OwnRoles> {
  const roles = await run<TenantRole>({
    name: 'tenant_roles',
    text: 'select id, name, version, grants from kernel.roles where tenant_id = $1 order by lower(name), id',
    values: [tenant],
  })
  const teams = await run<Team>({
    name: 'tenant_teams',
    text: 'select id, name, version, members from kernel.teams where tenant_id = $1 order by lower(name), id',
    values: [tenant],
  })
  return { roles: new Map(roles.rows.map((role) => [role.id, role])), teams: teams.rows }
}

/** What is given of a role or a team, by column. */
type Given = Readonly<Record<string, unknown>>
type Kind = 'roles' | 'teams'

const notFound = () => new Problem(404, 'not_found')
const COLUMNS = { roles: 'id, name, version, grants', teams: 'id, name, version, members' } as const
const COUNT_MOST = 200

/** A name that is taken, and a member or role that is not there, are told as what they are. */
function explain(error: unknown): never {
  const { code, constraint = '' } = error as { code?: string; constraint?: string }
  if (code === '23505' && constraint.endsWith('_name'))
    throw new Problem(409, 'unique', [{ path: '/name', code: 'unique' }])
  if (code === '23503') throw new Problem(409, 'in_use')
  throw error
}

const within = <T>(database: Directory, work: (transaction: Transaction) => Promise<T>): Promise<T> =>
  database.directory(work).catch(explain)

/** @throws Problem 409 `unique` with path `/name`, or `too_many` */
export function createOwn<T>(database: Directory, kind: Kind, tenant: string, given: Given): Promise<T> {
  const names = Object.keys(given)
  return within(database, async (transaction) => {
    await transaction.query({ text: 'select from kernel.tenants where id = $1 for no key update', values: [tenant] })
    const { rows: count } = await transaction.query<{ count: number }>({
      text: `select count(*)::int as count from kernel.${kind} where tenant_id = $1`,
      values: [tenant],
    })
    if (count[0]!.count >= COUNT_MOST)
      throw new Problem(409, 'too_many', [{ path: '', code: 'too_many', params: { limit: COUNT_MOST } }])
    const { rows } = await transaction.query<T>({
      text: `insert into kernel.${kind} (tenant_id, ${names.join(', ')})
        values ($1, ${names.map((_, i) => `$${i + 2}`).join(', ')}) returning ${COLUMNS[kind]}`,
      values: [tenant, ...Object.values(given)],
    })
    return rows[0] as T
  })
}

/** @throws Problem 404 `not_found`; 412 `stale` for another version; 409 `unique` */
export function changeOwn<T>(
  database: Directory,
  kind: Kind,
  { tenant, id, version }: { tenant: string; id: string; version: number },
  given: Given,
): Promise<T> {
  if (!isUuid(id)) throw notFound()
  const sets = Object.keys(given).map((name, i) => `, ${name} = $${i + 4}`)
  return within(database, async (transaction) => {
    const { rows } = await transaction.query<T>({
      text: `update kernel.${kind} set version = version + 1, updated_at = now()${sets.join('')}
        where tenant_id = $1 and id = $2 and version = $3 returning ${COLUMNS[kind]}`,
      values: [tenant, id, version, ...Object.values(given)],
    })
    if (rows[0]) return rows[0]
    const found = await transaction.query({
      text: `select from kernel.${kind} where tenant_id = $1 and id = $2`,
      values: [tenant, id],
    })
    throw found.rowCount === 1 ? new Problem(412, 'stale') : notFound()
  })
}

/** @throws Problem 404 `not_found`; 409 `in_use` for a role that somebody has or is invited to */
export async function removeOwn(database: Directory, kind: Kind, tenant: string, id: string): Promise<void> {
  if (!isUuid(id)) throw notFound()
  await within(database, async (transaction) => {
    const { rowCount } = await transaction.query({
      text: `delete from kernel.${kind} where tenant_id = $1 and id = $2`,
      values: [tenant, id],
    })
    if (rowCount !== 1) throw notFound()
  })
}

/** @throws Problem 400 `invalid` with path `/role` for one that is not there */
export function chooseRole(word: string, { roles }: Pick<OwnRoles, 'roles'>): ChosenRole {
  const chosen = roleNamed(word)
  if (chosen.roleId === null || roles.has(chosen.roleId)) return chosen
  throw new Problem(400, 'invalid', [{ path: '/role', code: 'unknown' }])
}
