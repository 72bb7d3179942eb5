import { allow, change, type Ctx, defineAnswer, Problem, refuse } from 'weft'
import { clients } from 'weft/client'
import { adding, channels, hints } from '../tasklist/contract.ts'
import { tasks } from './contract.ts'

const never = () => new Promise<never>(() => {})
let kept: Ctx | null = null

/** Does as the title of the task says. */
export const onAdding = defineAnswer({
  point: adding,
  async answer(ctx, input) {
    const { title } = input
    if (title === 'refuse') return refuse('not_today', [{ path: '/title', code: 'not_today' }])
    if (title === 'throw') throw new Problem(409, 'thrown')
    if (title === 'break') throw new Error('broken')
    if (title === 'sleep') return never()
    if (title === 'notify')
      await ctx.notify({ to: { permission: 'plugins.manage' }, key: 'called', params: { who: title, times: 1 } })
    if (title === 'keep') kept = ctx
    if (title === 'use kept') return change({ ...input, title: await whatIsLeft() })
    if (title === 'overstep') return change({ ...input, title: await overstep(ctx, input.clientId) })
    input.title = 'changed behind its back'
    if (title === 'shout') return change({ ...input, title: 'SHOUT' })
    return allow()
  },
})

const whatIsLeft = () =>
  Promise.resolve()
    .then(() => kept?.now)
    .then(
      () => 'it still works',
      () => 'nothing is left',
    )

/** Its own manifest allows to read clients and nothing more. */
const overstep = (ctx: Ctx, id: string) =>
  ctx
    .rows(clients)
    .get(id)
    .then((row) => ctx.rows(clients).remove(row))
    .then(
      () => 'removed',
      (error: Error) => error.message,
    )

/** Writes a row and then breaks, or breaks the transaction itself. */
export const onHints = defineAnswer({
  point: hints,
  async answer(ctx, { clientId }) {
    if (clientId === 'half') {
      const { items } = await ctx.rows(clients).list({ limit: 1 })
      await ctx.rows(tasks).create({ clientId: items[0]!.id, title: 'half of an answer' })
      throw new Error('broken')
    }
    if (clientId === 'sleep') return never()
    return { hint: clientId }
  },
})

export const onChannel = defineAnswer({
  point: channels,
  key: 'post',
  answer: async (_ctx, { text }) => ({ sent: text }),
})
