import { useId, useState, type FormEvent } from 'react'
import { Dialog } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import type { View } from './view.ts'
import { DialogButtons } from '../../shell/dialog-buttons.tsx'

interface ViewDialogProps {
  title: string
  /** The one that is changed; none for a new one. */
  view?: View
  save(name: string, isShared: boolean): Promise<void>
  onDone(): void
}

export function ViewDialog({ title, view, save, onDone }: ViewDialogProps) {
  const { t } = useTexts()
  const id = useId()
  const [name, setName] = useState(view?.name ?? '')
  const [isShared, setShared] = useState(view?.isShared ?? false)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!name.trim()) return setProblem(t('view.needsName'))
    setBusy(true)
    try {
      await save(name.trim(), isShared)
      notify(t('view.saved', { name: name.trim() }))
      onDone()
    } catch (error) {
      setProblem(problemText(error, t))
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} text={view ? undefined : t('view.new.text')} onClose={onDone}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
        <div className="field">
          <label htmlFor={`${id}-name`}>{t('view.name')}</label>
          <input
            id={`${id}-name`}
            type="text"
            value={name}
            maxLength={80}
            data-autofocus
            aria-invalid={problem !== '' && !name.trim()}
            onChange={(event) => (setName(event.target.value), setProblem(''))}
          />
        </div>
        <label className="choice">
          <input
            type="checkbox"
            className="input"
            checked={isShared}
            onChange={(event) => setShared(event.target.checked)}
          />
          {t('view.share')}
        </label>
        <p role="alert" className="text-destructive text-sm empty:hidden">
          {problem}
        </p>
        <DialogButtons submit={t('view.submit')} busy={busy} onCancel={onDone} />
      </form>
    </Dialog>
  )
}
