import { useState } from 'react'
import { Link } from 'wouter'
import { ApiProblem } from '../../sdk/index.ts'
import { Dialog, Question } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { refetchPeople } from '../people/people.ts'
import { removeRole, type Role } from './role.ts'
import { useHolders } from './use-holders.ts'

interface RemoveRoleProps {
  role: Role
  onClose(): void
}

/** A role that somebody has stays, and who that is is said instead of asked. */
export function RemoveRole({ role, onClose }: RemoveRoleProps) {
  const { t } = useTexts()
  const { members, invited } = useHolders()(role.id)
  const [busy, setBusy] = useState(false)
  const [isRefused, setRefused] = useState(false)
  if (isRefused || members.length + invited.length > 0)
    return <InUse role={role} people={[...members, ...invited]} onClose={onClose} />
  async function remove() {
    setBusy(true)
    try {
      await removeRole(role.id)
      notify(t('roles.removed', { name: role.name }))
      onClose()
    } catch (error) {
      // Somebody was given it a moment ago.
      const isHeld = error instanceof ApiProblem && error.code === 'in_use'
      await refetchPeople()
      setRefused(isHeld)
      setBusy(false)
      if (isHeld) return
      notify(problemText(error, t), 'error')
      onClose()
    }
  }
  return (
    <Question
      title={t('roles.remove.title', { name: role.name })}
      text={t('roles.remove.text')}
      yes={t('action.delete')}
      danger
      busy={busy}
      onYes={() => void remove()}
      onNo={onClose}
    />
  )
}

function InUse({ role, people, onClose }: RemoveRoleProps & { people: readonly string[] }) {
  const { t } = useTexts()
  const footer = (
    <>
      <button type="button" className="btn" data-variant="outline" onClick={onClose} data-autofocus>
        {t('action.close')}
      </button>
      <Link href="/settings/people" className="btn">
        {t('people.title')}
      </Link>
    </>
  )
  return (
    <Dialog
      title={t('roles.inUse.title', { name: role.name })}
      text={t('roles.inUse.text')}
      onClose={onClose}
      footer={footer}
    >
      <ul className="role-holders">
        {people.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </Dialog>
  )
}
