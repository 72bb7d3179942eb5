import { FileX } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { api, refetchRecords } from '../../shell/client.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { Empty } from '../../shell/notice.tsx'
import { usePageHeading } from '../../shell/page.tsx'
import { isMissing, problemText } from '../../shell/problem.ts'
import { notify } from '../../shell/toast.tsx'
import { trailOf } from './trail.ts'
import { useTexts } from '../../shell/texts.ts'

/** Unknown or deleted: the server says the same of both, so restoring is offered to those who may. */
export function MissingRecord({ resource, id }: { resource: Resource; id: string }) {
  const { t } = useTexts()
  const { can } = useComposition()
  const heading = usePageHeading(t('record.missing.title'))
  const [busy, setBusy] = useState(false)
  async function restore() {
    setBusy(true)
    try {
      await api.restore(resource.path, id)
      await refetchRecords(resource.name)
    } catch (error) {
      notify(isMissing(error) ? t('record.missing.unknown') : problemText(error, t), 'error')
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="page">
      <h1 ref={heading} tabIndex={-1} className="sr-only">
        {t('record.missing.title')}
      </h1>
      <Empty icon={FileX} title={t('record.missing.title')} text={t('record.missing.text')}>
        <span className="flex flex-wrap justify-center gap-2">
          <Link href={trailOf(resource).back} className="btn">
            {t('record.missing.back')}
          </Link>
          {resource.keep === 'record' && can(`${resource.name}.delete`) && (
            <button type="button" className="btn" data-variant="outline" disabled={busy} onClick={() => void restore()}>
              {t('record.missing.restore')}
            </button>
          )}
        </span>
      </Empty>
    </div>
  )
}
