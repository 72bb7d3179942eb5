import { queryOptions, useQuery } from '@tanstack/react-query'
import { LogIn, Unlink } from 'lucide-react'
import { useEffect, useState } from 'react'
import { formatDate } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { Dialog, Question } from '../../shell/dialog.tsx'
import { localeOf } from '../../shell/i18n.ts'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { EntryForm } from '../entry/entry-form.tsx'
import { PasswordField } from '../entry/password-field.tsx'
import { type Choice, outcomeText, takeOutcome } from '../entry/provider.ts'
import { IconButton } from '../../shell/icon-button.tsx'

const PATH = '/api/account/identities'

interface Linked {
  id: string
  provider: string
  label: string | null
  createdAt: string
}

const identitiesOptions = queryOptions({
  queryKey: ['identities'],
  queryFn: () => api.get<{ items: Linked[]; providers: Choice[] }>(PATH),
})

/** What of an identity provider opens the own account; nothing where the organisation has none. */
export function IdentityPart() {
  const { t } = useTexts()
  const { data } = useQuery(identitiesOptions)
  const [linking, setLinking] = useState<Choice | null>(null)
  const [asked, setAsked] = useState<Linked | null>(null)
  useEffect(() => {
    const outcome = takeOutcome()
    if (outcome === 'linked') notify(t('identity.kept'))
    else if (outcome) notify(outcomeText(outcome, t), 'error')
  }, [t])
  if (!data || data.items.length + data.providers.length === 0) return null
  return (
    <section className="account-part" aria-labelledby="account-identities">
      <h2 id="account-identities">{t('identity.title')}</h2>
      <p className="text-muted-foreground text-sm">{t('identity.text')}</p>
      {data.items.length > 0 && (
        <ul className="session-list">
          {data.items.map((linked) => (
            <Entry key={linked.id} linked={linked} onUnlink={() => setAsked(linked)} />
          ))}
        </ul>
      )}
      <p className="mt-4 flex flex-wrap gap-2">
        {data.providers.map((provider) => (
          <button
            key={provider.id}
            type="button"
            className="btn"
            data-variant="outline"
            onClick={() => setLinking(provider)}
          >
            <LogIn aria-hidden />
            {t('identity.link', { name: provider.name })}
          </button>
        ))}
      </p>
      {linking && <LinkDialog provider={linking} onClose={() => setLinking(null)} />}
      {asked && <UnlinkQuestion linked={asked} onClose={() => setAsked(null)} />}
    </section>
  )
}

function Entry({ linked: { provider, label, createdAt }, onUnlink }: { linked: Linked; onUnlink(): void }) {
  const { t, i18n } = useTexts()
  const added = t('identity.since', { date: formatDate(createdAt, localeOf(i18n.language)) })
  return (
    <li>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{provider}</p>
        <p className="text-muted-foreground text-sm break-words">{[label, added].filter(Boolean).join(' · ')}</p>
      </div>
      <IconButton
        icon={Unlink}
        label={t('identity.unlink.of', { name: provider })}
        tip={t('identity.unlink')}
        onClick={onUnlink}
      />
    </li>
  )
}

/** A session that somebody left open is not enough: it would be a way in that lasts. */
function LinkDialog({ provider, onClose }: { provider: Choice; onClose(): void }) {
  const { t } = useTexts()
  async function send({ current = '' }: Record<string, string>) {
    const { url } = await api.send<{ url: string }>('POST', PATH, { provider: provider.id, current })
    location.assign(url)
  }
  return (
    <Dialog title={t('identity.link', { name: provider.name })} text={t('identity.link.text')} onClose={onClose}>
      <EntryForm submit={t('factor.continue')} send={send}>
        {({ current }) => (
          <PasswordField name="current" label={t('password.current')} {...(current ? { problem: current } : {})} />
        )}
      </EntryForm>
    </Dialog>
  )
}

function UnlinkQuestion({ linked: { id, provider }, onClose }: { linked: Linked; onClose(): void }) {
  const { t } = useTexts()
  async function unlink() {
    try {
      await api.send('DELETE', `${PATH}/${id}`)
      notify(t('identity.unlinked', { name: provider }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    await queries.invalidateQueries({ queryKey: identitiesOptions.queryKey })
    onClose()
  }
  return (
    <Question
      title={t('identity.unlink.title', { name: provider })}
      text={t('identity.unlink.text')}
      yes={t('identity.unlink')}
      danger
      onYes={() => void unlink()}
      onNo={onClose}
    />
  )
}
