/** `ctx.rows`: the verbs of a resource as plugin code calls them. */
import type {
  AggregateInput,
  Filter,
  Input,
  JsonObject,
  ListInput,
  Measure,
  Page,
  Patch,
  AnyResource,
  Keep,
  Row,
  Rows,
  RowsOf,
  StreamInput,
  SystemFields,
} from '../contract.ts'
import { defineResource, Problem } from '../contract.ts'
import { type Condition, readFilter } from '../resource/filter.ts'
import { readSort } from '../resource/list.ts'
import { readAggregation } from './aggregate.ts'
import { appendRows } from './append.ts'
import type { Composed, Composition } from './composition.ts'
import { labelledSchema } from './labels.ts'
import { Merges } from './merge.ts'
import { Privacy } from './privacy.ts'
import { ruleOf } from './listing.ts'
import type { Scope } from './scope.ts'
import { type RowReply, Verbs } from './verbs.ts'

const MAX_ROWS = 200

/** The resources that plugin code may read, as it finds them at run time. */
export const resourcesOf = (
  composition: Composition,
  { lang, can }: { lang: string; can: (permission: string) => boolean },
): AnyResource[] =>
  [...composition.resources.values()]
    .filter(({ model }) => can(`${model.name}.read`))
    .map((composed) => {
      const { name, belongsTo, keep, days } = composed.model
      const schema = labelledSchema(composed, composition, lang === 'fr' ? 'fr' : 'en')
      const definition = { name, schema, ...(belongsTo && { belongsTo }) }
      return keep === 'record' || days === null
        ? defineResource(definition)
        : defineResource({ ...definition, keep, retention: { days } })
    })

const rowOf = <N extends string>({ body }: RowReply) => JSON.parse(body) as Row<N>

/**
 * Typed access to one resource's rows, over the verbs that every caller uses.
 * @param reading the scope of reads that need no transaction of their own making
 */
export function rowsOf<N extends string, K extends Keep>(
  scope: () => Scope,
  composition: Composition,
  { name, reading }: { name: string; reading: () => Scope },
): RowsOf<N, K> {
  const composed = composition.resources.get(name)
  if (!composed) throw new Problem(404, 'not_found')
  const all = verbsOf<N>(scope, { composed, composition, reading })
  if (composed.model.keep === 'record') return all as RowsOf<N, K>
  const append = async (inputs: readonly Input<N>[]) => appendRows(scope(), composed, inputs)
  const kept = KEPT_VERBS[composed.model.keep].map((verb) => [verb, all[verb]])
  return { ...Object.fromEntries(kept), append } as unknown as RowsOf<N, K>
}

const READING = ['get', 'list', 'stream', 'aggregate', 'create'] as const
const KEPT_VERBS = { log: READING, scratch: [...READING, 'update', 'remove'] } as const

function verbsOf<N extends string>(
  scope: () => Scope,
  { composed, composition, reading }: { composed: Composed; composition: Composition; reading: () => Scope },
): Rows<N> {
  const { model, children } = composed
  const verbs = () => new Verbs(scope(), composed)
  const merges = () => new Merges(scope(), composed)
  const privacy = () => new Privacy(scope(), model, composition.whole)
  const conditions = (where: Filter<N> | undefined, asking = scope()): Condition[] =>
    where === undefined
      ? []
      : [readFilter({ model, children, now: asking.now, me: asking.me, rule: ruleOf(asking) }, where)]
  return {
    get: async (id: string, { lock }: { readonly lock?: true } = {}) =>
      rowOf<N>(await (lock ? verbs().getLocked(id) : verbs().get(id))),
    list: async (input: ListInput<N> = {}): Promise<Page<N>> => {
      const { where, q = '', sort, limit = 50, after = null, count } = input
      const order = readSort(composed.model, sort?.join(','))
      const bounded = Math.min(Math.max(1, limit), MAX_ROWS)
      const page = await verbs().list({
        where: conditions(where),
        q,
        sort: order,
        limit: bounded,
        after,
        count: count === 'exact',
        include: [],
      })
      return { ...page, items: page.items.map((item) => JSON.parse(item) as Row<N>) }
    },
    async *stream(input: StreamInput<N> = {}) {
      const { where, q = '', sort } = input
      const asked = { where: conditions(where, reading()), q, sort: readSort(composed.model, sort?.join(',')) }
      for await (const page of new Verbs(reading(), composed).stream(reading, asked))
        for (const body of page) {
          reading()
          yield JSON.parse(body) as Row<N>
        }
    },
    aggregate: async (input: AggregateInput<N, Record<string, Measure<N>>>) => {
      const { where, q = '' } = input
      const asked = readAggregation(composed, input as never)
      return (await verbs().aggregate({ ...asked, where: conditions(where), q })) as never
    },
    create: async (input: Input<N>) => rowOf<N>(await verbs().create(input as unknown as JsonObject)),
    update: async (row: Pick<SystemFields, 'id' | 'version'>, patch: Patch<N>) =>
      rowOf<N>(await verbs().update({ id: row.id, version: row.version }, patch as unknown as JsonObject)),
    remove: (row: Pick<SystemFields, 'id' | 'version'>) => verbs().remove({ id: row.id, version: row.version }),
    restore: async (id: string) => rowOf<N>(await verbs().restore(id)),
    merge: async (id: string, other: string) => merges().merge(id, other),
    unmerge: async (id: string, mergeId: string) => merges().unmerge(id, mergeId),
    adopt: async (from: string, to: string) => merges().adopt(from, to),
    erase: async (id: string) => privacy().erase(id),
    accessPack: async (id: string) => privacy().accessPack(id),
  }
}
