import { anyEvent, defineHandler } from 'weft'

/** What was heard, by tenant; told twice, it stands here twice. */
export const heard: { tenant: string; event: string; fact: string; origin: string | null; digest: string | null }[] = []

export const hear = defineHandler({
  event: anyEvent,
  name: 'hear',
  kind: 'command',
  async handle(ctx, { event, fact, origin, digest }) {
    heard.push({ tenant: ctx.tenant.slug, event, fact, origin, digest })
    // Its own write is not told to itself: it would never end.
    const clients = ctx.resources().find(({ name }) => name === 'clients')
    if (clients && event === 'clients.deleted')
      await ctx.rows(clients).create({ type: 'person', lastName: 'Witnessed' })
  },
})
