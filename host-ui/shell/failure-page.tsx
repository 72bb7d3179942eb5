import { Failure } from './notice.tsx'
import { usePageHeading } from './page.tsx'
import { useTexts } from './texts.ts'

/** In the place of a page that could not be fetched or drawn. */
export function FailurePage({ error, retry }: { error: unknown; retry(): void }) {
  const { t } = useTexts()
  const heading = usePageHeading(t('failure.title'))
  return (
    <div className="page">
      <h1 ref={heading} tabIndex={-1} className="sr-only">
        {t('failure.title')}
      </h1>
      <Failure error={error} retry={retry} />
    </div>
  )
}
