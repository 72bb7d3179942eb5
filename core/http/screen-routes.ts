/** What the screen composes itself from, and the built screen itself. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Problem } from '../contract.ts'
import { settingsOf } from '../host/settings.ts'
import type { Installed } from '../host/manifest.ts'
import { type Caller, findComposed, readCaller } from './caller.ts'
import { labelledSchema, type Language, ownTexts } from '../work/labels.ts'
import { callerOf, languageOf } from './request.ts'
import { handleUnknown } from './errors.ts'
import type { Services } from './services.ts'

const moduleHashes = new Map<string, string>()
function moduleUrl(screen: string | null, plugin: string): string | null {
  const path = screen === null ? '' : join(screen, 'plugins', plugin, 'index.js')
  if (!existsSync(path)) return null
  const hash = moduleHashes.get(path) ?? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12)
  moduleHashes.set(path, hash)
  return `/plugins/${plugin}/index.js?v=${hash}`
}

function widgetsOf(services: Services, caller: Caller, { id, manifest }: Installed) {
  const module = moduleUrl(services.screen, id)
  if (module === null) return []
  return manifest.widgets
    .filter(
      ({ access, of }) => (!access || caller.permissions.has(access)) && (!of || caller.composition.resources.has(of)),
    )
    .map(({ slot, of, id: widget, order }) => ({
      plugin: id,
      id: widget,
      slot,
      of,
      order,
      tag: `${id}-${widget}`,
      module,
    }))
}

/** Everything that the screen needs to draw its frame; nothing of a plugin that is off. */
async function describeScreen(services: Services, caller: Caller, language: Language) {
  const { user, tenant, role, roleId, acting } = caller.identity
  const enabled = services.installed.filter(({ id }) => caller.state.enabled.has(id))
  const own = ownTexts(caller.composition, language)
  const resources = [...caller.composition.resources.values()].filter(
    ({ model }) => model.hasPage && caller.permissions.has(`${model.name}.read`),
  )
  return {
    user: { id: user.id, name: user.name, email: user.email, language: user.language },
    tenant: { slug: tenant.slug, name: tenant.name, language: tenant.language },
    tenants: await services.sessions.membershipsOf(caller.identity),
    role: roleId ?? role,
    ...(acting ? { actingBy: acting.by } : {}),
    permissions: [...caller.permissions].sort(),
    resources: resources.map(({ model }) => ({
      name: model.name,
      plugin: model.plugin,
      path: model.path,
      belongsTo: model.belongsTo,
      title: model.title,
      sort: model.defaultSort.join(','),
      keep: model.keep,
    })),
    plugins: enabled.map(({ id }) => id),
    lists: enabled.flatMap(({ id, manifest }) => Object.keys(manifest.lists).map((name) => `${id}.${name}`)),
    widgets: enabled
      .flatMap((plugin) => widgetsOf(services, caller, plugin))
      .toSorted((a, b) => (a.order ?? 100) - (b.order ?? 100) || (a.tag < b.tag ? -1 : 1)),
    settings: Object.fromEntries(enabled.map((plugin) => [plugin.id, settingsOf(plugin, caller.state)])),
    locales: Object.fromEntries(enabled.map(({ id, locales }) => [id, { ...locales[language], ...own.get(id) }])),
  }
}

export function registerComposition(app: FastifyInstance, services: Services): void {
  app.get('/api/ui', { config: { access: 'session', query: ['lang'] } }, async (request) => {
    const caller = callerOf(request)
    return describeScreen(services, caller, languageOf(request))
  })
  app.get<{ Params: { resource: string } }>(
    '/api/schemas/:resource',
    { config: { access: 'session', query: ['lang'] } },
    async (request) => {
      const caller = callerOf(request)
      const composed = findComposed(caller, request.params.resource)
      if (!caller.permissions.has(`${composed.model.name}.read`)) throw new Problem(404, 'not_found')
      return labelledSchema(composed, caller.composition, languageOf(request))
    },
  )
}

/** The hashes of the page's inline scripts, for the security policy. */
export function readScriptHashes(screen: string | null): string[] {
  const path = screen === null ? '' : join(screen, 'csp.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { scripts: string[] }).scripts : []
}

const IMMUTABLE = 'public, max-age=31536000, immutable'

export async function registerScreen(app: FastifyInstance, services: Services, screen: string): Promise<void> {
  await app.register(fastifyStatic, { root: screen, serve: false, cacheControl: false, dotfiles: 'deny' })
  const send = (reply: FastifyReply, path: string, cache: string) => reply.header('cache-control', cache).sendFile(path)
  const open = { config: { access: 'public' } }

  app.get<{ Params: { '*': string } }>('/assets/*', open, (request, reply) =>
    send(reply, `assets/${request.params['*']}`, IMMUTABLE),
  )
  app.get<{ Params: { '*': string } }>('/vendor/*', open, (request, reply) =>
    send(reply, `vendor/${request.params['*']}`, 'no-cache'),
  )

  // The code of a plugin that is off for the tenant is not there.
  app.get<{ Params: { id: string; '*': string } }>('/plugins/:id/*', open, async (request, reply) => {
    const caller = await readCaller(services, request)
    const { id, '*': path } = request.params
    if (!caller.state.enabled.has(id)) throw new Problem(404, 'not_found')
    return send(
      reply,
      `plugins/${id}/${path}`,
      `private, ${path.includes('.js') ? 'max-age=0, must-revalidate' : 'max-age=3600'}`,
    )
  })

  app.setNotFoundHandler((request, reply) => {
    const isPage =
      (request.method === 'GET' || request.method === 'HEAD') &&
      !/^\/(api|assets|vendor|plugins\/[^/]+\/|health)(\/|$|\?)/.test(request.url)
    const wantsHtml = (request.headers.accept ?? '*/*').match(/text\/html|\*\/\*/)
    return isPage && wantsHtml ? send(reply, 'index.html', 'no-cache') : handleUnknown(request, reply)
  })
}
