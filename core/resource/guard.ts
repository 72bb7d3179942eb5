/** Keeps rows that a caller does not meet out of statements over tables that hold rows of many resources. */
import { type Condition, compileCondition, type Parameters } from './filter.ts'
import type { Model } from './model.ts'

/** A resource of which a caller reads some rows alone. */
export interface Ruled {
  readonly model: Model
  readonly condition: Condition
}

/** ` and ...` for each of them; empty where there is none. @param at the SQL of a row's resource and id */
export function compileGuards(
  ruled: readonly Ruled[],
  parameters: Pick<Parameters, 'add' | 'isSelective'>,
  at: { resource: string; id: string },
): string {
  return ruled
    .map(({ model, condition }) => {
      const met =
        `select 1 from ${model.view} as met where met.tenant_id = $1::uuid and met.id = ${at.id} ` +
        `and ${compileCondition(condition, parameters as Parameters, 'met')}`
      return ` and (${at.resource} is distinct from '${model.name}' or exists (${met}))`
    })
    .join('')
}
