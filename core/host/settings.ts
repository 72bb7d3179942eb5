/** The settings of a plugin for one tenant. */
import type { JsonObject } from '../contract.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { Installed } from './manifest.ts'

/** What the tenant has chosen, over the defaults of the manifest's schema. */
export function settingsOf({ id, manifest }: Installed, state: TenantState): JsonObject {
  const properties = (manifest.settings?.properties ?? {}) as Record<string, { default?: never }>
  const defaults = Object.entries(properties).flatMap(([name, schema]) =>
    'default' in schema ? [[name, schema.default]] : [],
  )
  return { ...Object.fromEntries(defaults), ...state.settings.get(id) }
}
