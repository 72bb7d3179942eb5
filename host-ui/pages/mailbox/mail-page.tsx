import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { formatDateTime } from '../../sdk/index.ts'
import { localeOf } from '../../shell/i18n.ts'
import { Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { mailOptions, type WholeMail } from './mail.ts'
import { readableHtml } from './readable.ts'

/** One mail as its receiver gets it. */
export function MailPage({ id }: { id: string }) {
  const { t } = useTexts()
  const { data: mail, error, refetch } = useQuery(mailOptions(id))
  const back = (
    <Link href="/settings/mailbox" className="underline underline-offset-4">
      {t('mailbox.title')}
    </Link>
  )
  return (
    <Page title={mail?.subject ?? t('mailbox.title')} lead={back}>
      {mail ? (
        <>
          <Fields mail={mail} />
          <Bodies mail={mail} />
        </>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </Page>
  )
}

function Fields({ mail }: { mail: WholeMail }) {
  const { t, i18n } = useTexts()
  const fields: [string, string | null][] = [
    ['from', mail.from],
    ['to', mail.to.join(', ')],
    ['replyTo', mail.replyTo],
    ['at', formatDateTime(mail.sentAt ?? mail.at, localeOf(i18n.language))],
    ['state', t(`mailbox.state.${mail.state}`)],
    ['reason', mail.reason],
    ['attachments', mail.attachments.join(', ')],
    ['messageId', mail.messageId],
  ]
  return (
    <dl className="mail-fields">
      {fields.map(([name, value]) =>
        value ? (
          <div key={name} className="contents">
            <dt>{t(`mailbox.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}

function Bodies({ mail: { subject, text, html } }: { mail: WholeMail }) {
  const { t } = useTexts()
  const readable = useMemo(() => (html === null ? null : readableHtml(html)), [html])
  if (text === null) return <p className="text-muted-foreground">{t('mailbox.noBody')}</p>
  return (
    <>
      {readable !== null && (
        <section aria-label={t('mailbox.html')} className="mb-5">
          <h2 className="mb-2 font-semibold">{t('mailbox.html')}</h2>
          <iframe className="mail-frame" title={subject} sandbox="" srcDoc={readable} />
        </section>
      )}
      <section aria-label={t('mailbox.text')}>
        <h2 className="mb-2 font-semibold">{t('mailbox.text')}</h2>
        <div className="mail-text">{text}</div>
      </section>
    </>
  )
}
