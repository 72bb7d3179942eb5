import { type Ctx, defineRoute, type JsonObject } from 'weft'
import { gauges } from './contract.ts'

/** What plugin code is told of groups. */
export const tell = defineRoute({
  method: 'POST',
  path: '/tell',
  access: 'gauge.read',
  kind: 'query',
  body: { type: 'object' },
  async handle(ctx, { body }) {
    const { items, more } = await ctx.rows(gauges).aggregate({
      ...(body as JsonObject),
      values: { rows: 'count', total: { sum: 'price' }, latest: { max: 'at' }, words: { countDistinct: 'word' } },
    })
    return { items: items.map(({ by, values }) => ({ by, values: { ...values, twice: values.rows * 2 } })), more }
  },
})

const WALK = {
  type: 'object',
  properties: { sort: { type: 'array' }, where: { type: 'object' }, stop: { type: 'integer' } },
}
type Walk = { sort?: ['day']; where?: { open: boolean }; stop?: number }

/** The ids of a stream, each page read while nothing or something else is written. */
async function walk(ctx: Ctx, { sort, where, stop = Infinity }: Walk, between?: () => Promise<unknown>) {
  const ids: string[] = []
  for await (const row of ctx.rows(gauges).stream({ ...(sort ? { sort } : {}), ...(where ? { where } : {}) })) {
    if (ids.length === 0) await between?.()
    ids.push(row.id)
    if (ids.length >= stop) break
  }
  return ids
}

export const walkInQuery = defineRoute({
  method: 'POST',
  path: '/walk',
  access: 'gauge.read',
  kind: 'query',
  body: WALK,
  handle: (ctx, { body }) => walk(ctx, body as Walk),
})

/** Adds a row while it walks, in a transaction of its own. */
export const walkInExchange = defineRoute({
  method: 'POST',
  path: '/walk-out',
  access: 'gauge.read',
  kind: 'exchange',
  body: WALK,
  handle: (ctx, { body }) =>
    walk(ctx, body as Walk, () => ctx.work((inner) => inner.rows(gauges).create({ word: 'zebra' }))),
})

/** By tenant. */
const kept = new Map<string, AsyncIterator<unknown>>()

/** Goes on with the stream of the call before, whose ctx is over. */
export const walkOn = defineRoute({
  method: 'POST',
  path: '/walk-on',
  access: 'gauge.read',
  kind: 'exchange',
  async handle(ctx) {
    const last = kept.get(ctx.tenant.id)
    const next = ctx.rows(gauges).stream()[Symbol.asyncIterator]()
    kept.set(ctx.tenant.id, next)
    await next.next()
    return last
      ? last.next().then(
          () => 'it goes on',
          (error: Error) => error.message,
        )
      : 'begun'
  },
})
