import { type Ctx, defineRoute, Problem, type Route } from 'weft'
import { clients } from 'weft/client'
import { rang, tasks } from './contract.ts'

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
  },
}
type Ring = { recordId: string; word: string; at?: string; every?: string; tz?: string; key?: string; fails?: boolean }

/** Schedules a ring as the body says; answers what was wrong with it. */
const ring = defineRoute({
  method: 'POST',
  path: '/ring',
  access,
  kind: 'command',
  body: RING,
  async handle(ctx, { body }) {
    const { recordId, word, at, fails, ...rest } = body as Ring
    const schedule = { ...rest, ...(at === undefined ? {} : { at: new Date(at) }) }
    const said = await ctx.emit(rang, { recordId, word }, schedule).then(() => 'scheduled', messageOf)
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

export const routes = [look, writeInQuery, exchange, nest, ...beyond, keep, useKept, ring, hush, callOut]
