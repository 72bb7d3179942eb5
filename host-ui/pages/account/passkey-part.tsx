import { startRegistration, type PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/browser'
import { useQuery } from '@tanstack/react-query'
import { KeyRound, Trash2 } from 'lucide-react'
import { useId, useState } from 'react'
import { formatDate, formatDateTime } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { Dialog, Question } from '../../shell/dialog.tsx'
import { localeOf } from '../../shell/i18n.ts'
import { Failure, Loading } from '../../shell/notice.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { EntryForm } from '../entry/entry-form.tsx'
import { PasswordField } from '../entry/password-field.tsx'
import { describeAgent } from './account.ts'
import { hasPasskeys, isBrokenOff, type Passkey, passkeysOptions, PATH } from './passkey.ts'
import { IconButton } from '../../shell/icon-button.tsx'

const refetch = () => queries.invalidateQueries({ queryKey: passkeysOptions.queryKey })

export function PasskeyPart() {
  const { t } = useTexts()
  const { data, error, refetch: retry } = useQuery(passkeysOptions)
  const [adding, setAdding] = useState(false)
  const [asked, setAsked] = useState<Passkey | null>(null)
  if (!hasPasskeys() && !data?.length) return null
  return (
    <section className="account-part" aria-labelledby="account-passkeys">
      <h2 id="account-passkeys">{t('passkey.title')}</h2>
      <p className="text-muted-foreground text-sm">{t('passkey.text')}</p>
      {!data && (error ? <Failure error={error} retry={() => void retry()} /> : <Loading lines={1} />)}
      {data && data.length > 0 && (
        <ul className="session-list">
          {data.map((passkey) => (
            <Entry key={passkey.id} passkey={passkey} onRemove={() => setAsked(passkey)} />
          ))}
        </ul>
      )}
      {hasPasskeys() && (
        <button type="button" className="btn mt-4" data-variant="outline" onClick={() => setAdding(true)}>
          <KeyRound aria-hidden />
          {t('passkey.add')}
        </button>
      )}
      {adding && <AddDialog onClose={() => setAdding(false)} />}
      {asked && <RemoveQuestion passkey={asked} onClose={() => setAsked(null)} />}
    </section>
  )
}

function Entry({ passkey, onRemove }: { passkey: Passkey; onRemove(): void }) {
  const { t, i18n } = useTexts()
  const lang = localeOf(i18n.language)
  const { name, createdAt, usedAt } = passkey
  const used = usedAt && t('account.used', { when: formatDateTime(usedAt, lang, 'relative') })
  return (
    <li>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{name}</p>
        <p className="text-muted-foreground text-sm">
          {[t('passkey.added', { date: formatDate(createdAt, lang) }), used].filter(Boolean).join(' · ')}
        </p>
      </div>
      <IconButton icon={Trash2} label={t('passkey.remove.of', { name })} tip={t('passkey.remove')} onClick={onRemove} />
    </li>
  )
}

function AddDialog({ onClose }: { onClose(): void }) {
  const { t } = useTexts()
  const id = useId()
  async function send({ name = '', current }: Record<string, string>) {
    const optionsJSON = await api.send<PublicKeyCredentialCreationOptionsJSON>('POST', `${PATH}/options`, { current })
    try {
      const response = await startRegistration({ optionsJSON })
      await api.send('POST', PATH, { name: name.trim() || t('passkey.title'), response })
      notify(t('passkey.kept'))
    } catch (error) {
      if (!isBrokenOff(error)) throw error
      notify(t('passkey.brokenOff'), 'error')
    }
    await refetch()
    onClose()
  }
  return (
    <Dialog title={t('passkey.add')} text={t('passkey.add.text')} onClose={onClose}>
      <EntryForm submit={t('factor.continue')} send={send}>
        {({ current }) => (
          <>
            <div className="field">
              <label htmlFor={id}>{t('passkey.name')}</label>
              <input
                id={id}
                name="name"
                className="input"
                maxLength={100}
                defaultValue={describeAgent(navigator.userAgent, t)}
              />
            </div>
            <PasswordField name="current" label={t('password.current')} {...(current ? { problem: current } : {})} />
          </>
        )}
      </EntryForm>
    </Dialog>
  )
}

function RemoveQuestion({ passkey, onClose }: { passkey: Passkey; onClose(): void }) {
  const { t } = useTexts()
  const { id, name } = passkey
  async function remove() {
    try {
      await api.send('DELETE', `${PATH}/${id}`)
      notify(t('passkey.removed', { name }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    await refetch()
    onClose()
  }
  return (
    <Question
      title={t('passkey.remove.title', { name })}
      text={t('passkey.remove.text')}
      yes={t('passkey.remove')}
      danger
      onYes={() => void remove()}
      onNo={onClose}
    />
  )
}
