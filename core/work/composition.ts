/** What one set of enabled plugins adds up to: models, schemas, permissions. Made once per set and kept. */
import type { Schema } from '../contract.ts'
import { patchSchema, readSchema, writeSchema } from '../resource/compose.ts'
import { compileModels, type Described } from '../resource/description.ts'
import type { Field, Model } from '../resource/model.ts'
import { searchFields } from '../resource/search.ts'

export interface Composed {
  readonly model: Model
  /** With the extensions of every installed plugin, on or off. */
  readonly whole: Model
  readonly read: Schema
  readonly write: Schema
  readonly patch: Schema
  /** The fields to search in; null where the kept search text holds no others. */
  readonly searched: readonly Field[] | null
  /** Resources whose rows may belong to a row of this one. */
  readonly children: ReadonlyMap<string, Model>
  /** Fields whose change can make another one required or forbid it to be empty. */
  readonly watched: ReadonlySet<string>
}

export interface Composition {
  readonly plugins: ReadonlySet<string>
  readonly resources: ReadonlyMap<string, Composed>
}

type Rule = { if?: { properties?: object }; then?: { required?: string[] } }

function watchedOf({ schema }: Model): Set<string> {
  const rules = (schema.allOf ?? []) as Rule[]
  const required = (schema.required ?? []) as string[]
  return new Set([
    ...required,
    ...rules.flatMap((r) => [...Object.keys(r.if?.properties ?? {}), ...(r.then?.required ?? [])]),
  ])
}

function compose(model: Model, all: readonly Model[], whole: Model): Composed {
  const children = all.filter(({ belongsTo, owner }) => owner && (belongsTo === 'any' || belongsTo === model.name))
  const own = searchFields(model)
  return {
    model,
    whole,
    read: readSchema(model),
    write: writeSchema(model),
    patch: patchSchema(model),
    searched: own.length === searchFields(whole).length ? null : own,
    children: new Map(children.map((child) => [child.name, child])),
    watched: watchedOf(model),
  }
}

export class Compositions {
  readonly #described: readonly Described[]
  readonly #whole: ReadonlyMap<string, Model>
  readonly #made = new Map<string, Composition>()

  constructor(described: readonly Described[]) {
    this.#described = described
    this.#whole = new Map(compileModels(described).map((model) => [model.name, model]))
  }

  /** Everything that is installed, as if every plugin were on. */
  get whole(): Composition {
    return this.of(new Set(this.#described.map(({ id }) => id)))
  }

  of(plugins: ReadonlySet<string>): Composition {
    const key = [...plugins].sort().join(' ')
    const known = this.#made.get(key)
    if (known) return known
    const models = compileModels(this.#described, (id) => plugins.has(id))
    const resources = models.map(
      (model) => [model.name, compose(model, models, this.#whole.get(model.name) as Model)] as const,
    )
    const composition = { plugins: new Set(plugins), resources: new Map(resources) }
    this.#made.set(key, composition)
    return composition
  }
}
