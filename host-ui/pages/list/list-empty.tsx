import { Plus, SearchX } from 'lucide-react'
import { Link } from 'wouter'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Inbox } from 'lucide-react'
import { useTexts } from '../../shell/texts.ts'

interface ListEmptyProps {
  resource: Resource
  /** Whether a search or a filter is why nothing is here. */
  asked: boolean
  onClear(): void
}

export function ListEmpty({ resource, asked, onClear }: ListEmptyProps) {
  const { t } = useTexts()
  const { can } = useComposition()
  if (asked) {
    return (
      <Empty icon={SearchX} title={t('list.none.title')} text={t('list.none.text')}>
        <button type="button" className="btn" data-variant="outline" onClick={onClear}>
          {t('filter.clear')}
        </button>
      </Empty>
    )
  }
  return (
    <Empty icon={Inbox} title={t('list.empty.title')} text={t('list.empty.text')}>
      {can(`${resource.name}.create`) && (
        <Link href={`/${resource.name}/new`} className="btn">
          <Plus aria-hidden />
          {t('list.new', { what: t(`${resource.plugin}:${resource.name}.one`) })}
        </Link>
      )}
    </Empty>
  )
}
