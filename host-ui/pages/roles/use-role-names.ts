import { useQuery } from '@tanstack/react-query'
import { useComposition } from '../../shell/composition.tsx'
import { useTexts } from '../../shell/texts.ts'
import { KERNEL_ROLES } from '../people/people.ts'
import { rolesOptions } from './role.ts'

/** What roles are called: the two of the kernel, and the organisation's own. */
export function useRoleNames() {
  const { t } = useTexts()
  const { can } = useComposition()
  const { data = [] } = useQuery({ ...rolesOptions, enabled: can('users.read') })
  const words = KERNEL_ROLES.map((role) => ({ role: role as string, name: t(`people.role.${role}`) }))
  const all = [...words, ...data.map(({ id, name }) => ({ role: id, name }))]
  return {
    all,
    /** A role that is gone, or not yet read, has no name. */
    nameOf: (role: string) => all.find((each) => each.role === role)?.name ?? '—',
  }
}
