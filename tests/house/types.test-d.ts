/**
 * Mistakes in plugin code that the compiler refuses. `tsc` checks this file; it never runs. A line that should fail
 * and does not is an unused `@ts-expect-error`, which is an error itself.
 */
import { type Ctx, defineAnswer, defineHandler, definePoint, defineResource, defineRoute } from 'weft'
import { clients } from 'weft/client'

export async function mistakes(ctx: Ctx): Promise<void> {
  const rows = ctx.rows(clients)

  // @ts-expect-error a required field is missing
  await rows.create({ lastName: 'Morel' })
  // @ts-expect-error a value that the enum has not
  await rows.create({ type: 'robot', lastName: 'Morel' })
  // @ts-expect-error a field that the schema has not
  await rows.create({ type: 'person', lastName: 'Morel', shoeSize: 41 })
  // @ts-expect-error the tenant comes from the context alone
  await rows.create({ type: 'person', lastName: 'Morel', tenantId: ctx.tenant.id })

  const [row] = (await rows.list()).items
  if (!row) return
  // @ts-expect-error a field that may be null
  row.lastName.toUpperCase()
  // @ts-expect-error a row is written by `update` alone
  row.lastName = 'Moreau'

  // @ts-expect-error a field that cannot be sorted by
  await rows.list({ sort: ['notes'] })
  // @ts-expect-error a field that cannot be filtered by
  await rows.list({ where: { notes: 'vip' } })
  // @ts-expect-error a value that the enum has not
  await rows.list({ where: { type: 'robot' } })
}

/** The same mistakes at the other doors. */
export async function variants(ctx: Ctx): Promise<void> {
  const rows = ctx.rows(clients)
  const row = await rows.get('')
  // @ts-expect-error
  await rows.update(row, { tenantId: ctx.tenant.id })
  // @ts-expect-error
  await rows.update(row, { type: 'robot' })
  // @ts-expect-error a required field cannot be emptied
  await rows.update(row, { type: null })
  // @ts-expect-error written by the kernel alone
  await rows.update(row, { phoneE164: '+33199001234' })
  // @ts-expect-error written by the kernel alone
  await rows.create({ type: 'person', lastName: 'Morel', version: 2 })
  // @ts-expect-error
  row.version = 2
  // @ts-expect-error
  row.phoneE164 = null
  // @ts-expect-error
  await rows.list({ sort: ['-notes'] })
  // @ts-expect-error
  await rows.list({ where: { all: [{ notes: 'vip' }] } })
  // @ts-expect-error
  await rows.list({ where: { not: { type: { in: ['person', 'robot'] } } } })
  // @ts-expect-error
  await rows.list({ where: { createdAt: { gte: 2026 } } })
  // @ts-expect-error
  await rows.list({ where: { tenantId: ctx.tenant.id } })
  // @ts-expect-error a resource whose rows do not belong to clients
  await rows.list({ where: { some: { clients: { type: 'person' } } } })
  // @ts-expect-error an operator that lists have not
  await rows.list({ where: { tags: { eq: 'vip' } } })
}

/** Good code compiles. */
export async function sound(ctx: Ctx): Promise<string> {
  const rows = ctx.rows(clients)
  const made = await rows.create({ type: 'company', companyName: 'Domaine de Bellerive', tags: ['vip'], email: null })
  const changed = await rows.update(made, { notes: null, status: 'active' })
  const { items, next, total } = await rows.list({
    where: {
      any: [
        { type: 'couple' },
        { lastName: { empty: true } },
        { not: { tags: { has: 'vip' } } },
        { tags: 'vip', email: null, ownerId: 'me', id: { in: [made.id] } },
      ],
    },
    q: 'belle',
    sort: ['-createdAt', 'lastName'],
    count: 'exact',
  })
  await rows.restore(changed.id)
  const texts: (string | null)[] = items.flatMap((each) => [each.phoneE164, each.lastName ?? each.companyName])
  return `${changed.type} ${texts.join()} ${next} ${total.value}`
}

/** A resource that the generator has not met yet is loosely typed, so that a new plugin compiles before `generate`. */
const unmet = defineResource({ name: 'unmet', schema: {}, belongsTo: 'clients' })

export const route = defineRoute({
  method: 'POST',
  path: '/all',
  access: 'unmet.create',
  kind: 'command',
  handle: async (ctx) => ({ id: (await ctx.rows(unmet).create({ anything: 1 })).id }),
})

/** What a route takes and gives follows from what it says. */
export const upload = defineRoute({
  method: 'POST',
  path: '/upload',
  access: 'unmet.create',
  kind: 'exchange',
  body: 'raw',
  maxBytes: 1_000,
  types: ['text/csv'],
  async handle(_ctx, { body }) {
    const { value } = await body.bytes[Symbol.asyncIterator]().next()
    return { type: body.type, first: (value as Uint8Array).length }
  },
})
export const talk = defineRoute({
  method: 'GET',
  path: '/talk',
  access: 'link',
  link: 'talk',
  kind: 'exchange',
  reply: 'socket',
  async handle(ctx, _input, socket) {
    for await (const message of socket.messages) await socket.send({ message, for: ctx.link?.subject ?? null })
  },
})
export const load = defineRoute({
  method: 'GET',
  path: '/load',
  access: 'public',
  kind: 'exchange',
  reply: 'raw',
  // @ts-expect-error bytes have a media type
  handle: async () => ({ bytes: new Uint8Array() }),
})
export const tell = defineRoute({
  method: 'GET',
  path: '/tell',
  access: 'public',
  kind: 'exchange',
  reply: 'stream',
  // @ts-expect-error what is sent is JSON
  async *handle() {
    yield new Map()
  },
})
const telemetry = defineResource({ name: 'telemetry', schema: {}, keep: 'log', retention: { days: 30 } })
const staging = defineResource({ name: 'staging', schema: {}, keep: 'scratch', retention: { days: 2 } })
// @ts-expect-error what is no record says how long it is kept
export const endless = defineResource({ name: 'endless', schema: {}, keep: 'log' })
// @ts-expect-error how long records are kept is for their tenants to say
export const fading = defineResource({ name: 'fading', schema: {}, retention: { days: 2 } })
// @ts-expect-error the rows of a log are not told
export const untold = telemetry.events.created

export async function keepRows(ctx: Ctx): Promise<string[]> {
  const [log, scratch] = [ctx.rows(telemetry), ctx.rows(staging)]
  const row = await scratch.create({ anything: 1 })
  // @ts-expect-error the rows of a log stay as they are
  await log.update(row, { anything: 2 })
  await scratch.update(row, { anything: 2 })
  await scratch.remove(row)
  // @ts-expect-error what is no record is deleted for good
  await scratch.restore(row.id)
  // @ts-expect-error records are told one by one
  await ctx.rows(clients).append([])
  return log.append([{ anything: 1 }])
}

export const handler = defineHandler({
  event: clients.events.created,
  name: 'note',
  kind: 'command',
  async handle(ctx, { payload }) {
    // @ts-expect-error events carry ids and the names of changed fields, never values
    ctx.log.info(payload.lastName)
    ctx.log.info(payload.id)
  },
})

const hints = definePoint<{ id: string }, { hint: string }>('unmet.hints', {
  kind: 'collect',
  within: 'command',
  ms: 100,
  onFailure: 'skip',
})
const channels = definePoint<{ id: string }, boolean>('unmet.channels', {
  kind: 'choose',
  within: 'exchange',
  ms: 100,
  onFailure: 'refuse',
})

// @ts-expect-error an answer of another type
export const wrongAnswer = defineAnswer({ point: hints, answer: async () => ({ hint: 1 }) })

export async function askAll(ctx: Ctx): Promise<string[]> {
  // @ts-expect-error a choice without its key
  await ctx.ask(channels, { id: '1' })
  // @ts-expect-error a field that the input has not
  await ctx.ask(hints, { id: '1', name: 'x' })
  const answers = await ctx.ask(hints, { id: '1' })
  return (await ctx.ask(channels, { id: '1' }, 'post')) ? answers.map(({ hint }) => hint) : []
}
