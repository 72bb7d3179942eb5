import { type Ctx, defineRoute, Problem, type Route } from 'weft'
import { clients } from 'weft/client'
import { counted, dozed, rang, tasks } from './contract.ts'

const access = 'probe.run'
const OWNER = {
  type: 'object',
  required: ['clientId'],
  additionalProperties: false,
  properties: { clientId: { type: 'string' } },
}
const ownerOf = (body: unknown) => (body as { clientId: string }).clientId
const messageOf = (error: unknown) => (error as Error).message

/** What a plugin sees of its call. */
const look = defineRoute({
  method: 'GET',
  path: '/look/:word',
  access,
  kind: 'query',
  query: { type: 'object', additionalProperties: false, properties: { name: { type: 'string', maxLength: 20 } } },
  async handle(ctx, { params, query }) {
    const greeting = ctx.t('hello', { name: query.name ?? 'you' })
    const held = ['clients.read', 'clients.delete', 'tasklist.create', 'tasklist.delete'].filter((each) =>
      ctx.can(each),
    )
    return {
      word: params.word ?? null,
      greeting,
      held,
      settings: ctx.settings(),
      actor: ctx.actor.kind,
      tenant: ctx.tenant.slug,
    }
  },
})

/** A snapshot is read-only: the row of this call never is. */
const writeInQuery = defineRoute({
  method: 'POST',
  path: '/write-in-query',
  access,
  kind: 'query',
  body: OWNER,
  async handle(ctx, { body }) {
    return ctx
      .rows(tasks)
      .create({ clientId: ownerOf(body), title: 'never' })
      .then(() => 'written', messageOf)
  },
})

/** Two short transactions; the second one fails and takes nothing of the first with it. */
const exchange = defineRoute({
  method: 'POST',
  path: '/exchange',
  access,
  kind: 'exchange',
  body: OWNER,
  async handle(ctx, { body }) {
    const outside = await ctx.rows(clients).get(ownerOf(body)).catch(messageOf)
    const task = await ctx.work((inner) => inner.rows(tasks).create({ clientId: ownerOf(body), title: 'first' }))
    const failed = await ctx
      .work(async (inner) => {
        await inner.rows(tasks).create({ clientId: ownerOf(body), title: 'second' })
        throw new Error('the second fails')
      })
      .catch(messageOf)
    return { outside: String(outside), task: task.id, failed }
  },
})

const nest = defineRoute({
  method: 'POST',
  path: '/nest',
  access,
  kind: 'command',
  handle: (ctx) => ctx.work(async () => 'nested').catch(messageOf),
})

/** Each asks for what the manifest's `uses` does not hold. */
const beyond: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/beyond/create',
    access,
    kind: 'command',
    async handle(ctx) {
      return (await ctx.rows(clients).create({ type: 'person', lastName: 'Beyond' })).id
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/beyond/remove',
    access,
    kind: 'command',
    body: OWNER,
    async handle(ctx, { body }) {
      await ctx.rows(clients).remove(await ctx.rows(clients).get(ownerOf(body)))
    },
  }),
]

let kept: { ctx: Ctx; rows: ReturnType<Ctx['rows']>; can: Ctx['can'] } | null = null

const keep = defineRoute({
  method: 'POST',
  path: '/keep',
  access,
  kind: 'command',
  async handle(ctx) {
    kept = { ctx, rows: ctx.rows(clients) as never, can: ctx.can }
    return (await kept.rows.list({ limit: 1 })).items.length
  },
})

/** What is left of the ctx that the call before kept: the message of each error, or what it could still do. */
const useKept = defineRoute({
  method: 'POST',
  path: '/use-kept',
  access,
  kind: 'command',
  async handle() {
    const attempt = async (use: () => unknown) =>
      Promise.resolve()
        .then(use)
        .then(() => 'it still works', messageOf)
    return {
      ctx: await attempt(() => kept?.ctx.tenant.id),
      newRows: await attempt(() => kept?.ctx.rows(clients).list()),
      oldRows: await attempt(() => kept?.rows.list()),
      emit: await attempt(() => kept?.ctx.emit({ name: 'probe.kept' }, {})),
    }
  },
})

const RING = {
  type: 'object',
  required: ['recordId', 'word'],
  additionalProperties: false,
  properties: {
    recordId: { type: 'string' },
    word: { type: 'string' },
    at: { type: 'string' },
    every: { type: 'string' },
    tz: { type: 'string' },
    key: { type: 'string' },
    fails: { type: 'boolean' },
    now: { type: 'boolean' },
  },
}
interface Ring {
  recordId: string
  word: string
  at?: string
  every?: string
  tz?: string
  key?: string
  fails?: boolean
  now?: boolean
}

/** Rings now, or schedules a ring as the body says; answers what was wrong with it. */
const ring = defineRoute({
  method: 'POST',
  path: '/ring',
  access,
  kind: 'command',
  body: RING,
  async handle(ctx, { body }) {
    const { recordId, word, at, fails, now, ...rest } = body as unknown as Ring
    const schedule = { ...rest, ...(at === undefined ? {} : { at: new Date(at) }) }
    const said = await ctx.emit(rang, { recordId, word }, now ? undefined : schedule).then(() => 'scheduled', messageOf)
    if (fails) throw new Problem(409, 'failed')
    return said
  },
})

const hush = defineRoute({
  method: 'POST',
  path: '/hush',
  access,
  kind: 'command',
  body: { type: 'object', required: ['key'], additionalProperties: false, properties: { key: { type: 'string' } } },
  handle: (ctx, { body }) => ctx.cancel(rang, (body as { key: string }).key),
})

const COUNT = {
  type: 'object',
  required: ['clientId', 'count'],
  additionalProperties: false,
  properties: {
    clientId: { type: 'string' },
    count: { type: 'integer' },
    stop: { type: 'integer' },
  },
}

/** Begins long work. */
const count = defineRoute({
  method: 'POST',
  path: '/count',
  access,
  kind: 'command',
  body: COUNT,
  async handle(ctx, { body }) {
    const given = { stop: -1, ...(body as { clientId: string; count: number }) }
    await ctx.begin(counted, given, { name: 'count', total: given.count })
  },
})

/** Has a slow handler told many times. */
const doze = defineRoute({
  method: 'POST',
  path: '/doze',
  access,
  kind: 'command',
  body: { type: 'object', properties: { times: { type: 'integer' }, ms: { type: 'integer' } } },
  async handle(ctx, { body }) {
    const { times, ms } = body as { times: number; ms: number }
    for (let n = 0; n < times; n++) await ctx.emit(dozed, { ms })
  },
})

/** Where a task cannot be opened. */
const misplace = defineRoute({
  method: 'POST',
  path: '/misplace',
  access,
  kind: 'exchange',
  handle: (ctx) => ctx.task({ name: 'count' }).then(() => 'opened', messageOf),
})

/** Calls from where it may and from where it must not. */
const callOut = defineRoute({
  method: 'POST',
  path: '/call-out',
  access,
  kind: 'exchange',
  async handle(ctx) {
    const attempt = (url: string) => ctx.http.request(url).then(({ status }) => `${status}`, messageOf)
    return {
      declared: await attempt('http://localhost:9/'),
      literal: await attempt('http://127.0.0.1:9/'),
      undeclared: await attempt('https://elsewhere.example/'),
      within: await ctx.work((inner) => inner.http.request('http://localhost:9/').then(String, messageOf)),
    }
  },
})

/** What a hold is where no person waits, and what is left of a task that was written before it. */
const holdOutside = defineRoute({
  method: 'POST',
  path: '/hold-outside',
  access,
  kind: 'exchange',
  body: OWNER,
  async handle(ctx, { body }) {
    return ctx
      .work(async (inner) => {
        await inner.rows(tasks).create({ clientId: ownerOf(body), title: 'before' })
        await inner.rows(tasks).create({ clientId: ownerOf(body), title: 'hold me' })
      })
      .then(() => 'written', messageOf)
  },
})

/** Several writes at once, some of which others are asked about. */
const addTogether = defineRoute({
  method: 'POST',
  path: '/together',
  access,
  kind: 'command',
  body: OWNER,
  async handle(ctx, { body }) {
    const titles = ['one', 'shout it', 'never this', 'two', 'shout it']
    const made = await Promise.allSettled(
      titles.map((title) => ctx.rows(tasks).create({ clientId: ownerOf(body), title })),
    )
    return made.map(({ status }) => status)
  },
})

export const routes = [
  holdOutside,
  addTogether,
  look,
  writeInQuery,
  exchange,
  nest,
  ...beyond,
  keep,
  useKept,
  ring,
  hush,
  count,
  doze,
  misplace,
  callOut,
]
