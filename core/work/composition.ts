/**
 * What one set of enabled plugins adds up to: models, schemas, permissions. Made once per set and kept; for tenants that
 * have defined fields of their own, once per set and fields.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Grants } from '../access/grants.ts'
import type { Schema } from '../contract.ts'
import { patchSchema, readSchema, writeSchema } from '../resource/compose.ts'
import { compileModels, type Described, extendModel, opens } from '../resource/description.ts'
import { type ValueLists, withLists } from '../resource/lists.ts'
import type { Field, Model } from '../resource/model.ts'
import { withoutFields, withReadOnly } from '../resource/narrow.ts'
import { searchFields } from '../resource/search.ts'
import { prepare } from '../resource/validate.ts'
import type { TenantExtension } from '../resource/tenant-fields.ts'
import type { OwnFields } from '../tenancy/own-fields.ts'

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
  /** What the tenant demands of new rows. Rows that are there may go without. */
  readonly demanded: readonly Field[]
}

export interface Composition {
  readonly plugins: ReadonlySet<string>
  readonly resources: ReadonlyMap<string, Composed>
  /** Every installed resource with every extension, on or off. */
  readonly whole: ReadonlyMap<string, Model>
  /** What the tenant itself has defined, of the plugins that are on. */
  readonly own: readonly TenantExtension[]
  /** Every list of values, as the tenant has it. */
  readonly lists: ValueLists
  /** Of one that was narrowed, the one before: rules speak of fields that whoever they bind may not see. */
  readonly base: Composition | null
  /** By what it was narrowed: the same for the same field rights, empty for none. */
  readonly kept: string
}

/** Of a tenant: its enabled plugins, and what it has defined. */
export interface TenantParts {
  readonly enabled: ReadonlySet<string>
  readonly own: OwnFields
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

const childrenOf = ({ name }: Model, all: readonly Model[]) =>
  all.filter(({ belongsTo, owner }) => owner && (belongsTo === 'any' || belongsTo === name))

function compose(model: Model, all: readonly Model[], whole: Model, isStale = false): Composed {
  const own = searchFields(model)
  return {
    model,
    whole,
    read: readSchema(model),
    write: writeSchema(model),
    patch: patchSchema(model),
    searched: own.length === searchFields(whole).length && !isStale ? null : own,
    children: new Map(childrenOf(model, all).map((child) => [child.name, child])),
    watched: watchedOf(model),
    demanded: model.extensions.flatMap(({ plugin, schema, isTenants }) =>
      isTenants
        ? ((schema.required ?? []) as string[]).flatMap(
            (name) => model.fields.get(`extensions.${plugin}.${name}`) ?? [],
          )
        : [],
    ),
  }
}

/** How many tenants with fields of their own a process keeps composed. */
const MOST = 200

export class Compositions {
  readonly #described: readonly Described[]
  readonly #whole: ReadonlyMap<string, Model>
  /** As manifests have them. */
  readonly #lists: ValueLists
  readonly #made = new Map<string, Composition>()
  /** Of tenants with fields of their own, the one that was used last at the end. */
  readonly #tailored = new Map<string, Composition>()

  constructor(described: readonly Described[]) {
    this.#described = described
    this.#whole = new Map(compileModels(described).map((model) => [model.name, model]))
    this.#lists = new Map(described.flatMap(({ lists = [] }) => lists))
  }

  /** Everything that is installed, as if every plugin were on. */
  get whole(): Composition {
    return this.#of(new Set(this.#described.map(({ id }) => id)))
  }

  of({ enabled, own }: TenantParts): Composition {
    if (own.hash === '') return this.#of(enabled)
    const key = `${keyOf(enabled)} ${own.hash}`
    const composition = this.#tailored.get(key) ?? this.#tailor(this.#of(enabled), own)
    this.#tailored.delete(key)
    this.#tailored.set(key, composition)
    if (this.#tailored.size > MOST) this.#tailored.delete(this.#tailored.keys().next().value as string)
    return composition
  }

  /** Compiles what a tenant has defined, piece by piece, so that no request has to wait for the whole of it. */
  async prepare(parts: TenantParts): Promise<void> {
    if (parts.own.hash === '') return
    const base = this.#of(parts.enabled)
    for (const [name, composed] of this.of(parts).resources) {
      if (composed === base.resources.get(name)) continue
      for (const schema of [composed.write, composed.patch]) {
        await nextTurn()
        prepare(schema)
      }
    }
  }

  #of(plugins: ReadonlySet<string>): Composition {
    const key = keyOf(plugins)
    const known = this.#made.get(key)
    if (known) return known
    const compiled = compileModels(this.#described, (id) => plugins.has(id))
    const models = compiled.map((model) => withLists(model, this.#lists))
    const resources = models.map(
      (model) => [model.name, compose(model, models, this.#whole.get(model.name) as Model)] as const,
    )
    const composition = {
      plugins: new Set(plugins),
      resources: new Map(resources),
      whole: this.#whole,
      own: [],
      lists: this.#lists,
      base: null,
      kept: '',
    }
    this.#made.set(key, composition)
    return composition
  }

  /** Resources that the tenant has left as they are stay the same objects, with all that was compiled of them. */
  #tailor(base: Composition, { extensions, lists: edited }: OwnFields): Composition {
    const lists = new Map([...this.#lists].map(([name, values]) => [name, edited.get(name) ?? values] as const))
    const open = extensions.filter(({ resource, plugin }) =>
      this.#described.some((each) => each.id === plugin && opens(each, resource)),
    )
    const own = open.filter(({ plugin }) => base.plugins.has(plugin))
    const extend = (model: Model, by: readonly TenantExtension[]) =>
      extendModel(
        model,
        by.filter(({ resource }) => resource === model.name),
      )
    const whole = new Map([...this.#whole].map(([name, model]) => [name, extend(model, open)]))
    const models = [...base.resources.values()].map(({ model }) => withLists(extend(model, own), lists))
    const resources = models.map((model) => {
      const before = base.resources.get(model.name) as Composed
      const mine = whole.get(model.name) as Model
      const isSame =
        model === before.model &&
        mine === before.whole &&
        childrenOf(model, models).every((child) => before.children.get(child.name) === child)
      const isStale = open.some((each) => each.resource === model.name && each.isStale)
      return [model.name, isSame ? before : compose(model, models, mine, isStale)] as const
    })
    return { plugins: base.plugins, resources: new Map(resources), whole, own, lists, base: null, kept: '' }
  }
}

const keysOf = (fields: Grants['fields'][string] = {}, grant: string) =>
  new Set(Object.keys(fields).filter((key) => fields[key] === grant))

/** How many roles of one set of plugins a process keeps composed. */
const MOST_NARROWED = 100
const narrowed = new WeakMap<Composition, Map<string, Composition>>()

/** What is left for somebody who may only read some fields, and not even see others. */
export function narrow(base: Composition, fields: Grants['fields']): Composition {
  if (Object.keys(fields).length === 0) return base
  const known = narrowed.get(base) ?? new Map<string, Composition>()
  narrowed.set(base, known)
  const key = JSON.stringify(fields)
  const composition = known.get(key) ?? { ...makeNarrow(base, fields), kept: key }
  known.delete(key)
  known.set(key, composition)
  if (known.size > MOST_NARROWED) known.delete(known.keys().next().value as string)
  return composition
}

function makeNarrow(base: Composition, fields: Grants['fields']): Composition {
  const models = [...base.resources.values()].map(({ model }) =>
    withoutFields(model, keysOf(fields[model.name], 'masked')),
  )
  const resources = models.map((model) => {
    const before = base.resources.get(model.name) as Composed
    const fixed = keysOf(fields[model.name], 'read')
    const isSame =
      model === before.model &&
      fixed.size === 0 &&
      childrenOf(model, models).every((child) => before.children.get(child.name) === child)
    if (isSame) return [model.name, before] as const
    const composed = compose(model, models, before.whole, before.searched !== null)
    return [model.name, { ...composed, read: withReadOnly(composed.read, model, fixed) }] as const
  })
  return { ...base, resources: new Map(resources), base }
}

const keyOf = (plugins: ReadonlySet<string>) => [...plugins].sort().join(' ')
