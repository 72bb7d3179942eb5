import { useId, useState } from 'react'
import { api } from '../../shell/client.ts'
import { useTexts } from '../../shell/texts.ts'
import { EntryForm } from './entry-form.tsx'

/** Says the same whether there is such an account or not. */
export function Forgotten({ email, onBack }: { email: string; onBack(): void }) {
  const { t } = useTexts()
  const id = useId()
  const [sentTo, setSentTo] = useState('')
  const back = (
    <button type="button" className="link-button mt-4" onClick={onBack}>
      {t('forgotten.back')}
    </button>
  )
  if (sentTo) {
    return (
      <>
        <p role="status" className="mt-6 text-sm">
          {t('forgotten.sent', { email: sentTo })}
        </p>
        {back}
      </>
    )
  }
  async function send({ email: given = '' }: Record<string, string>) {
    await api.send('POST', '/api/password-resets', { email: given.trim() })
    setSentTo(given.trim())
  }
  return (
    <>
      <EntryForm submit={t('forgotten.submit')} send={send}>
        {() => (
          <div className="field">
            <label htmlFor={id}>{t('signIn.email')}</label>
            <input
              id={id}
              name="email"
              type="email"
              className="input"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              defaultValue={email}
              autoFocus
              required
            />
          </div>
        )}
      </EntryForm>
      {back}
    </>
  )
}
