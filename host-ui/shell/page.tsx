import { useEffect, useRef, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useComposition } from './composition.tsx'

/** The page whose heading had the focus last; null until the first page is there, which is not a navigation. */
let arrivedAt: string | null = null

/** Names the document, and moves the focus to the heading when one came here by a link. */
export function usePageHeading(title: string, ready = true) {
  const heading = useRef<HTMLHeadingElement>(null)
  const [path] = useLocation()
  const { tenant } = useComposition()
  useEffect(() => {
    if (ready) document.title = `${title} · ${tenant.name} · Weft`
  }, [title, ready, tenant.name])
  useEffect(() => {
    if (!ready) return
    if (arrivedAt !== null && arrivedAt !== path) {
      heading.current?.focus({ preventScroll: true })
      heading.current?.closest('main')?.scrollTo(0, 0)
    }
    arrivedAt = path
  }, [path, ready])
  return heading
}

interface PageProps {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

export function Page({ title, lead, actions, children }: PageProps) {
  const heading = usePageHeading(title)
  return (
    <div className="page">
      <header className="page-header">
        <div className="min-w-0 flex-1 basis-56">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className="text-muted-foreground mt-1 max-w-prose text-sm">{lead}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
