import { useState } from 'react'
import { api } from '../../shell/client.ts'
import { Dialog } from '../../shell/dialog.tsx'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { CodeField } from '../entry/code-field.tsx'
import { EntryForm } from '../entry/entry-form.tsx'
import { PasswordField } from '../entry/password-field.tsx'
import { QrCode } from './qr-code.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { PATH, refetchFactor } from './second-factor.ts'

interface DialogProps {
  onClose(): void
}

interface ConfirmedProps {
  submit: string
  send(current: string): Promise<void>
}

/** A session that somebody left open is not enough for what follows. */
function Confirmed({ submit, send }: ConfirmedProps) {
  const { t } = useTexts()
  return (
    <EntryForm submit={submit} send={({ current = '' }) => send(current)}>
      {({ current }) => (
        <PasswordField name="current" label={t('password.current')} {...(current ? { problem: current } : {})} />
      )}
    </EntryForm>
  )
}

interface Begun {
  secret: string
  uri: string
}

/** The password, then the app, then the codes for the day when the app is lost. */
export function SetUpDialog({ onClose }: DialogProps) {
  const { t } = useTexts()
  const [begun, setBegun] = useState<Begun | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  if (codes) return <RecoveryCodes codes={codes} onClose={onClose} />
  const begin = async (current: string) => setBegun(await api.send<Begun>('POST', PATH, { current }))
  async function confirm({ code = '' }: Record<string, string>) {
    const body = { code: code.replace(/\s/g, '') }
    setCodes((await api.send<{ recoveryCodes: string[] }>('POST', `${PATH}/confirm`, body)).recoveryCodes)
    await refetchFactor()
  }
  return (
    <Dialog title={t('factor.setUp')} text={t(begun ? 'factor.scan' : 'factor.confirm')} onClose={onClose}>
      {begun ? (
        <>
          <QrCode text={begun.uri} label={t('factor.qr')} />
          <p className="text-muted-foreground mt-3 text-sm">{t('factor.secret')}</p>
          <p className="mb-4 font-mono text-sm select-all">{begun.secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
          <EntryForm submit={t('factor.submit')} send={confirm}>
            {({ code }) => <CodeField {...(code ? { problem: code } : {})} />}
          </EntryForm>
        </>
      ) : (
        <Confirmed submit={t('factor.continue')} send={begin} />
      )}
    </Dialog>
  )
}

export function RenewDialog({ onClose }: DialogProps) {
  const { t } = useTexts()
  const [codes, setCodes] = useState<string[] | null>(null)
  if (codes) return <RecoveryCodes codes={codes} onClose={onClose} />
  async function renew(current: string) {
    setCodes((await api.send<{ recoveryCodes: string[] }>('POST', `${PATH}/recovery-codes`, { current })).recoveryCodes)
    await refetchFactor()
  }
  return (
    <Dialog title={t('factor.renew')} text={t('factor.renew.text')} onClose={onClose}>
      <Confirmed submit={t('factor.renew')} send={renew} />
    </Dialog>
  )
}

export function DisableDialog({ onClose }: DialogProps) {
  const { t } = useTexts()
  async function disable(current: string) {
    await api.send('POST', `${PATH}/disable`, { current })
    notify(t('factor.disabled'))
    await refetchFactor()
    onClose()
  }
  return (
    <Dialog title={t('factor.disable')} text={t('factor.disable.text')} onClose={onClose}>
      <Confirmed submit={t('factor.disable')} send={disable} />
    </Dialog>
  )
}
