/** The plugins of a tenant: what is on, what is not at work and why. */
import type { FastifyInstance } from 'fastify'
import { type JsonObject, Problem } from '../contract.ts'
import type { Installed } from '../host/manifest.ts'
import { liftQuarantine } from '../host/quarantine.ts'
import { askedBeyond, asksOf } from '../host/powers.ts'
import { settingsOf } from '../host/settings.ts'
import { wordReason } from '../host/reason.ts'
import type { LeftOut } from '../host/standing.ts'
import { assertFits } from '../resource/validate.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { SecretState } from '../secrets/secrets.ts'
import type { Cause } from '../data/schemas.ts'
import type { Language } from '../work/labels.ts'
import { type Caller, claimsOf } from './caller.ts'
import type { Suspension } from '../work/guard.ts'
import { callerOf, languageOf } from './request.ts'
import type { Services } from './services.ts'

const PLUGIN_CHANGE = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { enabled: { type: 'boolean' }, settings: { type: 'object' }, consent: { const: true } },
}
function describe(
  plugin: Installed,
  state: TenantState,
  { kept, suspension, language }: { kept: readonly SecretState[]; suspension: Suspension | null; language: Language },
) {
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
    secrets: manifest.secrets.map((name) => {
      const found = kept.find((each) => each.plugin === id && each.name === name)
      return { name, set: found !== undefined, updatedAt: found?.updatedAt ?? null }
    }),
    core: isKernel,
    // Of a new version, what waits for an administrator's consent.
    asks: askedBeyond(plugin, state),
    ...describeState(suspension, language),
  }
}

const TELLING = 300

const inWords = (cause: Cause, language: Language) => ({ code: cause.code, ...wordReason(cause, language) })

function describeState(suspension: Suspension | null, language: Language) {
  if (!suspension) return { state: 'active', reason: null, resumable: false }
  const { failures, calls, last, until } = suspension
  const params = { failures, calls, last: last.slice(0, TELLING), until: until.toISOString() }
  return { state: 'suspended', reason: inWords({ code: 'suspended', params }, language), resumable: true }
}

/** In the form of the others: the screen lists them all. */
const describeLeftOut = (
  { id, name, version, state, reason, resumable }: LeftOut,
  { off }: TenantState,
  language: Language,
) => ({
  id,
  name,
  summary: name,
  version,
  enabled: !off.has(id),
  requires: [],
  settings: {},
  settingsSchema: null,
  secrets: [],
  core: false,
  asks: null,
  state,
  reason: inWords(reason, language),
  resumable,
})

export function registerAdministration(app: FastifyInstance, services: Services): void {
  const { installed, leftOut, switches, secrets, guard } = services
  const keptOf = (caller: Caller) => secrets.list(claimsOf(caller, null))

  app.get('/api/plugins', { config: { access: 'session', query: ['lang'] } }, async (request) => {
    const caller = callerOf(request)
    const language = languageOf(request)
    const { state, permissions } = caller
    const kept = await keptOf(caller)
    const may = permissions.has('plugins.manage')
    const others = may ? leftOut : []
    return {
      items: [
        ...installed.map((plugin) =>
          describe(plugin, state, { kept, suspension: may ? guard.suspensionOf(plugin.id) : null, language }),
        ),
        ...others.map((plugin) => describeLeftOut(plugin, state, language)),
      ],
    }
  })

  app.patch<{ Params: { id: string } }>(
    '/api/plugins/:id',
    { config: { access: 'plugins.manage' } },
    async (request) => {
      assertFits(PLUGIN_CHANGE, request.body)
      const { id } = request.params
      const plugin = installed.find((each) => each.id === id)
      const { consent, ...change } = request.body as { enabled?: boolean; settings?: JsonObject; consent?: true }
      if (change.settings && plugin) assertSettings(plugin, change.settings)
      const { tenant, user, kind } = callerOf(request).identity
      // A person says so, and no key that somebody may have handed to the plugin.
      if (consent && kind !== 'user') throw new Problem(403, 'forbidden')
      let state = await switches.change(tenant.id, id, change)
      if (consent)
        state = await switches.consent(tenant.id, id, { asks: asksOf((plugin as Installed).manifest), by: user.id })
      const kept = await keptOf(callerOf(request))
      const language = languageOf(request)
      return describe(plugin as Installed, state, { kept, suspension: guard.suspensionOf(id), language })
    },
  )

  app.post<{ Params: { id: string } }>(
    '/api/plugins/:id/resume',
    { config: { access: 'plugins.manage' } },
    async (request, reply) => {
      const { id } = request.params
      if (guard.resume(id)) return { id, state: 'active' }
      if (await liftQuarantine(services.database, id)) return reply.code(202).send({ id, state: 'resuming' })
      const isKnown = [...installed, ...leftOut].some((each) => each.id === id)
      throw isKnown ? new Problem(409, 'not_quarantined') : new Problem(404, 'not_found')
    },
  )
}

function assertSettings({ manifest }: Installed, settings: JsonObject): void {
  const schema = manifest.settings ?? { type: 'object', additionalProperties: false }
  assertFits({ type: 'object', properties: { settings: schema } }, { settings })
}
