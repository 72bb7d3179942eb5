import { useTexts } from '../shell/texts.ts'

/** The cursors by which one has come to a page; a keyset knows no way back. */
export type Trail = readonly string[]

interface TrailPagerProps {
  trail: Trail
  next: string | null | undefined
  onMove(trail: Trail): void
}

/** To the page before and the next one; nothing where there is one page alone. */
export function TrailPager({ trail, next, onMove }: TrailPagerProps) {
  const { t } = useTexts()
  if (!next && trail.length === 0) return null
  return (
    <nav className="flex justify-end gap-1" aria-label={t('pager.label')}>
      <button
        type="button"
        className="btn"
        data-variant="outline"
        data-size="sm"
        disabled={trail.length === 0}
        onClick={() => onMove(trail.slice(0, -1))}
      >
        {t('pager.previous')}
      </button>
      <button
        type="button"
        className="btn"
        data-variant="outline"
        data-size="sm"
        disabled={!next}
        onClick={() => next && onMove([...trail, next])}
      >
        {t('pager.next')}
      </button>
    </nav>
  )
}
