import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { FactorPart } from './factor-part.tsx'
import { IdentityPart } from './identity-part.tsx'
import { PasskeyPart } from './passkey-part.tsx'
import { PasswordForm } from './password-form.tsx'
import { SessionList } from './session-list.tsx'

/** What somebody sees and changes of the own account. */
export function AccountPage() {
  const { t } = useTexts()
  return (
    <Page title={t('account.title')} lead={t('account.lead')}>
      <SessionList />
      <IdentityPart />
      <PasskeyPart />
      <FactorPart />
      <PasswordForm />
    </Page>
  )
}
