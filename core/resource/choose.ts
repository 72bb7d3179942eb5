/** Rows chosen by a filter, some at a time, and asked again whether they still are. */
import { Parameters } from './filter.ts'
import { conditionsOf, joined, type ListQuery, type Statement } from './list.ts'

export type Choice = Pick<ListQuery, 'model' | 'tenant' | 'where'>

function within(choice: Choice, parameters: Parameters): string {
  return joined(conditionsOf({ ...choice, q: '', searched: null }, parameters))
}

/** The next living rows in the order of their ids: `{ id }`. */
export function compileNext(choice: Choice, at: { after: string | null; limit: number }): Statement {
  const parameters = new Parameters(choice.tenant)
  const where = within(choice, parameters)
  const after = at.after === null ? '' : ` and id > ${parameters.add(at.after, 'uuid')}`
  const limit = parameters.add(at.limit, 'integer')
  const text = `select id from ${choice.model.view} where ${where}${after} order by id limit ${limit}`
  return { text, values: parameters.values }
}

/** Those of the rows that the filter finds now: `{ id }`. */
export function compileStill(choice: Choice, ids: readonly string[]): Statement {
  const parameters = new Parameters(choice.tenant)
  const where = within(choice, parameters)
  const among = parameters.add(ids, 'uuid[]')
  const text = `select id from ${choice.model.view} where ${where} and id = any(${among}) order by id`
  return { text, values: parameters.values }
}
