import { defineHandler } from 'weft'
import { clients } from 'weft/client'
import { closed, tasks } from './contract.ts'

/** Each new client gets a first task; told twice, it gets one. */
export const onClientCreated = defineHandler({
  event: clients.events.created,
  name: 'welcome',
  kind: 'command',
  async handle(ctx, { payload }) {
    await ctx.rows(tasks).create({ clientId: payload.id, title: 'Welcome' })
  },
})

/** Outside a transaction, as work with other systems is. */
export const onClosed = defineHandler({
  event: closed,
  name: 'note',
  kind: 'exchange',
  async handle(ctx, { payload }) {
    await ctx.work(async (inner) => {
      const { items } = await inner.rows(clients).list({ limit: 1, sort: ['createdAt'] })
      const [first] = items
      if (first) await inner.rows(clients).update(first, { notes: `closed ${payload.count}` })
    })
  },
})
