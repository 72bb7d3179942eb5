import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type ButtonHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react'

export type Close = () => void

interface Opening {
  open: boolean
  box: RefObject<HTMLDivElement | null>
  panel: RefObject<HTMLDivElement | null>
  trigger: RefObject<HTMLButtonElement | null>
  toggle(): void
  close: Close
}

/** What menus and popovers share: closing from outside, by Escape, and giving the focus back to the button. */
export function useOpening(): Opening {
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const trigger = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (!open) return
    const outside = (event: Event) => {
      const at = event.target as Node
      // Pressing on plain text focuses what surrounds it, which may be the page around the panel: that is not leaving.
      const around = event.type === 'focusin' && at.contains(box.current)
      if (!around && !box.current?.contains(at)) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    document.addEventListener('focusin', outside)
    return () => {
      document.removeEventListener('pointerdown', outside)
      document.removeEventListener('focusin', outside)
    }
  }, [open])
  useLayoutEffect(() => {
    if (open && panel.current) keepInside(panel.current)
  }, [open])

  const close = () => {
    if (panel.current?.contains(document.activeElement)) trigger.current?.focus()
    setOpen(false)
  }
  return { open, box, panel, trigger, toggle: () => setOpen(!open), close }
}

/** Turns a panel to the other side when it would leave the window. */
function keepInside(panel: HTMLElement): void {
  const { left, right } = panel.getBoundingClientRect()
  if (right > innerWidth - 8) panel.dataset.align = 'end'
  else if (left < 8) panel.dataset.align = 'start'
}

interface PopoverProps {
  label: string
  button: ReactNode
  buttonProps?: ButtonHTMLAttributes<HTMLButtonElement> & { [data: `data-${string}`]: string | undefined }
  align?: 'start' | 'end'
  children: ReactNode | ((close: Close) => ReactNode)
}

const FOCUSABLE = 'input:not(:disabled), select, textarea, button:not(:disabled), a[href], [tabindex="0"]'

/** A small dialog beside its button, for filters and choices. */
export function Popover({ label, button, buttonProps, align = 'start', children }: PopoverProps) {
  const { open, box, panel, trigger, toggle, close } = useOpening()
  useEffect(() => {
    if (open) panel.current?.querySelector<HTMLElement>(FOCUSABLE)?.focus()
  }, [open, panel])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return
    event.stopPropagation()
    close()
  }
  return (
    <div className="popover" ref={box} onKeyDown={onKeyDown}>
      <button
        type="button"
        className="btn"
        data-variant="outline"
        data-size="sm"
        {...buttonProps}
        ref={trigger}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={toggle}
      >
        {button}
      </button>
      {open && (
        <div
          ref={panel}
          data-popover
          data-align={align}
          role="dialog"
          aria-label={label}
          tabIndex={-1}
          className="popover-panel"
        >
          {typeof children === 'function' ? children(close) : children}
        </div>
      )}
    </div>
  )
}
