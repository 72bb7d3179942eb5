import { CircleAlert, CircleCheck, Info, X } from 'lucide-react'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Notice } from '../sdk/index.ts'
import { useTexts } from './texts.ts'

interface Toast {
  id: number
  kind: Notice
  text: string
  action?: { label: string; run(): void | Promise<void> }
}

let toasts: readonly Toast[] = []
let lastId = 0
const listeners = new Set<() => void>()

export function notify(text: string, kind: Notice = 'success', action?: Toast['action']): void {
  const same = toasts.filter((toast) => toast.text !== text || toast.kind !== kind)
  publish([...same.slice(-3), { id: ++lastId, kind, text, action }])
}

const dismiss = (id: number) => publish(toasts.filter((toast) => toast.id !== id))

function publish(next: readonly Toast[]): void {
  toasts = next
  listeners.forEach((listener) => listener())
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Both regions are in the page from the start: what is added later is what a screen reader speaks. */
export function Toaster() {
  const { t } = useTexts()
  const all = useSyncExternalStore(subscribe, () => toasts)
  const region = useRef<HTMLElement>(null)
  useEffect(() => {
    if (all.length > 0 && region.current) raise(region.current)
  }, [all])
  return (
    <section ref={region} popover="manual" className="toasts" aria-label={t('toast.region')}>
      <div role="status" aria-live="polite">
        {all.filter((toast) => toast.kind !== 'error').map(drawn)}
      </div>
      <div role="alert" aria-live="assertive">
        {all.filter((toast) => toast.kind === 'error').map(drawn)}
      </div>
    </section>
  )
}

/** A modal dialog lies above everything but what was raised after it. */
function raise(region: HTMLElement): void {
  if (region.matches(':popover-open')) {
    if (!document.querySelector('dialog:modal')) return
    region.hidePopover()
  }
  region.showPopover()
}

const drawn = (toast: Toast) => <ToastItem key={toast.id} toast={toast} />

const ICONS = { success: CircleCheck, info: Info, error: CircleAlert }

function ToastItem({ toast }: { toast: Toast }) {
  const { t } = useTexts()
  const [held, setHeld] = useState(false)
  const patience = toast.action ? 12_000 : toast.kind === 'error' ? 10_000 : 5_000
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => dismiss(toast.id), patience)
    return () => clearTimeout(timer)
  }, [held, toast.id, patience])

  const Icon = ICONS[toast.kind]
  const hold = { onMouseEnter: () => setHeld(true), onMouseLeave: () => setHeld(false) }
  const focus = { onFocus: () => setHeld(true), onBlur: () => setHeld(false) }
  return (
    <div className="toast-card" data-kind={toast.kind} {...hold} {...focus}>
      <Icon aria-hidden className="size-4 shrink-0" />
      <p className="min-w-0 flex-1">{toast.text}</p>
      {toast.action && (
        <button type="button" className="btn" data-variant="outline" data-size="xs" onClick={() => act(toast)}>
          {toast.action.label}
        </button>
      )}
      <button
        type="button"
        className="btn"
        data-variant="ghost"
        data-size="icon-xs"
        aria-label={t('action.dismiss')}
        onClick={() => dismiss(toast.id)}
      >
        <X aria-hidden />
      </button>
    </div>
  )
}

function act(toast: Toast): void {
  dismiss(toast.id)
  void toast.action?.run()
}
