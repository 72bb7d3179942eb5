import { queryOptions, useQuery } from '@tanstack/react-query'
import { Rss } from 'lucide-react'
import { useState } from 'react'
import { api } from '../../shell/client.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { usePluginName } from '../../shell/plugin-name.ts'
import { useTexts } from '../../shell/texts.ts'
import { When } from '../../shell/when.tsx'
import { PanelTable } from '../panel-table.tsx'
import { type Trail, TrailPager } from '../trail-pager.tsx'

/** One key of what a plugin keeps running: `GET /api/feeds`. */
interface Feed {
  plugin: string
  feed: string
  key: string
  state: 'running' | 'waiting'
  since: string
  due: string
  restarts: number
  worker: string | null
  lastError: string | null
}

/** The state of a feed is no row that the stream tells of; whoever looks at it wants it fresh. */
const EVERY_MS = 10_000

const feedsOptions = (after: string | null) =>
  queryOptions({
    queryKey: ['feeds', after],
    queryFn: () => api.get<{ items: Feed[]; next: string | null }>('/api/feeds', { after, limit: 25 }),
    refetchInterval: EVERY_MS,
  })

/** What plugins keep running for the organisation, and how it goes. */
export function FeedsPage() {
  const { t } = useTexts()
  const [trail, setTrail] = useState<Trail>([])
  const query = useQuery(feedsOptions(trail.at(-1) ?? null))
  return (
    <Page title={t('feeds.title')} lead={t('feeds.lead')}>
      <Loaded query={query}>
        {({ items }) =>
          items.length > 0 ? (
            <FeedTable feeds={items} />
          ) : (
            <Empty icon={Rss} title={t('feeds.empty.title')} text={t('feeds.empty.text')} />
          )
        }
      </Loaded>
      <TrailPager trail={trail} next={query.data?.next} onMove={setTrail} />
    </Page>
  )
}

function FeedTable({ feeds }: { feeds: readonly Feed[] }) {
  const { t } = useTexts()
  const columns = ['name', 'key', 'state', 'worker', 'restarts', 'error'].map((column) => t(`feeds.${column}`))
  return (
    <PanelTable label={t('feeds.title')} columns={columns} stacked>
      {feeds.map((feed) => (
        <FeedRow key={`${feed.plugin} ${feed.feed} ${feed.key}`} feed={feed} />
      ))}
    </PanelTable>
  )
}

function FeedRow({ feed: { plugin, feed, key, state, since, due, worker, restarts, lastError } }: { feed: Feed }) {
  const { t } = useTexts()
  const nameOf = usePluginName()
  return (
    <tr>
      <th scope="row">
        <span className="block font-medium">{nameOf(plugin)}</span>
        <code className="text-muted-foreground text-xs font-normal">{feed}</code>
      </th>
      <td data-label={t('feeds.key')}>
        <code className="text-xs">{key}</code>
      </td>
      <td data-label={t('feeds.state')}>
        <span className="badge" data-variant={state === 'running' ? 'secondary' : 'outline'}>
          {t(`feeds.state.${state}`)}
        </span>
        <span className="text-muted-foreground block text-xs">
          <When at={since} />
          {state === 'waiting' && Date.parse(due) > Date.now() && (
            <>
              {' · '}
              {t('feeds.again')} <When at={due} />
            </>
          )}
        </span>
      </td>
      <td data-label={t('feeds.worker')}>{worker ? <code className="text-xs">{worker.slice(-6)}</code> : '–'}</td>
      <td data-label={t('feeds.restarts')} className="tabular-nums">
        {restarts}
      </td>
      <td className="wide" data-label={t('feeds.error')}>
        {lastError ? <span className="text-destructive">{lastError}</span> : <span aria-hidden>–</span>}
      </td>
    </tr>
  )
}
