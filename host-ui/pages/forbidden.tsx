import { Lock } from 'lucide-react'
import { Link } from 'wouter'
import { Empty } from '../shell/notice.tsx'
import { usePageHeading } from '../shell/page.tsx'
import { useTexts } from '../shell/texts.ts'

/** In the place of a page that is there, and not for the reader's role. */
export function ForbiddenPage() {
  const { t } = useTexts()
  const heading = usePageHeading(t('forbidden.title'))
  return (
    <div className="page">
      <h1 ref={heading} tabIndex={-1} className="sr-only">
        {t('forbidden.title')}
      </h1>
      <Empty icon={Lock} title={t('forbidden.title')} text={t('forbidden.text')}>
        <Link href="/" className="btn">
          {t('missing.home')}
        </Link>
      </Empty>
    </div>
  )
}
