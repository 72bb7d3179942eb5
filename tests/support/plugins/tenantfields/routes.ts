import { defineRoute, type Input, type Json, type TenantFields } from 'weft'
import { clients } from 'weft/client'

const ACCESS = 'tenantfields.define'
const ANYTHING = { type: 'object' }

export const define = defineRoute({
  method: 'PUT',
  path: '/fields/:resource',
  access: ACCESS,
  kind: 'command',
  body: ANYTHING,
  async handle(ctx, { params, body }) {
    return (await ctx.fields.define(params.resource!, body as unknown as TenantFields)) as unknown as Json
  },
})

export const read = defineRoute({
  method: 'GET',
  path: '/fields/:resource',
  access: ACCESS,
  kind: 'query',
  async handle(ctx, { params }) {
    return (await ctx.fields.get(params.resource!)) as unknown as Json
  },
})

export const purge = defineRoute({
  method: 'POST',
  path: '/fields/:resource/purge',
  access: ACCESS,
  kind: 'command',
  body: { type: 'object', required: ['names'], properties: { names: { type: 'array', items: { type: 'string' } } } },
  async handle(ctx, { params, body }) {
    return { task: await ctx.fields.purge(params.resource!, (body as { names: string[] }).names) }
  },
})

/** What plugin code finds of a resource at run time. */
export const look = defineRoute({
  method: 'GET',
  path: '/schema/:resource',
  access: ACCESS,
  kind: 'query',
  async handle(ctx, { params }) {
    const found = ctx.resources().find(({ name }) => name === params.resource)
    return (found?.schema ?? null) as unknown as Json
  },
})

/** Enters a client as a plugin does, and gives the rows that it asks for. */
export const enter = defineRoute({
  method: 'POST',
  path: '/enter',
  access: ACCESS,
  kind: 'command',
  body: ANYTHING,
  async handle(ctx, { body }) {
    const row = await ctx.rows(clients).create(body as Input<'clients'>)
    const where = { id: row.id }
    return { row, found: (await ctx.rows(clients).list({ where })).items.length } as unknown as Json
  },
})

/** A list as plugin code reads it. */
export const list = defineRoute({
  method: 'GET',
  path: '/lists/:name',
  access: ACCESS,
  kind: 'query',
  async handle(ctx, { params }) {
    return (await ctx.lists.get(params.name!)) as unknown as Json
  },
})
