import { Check, Copy } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { api, queries } from '../../shell/client.ts'
import { Dialog } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { expiryOf, keysOptions, LIFETIMES } from './api-key.ts'
import { PermissionChoice } from './permission-choice.tsx'
import { useTexts } from '../../shell/texts.ts'
import { DialogButtons } from '../../shell/dialog-buttons.tsx'

export function NewKeyDialog({ onClose }: { onClose(): void }) {
  const { t } = useTexts()
  const [key, setKey] = useState<string | null>(null)
  return (
    <Dialog
      title={t(key ? 'keys.made' : 'keys.new')}
      text={key ? t('keys.made.text') : undefined}
      onClose={onClose}
      wide
    >
      {key ? <FreshKey value={key} onClose={onClose} /> : <KeyForm onMade={setKey} onCancel={onClose} />}
    </Dialog>
  )
}

function KeyForm({ onMade, onCancel }: { onMade(key: string): void; onCancel(): void }) {
  const { t } = useTexts()
  const id = useId()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>([])
  const [days, setDays] = useState<number>(90)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!name.trim()) return setProblem(t('keys.needsName'))
    if (chosen.length === 0) return setProblem(t('keys.needsPermission'))
    setBusy(true)
    try {
      const body = { name: name.trim(), permissions: chosen, expiresAt: expiryOf(days) }
      const { key } = await api.send<{ key: string }>('POST', '/api/api-keys', body)
      onMade(key)
      await queries.invalidateQueries({ queryKey: keysOptions.queryKey })
    } catch (error) {
      setProblem(problemText(error, t))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
      <div className="field">
        <label htmlFor={`${id}-name`}>{t('keys.name')}</label>
        <input
          id={`${id}-name`}
          type="text"
          value={name}
          maxLength={100}
          autoFocus
          onChange={(event) => setName(event.target.value)}
          placeholder={t('keys.name.example')}
        />
      </div>
      <PermissionChoice chosen={chosen} onChange={setChosen} />
      <div className="field">
        <label htmlFor={`${id}-days`}>{t('keys.expiresAt')}</label>
        <select id={`${id}-days`} value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {LIFETIMES.map((lifetime) => (
            <option key={lifetime} value={lifetime}>
              {t(`keys.lifetime.${lifetime}`)}
            </option>
          ))}
        </select>
      </div>
      <p role="alert" className="text-destructive text-sm empty:hidden">
        {problem}
      </p>
      <DialogButtons submit={t('keys.create')} busy={busy} onCancel={onCancel} />
    </form>
  )
}

function FreshKey({ value, onClose }: { value: string; onClose(): void }) {
  const { t } = useTexts()
  const [copied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard.writeText(value).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  const Icon = copied ? Check : Copy
  return (
    <div className="flex flex-col gap-5">
      <div className="flex gap-2">
        <input
          type="text"
          readOnly
          className="input font-mono"
          aria-label={t('keys.key')}
          value={value}
          onFocus={(event) => event.target.select()}
          autoFocus
        />
        <button type="button" className="btn" data-variant="outline" onClick={() => void copy()}>
          <Icon aria-hidden />
          <span aria-live="polite">{t(copied ? 'keys.copied' : 'keys.copy')}</span>
        </button>
      </div>
      <footer className="flex justify-end">
        <button type="button" className="btn" onClick={onClose}>
          {t('keys.done')}
        </button>
      </footer>
    </div>
  )
}
