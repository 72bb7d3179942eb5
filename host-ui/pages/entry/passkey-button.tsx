import { startAuthentication, type PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { ApiProblem } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import { problemText } from '../../shell/problem.ts'
import type { Session } from '../../shell/session.tsx'
import { useTexts } from '../../shell/texts.ts'
import { hasPasskeys, isBrokenOff } from '../account/passkey.ts'

interface PasskeyButtonProps {
  onEnter(session: Session): Promise<void>
  onProblem(text: string): void
}

/** Signs in with what the device knows, without a name or a password. */
export function PasskeyButton({ onEnter, onProblem }: PasskeyButtonProps) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  if (!hasPasskeys()) return null
  async function signIn() {
    setBusy(true)
    onProblem('')
    try {
      const optionsJSON = await api.send<PublicKeyCredentialRequestOptionsJSON>('POST', '/api/session/passkey/options')
      const response = await startAuthentication({ optionsJSON })
      await onEnter(await api.send<Session>('POST', '/api/session/passkey', { response }))
    } catch (error) {
      if (isBrokenOff(error)) return
      const isUnknown = error instanceof ApiProblem && error.code === 'credentials'
      onProblem(isUnknown ? t('passkey.unknown') : problemText(error, t))
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type="button"
      className="btn"
      data-variant="outline"
      data-size="lg"
      disabled={busy}
      onClick={() => void signIn()}
    >
      <KeyRound aria-hidden />
      {t('passkey.signIn')}
    </button>
  )
}
