import { defineRoute, Problem } from 'weft'
import { closed, tasks } from './contract.ts'

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
