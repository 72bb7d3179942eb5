import { Menu as MenuIcon, Search, X } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { Acting } from './acting.tsx'
import { Bell } from './bell.tsx'
import { useModal } from './dialog.tsx'
import { Mark } from './mark.tsx'
import { Offline } from './offline.tsx'
import { QuickSearch, useQuickSearch } from './quick-search.tsx'
import { Sidebar } from './sidebar.tsx'
import { TaskPanel } from './task-panel.tsx'
import { useTexts } from './texts.ts'

/** Navigation at the side, or in a drawer on small screens, and one main region for the page. */
export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTexts()
  const search = useQuickSearch()
  const [place] = useLocation()
  // Open for the page on which it was opened: going to another one closes it.
  const [drawerAt, setDrawerAt] = useState<string | null>(null)
  const drawer = drawerAt === place
  const main = useRef<HTMLElement>(null)

  return (
    <div className="frame">
      <a className="skip-link" href="#main" onClick={() => main.current?.focus()}>
        {t('nav.skip')}
      </a>
      <aside className="frame-side" aria-label={t('nav.side')}>
        <Sidebar onSearch={search.show} bell />
      </aside>
      <header className="frame-top">
        <button
          type="button"
          className="btn"
          data-variant="ghost"
          data-size="icon"
          aria-label={t('nav.open')}
          aria-expanded={drawer}
          onClick={() => setDrawerAt(place)}
        >
          <MenuIcon aria-hidden />
        </button>
        <Link href="/" className="flex items-center gap-2 font-semibold" aria-label={t('nav.home')}>
          <Mark className="size-6" />
          Weft
        </Link>
        <button
          type="button"
          className="btn ms-auto"
          data-variant="ghost"
          data-size="icon"
          aria-label={t('search.open')}
          onClick={search.show}
        >
          <Search aria-hidden />
        </button>
        <Bell align="end" />
      </header>
      {drawer && (
        <Drawer onClose={() => setDrawerAt(null)}>
          <Sidebar onSearch={() => (setDrawerAt(null), search.show())} />
        </Drawer>
      )}
      <main id="main" ref={main} tabIndex={-1} className="frame-main">
        <Acting />
        <Offline />
        <TaskPanel />
        {children}
      </main>
      {search.open && <QuickSearch onClose={search.hide} />}
    </div>
  )
}

function Drawer({ onClose, children }: { onClose(): void; children: ReactNode }) {
  const { t } = useTexts()
  const dialog = useModal()
  const cancel = (event: { preventDefault(): void }) => (event.preventDefault(), onClose())
  const outside = (event: { target: EventTarget }) => event.target === dialog.current && onClose()
  return (
    <dialog ref={dialog} className="nav-drawer" aria-label={t('nav.side')} onCancel={cancel} onClick={outside}>
      <button
        type="button"
        className="btn nav-drawer-close"
        data-variant="ghost"
        data-size="icon-sm"
        aria-label={t('nav.close')}
        onClick={onClose}
      >
        <X aria-hidden />
      </button>
      {children}
    </dialog>
  )
}
