import { type Ctx, defineRoute, type Json } from 'weft'
import * as attacks from './attacks.ts'

type Handle = (ctx: Ctx, input: { readonly body: Json }) => Promise<Json | void>

const route = (path: string, kind: 'query' | 'command' | 'exchange', handle: Handle) =>
  defineRoute({ method: 'POST', path, access: 'hostile.run', kind, body: { type: 'object' }, handle })
const lootOf = (body: Json) => body as unknown as attacks.Loot

export const routes = [
  route('/sql', 'exchange', (_ctx, { body }) => attacks.runSql(lootOf(body))),
  route('/foreign', 'command', (ctx, { body }) => attacks.useForeignIds(ctx, lootOf(body))),
  route('/keep', 'query', async (ctx) => attacks.keep(ctx)),
  route('/use-kept', 'query', () => attacks.useKept()),
  route('/linger', 'query', (ctx) => attacks.linger(ctx)),
  route('/events', 'command', (ctx) => attacks.forgeEvents(ctx)),
  route('/flood', 'command', (ctx) => attacks.floodEvents(ctx)),
  route('/pollute', 'query', () => attacks.pollute()),
  route('/twist', 'exchange', (ctx) => attacks.twistCtx(ctx)),
]
