import { defineRoute, type Input } from 'weft'
import { drafts, readings } from './contract.ts'

const LIST = {
  type: 'object',
  required: ['rows'],
  additionalProperties: false,
  properties: { rows: { type: 'array' } },
}
const rowsIn = <N extends string>(body: unknown) => (body as { rows: Input<N>[] }).rows

export const append = defineRoute({
  method: 'POST',
  path: '/append',
  access: 'meter.create',
  kind: 'command',
  body: LIST,
  async handle(ctx, { body }) {
    return { ids: await ctx.rows(readings).append(rowsIn<'meter'>(body)) }
  },
})

export const stage = defineRoute({
  method: 'POST',
  path: '/stage',
  access: 'meter.drafts.create',
  kind: 'command',
  body: LIST,
  async handle(ctx, { body }) {
    return { ids: await ctx.rows(drafts).append(rowsIn<'meter.drafts'>(body)) }
  },
})
