import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatDateTime } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { Question } from '../../shell/dialog.tsx'
import { localeOf } from '../../shell/i18n.ts'
import { Failure, Loading } from '../../shell/notice.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { describeAgent, type SessionEntry, sessionsOptions } from './account.ts'

export function SessionList() {
  const { t } = useTexts()
  const { data: sessions, error, refetch } = useQuery(sessionsOptions)
  const [asked, setAsked] = useState(false)
  async function end(path: string) {
    try {
      await api.send('DELETE', path)
      notify(t('account.ended'))
    } catch (problem) {
      notify(problemText(problem, t), 'error')
    }
    setAsked(false)
    await queries.invalidateQueries({ queryKey: sessionsOptions.queryKey })
  }
  return (
    <section className="account-part" aria-labelledby="account-sessions">
      <h2 id="account-sessions">{t('account.sessions')}</h2>
      <p className="text-muted-foreground text-sm">{t('account.sessions.text')}</p>
      {sessions ? (
        <ul className="session-list">
          {sessions.map((session) => (
            <Entry key={session.id} session={session} onEnd={() => void end(`/api/sessions/${session.id}`)} />
          ))}
        </ul>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Loading />
      )}
      {sessions && sessions.length > 1 && (
        <button type="button" className="btn mt-4" data-variant="outline" onClick={() => setAsked(true)}>
          {t('account.endOthers')}
        </button>
      )}
      {asked && (
        <Question
          title={t('account.endOthers.title')}
          text={t('account.endOthers.text')}
          yes={t('account.endOthers')}
          danger
          onYes={() => void end('/api/sessions')}
          onNo={() => setAsked(false)}
        />
      )}
    </section>
  )
}

function Entry({ session, onEnd }: { session: SessionEntry; onEnd(): void }) {
  const { t, i18n } = useTexts()
  const { agent, network, current, tenant, usedAt } = session
  const device = describeAgent(agent, t)
  const used = formatDateTime(usedAt, localeOf(i18n.language), 'relative')
  return (
    <li>
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {device}
          {current && (
            <span className="badge ms-2" data-variant="secondary">
              {t('account.thisDevice')}
            </span>
          )}
        </p>
        <p className="text-muted-foreground text-sm">
          {[tenant.name, network, t('account.used', { when: used })].filter(Boolean).join(' · ')}
        </p>
      </div>
      {!current && (
        <button
          type="button"
          className="btn"
          data-variant="outline"
          data-size="sm"
          aria-label={t('account.end.of', { device })}
          onClick={onEnd}
        >
          {t('account.end')}
        </button>
      )}
    </li>
  )
}
