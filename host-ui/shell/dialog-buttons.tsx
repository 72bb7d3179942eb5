import { useTexts } from './texts.ts'

interface DialogButtonsProps {
  /** What the form of the dialog does. */
  submit: string
  busy: boolean
  danger?: boolean
  onCancel(): void
}

/** At the foot of a form in a dialog: leave it, or send it. */
export function DialogButtons({ submit, busy, danger, onCancel }: DialogButtonsProps) {
  const { t } = useTexts()
  return (
    <footer className="flex justify-end gap-2">
      <button type="button" className="btn" data-variant="outline" onClick={onCancel}>
        {t('action.cancel')}
      </button>
      <button type="submit" className="btn" data-variant={danger ? 'danger' : undefined} disabled={busy}>
        {submit}
      </button>
    </footer>
  )
}
