import { Check } from 'lucide-react'
import { useEffect, useId, type ButtonHTMLAttributes, type KeyboardEvent, type ReactNode } from 'react'
import { type Close, useOpening } from './popover.tsx'

interface MenuProps {
  label: string
  button: ReactNode
  buttonProps?: ButtonHTMLAttributes<HTMLButtonElement> & { [data: `data-${string}`]: string | undefined }
  align?: 'start' | 'end'
  side?: 'top' | 'bottom'
  children(close: Close): ReactNode
}

/** The menu-button pattern of the ARIA practices: arrows, Home, End, first letters, Escape. */
export function Menu({ label, button, buttonProps, align = 'start', side = 'bottom', children }: MenuProps) {
  const { open, box, panel, trigger, toggle, close } = useOpening()
  const id = useId()
  useEffect(() => {
    if (open) items(panel.current)[0]?.focus()
  }, [open, panel])

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open && event.key === 'ArrowDown') return (event.preventDefault(), toggle())
    if (!open) return
    if (event.key === 'Escape') return (event.stopPropagation(), close())
    if (event.key === 'Tab') return close()
    const target = nextItem(items(panel.current), event.key)
    if (!target) return
    event.preventDefault()
    target.focus()
  }
  return (
    <div className="dropdown-menu" ref={box} onKeyDown={onKeyDown}>
      <button
        type="button"
        {...buttonProps}
        ref={trigger}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={toggle}
      >
        {button}
      </button>
      {open && (
        <div ref={panel} data-popover data-align={align} data-side={side} className="popover-panel">
          <div role="menu" id={id} aria-label={label}>
            {children(close)}
          </div>
        </div>
      )}
    </div>
  )
}

const items = (panel: HTMLElement | null) => [...(panel?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])]

function nextItem(all: HTMLElement[], key: string): HTMLElement | undefined {
  const at = all.indexOf(document.activeElement as HTMLElement)
  if (key === 'ArrowDown') return all[(at + 1) % all.length]
  if (key === 'ArrowUp') return all[(at - 1 + all.length) % all.length]
  if (key === 'Home') return all[0]
  if (key === 'End') return all.at(-1)
  if (key.length !== 1 || key === ' ') return undefined
  const letter = key.toLocaleLowerCase()
  const ring = [...all.slice(at + 1), ...all.slice(0, at + 1)]
  return ring.find((item) => item.textContent?.trim().toLocaleLowerCase().startsWith(letter))
}

interface ItemProps {
  children: ReactNode
  /** Given for a choice of one among several. */
  checked?: boolean
  danger?: boolean
  lang?: string
  disabled?: boolean
  onSelect(): void
}

export function MenuItem({ children, checked, danger, lang, disabled, onSelect }: ItemProps) {
  const radio = checked !== undefined
  return (
    <button
      type="button"
      role={radio ? 'menuitemradio' : 'menuitem'}
      aria-checked={radio ? checked : undefined}
      data-variant={danger ? 'destructive' : undefined}
      lang={lang}
      tabIndex={-1}
      disabled={disabled}
      onClick={onSelect}
    >
      {children}
      {radio && (
        <span data-indicator>
          <Check aria-hidden />
        </span>
      )}
    </button>
  )
}

export function MenuGroup({ title, children }: { title: string; children: ReactNode }) {
  const id = useId()
  return (
    <div role="group" aria-labelledby={id}>
      <div id={id} className="menu-title">
        {title}
      </div>
      {children}
    </div>
  )
}

export const MenuLine = () => <hr role="separator" />
