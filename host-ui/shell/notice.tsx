import { CircleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { problemText } from './problem.ts'
import { useTexts } from './texts.ts'

interface EmptyProps {
  icon: LucideIcon
  title: string
  text?: string
  children?: ReactNode
}

/** The quiet middle of a page that has nothing to show. */
export function Empty({ icon: Icon, title, text, children }: EmptyProps) {
  return (
    <div className="empty">
      <header>
        <figure>
          <Icon aria-hidden />
        </figure>
        <h2>{title}</h2>
        {text && <p>{text}</p>}
      </header>
      {children && <section>{children}</section>}
    </div>
  )
}

export function Failure({ error, retry }: { error: unknown; retry(): void }) {
  const { t } = useTexts()
  return (
    <div role="alert">
      <Empty icon={CircleAlert} title={t('failure.title')} text={problemText(error, t)}>
        <button type="button" className="btn" data-variant="outline" onClick={retry}>
          {t('action.retry')}
        </button>
      </Empty>
    </div>
  )
}

/** Says that something is on its way, to eyes by shimmering bars and to ears by one word. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const { t } = useTexts()
  return (
    <div role="status" className="flex flex-col gap-3 py-2">
      <span className="sr-only">{t('state.loading')}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} aria-hidden className="skeleton h-5 animate-pulse" style={{ width: `${92 - line * 13}%` }} />
      ))}
    </div>
  )
}

export function LoadingPage() {
  const { t } = useTexts()
  return (
    <div className="page">
      <h1 className="sr-only">{t('state.loading')}</h1>
      <Loading lines={8} />
    </div>
  )
}
