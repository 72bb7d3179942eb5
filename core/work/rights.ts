/** What may be done: by a caller, and by whoever began work that still lasts. */
import { roleNamed } from '../access/grants.ts'
import { effective, type Holding, type PermissionEntry } from '../access/policy.ts'
import { type Author, findRole, type Standing } from '../access/role.ts'
import type { FieldGrant, Narrowing, RightsHolder } from '../contract.ts'
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
export const holdingOf = (
  { role, roleId }: Pick<Standing, 'role' | 'roleId'>,
  { roles }: Pick<TenantState, 'roles'>,
): Holding => (roleId === null ? role : (roles.get(roleId) ?? null))

type FieldGrants = Readonly<Record<string, Readonly<Record<string, FieldGrant>>>>

/** What is kept from somebody by one of them is kept from them; to be masked is more than to be read only. */
function joinFields(all: readonly FieldGrants[]): FieldGrants {
  if (all.length < 2) return all[0] ?? {}
  const joined: Record<string, Record<string, FieldGrant>> = {}
  for (const [resource, grants] of all.flatMap((each) => Object.entries(each))) {
    const fields = (joined[resource] ??= {})
    for (const [key, grant] of Object.entries(grants)) if (fields[key] !== 'masked') fields[key] = grant
  }
  return joined
}

interface At {
  readonly user: string
  readonly state: TenantState
  readonly now: Date
}

/** The one policy: what a role comes to in a tenant as it is now, less what plugins take from it. */
function rightsOf(
  standing: Standing,
  { user, state, now }: At,
  { whole, known, narrowings }: { whole: Composition; known: PermissionEntry[]; narrowings: readonly Narrowing[] },
): Held {
  const holding = holdingOf(standing, state)
  const given = holding === null || typeof holding === 'string' ? [] : [holding.grants]
  const bounds: readonly Pick<Narrowing, 'rows' | 'fields'>[] = [...given, ...narrowings]
  const composition = narrow(whole, joinFields(bounds.flatMap(({ fields }) => (fields ? [fields] : []))))
  const rows = bounds.flatMap((each) => (each.rows ? [each.rows] : []))
  const teams = rows.length > 0 ? state.teams.filter(({ members }) => members.includes(user)) : []
  const held = effective(holding, standing.keyPermissions, known)
  const withdrawn = new Set(narrowings.flatMap(({ permissions = [] }) => permissions))
  const bound = { me: user, now, isAdministrator: holding === 'administrator', rows }
  return {
    composition,
    permissions: withdrawn.size > 0 ? held.difference(withdrawn) : held,
    rules: rulesFor(composition, { ...bound, mates: teams.flatMap(({ members }) => members) }),
  }
}

/** Where rights are narrowed. */
export interface NarrowingPlace {
  readonly tenant: string
  readonly state: TenantState
  readonly composition: Composition
}

interface Means {
  readonly database: Database
  readonly permissions: readonly OwnedPermission[]
  readonly switches: Switches
  readonly compositions: Compositions
  readonly narrowings: {
    of(who: Omit<RightsHolder, 'teams'>, place: NarrowingPlace): Promise<readonly Narrowing[]>
  }
  listMembers(tenant: string): Promise<readonly Pick<Member, 'id' | 'role'>[]>
}

async function meets(
  run: Unit['read'],
  { composition, permissions, rules }: Held,
  { tenant, resource, id }: { tenant: string; resource: string; id: string },
): Promise<boolean> {
  const model = composition.resources.get(resource)?.model
  if (!model || !permissions.has(`${resource}.read`)) return false
  const condition = rules.of(model, 'read')
  return !condition || (await run(compileGet(model, { tenant, id }, { rule: () => condition }))).rows.length > 0
}

export class Rights {
  readonly #means: Means

  constructor(means: Means) {
    this.#means = means
  }

  /** What somebody may do. @throws Problem 503 `unanswered` where a plugin that may take something away does not say what */
  async held(tenant: string, standing: Standing, at: At): Promise<Held> {
    const { whole, known } = this.#sightOf(at.state)
    const place = { tenant, state: at.state, composition: whole }
    const who = { userId: at.user, role: standing.roleId ?? standing.role }
    const narrowings = standing.role === 'administrator' ? [] : await this.#means.narrowings.of(who, place)
    return rightsOf(standing, at, { whole, known, narrowings })
  }

  #sightOf(state: TenantState) {
    const whole = this.#means.compositions.of(state)
    return { whole, known: entriesOf(this.#means.permissions, whole) }
  }

  /** The members whose roles give a permission. */
  async holdersOf(tenant: string, permission: string): Promise<string[]> {
    const { members, ...at } = await this.#peopleOf(tenant)
    const held = members.map(({ id, standing }) => ({ id, ...this.#given(standing, { user: id, ...at }) }))
    return held.filter(({ permissions }) => permissions.has(permission)).map(({ id }) => id)
  }

  /** The members whose roles let them read a row and meet it. */
  async readersOf(run: Unit['read'], tenant: string, row: { resource: string; id: string }): Promise<string[]> {
    const { members, ...at } = await this.#peopleOf(tenant)
    const readers: string[] = []
    for (const { id, standing } of members)
      if (await meets(run, this.#given(standing, { user: id, ...at }), { tenant, ...row })) readers.push(id)
    return readers
  }

  /**
   * Whether one member may read a row now. Outside of transactions alone, because plugins are asked.
   * @throws Problem 503 `unanswered`
   */
  async mayRead(run: Unit['read'], author: Author, row: { resource: string; id: string }): Promise<boolean> {
    return meets(run, await this.of(author), { tenant: author.tenant, ...row })
  }

  /** By the role alone: this is asked within transactions, and whoever is told something reads it by all that binds them. */
  #given(standing: Standing, at: At): Held {
    return rightsOf(standing, at, { ...this.#sightOf(at.state), narrowings: [] })
  }

  async #peopleOf(tenant: string) {
    const state = await this.#means.switches.of(tenant)
    const members = await this.#means.listMembers(tenant)
    const standingOf = (word: string): Standing => ({ ...roleNamed(word), keyPermissions: null })
    return {
      state,
      now: this.#means.database.now(),
      members: members.map(({ id, role }) => ({ id, standing: standingOf(role) })),
    }
  }

  async compositionOf(tenant: string): Promise<Composition> {
    const { switches, compositions } = this.#means
    return compositions.of(await switches.of(tenant))
  }

  /** What the author may do now; nothing for one who has lost the access. @throws Problem 503 `unanswered` */
  async of(author: Author): Promise<Held> {
    const { database, switches, compositions } = this.#means
    const state = await switches.of(author.tenant)
    const standing = await findRole(database, author)
    if (!standing) return { permissions: new Set(), rules: NO_RULES, composition: compositions.of(state) }
    return this.held(author.tenant, standing, { user: author.user, state, now: database.now() })
  }
}
