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
}

export const PAGE_SIZES = [25, 50, 100, 200]
const DEFAULT_SIZE = 50
const RESERVED = new Set(['q', 'sort', 'limit', 'after'])

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
  }
}

/** A field may itself be called like an operator, but then its path has no dot before it. */
function readFilter([name, value]: [string, string]): Filter {
  const dot = name.lastIndexOf('.')
  const op = OPERATORS.find((operator) => dot > 0 && operator === name.slice(dot + 1))
  return op ? { path: name.slice(0, dot), op, value } : { path: name, op: 'eq', value }
}

export const nameOf = ({ path, op }: Filter): string => (op === 'eq' ? path : `${path}.${op}`)

/** Only what differs from the defaults, in one order: the same list has one address. */
export function writeListState({ q, filters, sort, limit, after }: ListState): string {
  const params = new URLSearchParams()
  if (q) params.set('q', q)
  for (const filter of filters) params.set(nameOf(filter), filter.value)
  if (sort.length > 0) params.set('sort', sort.join(','))
  if (limit !== DEFAULT_SIZE) params.set('limit', String(limit))
  if (after) params.set('after', after)
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
