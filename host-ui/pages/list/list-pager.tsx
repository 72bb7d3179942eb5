import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { Page } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import type { Resource } from '../../shell/composition.tsx'
import { listOptions } from '../../shell/queries.ts'
import { PAGE_SIZES } from './list-state.ts'
import type { ListPlace } from './use-list-state.ts'
import { useTexts } from '../../shell/texts.ts'

interface PagerProps {
  resource: Resource
  query: Record<string, string>
  place: ListPlace
  page: Page
}

export function ListPager({ resource, query, place, page }: PagerProps) {
  const { t } = useTexts()
  const { state, trail } = place
  const ahead = () => page.next && void queries.prefetchQuery(listOptions(resource, { ...query, after: page.next }))
  return (
    <nav className="pager" aria-label={t('pager.label')}>
      <Range resource={resource} query={query} page={page} place={place} />
      <label className="pager-size">
        <span>{t('pager.size')}</span>
        <select
          className="select"
          data-size="sm"
          value={state.limit}
          onChange={(event) => place.change({ ...state, limit: Number(event.target.value) })}
        >
          {PAGE_SIZES.map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
      <div className="flex gap-1">
        <button
          type="button"
          className="btn"
          data-variant="outline"
          data-size="sm"
          disabled={!state.after}
          onClick={place.back}
        >
          <ChevronLeft aria-hidden />
          {t(state.after && trail.length === 0 ? 'pager.first' : 'pager.previous')}
        </button>
        <button
          type="button"
          className="btn"
          data-variant="outline"
          data-size="sm"
          disabled={!page.next}
          onMouseEnter={ahead}
          onFocus={ahead}
          onClick={() => page.next && place.forward(page.next)}
        >
          {t('pager.next')}
          <ChevronRight aria-hidden />
        </button>
      </div>
    </nav>
  )
}

function Range({ resource, query, page, place }: PagerProps) {
  const { t } = useTexts()
  const { after: _after, sort: _sort, ...asked } = query
  const key = JSON.stringify({ ...asked, limit: undefined })
  const [counted, setCounted] = useState('')
  const exact = useQuery({
    queryKey: [resource.name, 'count', key],
    queryFn: () => api.list(resource.path, { ...asked, limit: '1', count: 'exact' }),
    enabled: counted === key,
  })
  const known = !place.state.after || place.trail.length > 0
  const first = place.trail.length * place.state.limit + 1
  const last = first + page.items.length - 1
  const total = totalOf(exact.data?.total ?? page.total, { known, last, more: Boolean(page.next) })
  const numbers = { from: first, to: last, total: total.value }
  return (
    <p className="pager-range" role="status">
      {t(`pager.${known ? 'range' : 'total'}.${total.kind}`, numbers)}
      {total.kind !== 'exact' && (
        <button type="button" className="link-button" onClick={() => setCounted(key)} disabled={exact.isFetching}>
          {t(exact.isFetching ? 'pager.counting' : 'pager.count')}
        </button>
      )}
    </p>
  )
}

interface Reached {
  known: boolean
  last: number
  more: boolean
}

/** The last page says the total by itself; an estimate that one has already read past is only a lower bound. */
function totalOf({ value, exact }: Page['total'], { known, last, more }: Reached) {
  if (known && !more) return { kind: 'exact', value: last }
  if (exact) return { kind: 'exact', value }
  return value > last ? { kind: 'about', value } : { kind: 'more', value: last }
}
