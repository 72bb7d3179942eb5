import { X } from 'lucide-react'
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { useTexts } from './texts.ts'

interface DialogProps {
  title: string
  text?: string
  onClose(): void
  footer?: ReactNode
  /** A question that has to be answered has no cross. */
  firm?: boolean
  wide?: boolean
  children?: ReactNode
}

/** Opens the dialog with its first rendering, and gives the focus back where it was when it goes. */
export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    const element = dialog.current
    if (element && !element.open) element.showModal()
    // React knows the attribute only as a call of focus(), which comes before the dialog is open.
    element?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
    return () => {
      element?.close()
      if (before?.isConnected) before.focus()
    }
  }, [])
  return dialog
}

/** A native modal dialog, open as long as it is rendered: focus trap, Escape and inertness are the browser's. */
export function Dialog({ title, text, onClose, footer, firm, wide, children }: DialogProps) {
  const { t } = useTexts()
  const dialog = useModal()
  const id = useId()
  const onCancel = (event: { preventDefault(): void }) => {
    event.preventDefault()
    if (!firm) onClose()
  }
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onCancel={onCancel}>
      <div className={wide ? 'dialog-wide' : undefined}>
        <header>
          <h2 id={id}>{title}</h2>
          {text && <p>{text}</p>}
        </header>
        {children && <section>{children}</section>}
        {footer && <footer>{footer}</footer>}
        {!firm && (
          <button type="button" aria-label={t('action.close')} onClick={onClose}>
            <X aria-hidden />
          </button>
        )}
      </div>
    </dialog>
  )
}

interface QuestionProps {
  title: string
  text: string
  yes: string
  danger?: boolean
  busy?: boolean
  onYes(): void
  onNo(): void
}

export function Question({ title, text, yes, danger, busy, onYes, onNo }: QuestionProps) {
  const { t } = useTexts()
  const footer = (
    <>
      <button type="button" className="btn" data-variant="outline" onClick={onNo} autoFocus>
        {t('action.cancel')}
      </button>
      <button
        type="button"
        className="btn"
        data-variant={danger ? 'danger' : 'primary'}
        disabled={busy}
        onClick={onYes}
      >
        {yes}
      </button>
    </>
  )
  return <Dialog title={title} text={text} onClose={onNo} footer={footer} />
}
