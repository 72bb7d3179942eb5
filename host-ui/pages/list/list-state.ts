/** The state of a list is its address: what one sees can be bookmarked, sent to a colleague and gone back to. */

export const OPERATORS = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in', 'has', 'empty'] as const
export type Operator = (typeof OPERATORS)[number]

export interface Filter {
  path: string
  op: Operator
  value: string
}

export interface ListState {
  q: string
  filters: Filter[]
  /** Empty for the resource's own order. */
  sort: string[]
  limit: number
  after: string | null
  /** The full form of the filter language, for what pairs cannot say. */
  filter?: string | undefined
  /** The saved view that this began as. */
  view?: string | undefined
}

export const PAGE_SIZES = [25, 50, 100, 200]
const DEFAULT_SIZE = 50
const RESERVED = new Set(['q', 'sort', 'limit', 'after', 'filter', 'view'])

export function readListState(search: string): ListState {
  const params = new URLSearchParams(search)
  const filters = [...params].filter(([name, value]) => !RESERVED.has(name) && value !== '').map(readFilter)
  const limit = Number(params.get('limit'))
  return {
    q: params.get('q') ?? '',
    filters,
    sort: (params.get('sort') ?? '').split(',').filter(Boolean),
    limit: PAGE_SIZES.includes(limit) ? limit : DEFAULT_SIZE,
    after: params.get('after') || null,
    ...(isJson(params.get('filter')) ? { filter: params.get('filter')! } : {}),
    ...(params.get('view') ? { view: params.get('view')! } : {}),
  }
}

/** An address that was cut short is no question. */
function isJson(text: string | null): boolean {
  try {
    return text !== null && typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

/** A field may itself be called like an operator, but then its path has no dot before it. */
export function readFilter([name, value]: [string, string]): Filter {
  const dot = name.lastIndexOf('.')
  const op = OPERATORS.find((operator) => dot > 0 && operator === name.slice(dot + 1))
  return op ? { path: name.slice(0, dot), op, value } : { path: name, op: 'eq', value }
}

export const nameOf = ({ path, op }: Filter): string => (op === 'eq' ? path : `${path}.${op}`)

/** Only what differs from the defaults, in one order: the same list has one address. */
export function writeListState({ q, filters, sort, limit, after, filter, view }: ListState): string {
  const params = new URLSearchParams()
  if (q) params.set('q', q)
  for (const each of filters) params.set(nameOf(each), each.value)
  if (sort.length > 0) params.set('sort', sort.join(','))
  if (limit !== DEFAULT_SIZE) params.set('limit', String(limit))
  if (after) params.set('after', after)
  if (filter) params.set('filter', filter)
  if (view) params.set('view', view)
  return params.toString().replaceAll('%2C', ',')
}

/** Another question starts at its first page. */
export function withFilters(state: ListState, path: string, filters: Filter[]): ListState {
  const at = state.filters.findIndex((filter) => filter.path === path)
  const others = state.filters.filter((filter) => filter.path !== path)
  const place = at < 0 ? others.length : state.filters.slice(0, at).filter((filter) => filter.path !== path).length
  return { ...state, filters: [...others.slice(0, place), ...filters, ...others.slice(place)], after: null }
}

const MAX_KEYS = 4
const bare = (key: string) => key.replace(/^-/, '')

/**
 * What a click on a header asks for: this order alone, the other direction, then the default again. With `join` (shift)
 * the keys are added to those that are there. A column may stand for several keys, as the name does.
 */
export function toggleSort(sort: string[], keys: string[], { join, falling }: { join: boolean; falling: boolean }) {
  const mine = sort.filter((key) => keys.includes(bare(key)))
  const others = join ? sort.filter((key) => !keys.includes(bare(key))) : []
  const signed = (down: boolean) => keys.map((key) => (down ? `-${key}` : key))
  const alone = join || sort.length === mine.length
  if (mine.length === 0 || !alone) return [...others, ...signed(falling)].slice(-MAX_KEYS)
  const isFalling = mine[0]!.startsWith('-')
  if (isFalling !== falling) return others
  return join
    ? sort.flatMap((key) => (key === mine[0] ? signed(!falling) : mine.includes(key) ? [] : [key]))
    : signed(!falling)
}
