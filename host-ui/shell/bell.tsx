import { useInfiniteQuery } from '@tanstack/react-query'
import { Bell as BellIcon } from 'lucide-react'
import { useLocation } from 'wouter'
import { formatDateTime } from '../sdk/index.ts'
import { api, queries } from './client.ts'
import { localeOf } from './i18n.ts'
import { type Notice, noticesOptions } from './notices.ts'
import { type Close, Popover } from './popover.tsx'
import { problemText } from './problem.ts'
import { useTexts } from './texts.ts'
import { notify } from './toast.tsx'

const MAX_SHOWN = 99

/** What one was told, with how much of it is unread; fetched again when the stream says so. */
export function Bell({ align }: { align: 'start' | 'end' }) {
  const { t } = useTexts()
  const { data } = useInfiniteQuery(noticesOptions)
  const unread = data?.pages[0]?.unread ?? 0
  const label = unread > 0 ? t('notices.bell', { count: unread }) : t('notices.bell.none')
  const button = (
    <>
      <BellIcon aria-hidden />
      {unread > 0 && (
        <span className="bell-count" aria-hidden>
          {unread > MAX_SHOWN ? `${MAX_SHOWN}+` : unread}
        </span>
      )}
      <span className="sr-only">{label}</span>
    </>
  )
  return (
    <Popover
      label={t('notices.title')}
      align={align}
      button={button}
      buttonProps={{ className: 'btn bell', 'data-variant': 'ghost', 'data-size': 'icon' }}
    >
      {(close) => <Notices close={close} />}
    </Popover>
  )
}

function Notices({ close }: { close: Close }) {
  const { t } = useTexts()
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(noticesOptions)
  const notices = data?.pages.flatMap(({ items }) => items) ?? []
  const refetch = () => queries.invalidateQueries({ queryKey: noticesOptions.queryKey })
  async function change(method: string, path: string, body?: unknown) {
    try {
      await api.send(method, path, body)
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    await refetch()
  }
  return (
    <div className="notices">
      <header>
        <h2>{t('notices.title')}</h2>
        <button
          type="button"
          className="btn"
          data-variant="ghost"
          data-size="sm"
          disabled={!notices.some(({ read }) => !read)}
          onClick={() => void change('POST', '/api/notifications/read')}
        >
          {t('notices.readAll')}
        </button>
      </header>
      {notices.length === 0 ? (
        <p className="text-muted-foreground p-2 text-sm">{t('notices.empty')}</p>
      ) : (
        <ul>
          {notices.map((notice) => (
            <li key={notice.id}>
              <Entry
                notice={notice}
                onOpen={() => {
                  if (notice.url) close()
                  if (!notice.read) void change('PATCH', `/api/notifications/${notice.id}`, { read: true })
                }}
              />
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <button
          type="button"
          className="btn"
          data-variant="ghost"
          data-size="sm"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('notices.more')}
        </button>
      )}
    </div>
  )
}

function Entry({ notice, onOpen }: { notice: Notice; onOpen(): void }) {
  const { t, i18n } = useTexts()
  const [, navigate] = useLocation()
  const open = () => {
    onOpen()
    if (notice.url) navigate(notice.url)
  }
  return (
    <button type="button" className="notice" data-unread={notice.read ? undefined : ''} onClick={open}>
      <span className="min-w-0">
        {!notice.read && <span className="sr-only">{t('notices.unread')}: </span>}
        {notice.text}
        <time dateTime={notice.at}>{formatDateTime(notice.at, localeOf(i18n.language), 'relative')}</time>
      </span>
    </button>
  )
}
