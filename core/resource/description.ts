/** Resources and extensions as plain JSON, so that a process without plugin code can make their tables. */
import type { Resource, Schema } from '../contract.ts'
import { compileModel, type Extension, type Model } from './model.ts'

export interface Described {
  readonly id: string
  readonly dir: string
  readonly isKernel: boolean
  readonly resources: readonly { name: string; schema: Schema; belongsTo?: string }[]
  readonly extensions: readonly (readonly [resource: string, schema: Schema])[]
}

/** Models of the resources of every plugin that `isOn` says, with the extensions of those. */
export function compileModels(
  described: readonly Described[],
  isOn: (plugin: string) => boolean = () => true,
): Model[] {
  const on = described.filter(({ id, isKernel }) => isKernel || isOn(id))
  const extensionsOf = (resource: string): Extension[] =>
    on.flatMap(({ id, extensions }) =>
      extensions.filter(([of]) => of === resource).map(([, schema]) => ({ plugin: id, schema })),
    )
  return on.flatMap(({ id, isKernel, resources }) =>
    resources.map((each) => compileModel(each as Resource, { plugin: id, isKernel }, extensionsOf(each.name))),
  )
}
