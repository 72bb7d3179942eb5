/** What an administrator looks after: plugins of the tenant, API keys, members. */
import type { FastifyInstance } from 'fastify'
import type { JsonObject } from '../contract.ts'
import type { Installed } from '../host/manifest.ts'
import { settingsOf } from '../host/settings.ts'
import { assertFits } from '../resource/validate.ts'
import type { TenantState } from '../tenancy/switches.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

const PLUGIN_CHANGE = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { enabled: { type: 'boolean' }, settings: { type: 'object' } },
}
const KEY = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    permissions: { type: 'array', items: { type: 'string', maxLength: 120 }, maxItems: 500, uniqueItems: true },
    expiresAt: { type: ['string', 'null'], format: 'date-time' },
  },
}

function describe(plugin: Installed, state: TenantState) {
  const { id, isKernel, manifest } = plugin
  return {
    id,
    name: manifest.name,
    summary: manifest.summary,
    version: manifest.version,
    enabled: state.enabled.has(id),
    requires: Object.keys(manifest.requires),
    settings: settingsOf(plugin, state),
    settingsSchema: manifest.settings,
    core: isKernel,
  }
}

export function registerAdministration(app: FastifyInstance, services: Services): void {
  const { installed, switches, keys } = services

  app.get('/api/plugins', { config: { access: 'session' } }, async (request) => ({
    items: installed.map((plugin) => describe(plugin, callerOf(request).state)),
  }))

  app.patch<{ Params: { id: string } }>(
    '/api/plugins/:id',
    { config: { access: 'plugins.manage' } },
    async (request) => {
      assertFits(PLUGIN_CHANGE, request.body)
      const { id } = request.params
      const plugin = installed.find((each) => each.id === id)
      const change = request.body as { enabled?: boolean; settings?: JsonObject }
      if (change.settings && plugin) assertSettings(plugin, change.settings)
      const state = await switches.change(callerOf(request).identity.tenant.id, id, change)
      return describe(plugin as Installed, state)
    },
  )

  app.get('/api/users', { config: { access: 'users.read' } }, async (request) => ({
    items: await services.listMembers(callerOf(request).identity.tenant.id),
  }))

  app.get('/api/api-keys', { config: { access: 'api-keys.manage' } }, async (request) => ({
    items: await keys.list(callerOf(request).identity.tenant.id),
  }))

  app.post('/api/api-keys', { config: { access: 'api-keys.manage' } }, async (request, reply) => {
    assertFits(KEY, request.body)
    const { identity, permissions } = callerOf(request)
    const body = request.body as { name: string; permissions?: string[]; expiresAt?: string | null }
    return reply.code(201).send(await keys.create(identity, body, permissions))
  })

  app.delete<{ Params: { id: string } }>(
    '/api/api-keys/:id',
    { config: { access: 'api-keys.manage' } },
    async (request, reply) => {
      await keys.revoke(callerOf(request).identity, request.params.id)
      return reply.code(204).send()
    },
  )
}

function assertSettings({ manifest }: Installed, settings: JsonObject): void {
  const schema = manifest.settings ?? { type: 'object', additionalProperties: false }
  assertFits({ type: 'object', properties: { settings: schema } }, { settings })
}
