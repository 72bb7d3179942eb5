/** What is asked of the rows of a resource, as plugin code writes it: a part of the contract. */
import type { Resources } from '../schemas/resources.ts'

/** What the type generator knows of a resource; a resource that it has not met is loosely typed. */
interface Loose {
  /** What may be written. */
  fields: Record<string, unknown>
  /** What is only read: companions of phones. */
  derived: Record<string, unknown>
  required: string
  filled: string
  sort: string
  filter: Record<string, unknown>
  /** Resources whose rows may belong to its rows. */
  children: string
  extensions: Record<string, { fields: Record<string, unknown>; derived: Record<string, unknown> }>
}
export type Known<N extends string> = N extends keyof Resources ? Resources[N] : Loose

/** Fields that the kernel keeps for every row. Times are ISO 8601 in UTC with milliseconds. */
export interface SystemFields {
  readonly id: string
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly createdBy: string | null
  readonly updatedBy: string | null
}

export type SortKey<N extends string> = Known<N>['sort'] | `-${Known<N>['sort']}`

/**
 * Operators of the filter language; a bare value means `eq`, of a list `has`, and null is `empty`. Times may be relative
 * (`now-90d`: h, d, w, m for months, y), and `me` is the acting user where a field refers to users.
 */
export type Operators<V> = [V] extends [readonly (infer E)[]]
  ? { has?: E; empty?: boolean }
  : [V] extends [boolean]
    ? { eq?: V; ne?: V; empty?: boolean }
    : { eq?: V; ne?: V; lt?: V; lte?: V; gt?: V; gte?: V; in?: readonly V[]; has?: Loosely<V>; empty?: boolean }
/** Of a resource that the generator has not met every operator may be meant. */
type Loosely<V> = unknown extends V ? unknown : never
type Bare<V> = V extends readonly (infer E)[] ? E : V
/** Where nothing belongs to the resource, nothing can be asked of it. */
type Some<C extends string> = [C] extends [never] ? never : { [N in C]?: Filter<N> }
/** Groups stand at most two deep in one another; what `some` asks of one row that belongs to the row begins anew. */
export type Filter<N extends string> =
  | { all: readonly Filter<N>[] }
  | { any: readonly Filter<N>[] }
  | { not: Filter<N> }
  | { some: Some<Known<N>['children']> }
  | { [F in keyof Known<N>['filter']]?: Bare<Known<N>['filter'][F]> | Operators<Known<N>['filter'][F]> | null }

export interface StreamInput<N extends string> {
  where?: Filter<N>
  q?: string
  sort?: readonly SortKey<N>[]
}

export type TimeUnit = 'day' | 'week' | 'month' | 'quarter' | 'year'
type FieldKey<N extends string> = (
  keyof SystemFields | keyof Known<N>['fields'] | keyof Known<N>['derived'] | keyof Known<N>['filter']
) &
  string
type FilterKey<N extends string> = keyof Known<N>['filter'] & string
/** What is told of each group. Sums and averages are of numbers and decimals; these stay exact, as text. */
export type Measure<N extends string> =
  | 'count'
  | { sum: FieldKey<N> }
  | { avg: FieldKey<N> }
  | { min: FieldKey<N> }
  | { max: FieldKey<N> }
  | { countDistinct: FieldKey<N> }

export interface AggregateInput<N extends string, V extends Record<string, Measure<N>>> {
  where?: Filter<N>
  q?: string
  /** Filterable fields; a moment or day by its period, in the time zone `tz` (UTC). Without any all rows are one group. */
  by?: readonly (FilterKey<N> | { field: FilterKey<N>; unit: TimeUnit; tz?: string })[]
  values: V
  /** Names of values and keys (`createdAt:month`), `-` before one turns it round. The keys decide between equals. */
  sort?: readonly string[]
  /** At most 1,000 groups, 100 unless said. */
  limit?: number
}
export interface Group<V> {
  /** By field, or `field:unit` with the first day of the period. */
  readonly by: Readonly<Record<string, string | number | boolean | null>>
  readonly values: {
    readonly [K in keyof V]: V[K] extends 'count' | { countDistinct: string } ? number : string | number | null
  }
}
