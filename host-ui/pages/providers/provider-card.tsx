import { Check, Copy, Trash2 } from 'lucide-react'
import { useId, useState } from 'react'
import { api } from '../../shell/client.ts'
import { useComposition } from '../../shell/composition.tsx'
import { Question } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { PATH, type Provider, refetchProviders, type Tested } from './provider.ts'
import { ProviderDialog } from './provider-dialog.tsx'
import { IconButton } from '../../shell/icon-button.tsx'

export function ProviderCard({ provider }: { provider: Provider }) {
  const { t } = useTexts()
  const { tenant } = useComposition()
  const id = useId()
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null)
  const { name, issuer, domains, joinRole, passwords, linked, redirectUri } = provider
  const rules = [
    joinRole ? t('providers.joins', { role: t(`people.role.${joinRole}`) }) : t('providers.joins.nobody'),
    t(passwords ? 'providers.passwords.on' : 'providers.passwords.off'),
    t('providers.linked', { count: linked }),
  ]
  return (
    <li className="provider-card" aria-labelledby={id}>
      <header>
        <div className="min-w-0 flex-1">
          <h2 id={id}>{name}</h2>
          <p className="text-muted-foreground text-sm break-words">{[issuer, ...domains].join(' · ')}</p>
        </div>
        <button
          type="button"
          className="btn"
          data-variant="outline"
          data-size="sm"
          aria-label={t('providers.edit.of', { name })}
          onClick={() => setOpen('edit')}
        >
          {t('action.edit')}
        </button>
        <IconButton
          icon={Trash2}
          label={t('providers.remove.of', { name })}
          tip={t('providers.remove')}
          onClick={() => setOpen('remove')}
        />
      </header>
      <p className="text-sm">{rules.join(' · ')}</p>
      <Copied label={t('providers.redirectUri')} value={redirectUri} />
      <Copied label={t('providers.link')} value={`${location.origin}/sign-in/${tenant.slug}`} />
      <Trial provider={provider} />
      {open === 'edit' && <ProviderDialog provider={provider} onClose={() => setOpen(null)} />}
      {open === 'remove' && <RemoveQuestion provider={provider} onClose={() => setOpen(null)} />}
    </li>
  )
}

/** What is to be entered elsewhere, to the letter. */
function Copied({ label, value }: { label: string; value: string }) {
  const { t } = useTexts()
  const id = useId()
  const [copied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard.writeText(value).then(
      () => setCopied(true),
      () => notify(t('record.copyFailed'), 'error'),
    )
  const Icon = copied ? Check : Copy
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="flex gap-2">
        <input
          id={id}
          type="text"
          readOnly
          className="input font-mono"
          value={value}
          onFocus={(event) => event.target.select()}
        />
        <button
          type="button"
          className="btn"
          data-variant="outline"
          aria-label={t('providers.copy', { what: label })}
          onClick={() => void copy()}
        >
          <Icon aria-hidden />
          <span aria-live="polite">{t(copied ? 'keys.copied' : 'keys.copy')}</span>
        </button>
      </div>
    </div>
  )
}

function Trial({ provider: { id, name } }: { provider: Provider }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  const [tested, setTested] = useState<Tested | null>(null)
  async function test() {
    setBusy(true)
    try {
      setTested(await api.send<Tested>('POST', `${PATH}/${id}/test`))
    } catch (error) {
      notify(problemText(error, t), 'error')
    } finally {
      setBusy(false)
    }
  }
  return (
    <footer>
      <button
        type="button"
        className="btn"
        data-variant="outline"
        data-size="sm"
        disabled={busy}
        aria-label={t('providers.test.of', { name })}
        onClick={() => void test()}
      >
        {t('providers.test')}
      </button>
      <p role="status" className={tested && !tested.reached ? 'text-destructive text-sm' : 'text-sm'}>
        {tested && t(tested.reached ? 'providers.reached' : `providers.reason.${tested.reason}`)}
      </p>
    </footer>
  )
}

function RemoveQuestion({ provider: { id, name }, onClose }: { provider: Provider; onClose(): void }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function remove() {
    setBusy(true)
    try {
      await api.send('DELETE', `${PATH}/${id}`)
      notify(t('providers.removed', { name }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    await refetchProviders()
    onClose()
  }
  return (
    <Question
      title={t('providers.remove.title', { name })}
      text={t('providers.remove.text')}
      yes={t('providers.remove')}
      danger
      busy={busy}
      onYes={() => void remove()}
      onNo={onClose}
    />
  )
}
