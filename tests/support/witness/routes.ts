import { defineRoute, type JsonObject } from 'weft'

const look = defineRoute({
  method: 'GET',
  path: '/resources',
  access: 'witness.look',
  kind: 'query',
  handle: async (ctx) => ctx.resources().map(({ name, schema }) => ({ name, schema: schema as JsonObject })),
})

const enter = defineRoute({
  method: 'POST',
  path: '/enter',
  access: 'witness.look',
  kind: 'exchange',
  body: { type: 'object', properties: { lastName: { type: 'string' }, origin: { type: 'string' } } },
  async handle(ctx, { body }) {
    const { lastName, origin } = body as { lastName: string; origin: string }
    const clients = ctx.resources().find(({ name }) => name === 'clients')
    if (!clients) return null
    return ctx.work(async (inner) => (await inner.rows(clients).create({ type: 'person', lastName })).id, { origin })
  },
})

export const routes = [look, enter]
