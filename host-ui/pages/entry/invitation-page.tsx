import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { api } from '../../shell/client.ts'
import { Failure } from '../../shell/notice.tsx'
import { Splash } from '../../shell/splash.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EntryCard } from './entry-card.tsx'
import { EntryForm } from './entry-form.tsx'
import type { Choice } from './provider.ts'
import { ProviderButtons } from './provider-buttons.tsx'
import { PasswordField } from './password-field.tsx'
import { SignInLink, Spent } from './spent.tsx'

interface Invitation {
  email: string
  organisation: string
  invitedBy: string | null
  hasAccount: boolean
  passwords: boolean
  providers: Choice[]
}

const isSpent = (error: unknown) => (error as { code?: string } | null)?.code === 'unknown_token'

/** Where the mail of an invitation leads. */
export function InvitationPage({ token }: { token: string }) {
  const { t } = useTexts()
  const [done, setDone] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => api.send<Invitation>('POST', '/api/invitations/look', { token }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
  if (isSpent(error)) return <Spent text={t('invitation.spent')} />
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Splash />
  const { organisation, invitedBy } = data
  if (done) {
    return (
      <EntryCard title={t('invitation.done', { organisation })} lead={t('invitation.done.text')}>
        <SignInLink />
      </EntryCard>
    )
  }
  const lead = t(invitedBy ? 'invitation.lead' : 'invitation.lead.nobody', { organisation, who: invitedBy })
  async function send({ name, password }: Record<string, string>) {
    const person = data?.hasAccount ? {} : { name: name?.trim(), password }
    await api.send('POST', '/api/invitations/accept', { token, ...person })
    setDone(true)
  }
  return (
    <EntryCard title={t('invitation.title', { organisation })} lead={lead}>
      {data.passwords && (
        <EntryForm submit={t(data.hasAccount ? 'invitation.accept' : 'invitation.create')} send={send}>
          {(problems) => <Fields invitation={data} problems={problems} />}
        </EntryForm>
      )}
      {data.providers.length > 0 && <ByProvider choices={data.providers} token={token} />}
    </EntryCard>
  )
}

function ByProvider({ choices, token }: { choices: readonly Choice[]; token: string }) {
  const [problem, setProblem] = useState('')
  return (
    <div className="sign-in-form">
      <ProviderButtons choices={choices} invitation={token} onProblem={setProblem} />
      <p role="alert" className="sign-in-problem">
        {problem}
      </p>
    </div>
  )
}

function Fields({ invitation, problems }: { invitation: Invitation; problems: Record<string, string> }) {
  const { t } = useTexts()
  const id = useId()
  const { name, password } = problems
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-email`}>{t('signIn.email')}</label>
        {/* Named for password managers, which keep it with the password. */}
        <input
          id={`${id}-email`}
          className="input"
          type="email"
          autoComplete="username"
          value={invitation.email}
          readOnly
        />
      </div>
      {invitation.hasAccount ? (
        <p className="text-sm">{t('invitation.hasAccount')}</p>
      ) : (
        <>
          <div className="field">
            <label htmlFor={`${id}-name`}>{t('invitation.name')}</label>
            <input
              id={`${id}-name`}
              name="name"
              className="input"
              autoComplete="name"
              maxLength={200}
              aria-invalid={name ? true : undefined}
              aria-describedby={name ? `${id}-name-problem` : undefined}
              autoFocus
              required
            />
            {name && (
              <p id={`${id}-name-problem`} className="text-destructive text-sm">
                {name}
              </p>
            )}
          </div>
          <PasswordField
            name="password"
            label={t('password.choose')}
            fresh
            {...(password ? { problem: password } : {})}
          />
        </>
      )}
    </>
  )
}
