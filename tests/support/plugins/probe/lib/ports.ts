import {
  type Ctx,
  defineHandler,
  defineRoute,
  type Json,
  type JsonObject,
  type Kind,
  type Mail,
  type Notice,
  Problem,
} from 'weft'
import { posted } from '../contract.ts'

const access = 'probe.run'
const messageOf = (error: unknown) => (error as Error).message

/** Reads a secret in each kind of call; `name` is whatever the test likes. */
const reveal = (['query', 'command', 'exchange'] as const).map((kind: Kind) =>
  defineRoute({
    method: 'POST',
    path: `/reveal-${kind}`,
    access,
    kind,
    body: { type: 'object', required: ['name'], additionalProperties: false, properties: { name: { type: 'string' } } },
    handle: (ctx: Ctx, { body }) => ctx.secrets.get((body as JsonObject).name as string).catch(messageOf),
  }),
)

const text = { type: 'string' }
const FILE = {
  type: 'object',
  additionalProperties: false,
  properties: { id: text, name: text, content: text, recordId: text },
}
type FileBody = { id: string; name: string; content: string; recordId?: string }
const recordOf = ({ recordId }: FileBody) => (recordId === undefined ? {} : { recordId })

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** What the plugin does with files, each as the body says. */
const acts: Record<string, (ctx: Ctx, body: FileBody) => Promise<unknown>> = {
  put: (ctx, body) => ctx.files.put(body.name, Buffer.from(body.content), recordOf(body)),
  open: async (ctx, { id }) => readAll((await ctx.files.open(id)).stream),
  info: (ctx, { id }) => ctx.files.info(id),
  claim: (ctx, { id, recordId }) => ctx.files.claim(id, recordId),
  remove: (ctx, { id }) => ctx.files.remove(id),
  'claim-and-fail': async (ctx, { id }) => {
    await ctx.files.claim(id)
    throw new Problem(409, 'failed')
  },
}

const fileRoutes = Object.entries(acts).flatMap(([name, act]) =>
  (['command', 'exchange'] as const).map((kind) =>
    defineRoute({
      method: 'POST',
      path: `/files/${name}/${kind}`,
      access,
      kind,
      body: FILE,
      handle: async (ctx, { body }) => {
        try {
          return ((await act(ctx, body as FileBody)) ?? null) as Json
        } catch (error) {
          if (error instanceof Problem) throw error
          return messageOf(error)
        }
      },
    }),
  ),
)

/** Sends what the body says, at once or in a handler after the commit. */
const mailRoutes = [
  ...(['command', 'exchange'] as const).map((kind) =>
    defineRoute({
      method: 'POST',
      path: `/mail/${kind}`,
      access,
      kind,
      body: { type: 'object' },
      handle: (ctx, { body }) =>
        ctx.mail.send(body as unknown as Mail).catch((error: unknown) => {
          if (error instanceof Problem) throw error
          return messageOf(error)
        }),
    }),
  ),
  defineRoute({
    method: 'POST',
    path: '/mail/later',
    access,
    kind: 'command',
    body: { type: 'object' },
    handle: (ctx, { body }) => ctx.emit(posted, body as { to: string; fails: boolean }),
  }),
]

const notifyRoutes = (['command', 'exchange'] as const).map((kind) =>
  defineRoute({
    method: 'POST',
    path: `/notify/${kind}`,
    access,
    kind,
    body: { type: 'object' },
    async handle(ctx, { body }) {
      const { fails, ...notice } = body as unknown as Notice & { fails?: boolean }
      try {
        await ctx.notify(notice)
      } catch (error) {
        if (error instanceof Problem) throw error
        return messageOf(error)
      }
      if (fails) throw new Problem(409, 'failed')
      return 'told'
    },
  }),
)

/** Tenants in which it has failed. */
const failed = new Set<string>()

/** Sends two mails, and where it is to fail does so between them the first time. */
export const onPosted = defineHandler({
  event: posted,
  name: 'post',
  kind: 'exchange',
  async handle(ctx, { payload: { to, fails } }) {
    await ctx.mail.send({ to, subject: 'first', text: 'one' })
    if (fails && !failed.has(ctx.tenant.id)) {
      failed.add(ctx.tenant.id)
      throw new Error('between two mails')
    }
    await ctx.mail.send({ to, subject: 'second', text: 'two' })
  },
})

export const portRoutes = [...reveal, ...fileRoutes, ...mailRoutes, ...notifyRoutes]
