/** The one filter language: read from a query string or from JSON, checked against a model, compiled into SQL. */
import { Problem, type ProblemEntry } from '../contract.ts'
import type { Field, Model } from './model.ts'
import { NOBODY, readValue } from './value.ts'

export type Operator = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in' | 'has' | 'empty'
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly item: Condition }
  | {
      readonly kind: 'test'
      readonly field: Field
      readonly operator: Operator
      readonly value: unknown
      /** As it was written: `now-90d` stays the same from page to page. */
      readonly given: unknown
    }
  | { readonly kind: 'some'; readonly child: Model; readonly item: Condition }
  /** Of a row that belongs to another one: that is one of those. */
  | { readonly kind: 'of'; readonly owner: Field; readonly among: readonly Among[] }
  | { readonly kind: 'never' }

/** Some rows of a resource alone. */
export interface Among {
  readonly model: Model
  readonly condition: Condition
}

/** What a filter is read against: the model, the resources whose rows may belong to it, and who asks when. */
export interface FilterScope {
  readonly model: Model
  readonly children: ReadonlyMap<string, Model>
  /** The clock of `now-90d`. */
  readonly now: Date
  /** The user that `me` stands for; null where nobody acts, and `me` is nobody. */
  readonly me: string | null
  /** Which rows of another resource are met at all. */
  readonly rule: RuleOf
}

/** The condition under which a caller meets rows of a resource; null where it meets all. */
export type RuleOf = (model: Model) => Condition | null

const MAX_TESTS = 100
/** Of groups within groups: `all`, `any` and `not`. What is asked of rows that belong to a row begins anew. */
const MAX_DEPTH = 2
const MAX_VALUES = 200
const GROUPS = new Set(['all', 'any', 'not'])
const COMPARABLE = new Set(['lt', 'lte', 'gt', 'gte'])

const refuse = (path: string, code: string, params?: ProblemEntry['params']): never => {
  throw new Problem(400, 'invalid_filter', [{ path, code, ...(params ? { params } : {}) }])
}

const isArray = ({ type, schema }: Field) => type.endsWith('[]') || schema.type === 'array'

/** What may be asked of a field. */
export function operatorsOf(field: Field): readonly Operator[] {
  if (isArray(field)) return ['has', 'empty']
  if (field.type === 'jsonb') return ['empty']
  if (field.type === 'boolean') return ['eq', 'ne', 'empty']
  if (field.type === 'uuid') return ['eq', 'ne', 'in', 'empty']
  return ['eq', 'ne', 'in', 'empty', 'lt', 'lte', 'gt', 'gte']
}

function findField(model: Model, key: string, path: string): Field {
  const field = model.fields.get(key)
  if (!field?.filter) return refuse(path, field ? 'not_filterable' : 'unknown')
  return field
}

function readTest(
  scope: FilterScope,
  place: { field: Field; operator: string; value: unknown; path: string },
): Condition {
  const { field, path, value: given } = place
  const operator = place.operator as Operator
  if (!operatorsOf(field).includes(operator)) return refuse(path, 'operator', { operator })
  const read = (value: unknown) => readValue(field, value, { path, now: scope.now })
  // A person is the same from page to page, but `me` is another one to everybody.
  const settle = (value: unknown) => (field.ref === 'users' && value === 'me' ? (scope.me ?? NOBODY) : value)
  if (operator === 'empty') {
    if (typeof given !== 'boolean') return refuse(path, 'type')
    return { kind: 'test', field, operator, value: given, given }
  }
  if (operator !== 'in') return { kind: 'test', field, operator, value: read(settle(given)), given: settle(given) }
  if (!Array.isArray(given)) return refuse(path, 'type')
  if (given.length > MAX_VALUES) return refuse(path, 'too_many')
  const values = given.map(settle)
  return { kind: 'test', field, operator, value: values.map(read), given: values }
}

/**
 * Reads one `field.op=value` pair of a query string, as in `createdAt.gte=2026-01-01`.
 * @throws Problem 400 `invalid_filter` with the parameter's name as path
 */
export function readPair(scope: FilterScope, name: string, text: string): Condition {
  const { model } = scope
  const dot = name.lastIndexOf('.')
  const [key, operator] = model.fields.has(name) ? [name, 'eq'] : [name.slice(0, dot), name.slice(dot + 1)]
  const field = findField(model, dot < 0 ? name : key, name)
  const chosen = operator === 'eq' && isArray(field) ? 'has' : operator
  if (chosen === 'empty') {
    if (text !== 'true' && text !== 'false') return refuse(name, 'type')
    return readTest(scope, { field, operator: 'empty', value: text === 'true', path: name })
  }
  const value = chosen === 'in' ? text.split(',') : text
  return readTest(scope, { field, operator: chosen, value, path: name })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads the full form: `{"all":[{"type":"company"},{"not":{"some":{"interactions":{...}}}}]}`.
 * @throws Problem 400 `invalid_filter` with a JSON pointer below `filter` as path
 */
export function readFilter(scope: FilterScope, value: unknown, path = 'filter'): Condition {
  const budget = { left: MAX_TESTS }
  return readNode({ ...scope, budget }, value, { path, depth: 0 })
}

type Reading = FilterScope & { budget: { left: number } }

function readNode(scope: Reading, value: unknown, place: { path: string; depth: number }): Condition {
  const { path, depth } = place
  if (!isObject(value)) return refuse(path, 'type')
  if (--scope.budget.left < 0) return refuse(path, 'too_complex')
  const items = Object.entries(value).map(([key, each]) =>
    readEntry(scope, key, each, { path: `${path}/${key}`, depth }),
  )
  if (items.length === 0) return refuse(path, 'empty')
  return items.length === 1 ? (items[0] as Condition) : { kind: 'all', items }
}

function readEntry(scope: Reading, key: string, value: unknown, at: { path: string; depth: number }): Condition {
  const { path } = at
  const below = { path, depth: at.depth + 1 }
  if (GROUPS.has(key) && at.depth >= MAX_DEPTH) return refuse(path, 'too_complex')
  if (key === 'all' || key === 'any') {
    if (!Array.isArray(value) || value.length === 0) return refuse(path, 'type')
    return { kind: key, items: value.map((each, i) => readNode(scope, each, { ...below, path: `${path}/${i}` })) }
  }
  if (key === 'not') return { kind: 'not', item: readNode(scope, value, below) }
  if (key === 'some') return readSome(scope, value, path)
  const field = findField(scope.model, key, path)
  if (value === null) return { kind: 'test', field, operator: 'empty', value: true, given: null }
  if (!isObject(value)) {
    return readTest(scope, { field, operator: isArray(field) ? 'has' : 'eq', value, path })
  }
  const tests = Object.entries(value).map(([operator, each]) => {
    if (--scope.budget.left < 0) return refuse(path, 'too_complex')
    return readTest(scope, { field, operator, value: each, path: `${path}/${operator}` })
  })
  if (tests.length === 0) return refuse(path, 'empty')
  return tests.length === 1 ? (tests[0] as Condition) : { kind: 'all', items: tests }
}

function readSome(scope: Reading, value: unknown, path: string): Condition {
  if (!isObject(value)) return refuse(path, 'type')
  const [entry, ...rest] = Object.entries(value)
  if (!entry) return refuse(path, 'empty')
  if (rest.length > 0) return refuse(path, 'too_many')
  const [name, inner] = entry
  const child = scope.children.get(name) ?? refuse(path, 'unknown')
  const below = { ...scope, model: child, children: new Map<string, Model>() }
  const item = readNode(below, inner, { path: `${path}/${name}`, depth: 0 })
  const rule = scope.rule(child)
  return { kind: 'some', child, item: rule ? { kind: 'all', items: [item, rule] } : item }
}

/** The condition as it was written, for what must know it again. */
export function writeCondition(condition: Condition): unknown {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return [condition.kind, ...condition.items.map(writeCondition)]
    case 'not':
      return ['not', writeCondition(condition.item)]
    case 'some':
      return ['some', condition.child.name, writeCondition(condition.item)]
    case 'of':
      return ['of', condition.among.map(({ model, condition: met }) => [model.name, writeCondition(met)])]
    case 'never':
      return ['never']
    case 'test':
      return [condition.field.key, condition.operator, condition.given]
  }
}

// ------------------------------------------------------------------------------------------------ SQL

/** Collects the parameters of one statement. `$1` is always the tenant. */
export class Parameters {
  readonly values: unknown[]
  /** How many rows the statement finds hangs on its values (a tag, a range, one of few sources): no one plan is good for all. */
  isSelective = false
  constructor(tenant: string) {
    this.values = [tenant]
  }
  add(value: unknown, type: string): string {
    this.values.push(value)
    return `$${this.values.length}::${type}`
  }
}

const SIGNS: Partial<Record<Operator, string>> = { eq: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' }

/** SQL of a condition over the unqualified columns of `view`. */
export function compileCondition(condition: Condition, parameters: Parameters, view: string): string {
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const parts = condition.items.map((item) => compileCondition(item, parameters, view))
      return `(${parts.join(condition.kind === 'all' ? ' and ' : ' or ')})`
    }
    case 'not':
      // A condition over an empty value is unknown in SQL; here it is plainly false, so its negation is true.
      return `(not coalesce(${compileCondition(condition.item, parameters, view)}, false))`
    case 'some': {
      const { child, item } = condition
      const owner = child.owner as Field
      return (
        `exists (select 1 from ${child.view} as child where child.tenant_id = $1 and child.deleted_at is null ` +
        `and child.${owner.sql} = ${view}.id and ${compileCondition(item, parameters, 'child')})`
      )
    }
    case 'of':
      return compileOf(condition, parameters, view)
    case 'never':
      return 'false'
    case 'test':
      return compileTest(condition, parameters)
  }
}

/** A row that belongs to nothing is one of them. */
function compileOf({ owner, among }: Condition & { kind: 'of' }, parameters: Parameters, view: string): string {
  const id = `${view}.${owner.sql}`
  const met = ({ model, condition }: Among) =>
    `select 1 from ${model.view} as ${model.table}_met where ${model.table}_met.tenant_id = $1::uuid ` +
    `and ${model.table}_met.id = holder.id and ${compileCondition(condition, parameters, `${model.table}_met`)}`
  const guards = among.map((each) => `(holder.resource <> '${each.model.name}' or exists (${met(each)}))`)
  return (
    `(${id} is null or exists (select 1 from kernel.records as holder where holder.tenant_id = $1::uuid ` +
    `and holder.id = ${id} and ${guards.join(' and ')}))`
  )
}

/** Whether the value decides how many rows fit; of fields of few values the statistics know every one. */
const isSelective = ({ filter, ref }: Field, operator: Operator) =>
  operator === 'has' || COMPARABLE.has(operator) || filter?.few === true || ref === 'users'

function compileTest(test: Condition & { kind: 'test' }, parameters: Parameters): string {
  const { field, operator, value } = test
  if (operator === 'empty') return emptiness(field, value as boolean)
  if (isSelective(field, operator)) parameters.isSelective = true
  if (operator === 'has') {
    if (field.type === 'jsonb') return `${field.sql} @> ${parameters.add(JSON.stringify(value), 'jsonb')}`
    return `${field.sql} @> array[${parameters.add(value, field.type.slice(0, -2))}]`
  }
  const folds = field.unique && field.type === 'text' && !COMPARABLE.has(operator)
  const side = folds ? `lower(${field.sql})` : field.sql
  const parameter = (given: unknown) => {
    const slot = parameters.add(given, field.type)
    return folds ? `lower(${slot})` : slot
  }
  if (operator === 'ne') return `${side} is distinct from ${parameter(value)}`
  if (operator === 'in' && (value as unknown[]).length === 0) return 'false'
  if (operator === 'in') return `${side} in (${(value as unknown[]).map(parameter).join(', ')})`
  return `${side} ${SIGNS[operator]} ${parameter(value)}`
}

function emptiness(field: Field, empty: boolean): string {
  const { sql, type } = field
  const not = empty ? '' : 'not '
  if (type.endsWith('[]')) return `(${not}coalesce(cardinality(${sql}), 0) = 0)`
  if (type === 'jsonb') return `(${not}coalesce(${sql} in ('null', '[]', '{}'), true))`
  return `${sql} is ${not}null`
}
