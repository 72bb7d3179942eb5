import { useComposition } from '../../shell/composition.tsx'
import { byOwner, usePermissionNames } from '../permission-name.ts'
import { useTexts } from '../../shell/texts.ts'

interface ChoiceProps {
  chosen: string[]
  onChange(permissions: string[]): void
}

/** A key can do no more than who makes it, so only one's own permissions are offered. */
export function PermissionChoice({ chosen, onChange }: ChoiceProps) {
  const { t } = useTexts()
  const { permissions } = useComposition()
  const toggle = (permission: string) =>
    onChange(chosen.includes(permission) ? chosen.filter((each) => each !== permission) : [...chosen, permission])
  return (
    <fieldset className="permissions">
      <legend className="label">{t('keys.permissions')}</legend>
      {byOwner(permissions).map(([owner, owned]) => (
        <Owner key={owner} owner={owner} owned={owned} chosen={chosen} onToggle={toggle} />
      ))}
    </fieldset>
  )
}

interface OwnerProps {
  owner: string
  owned: string[]
  chosen: string[]
  onToggle(permission: string): void
}

function Owner({ owner, owned, chosen, onToggle }: OwnerProps) {
  const { ownerName, verbName } = usePermissionNames()
  return (
    <fieldset className="permission-owner">
      <legend>{ownerName(owner)}</legend>
      {owned.map((permission) => (
        <label key={permission} className="choice">
          <input
            type="checkbox"
            className="input"
            checked={chosen.includes(permission)}
            onChange={() => onToggle(permission)}
          />
          {verbName(permission)}
        </label>
      ))}
    </fieldset>
  )
}
