import { defineRoute, Problem } from 'weft'
import { adding, channels, closed, hints, tasks } from './contract.ts'

export const countOpen = defineRoute({
  method: 'GET',
  path: '/open',
  access: 'tasklist.read',
  kind: 'query',
  async handle(ctx) {
    const { total } = await ctx.rows(tasks).list({ where: { done: false }, limit: 1, count: 'exact' })
    return { open: total.value }
  },
})

export const closeAll = defineRoute({
  method: 'POST',
  path: '/close',
  access: 'tasklist.close',
  kind: 'command',
  async handle(ctx) {
    const { items } = await ctx.rows(tasks).list({ where: { done: false }, limit: 200 })
    for (const task of items) await ctx.rows(tasks).update(task, { done: true })
    await ctx.emit(closed, { count: items.length })
    return { closed: items.length }
  },
})

/** Writes one row and then refuses: nothing of it may remain. */
export const failHalfway = defineRoute({
  method: 'POST',
  path: '/fail',
  access: 'tasklist.create',
  kind: 'command',
  body: {
    type: 'object',
    required: ['clientId'],
    additionalProperties: false,
    properties: { clientId: { type: 'string' } },
  },
  async handle(ctx, { body }) {
    await ctx.rows(tasks).create({ clientId: (body as { clientId: string }).clientId, title: 'half' })
    throw new Problem(409, 'halfway')
  },
})

const ADDED = {
  type: 'object',
  required: ['clientId', 'title'],
  additionalProperties: false,
  properties: { clientId: { type: 'string' }, title: { type: 'string' } },
}

/** Adds a task where nobody is against it. */
export const addTask = defineRoute({
  method: 'POST',
  path: '/add',
  access: 'tasklist.create',
  kind: 'command',
  body: ADDED,
  async handle(ctx, { body }) {
    return ctx.rows(tasks).create(await ctx.ask(adding, body as { clientId: string; title: string }))
  },
})

export const readHints = defineRoute({
  method: 'POST',
  path: '/hints',
  access: 'tasklist.create',
  kind: 'command',
  body: ADDED,
  async handle(ctx, { body }) {
    const { clientId, title } = body as { clientId: string; title: string }
    const given = await ctx.ask(hints, { clientId: title })
    await ctx.rows(tasks).create({ clientId, title: `after ${title}` })
    return given
  },
})

export const send = defineRoute({
  method: 'POST',
  path: '/send',
  access: 'tasklist.create',
  kind: 'exchange',
  body: ADDED,
  async handle(ctx, { body }) {
    const { clientId, title } = body as { clientId: string; title: string }
    return ctx.ask(channels, { text: title }, clientId)
  },
})

/** Asks where it must not. */
export const sendWithin = defineRoute({
  method: 'POST',
  path: '/send-within',
  access: 'tasklist.create',
  kind: 'command',
  handle: (ctx) => ctx.ask(channels, { text: 'x' }, 'post').then(JSON.stringify, (error: Error) => error.message),
})
