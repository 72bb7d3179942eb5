/** What a member was told, and how it wants to be told. Everybody sees and changes their own alone. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import type { Installed } from '../host/manifest.ts'
import type { NoticeRow, Reader } from '../notify/notices.ts'
import { fillText, keyOf } from '../notify/text.ts'
import { assertFits } from '../resource/validate.ts'
import { openSingle } from '../work/unit.ts'
import { type Caller, claimsOf } from './caller.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

const READ = {
  type: 'object',
  required: ['read'],
  additionalProperties: false,
  properties: { read: { type: 'boolean' } },
}
const PREFERENCE = {
  type: 'object',
  required: ['plugin'],
  minProperties: 2,
  additionalProperties: false,
  properties: {
    plugin: { type: 'string', maxLength: 40 },
    inApp: { type: 'boolean' },
    mail: { type: 'boolean' },
  },
}

function readerOf({ identity, state, composition, permissions, rules }: Caller): Reader {
  return {
    tenant: identity.tenant.id,
    user: identity.user.id,
    plugins: [...state.enabled],
    resources: [...composition.resources.keys()].filter((name) => permissions.has(`${name}.read`)),
    ruled: rules.ruled,
  }
}

/** Whether a plugin ever tells anybody anything. */
const tells = ({ locales }: Installed) => Object.keys(locales.en).some((key) => key.startsWith(keyOf('')))

function readQuery(request: FastifyRequest): { after: string | null; unread: boolean } {
  const asked = new Map(pairsOf(request))
  const unread = asked.get('unread') ?? 'false'
  if (!/^(true|false)$/.test(unread)) throw new Problem(400, 'invalid_query', [{ path: 'unread', code: 'type' }])
  return { after: asked.get('after') ?? null, unread: unread === 'true' }
}

export function registerNotifications(app: FastifyInstance, services: Services): void {
  const { database, notices, installed, compositions } = services
  const config = { access: 'session' }
  const unitFor = (caller: Caller) => openSingle(database, claimsOf(caller, null))

  const show = ({ identity }: Caller, row: NoticeRow) => {
    const { id, plugin, key, params, recordId, resource, url, at, read } = row
    const locales = installed.find((each) => each.id === plugin)?.locales ?? { en: {}, fr: {} }
    const text = fillText(locales, identity.user.language ?? identity.tenant.language, keyOf(key), params)
    const known = resource !== null && compositions.whole.resources.has(resource)
    return { id, plugin, text, recordId, url: url ?? (known ? `/${resource}/${recordId}` : null), at, read }
  }
  const preferencesOf = async (caller: Caller) => {
    const kept = await notices.listPreferences(unitFor(caller).read, readerOf(caller))
    const telling = installed.filter((plugin) => caller.state.enabled.has(plugin.id) && tells(plugin))
    return telling.map(({ id }) => kept.find(({ plugin }) => plugin === id) ?? { plugin: id, inApp: true, mail: false })
  }

  app.get('/api/notifications', { config: { ...config, query: ['after', 'unread'] } }, async (request) => {
    const caller = callerOf(request)
    const { read } = unitFor(caller)
    const { items, next } = await notices.list(read, readerOf(caller), readQuery(request))
    const unread = await notices.countUnread(read, readerOf(caller))
    return { items: items.map((row) => show(caller, row)), next, unread }
  })

  app.patch<{ Params: { id: string } }>('/api/notifications/:id', { config }, async (request, reply) => {
    assertFits(READ, request.body)
    const caller = callerOf(request)
    const { read } = request.body as { read: boolean }
    await notices.mark(unitFor(caller).write, readerOf(caller), request.params.id, read)
    return reply.code(204).send()
  })

  app.post('/api/notifications/read', { config }, async (request, reply) => {
    const caller = callerOf(request)
    await notices.markAll(unitFor(caller).write, readerOf(caller))
    return reply.code(204).send()
  })

  app.get('/api/notifications/preferences', { config }, async (request) => ({
    items: await preferencesOf(callerOf(request)),
  }))

  app.patch('/api/notifications/preferences', { config }, async (request) => {
    assertFits(PREFERENCE, request.body)
    const caller = callerOf(request)
    const change = request.body as { plugin: string; inApp?: boolean; mail?: boolean }
    const plugin = installed.find(({ id }) => id === change.plugin)
    if (!plugin || !caller.state.enabled.has(plugin.id) || !tells(plugin))
      throw new Problem(400, 'invalid', [{ path: '/plugin', code: 'unknown' }])
    await notices.prefer(unitFor(caller).write, readerOf(caller), change)
    return { items: await preferencesOf(caller) }
  })
}
