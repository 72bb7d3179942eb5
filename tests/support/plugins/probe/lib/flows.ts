/** Routes whose bodies and answers are not JSON, and feeds. */
import { type Ctx, defineFeed, defineRoute, Problem, type Socket } from 'weft'
import { tasks } from '../contract.ts'

const access = 'probe.run'
const encoder = new TextEncoder()

/** Until the signal ends, whatever else is waited for. */
const untilEnd = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

const measure = defineRoute({
  method: 'POST',
  path: '/measure',
  access,
  kind: 'exchange',
  body: 'raw',
  maxBytes: 100_000,
  types: ['text/csv', 'image/*'],
  async handle(_ctx, { body }) {
    let bytes = 0
    for await (const piece of body.bytes) bytes += piece.length
    return { type: body.type, length: body.length, bytes }
  },
})

const download = defineRoute({
  method: 'GET',
  path: '/download/:kind',
  access,
  kind: 'exchange',
  reply: 'raw',
  async handle(_ctx, { params }) {
    const bytes = encoder.encode('<script>alert(1)</script>')
    if (params.kind === 'html') return { type: 'text/html', bytes, inline: true, name: 'page.html' }
    if (params.kind === 'picture') return { type: 'image/png', bytes, inline: true }
    if (params.kind === 'strange') return { type: 'application/x-sh', bytes, name: 'é"\r\nx.sh' }
    if (params.kind === 'none') throw new Problem(404, 'not_found')
    const pieces = async function* () {
      for (let i = 0; i < 100; i++) yield encoder.encode(`${i},x\n`.padEnd(10_000, ' '))
      if (params.kind === 'broken') throw new Error('broken')
    }
    return { type: 'text/csv', bytes: pieces(), name: 'all.csv' }
  },
})

/** What became of the last ticking: how often, and whether its end was heard. */
export const ticking = { told: 0, isOver: false, late: '' }

async function* tick(ctx: Ctx, ms: number) {
  Object.assign(ticking, { told: 0, isOver: false, late: '' })
  try {
    while (!ctx.signal.aborted) {
      yield { tick: ++ticking.told, tenant: ctx.tenant.slug }
      await new Promise((resolve) => setTimeout(resolve, ms))
    }
  } finally {
    ticking.isOver = true
    ticking.late = await ctx.work(async () => 'it still works').catch((error: Error) => error.message)
  }
}

const ticks = defineRoute({
  method: 'GET',
  path: '/ticks',
  access,
  kind: 'exchange',
  query: {
    type: 'object',
    additionalProperties: false,
    properties: { ms: { type: 'string', pattern: '^[0-9]{1,5}$' } },
  },
  reply: 'stream',
  handle: (ctx, { query }) => tick(ctx, Number(query.ms ?? 50)),
})

const sharedTicks = defineRoute({
  method: 'GET',
  path: '/shared/ticks',
  access: 'link',
  link: 'share',
  kind: 'exchange',
  reply: 'stream',
  handle: (ctx) => tick(ctx, 50),
})

const flood = defineRoute({
  method: 'GET',
  path: '/flood',
  access,
  kind: 'exchange',
  reply: 'stream',
  async *handle() {
    ticking.told = 0
    for (; ticking.told < 2_000; ticking.told++) yield 'x'.repeat(100_000)
  },
})

const failing = defineRoute({
  method: 'GET',
  path: '/failing-stream/:when',
  access,
  kind: 'exchange',
  reply: 'stream',
  async *handle(_ctx, { params }) {
    if (params.when === 'first') throw new Problem(409, 'not_today')
    yield 1
    throw new Problem(409, 'not_any_more')
  },
})

/** Sends without waiting, until it is not let. */
async function pour(socket: Socket): Promise<void> {
  Object.assign(ticking, { told: 0, isOver: false, late: '' })
  const fail = (error: Error) => (ticking.late = error.message)
  for (; ticking.told < 2_000 && !ticking.late; ticking.told++) {
    void socket.send('x'.repeat(100_000)).catch(fail)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Says back what it hears. */
const echo = defineRoute({
  method: 'GET',
  path: '/echo',
  access,
  kind: 'exchange',
  reply: 'socket',
  async handle(ctx, _input, socket) {
    await socket.send({ hello: ctx.tenant.slug })
    for await (const message of socket.messages) {
      if (message === 'stop') return
      if (message === 'refuse') throw new Problem(403, 'forbidden')
      if (message === 'break') throw new Error('broken')
      if (message === 'flood') await pour(socket)
      await socket.send({ echo: message })
    }
  },
})

/** Each run of the feed that is going on in this process, by tenant and key. */
export const watching = new Map<string, { ctx: Ctx; signal: AbortSignal }>()

/** By tenant, how often it could not say. */
const refusals = new Map<string, number>()

/** Runs while the setting `tone` is loud: one key for each `limit`. */
export const watch = defineFeed({
  name: 'watch',
  async keys(ctx) {
    const { tone, limit = 1 } = ctx.settings<{ tone: string; limit?: number }>()
    // Again and again it would be suspended.
    const before = refusals.get(ctx.tenant.id) ?? 0
    if (limit === 10 && before < 4) {
      refusals.set(ctx.tenant.id, before + 1)
      throw new Error('nobody can say')
    }
    return tone === 'loud' ? Array.from({ length: limit }, (_, i) => `box ${i + 1}`) : []
  },
  async run(ctx, signal, key) {
    const name = `${ctx.tenant.slug} ${key}`
    const own = { ctx, signal }
    runs.push({ name, ...own })
    if (key === 'box 9') throw new Error('the other side is away')
    watching.set(name, own)
    await untilEnd(signal)
    if (watching.get(name) === own) watching.delete(name)
  },
})
export const runs: { name: string; ctx: Ctx; signal: AbortSignal }[] = []

/** What a run would write. */
export const writeFrom = async (ctx: Ctx, clientId: string, title: string) =>
  ctx.work((inner) => inner.rows(tasks).create({ clientId, title }))

export const flowRoutes = [measure, download, ticks, sharedTicks, flood, failing, echo]
