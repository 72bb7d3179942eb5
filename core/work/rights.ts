/** What may be done: by a caller, and by whoever began work that still lasts. */
import type { Role } from '../access/identity.ts'
import { effective, type Holding, type PermissionEntry } from '../access/policy.ts'
import { type Author, findRole, type Standing } from '../access/role.ts'
import type { Database } from '../data/database.ts'
import { compileGet } from '../resource/list.ts'
import type { Member } from '../tenancy/directory.ts'
import type { Switches, TenantState } from '../tenancy/switches.ts'
import { type Composition, type Compositions, narrow } from './composition.ts'
import { NO_RULES, type Rules, rulesFor } from './rules.ts'
import type { Unit } from './unit.ts'

export type OwnedPermission = PermissionEntry & { readonly plugin: string | null }

const entries = new WeakMap<Composition, PermissionEntry[]>()

/** The permissions that the kernel and a tenant's enabled plugins know; one array for each set of plugins. */
export function entriesOf(all: readonly OwnedPermission[], composition: Composition): PermissionEntry[] {
  const known = entries.get(composition)
  if (known) return known
  const made = all.filter(({ plugin }) => plugin === null || composition.plugins.has(plugin))
  entries.set(composition, made)
  return made
}

/** What somebody may do, which rows they meet, and which fields of them they see. */
export interface Held {
  readonly permissions: ReadonlySet<string>
  readonly rules: Rules
  readonly composition: Composition
}

/** Null for a role of a tenant's own that is gone. */
const holdingOf = ({ role, roleId }: Standing, { roles }: TenantState): Holding =>
  roleId === null ? role : (roles.get(roleId) ?? null)

/** Of a role as bodies name it. */
export const holdingNamed = (word: string, { roles }: Pick<TenantState, 'roles'>): Holding =>
  word === 'administrator' || word === 'member' ? (word satisfies Role) : (roles.get(word) ?? null)

const standingNamed = (word: string): Pick<Standing, 'role' | 'roleId'> =>
  word === 'administrator' || word === 'member' ? { role: word, roleId: null } : { role: 'member', roleId: word }

/** The one policy: what a role comes to in a tenant as it is now. */
export function rightsOf(
  standing: Standing,
  { user, state, now }: { user: string; state: TenantState; now: Date },
  means: { compositions: Compositions; permissions: readonly OwnedPermission[] },
): Held {
  const whole = means.compositions.of(state)
  const holding = holdingOf(standing, state)
  const grants = holding === null || typeof holding === 'string' ? null : holding.grants
  const composition = grants ? narrow(whole, grants.fields) : whole
  const mates = grants
    ? state.teams.filter(({ members }) => members.includes(user)).flatMap(({ members }) => members)
    : []
  const isAdministrator = holding === 'administrator'
  return {
    composition,
    permissions: effective(holding, standing.keyPermissions, entriesOf(means.permissions, whole)),
    rules: rulesFor(composition, { me: user, now, isAdministrator, rows: grants?.rows ?? null, mates }),
  }
}

interface Means {
  readonly database: Database
  readonly permissions: readonly OwnedPermission[]
  readonly switches: Switches
  readonly compositions: Compositions
  listMembers(tenant: string): Promise<readonly Pick<Member, 'id' | 'role'>[]>
}

export class Rights {
  readonly #means: Means

  constructor(means: Means) {
    this.#means = means
  }

  /** The members who hold a permission. */
  async holdersOf(tenant: string, permission: string): Promise<string[]> {
    const held = await this.#heldBy(tenant)
    return held.filter(({ permissions }) => permissions.has(permission)).map(({ id }) => id)
  }

  /** The members who may read a row and meet it. */
  async readersOf(run: Unit['read'], tenant: string, row: { resource: string; id: string }): Promise<string[]> {
    const readers: string[] = []
    for (const { id, permissions, rules, composition } of await this.#heldBy(tenant)) {
      const model = composition.resources.get(row.resource)?.model
      if (!model || !permissions.has(`${row.resource}.read`)) continue
      const condition = rules.of(model, 'read')
      const place = { tenant, id: row.id }
      const isMet = !condition || (await run(compileGet(model, place, { rule: () => condition }))).rows.length > 0
      if (isMet) readers.push(id)
    }
    return readers
  }

  async #heldBy(tenant: string) {
    const state = await this.#means.switches.of(tenant)
    const members = await this.#means.listMembers(tenant)
    const now = this.#means.database.now()
    return members.map(({ id, role: word }) => {
      const standing = { ...standingNamed(word), keyPermissions: null }
      return { id, ...rightsOf(standing, { user: id, state, now }, this.#means) }
    })
  }

  async compositionOf(tenant: string): Promise<Composition> {
    const { switches, compositions } = this.#means
    return compositions.of(await switches.of(tenant))
  }

  /** What the author may do now; nothing for one who has lost the access. */
  async of(author: Author): Promise<Held> {
    const { database, switches, compositions } = this.#means
    const state = await switches.of(author.tenant)
    const standing = await findRole(database, author)
    if (!standing) return { permissions: new Set(), rules: NO_RULES, composition: compositions.of(state) }
    return rightsOf(standing, { user: author.user, state, now: database.now() }, this.#means)
  }
}
