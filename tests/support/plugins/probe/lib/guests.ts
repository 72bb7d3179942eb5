/** Routes for people without a session, and the links that open some of them. */
import { defineRoute, Problem } from 'weft'
import { clients } from 'weft/client'
import { tasks } from '../contract.ts'

const access = 'probe.run'
const TITLE = {
  type: 'object',
  required: ['title'],
  additionalProperties: false,
  properties: { title: { type: 'string' }, fails: { type: 'boolean' } },
}
interface Title {
  title: string
  fails?: boolean
}

/** What a guest is, and what it may do. */
const whoAmI = defineRoute({
  method: 'GET',
  path: '/who',
  access: 'public',
  kind: 'query',
  async handle(ctx) {
    const { items } = await ctx.rows(clients).list({ limit: 200 })
    return {
      actor: { ...ctx.actor },
      tenant: ctx.tenant.slug,
      link: ctx.link?.id ?? null,
      held: ['clients.read', 'clients.create', 'tasklist.create', 'tasklist.delete'].filter((each) => ctx.can(each)),
      clients: items.map(({ lastName }) => lastName),
    }
  },
})

/** A form on somebody's own site. */
const form = defineRoute({
  method: 'POST',
  path: '/form',
  access: 'public',
  origins: 'any',
  kind: 'command',
  body: TITLE,
  async handle(ctx, { body }) {
    const { items } = await ctx.rows(clients).list({ limit: 1 })
    const task = await ctx.rows(tasks).create({ clientId: items[0]!.id, title: (body as unknown as Title).title })
    return { id: task.id }
  },
})

const shared = defineRoute({
  method: 'GET',
  path: '/shared',
  access: 'link',
  link: 'share',
  kind: 'query',
  handle: async (ctx) => ({ link: { ...ctx.link! }, actor: { ...ctx.actor } }),
})

const sharedOnce = defineRoute({
  method: 'GET',
  path: '/shared-once',
  access: 'link',
  link: 'share',
  counts: true,
  kind: 'query',
  handle: async (ctx) => ctx.link!.id,
})

/** One effect for each use. */
const comment = defineRoute({
  method: 'POST',
  path: '/shared/comment',
  access: 'link',
  link: 'share',
  kind: 'command',
  body: TITLE,
  async handle(ctx, { body }) {
    const { title, fails } = body as unknown as Title
    const task = await ctx.rows(tasks).create({ clientId: ctx.link!.subject!, title })
    if (fails) throw new Problem(409, 'failed')
    return { id: task.id }
  },
})

const called = defineRoute({
  method: 'POST',
  path: '/shared/call',
  access: 'link',
  link: 'share',
  kind: 'exchange',
  handle: async (ctx) => ctx.link!.name,
})

const other = defineRoute({
  method: 'GET',
  path: '/other',
  access: 'link',
  link: 'other',
  kind: 'query',
  handle: async () => 'other',
})

const SHARE = {
  type: 'object',
  additionalProperties: false,
  properties: {
    subject: { type: 'string' },
    uses: { type: 'integer' },
    password: { type: 'string' },
    ms: { type: 'integer' },
    fails: { type: 'boolean' },
    note: { type: 'string' },
  },
}
interface Share {
  subject?: string
  uses?: number
  password?: string
  ms?: number
  fails?: boolean
  note?: string
}

const share = defineRoute({
  method: 'POST',
  path: '/share',
  access,
  kind: 'command',
  body: SHARE,
  async handle(ctx, { body }) {
    const { ms = 60_000, fails, note = 'for you', ...rest } = body as Share
    const made = await ctx.links.create(shared, {
      ...rest,
      data: { note },
      expiresAt: new Date(ctx.now.getTime() + ms),
    })
    if (fails) throw new Problem(409, 'failed')
    return made
  },
})

const shares = defineRoute({
  method: 'GET',
  path: '/shares/:subject',
  access,
  kind: 'query',
  handle: async (ctx, { params }) =>
    (await ctx.links.list({ subject: params.subject as string })).map(({ id, name, usesLeft, usedCount }) => ({
      id,
      name,
      usesLeft,
      usedCount,
    })),
})

const unshare = defineRoute({
  method: 'POST',
  path: '/unshare/:id',
  access,
  kind: 'command',
  handle: (ctx, { params }) => ctx.links.revoke(params.id as string),
})

export const guestRoutes = [whoAmI, form, shared, sharedOnce, comment, called, other, share, shares, unshare]
