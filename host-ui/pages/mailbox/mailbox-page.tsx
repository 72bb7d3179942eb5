import { useInfiniteQuery } from '@tanstack/react-query'
import { Mail } from 'lucide-react'
import { Link } from 'wouter'
import { formatDateTime } from '../../sdk/index.ts'
import { localeOf } from '../../shell/i18n.ts'
import { Empty, Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { PanelTable } from '../panel-table.tsx'
import { type MailEntry, mailsOptions, stateVariant } from './mail.ts'

/** Every mail that plugins have sent, so that a developer sees what a receiver would. */
export function MailboxPage() {
  const { t } = useTexts()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(mailsOptions)
  const mails = data?.pages.flatMap(({ items }) => items)
  const lead = data ? t(data.pages[0]?.live ? 'mailbox.lead.live' : 'mailbox.lead.kept') : undefined
  return (
    <Page title={t('mailbox.title')} {...(lead ? { lead } : {})}>
      {!mails ? (
        error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : mails.length > 0 ? (
        <>
          <MailTable mails={mails} />
          {hasNextPage && (
            <button
              type="button"
              className="btn mt-4"
              data-variant="outline"
              disabled={isFetchingNextPage}
              onClick={() => void fetchNextPage()}
            >
              {t('mailbox.more')}
            </button>
          )}
        </>
      ) : (
        <Empty icon={Mail} title={t('mailbox.empty.title')} text={t('mailbox.empty.text')} />
      )}
    </Page>
  )
}

function MailTable({ mails }: { mails: readonly MailEntry[] }) {
  const { t, i18n } = useTexts()
  const columns = ['subject', 'to', 'at', 'state'].map((column) => t(`mailbox.${column}`))
  return (
    <PanelTable label={t('mailbox.title')} columns={columns}>
      {mails.map(({ id, subject, to, at, state }) => (
        <tr key={id}>
          <th scope="row" className="font-medium">
            <Link href={`/settings/mailbox/${id}`} className="underline underline-offset-4">
              {subject}
            </Link>
          </th>
          <td>{to.join(', ')}</td>
          <td>{formatDateTime(at, localeOf(i18n.language), 'relative')}</td>
          <td>
            <span className="badge" data-variant={stateVariant(state)}>
              {t(`mailbox.state.${state}`)}
            </span>
          </td>
        </tr>
      ))}
    </PanelTable>
  )
}
