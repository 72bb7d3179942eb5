/** Routes that plugins bring beside the verbs of their resources. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Json, Problem, type Route } from '../contract.ts'
import type { Installed } from '../host/manifest.ts'
import { powersOf } from '../host/powers.ts'
import { assertFits } from '../resource/validate.ts'
import type { Occasion } from '../work/context.ts'
import { settingsOf } from '../host/settings.ts'
import type { Caller } from './caller.ts'
import { callerOf, pairsOf, sendJson } from './request.ts'
import type { Services } from './services.ts'

function occasionOf(caller: Caller, plugin: Installed, request: FastifyRequest): Occasion {
  const { tenant, user, kind } = caller.identity
  return {
    tenant,
    actor: { kind, id: user.id },
    lang: user.language ?? tenant.language,
    composition: caller.composition,
    permissions: caller.permissions,
    settings: settingsOf(plugin, caller.state),
    request: request.id,
    idempotencyKey: null,
    log: {
      info: (message, fields) => request.log.info({ plugin: plugin.id, ...fields }, message),
      warn: (message, fields) => request.log.warn({ plugin: plugin.id, ...fields }, message),
      error: (message, fields) => request.log.error({ plugin: plugin.id, ...fields }, message),
    },
  }
}

function readInput(route: Route, request: FastifyRequest) {
  const query = Object.fromEntries(pairsOf(request))
  if (route.query) assertFits(route.query, query)
  const body = (request.body ?? null) as Json
  if (route.body) assertFits(route.body, body)
  else if (body !== null) throw new Problem(400, 'invalid', [{ path: '', code: 'unknown' }])
  return { params: request.params as Record<string, string>, query, body }
}

export function registerPluginRoutes(app: FastifyInstance, services: Services, plugin: Installed): void {
  const powers = powersOf(plugin)
  for (const route of plugin.plugin.routes ?? []) {
    app.route({
      method: route.method,
      url: `/api/${plugin.id}${route.path === '/' ? '' : route.path}`,
      config: {
        access: route.access,
        plugin: plugin.id,
        query: Object.keys((route.query?.properties ?? {}) as object),
      },
      handler: async (request, reply) => {
        const caller = callerOf(request)
        const input = readInput(route, request)
        const result = await services.contexts.run(occasionOf(caller, plugin, request), powers, {
          kind: route.kind,
          code: (ctx) => route.handle(ctx, input),
        })
        return result === undefined ? reply.code(204).send() : sendJson(reply, JSON.stringify(result))
      },
    })
  }
}
