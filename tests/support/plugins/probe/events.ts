import { defineHandler } from 'weft'
import { clients } from 'weft/client'
import { rang, tasks } from './contract.ts'

/** Fails for as long as the client's source says so. */
export const onClientUpdated = defineHandler({
  event: clients.events.updated,
  name: 'flaky',
  kind: 'command',
  async handle(ctx, { payload }) {
    const client = await ctx.rows(clients).get(payload.id)
    if (client.source === 'fail') throw new Error('the other side is away')
  },
})

/** A task for each time that it rings. */
export const onRang = defineHandler({
  event: rang,
  name: 'ring',
  kind: 'command',
  async handle(ctx, { payload }) {
    await ctx.rows(tasks).create({ clientId: payload.recordId, title: payload.word })
  },
})
