import { useState } from 'react'
import { api } from '../../shell/client.ts'
import { useTexts } from '../../shell/texts.ts'
import { EntryCard } from './entry-card.tsx'
import { EntryForm } from './entry-form.tsx'
import { PasswordField } from './password-field.tsx'
import { SignInLink, Spent } from './spent.tsx'

/** Where the mail of a forgotten password leads. */
export function NewPasswordPage({ token }: { token: string }) {
  const { t } = useTexts()
  const [state, setState] = useState<'open' | 'done' | 'spent'>('open')
  if (state === 'spent') return <Spent text={t('newPassword.spent')} />
  if (state === 'done') {
    return (
      <EntryCard title={t('newPassword.done')} lead={t('newPassword.done.text')}>
        <SignInLink />
      </EntryCard>
    )
  }
  async function send({ password = '' }: Record<string, string>) {
    try {
      await api.send('POST', '/api/password-resets/redeem', { token, password })
      setState('done')
    } catch (error) {
      if ((error as { code?: string }).code !== 'unknown_token') throw error
      setState('spent')
    }
  }
  return (
    <EntryCard title={t('newPassword.title')} lead={t('newPassword.lead')}>
      <EntryForm submit={t('newPassword.submit')} send={send}>
        {({ password }) => (
          <PasswordField name="password" label={t('password.new')} fresh {...(password ? { problem: password } : {})} />
        )}
      </EntryForm>
    </EntryCard>
  )
}
