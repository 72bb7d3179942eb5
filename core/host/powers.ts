/** What a plugin's code may do: the permissions that it brings, and those of others that its manifest asks for. */
import type { PluginPowers } from '../work/context.ts'
import type { Installed } from './manifest.ts'
import { permissionsOf } from './judgement.ts'

export function powersOf(plugin: Installed): PluginPowers {
  const used = Object.entries(plugin.manifest.uses).flatMap(([resource, verbs]) =>
    verbs.map((verb) => `${resource}.${verb}`),
  )
  const permissions = new Set([...permissionsOf(plugin), ...used])
  return { id: plugin.id, permissions, locales: plugin.locales, hosts: plugin.manifest.hosts }
}
