/** What a saved view asks of its list is checked by the language of that list. */
import { type Json, type JsonObject, Problem, type ProblemEntry } from '../contract.ts'
import { readFilter } from '../resource/filter.ts'
import { readSort } from '../resource/list.ts'
import type { Model } from '../resource/model.ts'
import type { Written } from './body.ts'
import { ruleOf } from './listing.ts'
import type { Scope } from './scope.ts'

export const isView = ({ name }: Model): boolean => name === 'views'

const ASKED = new Set(['resource', 'filter', 'sort', 'columns'])

function faultsOf(path: string, read: () => unknown): ProblemEntry[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return error.errors.map((entry) => ({ ...entry, path: entry.path.startsWith('/') ? entry.path : path }))
  }
}

/**
 * Does nothing for another resource, and nothing where what is asked stays as it was: a view whose plugin is off can
 * still be renamed.
 * @throws Problem 400 `invalid` with the fault's place in the body
 */
export function assertView(scope: Scope, model: Model, { row, written }: { row: JsonObject; written: Written }): void {
  const columns = [...written.columns].map(([{ name }, value]) => [name, value as Json] as const)
  if (!isView(model) || !columns.some(([name]) => ASKED.has(name))) return
  const view = { ...row, ...Object.fromEntries(columns) }
  const composed = scope.composition.resources.get(String(view.resource))
  const unknown = (path: string) => ({ path, code: 'unknown' })
  if (!composed || !scope.can(`${String(view.resource)}.read`))
    throw new Problem(400, 'invalid', [unknown('/resource')])
  const children = new Map([...composed.children].filter(([name]) => scope.can(`${name}.read`)))
  const reading = { model: composed.model, children, now: scope.now, me: scope.me, rule: ruleOf(scope) }
  const names = (view.columns ?? []) as string[]
  const sort = (view.sort ?? []) as string[]
  const errors = [
    ...faultsOf('/filter', () => (view.filter ? readFilter(reading, view.filter, '/filter') : null)),
    ...faultsOf('/sort', () => (sort.length > 0 ? readSort(composed.model, sort.join(',')) : null)),
    ...names.flatMap((name, i) => (composed.model.fields.has(name) ? [] : [unknown(`/columns/${i}`)])),
  ]
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
}
