/** What a plugin's code may do: the permissions that it brings, and those of others that its manifest asks for. */
import { FIELDS } from '../access/policy.ts'
import { type Asks, opens } from '../resource/description.ts'
import type { TenantState } from '../tenancy/switches.ts'
import type { PluginPowers } from '../work/context.ts'
import { permissionsOf } from './judgement.ts'
import type { Installed, Manifest } from './manifest.ts'

export const asksOf = ({ uses, hosts, secrets }: Manifest): Asks => ({
  uses: Object.entries(uses)
    .flatMap(([resource, verbs]) => verbs.map((verb) => `${resource}.${verb}`))
    .toSorted(),
  hosts: hosts.toSorted(),
  secrets: secrets.toSorted(),
})

/** What a plugin asks for beyond what the tenant has consented to; null where that is nothing. */
export function askedBeyond({ id, manifest }: Installed, { consents }: TenantState): Asks | null {
  const consented = consents.get(id)
  if (!consented) return null
  const asks = asksOf(manifest)
  const beyond = (name: keyof Asks) => asks[name].filter((each) => !consented[name].includes(each))
  const more = { uses: beyond('uses'), hosts: beyond('hosts'), secrets: beyond('secrets') }
  return Object.values(more).some((names) => names.length > 0) ? more : null
}

const whole = new WeakMap<Installed, PluginPowers>()

function wholePowersOf(plugin: Installed): PluginPowers {
  const known = whole.get(plugin)
  if (known) return known
  const { uses, hosts, secrets } = asksOf(plugin.manifest)
  const fields = plugin.opens.length > 0 ? [FIELDS] : []
  const permissions = new Set([...permissionsOf(plugin), ...uses, ...fields])
  const declared = { opens: plugin.opens, extensions: [...plugin.extensions] }
  const isOpened = (resource: string) => opens(declared, resource)
  const made = { id: plugin.id, permissions, locales: plugin.locales, hosts, secrets, opens: isOpened }
  whole.set(plugin, made)
  return made
}

/** For one tenant: what a new version asks for waits until an administrator has consented. */
export function powersOf(plugin: Installed, state: TenantState): PluginPowers {
  const powers = wholePowersOf(plugin)
  const waiting = askedBeyond(plugin, state)
  if (!waiting) return powers
  const without = (names: readonly string[], gone: readonly string[]) => names.filter((name) => !gone.includes(name))
  return {
    ...powers,
    permissions: powers.permissions.difference(new Set(waiting.uses)),
    hosts: without(powers.hosts, waiting.hosts),
    secrets: without(powers.secrets, waiting.secrets),
  }
}
