import { ArrowLeft, ChevronLeft, ChevronRight } from 'lucide-react'
import { Link } from 'wouter'
import type { Resource } from '../../shell/composition.tsx'
import { prefetchRow } from '../../shell/queries.ts'
import { trailOf } from './trail.ts'
import { useTexts } from '../../shell/texts.ts'

export function Neighbours({ resource, id }: { resource: Resource; id: string }) {
  const { t } = useTexts()
  const { back, ids } = trailOf(resource)
  const at = ids.indexOf(id)
  return (
    <nav className="neighbours" aria-label={t('record.neighbours')}>
      <Link href={back} className="back-link">
        <ArrowLeft aria-hidden className="size-4" />
        {t(`${resource.plugin}:${resource.name}`)}
      </Link>
      {at >= 0 && (
        <span className="flex items-center gap-1">
          <Step resource={resource} to={ids[at - 1]} label={t('record.previous')} icon={<ChevronLeft aria-hidden />} />
          <span className="text-muted-foreground text-xs tabular-nums">
            {t('record.position', { at: at + 1, of: ids.length })}
          </span>
          <Step resource={resource} to={ids[at + 1]} label={t('record.next')} icon={<ChevronRight aria-hidden />} />
        </span>
      )}
    </nav>
  )
}

interface StepProps {
  resource: Resource
  to: string | undefined
  label: string
  icon: React.ReactNode
}

function Step({ resource, to, label, icon }: StepProps) {
  const look = { className: 'btn', 'data-variant': 'ghost', 'data-size': 'icon-sm', 'aria-label': label }
  if (!to) {
    return (
      <button type="button" disabled {...look}>
        {icon}
      </button>
    )
  }
  return (
    <Link
      href={`/${resource.name}/${to}${location.search}`}
      {...look}
      title={label}
      onMouseEnter={() => prefetchRow(resource, to)}
    >
      {icon}
    </Link>
  )
}
