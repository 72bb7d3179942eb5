import { defineHandler, Problem } from 'weft'
import { clients } from 'weft/client'
import { counted, dozed, rang, tasks } from './contract.ts'

/** Fails for as long as the client's source says so; one that is gone by now needs nothing. */
export const onClientUpdated = defineHandler({
  event: clients.events.updated,
  name: 'flaky',
  kind: 'command',
  async handle(ctx, { payload }) {
    const client = await ctx
      .rows(clients)
      .get(payload.id)
      .catch((error: unknown) => {
        if (error instanceof Problem && error.status < 500) return null
        throw error
      })
    if (client?.source === 'fail') throw new Error('the other side is away')
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

/** A task for each number up to the count, one in each step. */
export const onCounted = defineHandler({
  event: counted,
  name: 'count',
  kind: 'exchange',
  async handle(ctx, { payload }) {
    const { clientId, count, stop } = payload
    const task = await ctx.task({ name: 'count', total: count })
    while (Number(task.state.at ?? 0) < count) {
      await task.step(async (inner, state) => {
        const at = Number(state.at ?? 0) + 1
        await inner.rows(tasks).create({ clientId, title: `Number ${at}` })
        return { state: { at }, done: 1 }
      })
      if (task.state.at === stop) throw new Error('the power is gone')
    }
  },
})

/** Waits, as for another system that is slow. */
export const onDozed = defineHandler({
  event: dozed,
  name: 'doze',
  kind: 'exchange',
  handle: (_ctx, { payload }) => new Promise((wake) => setTimeout(wake, payload.ms)),
})
