import { useComposition } from '../shell/composition.tsx'
import { useTexts } from '../shell/texts.ts'

export const ownerOf = (permission: string) => permission.slice(0, permission.lastIndexOf('.'))
export const verbOf = (permission: string) => permission.slice(permission.lastIndexOf('.') + 1)

/** `clients.read` and `clients.update` stand together under `clients`. */
export function byOwner(permissions: readonly string[]): [string, string[]][] {
  const owners = new Map<string, string[]>()
  for (const permission of permissions) {
    const owner = ownerOf(permission)
    owners.set(owner, [...(owners.get(owner) ?? []), permission])
  }
  return [...owners]
}

/** What that is called to which permissions give access, and what is done with it. */
export function usePermissionNames() {
  const { t, i18n } = useTexts()
  const { resource } = useComposition()
  const pluginOf = (owner: string) => resource(owner)?.plugin ?? owner.split('.')[0]!
  return {
    pluginOf,
    ownerName(owner: string): string {
      const key = `${pluginOf(owner)}:${owner}`
      return i18n.exists(key) ? t(key) : t(`owner.${owner}`, { defaultValue: owner })
    },
    verbName(permission: string): string {
      const verb = verbOf(permission)
      const own = `${pluginOf(ownerOf(permission))}:permission.${permission}`
      return i18n.exists(`verb.${verb}`) || !i18n.exists(own) ? t(`verb.${verb}`, { defaultValue: verb }) : t(own)
    },
  }
}
