import { Search } from 'lucide-react'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { useLocation } from 'wouter'
import { useModal } from './dialog.tsx'
import { type Hit, useHits } from './search-hits.tsx'
import { useTexts } from './texts.ts'

/** Opens by `/` outside of fields, and by Ctrl or Cmd + K everywhere. */
export function useQuickSearch() {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const typing = (event.target as Element).closest?.('input, textarea, select, [contenteditable]')
      const asked = event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey
      const slash = event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey
      if ((!asked && !slash) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      setOpen(true)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return { open, show: () => setOpen(true), hide: () => setOpen(false) }
}

export function QuickSearch({ onClose }: { onClose(): void }) {
  const { t } = useTexts()
  const id = useId()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const { hits, pending } = useHits(text.trim())
  const [, navigate] = useLocation()
  const dialog = useModal()
  const current = hits[Math.min(at, hits.length - 1)]
  const open = (hit: Hit | undefined) => hit && (onClose(), navigate(hit.href))

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 }
    if (event.key === 'Enter') return open(current)
    const to = steps[event.key]
    if (to === undefined || hits.length === 0) return
    event.preventDefault()
    setAt((to + hits.length) % hits.length)
  }
  const said = pending
    ? t('state.loading')
    : hits.length === 0 && text.trim()
      ? t('search.none')
      : t('search.hits', { count: hits.length })
  return (
    <dialog
      ref={dialog}
      className="command-dialog"
      aria-label={t('search.open')}
      onCancel={(event) => (event.preventDefault(), onClose())}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="command quick-search">
        <header>
          <Search aria-hidden />
          <input
            type="text"
            role="combobox"
            aria-expanded
            aria-controls={`${id}-hits`}
            aria-activedescendant={current ? `${id}-${hits.indexOf(current)}` : undefined}
            aria-autocomplete="list"
            aria-label={t('search.open')}
            placeholder={t('search.placeholder')}
            autoComplete="off"
            spellCheck={false}
            autoFocus
            value={text}
            onChange={(event) => (setText(event.target.value), setAt(0))}
            onKeyDown={onKeyDown}
          />
        </header>
        <ul role="listbox" id={`${id}-hits`} aria-label={t('search.results')}>
          {hits.map((hit, index) => (
            <Option
              key={hit.href}
              id={`${id}-${index}`}
              hit={hit}
              active={hit === current}
              onHover={() => setAt(index)}
              onOpen={() => open(hit)}
            />
          ))}
        </ul>
        <p role="status" className="quick-search-state">
          {said}
        </p>
      </div>
    </dialog>
  )
}

interface OptionProps {
  id: string
  hit: Hit
  active: boolean
  onHover(): void
  onOpen(): void
}

function Option({ id, hit, active, onHover, onOpen }: OptionProps) {
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (active) item.current?.scrollIntoView({ block: 'nearest' })
  }, [active])
  return (
    <li ref={item} id={id} role="option" aria-selected={active} onMouseMove={onHover} onClick={onOpen}>
      {hit.picture}
      <span className="min-w-0 flex-1 truncate">{hit.title}</span>
      <span className="text-muted-foreground truncate text-xs">{hit.detail}</span>
    </li>
  )
}
