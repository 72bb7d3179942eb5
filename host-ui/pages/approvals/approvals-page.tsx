import { useInfiniteQuery } from '@tanstack/react-query'
import { ClipboardCheck } from 'lucide-react'
import { useState } from 'react'
import { useComposition } from '../../shell/composition.tsx'
import { Empty, Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { ViewChoice } from '../view-choice.tsx'
import { pageOptions, type Proposal, type View } from './proposal.ts'
import { ProposalCard } from './proposal-card.tsx'

const VIEWS: View[] = ['waiting', 'decided']

/** Writes that plugins hold: everybody sees their own, and those who decide see all. */
export function ApprovalsPage() {
  const { t } = useTexts()
  const { can } = useComposition()
  const [view, setView] = useState<View>('waiting')
  return (
    <Page title={t('approvals.title')} lead={t(can('proposals.decide') ? 'approvals.lead' : 'approvals.lead.own')}>
      <ViewChoice
        label={t('approvals.views')}
        views={VIEWS.map((value) => ({ value, text: t(`approvals.${value}`) }))}
        chosen={view}
        onChoose={setView}
      />
      <Proposals view={view} />
    </Page>
  )
}

function Proposals({ view }: { view: View }) {
  const { t } = useTexts()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(pageOptions(view))
  if (!data) return error ? <Failure error={error} retry={() => void refetch()} /> : <Loading />
  const isShown = ({ state }: Proposal) => view === 'waiting' || state !== 'waiting'
  const items = data.pages.flatMap((page) => page.items).filter(isShown)
  return (
    <>
      {items.length > 0 ? (
        <ul className="proposals">
          {items.map((proposal) => (
            <ProposalCard key={proposal.id} proposal={proposal} />
          ))}
        </ul>
      ) : (
        !hasNextPage && <Nothing view={view} />
      )}
      {hasNextPage && (
        <button
          type="button"
          className="btn self-start"
          data-variant="outline"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('approvals.more')}
        </button>
      )}
    </>
  )
}

function Nothing({ view }: { view: View }) {
  const { t } = useTexts()
  const key = view === 'waiting' ? 'empty' : 'none'
  const text = view === 'waiting' ? { text: t('approvals.empty.text') } : {}
  return <Empty icon={ClipboardCheck} title={t(`approvals.${key}.title`)} {...text} />
}
