import { useRoleNames } from './use-role-names.ts'

/** The roles that somebody can be given; one that is gone stays where it is chosen. */
export function RoleOptions({ chosen }: { chosen: string }) {
  const { all, nameOf } = useRoleNames()
  const isKnown = all.some(({ role }) => role === chosen)
  return (
    <>
      {!isKnown && <option value={chosen}>{nameOf(chosen)}</option>}
      {all.map(({ role, name }) => (
        <option key={role} value={role}>
          {name}
        </option>
      ))}
    </>
  )
}
