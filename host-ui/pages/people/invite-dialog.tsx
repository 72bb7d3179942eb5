import { useId } from 'react'
import { api } from '../../shell/client.ts'
import { Dialog } from '../../shell/dialog.tsx'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { EntryForm } from '../entry/entry-form.tsx'
import { RoleOptions } from '../roles/role-options.tsx'
import { explain, refetchPeople } from './people.ts'

export function InviteDialog({ onClose }: { onClose(): void }) {
  const { t } = useTexts()
  const id = useId()
  async function send({ email = '', role }: Record<string, string>) {
    await api.send('POST', '/api/invitations', { email: email.trim(), role }).catch((error: unknown) => {
      throw explain(error)
    })
    notify(t('people.invited', { email: email.trim() }))
    await refetchPeople()
    onClose()
  }
  return (
    <Dialog title={t('people.invite')} text={t('people.invite.text')} onClose={onClose}>
      <EntryForm submit={t('people.invite.submit')} send={send}>
        {({ email }) => (
          <>
            <div className="field">
              <label htmlFor={`${id}-email`}>{t('signIn.email')}</label>
              <input
                id={`${id}-email`}
                name="email"
                type="email"
                className="input"
                autoComplete="off"
                aria-invalid={email ? true : undefined}
                aria-describedby={email ? `${id}-problem` : undefined}
                data-autofocus
              />
              {email && (
                <p id={`${id}-problem`} className="text-destructive text-sm">
                  {email}
                </p>
              )}
            </div>
            <div className="field">
              <label htmlFor={`${id}-role`}>{t('people.role')}</label>
              <select id={`${id}-role`} name="role" className="select" defaultValue="member">
                <RoleOptions chosen="member" />
              </select>
            </div>
          </>
        )}
      </EntryForm>
    </Dialog>
  )
}
