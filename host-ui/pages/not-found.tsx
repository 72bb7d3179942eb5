import { Compass } from 'lucide-react'
import { Link } from 'wouter'
import { Empty } from '../shell/notice.tsx'
import { usePageHeading } from '../shell/page.tsx'
import { useTexts } from '../shell/texts.ts'

export function NotFoundPage() {
  const { t } = useTexts()
  const heading = usePageHeading(t('missing.title'))
  return (
    <div className="page">
      <h1 ref={heading} tabIndex={-1} className="sr-only">
        {t('missing.title')}
      </h1>
      <Empty icon={Compass} title={t('missing.title')} text={t('missing.text')}>
        <Link href="/" className="btn">
          {t('missing.home')}
        </Link>
      </Empty>
    </div>
  )
}
