import { useInfiniteQuery } from '@tanstack/react-query'
import { formatDay } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import { Failure, Loading } from '../../shell/notice.tsx'
import type { Field } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import type { HistoryEntry } from './history-entry.ts'
import { HistoryItem } from './history-item.tsx'
import type { RecordProps } from './record.ts'
import { useTexts } from '../../shell/texts.ts'

interface HistoryProps extends RecordProps {
  fields: Field[]
  reading: Reading
}

interface HistoryPage {
  items: HistoryEntry[]
  next: string | null
}

/** All that happened to the record and to what belongs to it, newest first, day by day. */
export function History({ resource, row, fields, reading }: HistoryProps) {
  const { t } = useTexts()
  const path = `${resource.path}/${row.id}/history`
  const query = useInfiniteQuery({
    queryKey: [resource.name, 'history', row.id],
    queryFn: ({ pageParam }) => api.get<HistoryPage>(path, { after: pageParam }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading lines={6} />
  const days = byDay(data.pages.flatMap(({ items }) => items))
  return (
    <div className="history">
      <h2 className="sr-only">{t('record.history')}</h2>
      {days.length === 0 && <p className="text-muted-foreground py-6 text-sm">{t('history.nothing')}</p>}
      {days.map(([day, entries]) => (
        <section key={day} className="history-day">
          <h3>{formatDay(entries[0]!.at, reading.lang)}</h3>
          <ol>
            {entries.map((entry) => (
              <HistoryItem
                key={entry.id}
                entry={entry}
                resource={resource}
                row={row}
                fields={fields}
                reading={reading}
              />
            ))}
          </ol>
        </section>
      ))}
      {hasNextPage && (
        <button
          type="button"
          className="btn"
          data-variant="outline"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t(isFetchingNextPage ? 'state.loading' : 'history.load')}
        </button>
      )}
    </div>
  )
}

function byDay(entries: HistoryEntry[]): [string, HistoryEntry[]][] {
  const days = new Map<string, HistoryEntry[]>()
  for (const entry of entries) {
    const day = new Date(entry.at).toDateString()
    days.set(day, [...(days.get(day) ?? []), entry])
  }
  return [...days]
}
