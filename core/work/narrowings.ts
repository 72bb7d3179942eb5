/** What plugins take from the rights of somebody: asked at `rights.narrowing`, and kept for a moment. */
import { randomUUID } from 'node:crypto'
import { NARROWING } from '../access/grants.ts'
import { type Narrowing, Problem, type RightsHolder } from '../contract.ts'
import { findFaults } from '../resource/validate.ts'
import type { Tenant } from '../tenancy/directory.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { Composition } from './composition.ts'
import type { ContextFactory } from './context.ts'
import { findGrantFaults } from './grants.ts'
import { systemOccasion } from './occasion.ts'
import type { NarrowingPlace } from './rights.ts'

/** How long an answer holds. What changes which plugins are on, or a role, is heard of at once. */
const KEPT_MS = 2_000

/** How many people of a tenant a process remembers. */
const MOST = 5_000

interface Kept {
  readonly until: number
  readonly narrowings: Promise<readonly Narrowing[]>
}

interface Means {
  readonly contexts: Pick<ContextFactory, 'isNarrowed' | 'narrow'>
  findTenant(tenant: string): Promise<Tenant | null>
  report(message: string, fields: Record<string, unknown>): void
}

/** @throws Error for what no role could say, either */
function readNarrowing(composition: Composition, answer: unknown): Narrowing {
  const [fault] = findFaults(NARROWING, answer)
  if (fault) throw new Error(`its narrowing cannot be read: ${fault.path} ${fault.code}`)
  const narrowing = answer as Narrowing
  const grants = { permissions: [], rows: narrowing.rows ?? {}, fields: narrowing.fields ?? {} }
  // What it says of a plugin that is off takes nothing from anybody.
  const [wrong] = findGrantFaults(grants, { composition, known: [], before: grants })
  if (wrong) throw new Error(`its narrowing cannot be kept: ${wrong.path} ${wrong.code}`)
  return narrowing
}

export class Narrowings {
  readonly #means: Means
  readonly #kept = new WeakMap<TenantState, Map<string, Kept>>()

  constructor(means: Means) {
    this.#means = means
  }

  /** @throws Problem 503 `unanswered`: what a plugin would take away nobody knows, so nothing is given */
  async of(
    who: Omit<RightsHolder, 'teams'>,
    { tenant, state, composition }: NarrowingPlace,
  ): Promise<readonly Narrowing[]> {
    if (!(await this.#means.contexts.isNarrowed(tenant))) return []
    const known = this.#kept.get(state) ?? new Map<string, Kept>()
    this.#kept.set(state, known)
    const key = `${who.userId} ${who.role}`
    const kept = known.get(key)
    if (kept && kept.until > performance.now()) return kept.narrowings
    const teams = state.teams.filter(({ members }) => members.includes(who.userId)).map(({ id }) => id)
    const narrowings = this.#ask({ ...who, teams }, tenant, composition)
    known.delete(key)
    known.set(key, { until: performance.now() + KEPT_MS, narrowings })
    narrowings.catch(() => known.delete(key))
    if (known.size > MOST) known.delete(known.keys().next().value as string)
    return narrowings
  }

  async #ask(holder: RightsHolder, id: string, composition: Composition): Promise<readonly Narrowing[]> {
    const { contexts, findTenant, report } = this.#means
    const tenant = await findTenant(id)
    if (!tenant) throw new Problem(503, 'unanswered')
    const occasion = systemOccasion({ tenant, composition, settings: {}, request: randomUUID(), report, marks: {} })
    return contexts.narrow(occasion, holder, (answer) => readNarrowing(composition, answer))
  }
}
