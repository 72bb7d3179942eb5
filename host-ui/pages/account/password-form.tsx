import { api, queries } from '../../shell/client.ts'
import { notify } from '../../shell/toast.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EntryForm } from '../entry/entry-form.tsx'
import { PasswordField } from '../entry/password-field.tsx'
import { sessionsOptions } from './account.ts'

export function PasswordForm() {
  const { t } = useTexts()
  async function send({ current, password }: Record<string, string>) {
    await api.send('PUT', '/api/account/password', { current, password })
    notify(t('account.passwordChanged'))
    await queries.invalidateQueries({ queryKey: sessionsOptions.queryKey })
  }
  const problemOf = (problem: string | undefined) => (problem ? { problem } : {})
  return (
    <section className="account-part" aria-labelledby="account-password">
      <h2 id="account-password">{t('account.password')}</h2>
      <p className="text-muted-foreground text-sm">{t('account.password.text')}</p>
      <EntryForm submit={t('account.password.submit')} send={send}>
        {({ current, password }) => (
          <>
            <PasswordField name="current" label={t('password.current')} {...problemOf(current)} />
            <PasswordField name="password" label={t('password.new')} fresh {...problemOf(password)} />
          </>
        )}
      </EntryForm>
    </section>
  )
}
