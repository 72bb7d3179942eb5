/** Which rows of a resource a caller meets: conditions that stand in every read and write of them. */
import type { Grants } from '../access/grants.ts'
import { Problem, type RowGrant, type RowTerm } from '../contract.ts'
import { type Among, type Condition, readFilter } from '../resource/filter.ts'
import type { Ruled } from '../resource/guard.ts'
import type { Field, Model } from '../resource/model.ts'
import type { Composition } from './composition.ts'

export interface Rules {
  /** Null where all rows are met. What may be written is a part of what may be read. */
  of(model: Model, access: 'read' | 'write'): Condition | null
  /** The resources of which the caller reads some rows alone. */
  readonly ruled: readonly Ruled[]
}

/** For the system, which meets every row. */
export const NO_RULES: Rules = { of: () => null, ruled: [] }

/** Whom rules bind. */
export interface Bound {
  readonly me: string | null
  readonly now: Date
  readonly isAdministrator: boolean
  /** What the role and each plugin that narrows it leave of rows; empty where all are met. */
  readonly rows: readonly Grants['rows'][]
  /** Everybody of the caller's teams. */
  readonly mates: readonly string[]
}

const all = (items: readonly Condition[]): Condition | null =>
  items.length > 1 ? { kind: 'all', items } : (items[0] ?? null)

const known = new WeakMap<Composition, readonly Model[]>()

function ruledModels(composition: Composition): readonly Model[] {
  const met = known.get(composition)
  if (met) return met
  const models = [...composition.resources.values()].map(({ model }) => model).filter(({ rule }) => rule !== null)
  known.set(composition, models)
  return models
}

const test = (field: Field, operator: 'eq' | 'in' | 'empty', value: unknown): Condition => ({
  kind: 'test',
  field,
  operator,
  value,
  given: value,
})

/** Rows that one of these people owns; a row without an owner is its maker's. */
function heldBy(model: Model, people: readonly string[]): Condition {
  const maker = test(model.fields.get('createdBy') as Field, 'in', people)
  const owner = model.fields.get('ownerId')
  if (owner?.ref !== 'users') return maker
  const orphan: Condition = { kind: 'all', items: [test(owner, 'empty', true), maker] }
  return { kind: 'any', items: [test(owner, 'in', people), orphan] }
}

/** How many steps up it is looked whether what a row belongs to is met: a document of a note of a client. */
const STEPS_UP = 2

class Binding implements Rules {
  readonly #composition: Composition
  readonly #bound: Bound

  constructor(composition: Composition, bound: Bound) {
    // Rules speak of every field, also of those that are masked to whom they bind.
    this.#composition = composition.base ?? composition
    this.#bound = bound
  }

  of(model: Model, access: 'read' | 'write'): Condition | null {
    return all([...this.#own(model, access), ...this.#above(model, STEPS_UP)])
  }

  get ruled(): Ruled[] {
    const models = this.#bound.rows.length > 0 ? this.#models : ruledModels(this.#composition)
    return models.flatMap((model) => {
      const condition = this.of(model, 'read')
      return condition ? [{ model, condition }] : []
    })
  }

  get #models(): Model[] {
    return [...this.#composition.resources.values()].map(({ model }) => model)
  }

  /** By the rule of the resource, and by what the role gives. */
  #own({ name }: Model, access: 'read' | 'write'): Condition[] {
    const model = this.#composition.resources.get(name)?.model
    if (!model) return [{ kind: 'never' }]
    const { me, now, isAdministrator, rows } = this.#bound
    const read = (filter: object | undefined): Condition[] =>
      filter ? [readFilter({ model, children: new Map(), now, me, rule: () => null }, filter)] : []
    // What only the makers of rows may write, administrators may too, where they may read it.
    const isBound = access === 'write' && !isAdministrator
    const grants = rows.flatMap((each) => (Object.hasOwn(each, name) ? [each[name] as Grants['rows'][string]] : []))
    return [
      ...read(model.rule?.read),
      ...(isBound ? read(model.rule?.write) : []),
      ...grants.flatMap((grant) => this.#granted(model, grant.read)),
      ...(access === 'write' ? grants.flatMap(({ write }) => (write ? this.#granted(model, write) : [])) : []),
    ]
  }

  #granted(model: Model, grant: RowGrant): Condition[] {
    return grant === 'all' ? [] : [{ kind: 'any', items: grant.map((term) => this.#term(model, term)) }]
  }

  #term(model: Model, term: RowTerm): Condition {
    const { me, mates, now } = this.#bound
    const mine = me === null ? [] : [me]
    if (term === 'own') return heldBy(model, mine)
    if (term === 'team') return heldBy(model, [...new Set([...mine, ...mates])])
    try {
      return readFilter({ model, children: new Map(), now, me, rule: () => null }, term)
    } catch (error) {
      // The field that it asks of is gone: what cannot be judged is not met.
      if (error instanceof Problem) return { kind: 'never' }
      throw error
    }
  }

  /** What belongs to a row that is not met is not met either, where a role gives some rows alone. */
  #above({ owner, belongsTo }: Model, steps: number): Condition[] {
    if (this.#bound.rows.length === 0 || !owner || steps === 0) return []
    const owners = this.#models.filter(
      ({ name, keep }) => keep === 'record' && (belongsTo === 'any' || belongsTo === name),
    )
    const among = owners.flatMap((model): Among[] => {
      const condition = all([...this.#own(model, 'read'), ...this.#above(model, steps - 1)])
      return condition ? [{ model, condition }] : []
    })
    return among.length > 0 ? [{ kind: 'of', owner, among }] : []
  }
}

export const rulesFor = (composition: Composition, bound: Bound): Rules => new Binding(composition, bound)
