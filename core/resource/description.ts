/** Resources and extensions as plain JSON, so that a process without plugin code can make their tables. */
import type { AnyResource, Keep, ListValue, Retention, RowRule, Schema } from '../contract.ts'
import { compileModel, type Extension, extensionFields, type Model } from './model.ts'

/** What a plugin's manifest asks for beyond its own rows. */
export interface Asks {
  /** `clients.read` */
  readonly uses: readonly string[]
  readonly hosts: readonly string[]
  readonly secrets: readonly string[]
}

export interface Described {
  readonly id: string
  readonly dir: string
  readonly isKernel: boolean
  readonly version: string
  readonly name: { readonly en: string; readonly fr: string }
  /** Ids of the plugins that it requires. */
  readonly requires: readonly string[]
  /** What its handlers are called, and the event of each. */
  readonly handlers: readonly { readonly name: string; readonly event: string }[]
  readonly resources: readonly {
    readonly name: string
    readonly schema: Schema
    readonly belongsTo?: string
    readonly rule?: RowRule
    /** A record, where nothing is said. */
    readonly keep?: Keep
    readonly retention?: Retention
  }[]
  readonly extensions: readonly (readonly [resource: string, schema: Schema])[]
  /** Resources to which it lets tenants add fields, or `*`. */
  readonly opens?: readonly string[]
  /** Not said by versions that were kept before this was. */
  readonly asks?: Asks
  /** What its lists of values hold at first, by `<plugin>.<list>`. */
  readonly lists?: readonly (readonly [name: string, values: readonly ListValue[]])[]
}

/** Whether the plugin lets tenants give the resource fields; one that it extends itself it does not open. */
export const opens = ({ opens: open = [], extensions }: Pick<Described, 'opens' | 'extensions'>, resource: string) =>
  (open.includes(resource) || open.includes('*')) && !extensions.some(([of]) => of === resource)

/** Models of the resources of every plugin that `isOn` says, with the extensions of those. */
export function compileModels(
  described: readonly Described[],
  isOn: (plugin: string) => boolean = () => true,
): Model[] {
  const on = described.filter(({ id, isKernel }) => isKernel || isOn(id))
  return on.flatMap(({ id, isKernel, resources }) =>
    resources.map((each) => {
      const extensions = on.flatMap((other) => extensionsBy(other, each.name))
      // Whoever is off for a tenant: what is kept for all of them is the same.
      const isOpen = described.some((other) => opens(other, each.name))
      return compileModel(each as AnyResource, { plugin: id, isKernel, isOpen }, extensions)
    }),
  )
}

const extensionsBy = ({ id, extensions }: Described, resource: string): Extension[] =>
  extensions.filter(([of]) => of === resource).map(([, schema]) => ({ plugin: id, schema }))

/** The model with fields that a tenant has defined. */
export function extendModel(model: Model, further: readonly Extension[]): Model {
  if (further.length === 0) return model
  const fields = further.flatMap(extensionFields)
  return Object.freeze({
    ...model,
    extensions: [...model.extensions, ...further],
    fields: new Map([...model.fields, ...fields.map((field) => [field.key, field] as const)]),
  })
}
