import { queryOptions, useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { api, queries } from '../../shell/client.ts'
import { Question } from '../../shell/dialog.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'

interface Keeping {
  /** Null for all of it. */
  months: number | null
}

const PATH = '/api/privacy/history'
const MOST = 1_200
const FIRST = 36
const historyOptions = queryOptions({ queryKey: ['retention', 'history'], queryFn: () => api.get<Keeping>(PATH) })

/** For how many months it is kept who changed what. */
export function HistoryKeeping() {
  const { t } = useTexts()
  const id = useId()
  const query = useQuery(historyOptions)
  return (
    <section className="page-section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{t('privacy.history')}</h2>
      </header>
      <p className="text-muted-foreground max-w-prose text-sm">{t('privacy.history.lead')}</p>
      <Loaded query={query}>{(keeping) => <KeepingForm key={String(keeping.months)} keeping={keeping} />}</Loaded>
    </section>
  )
}

function KeepingForm({ keeping: { months } }: { keeping: Keeping }) {
  const { t } = useTexts()
  const id = useId()
  const [bounded, setBounded] = useState(months !== null)
  const [count, setCount] = useState(String(months ?? FIRST))
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const next = bounded ? Number(count) : null
  const isFit = next === null || (Number.isInteger(next) && next >= 1 && next <= MOST)
  async function save() {
    setBusy(true)
    try {
      queries.setQueryData(historyOptions.queryKey, await api.send<Keeping>('PATCH', PATH, { months: next }))
      notify(t('privacy.history.saved'))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    setBusy(false)
    setAsking(false)
  }
  function submit(event: FormEvent) {
    event.preventDefault()
    if (!isFit || next === months) return
    // What is forgotten is gone for good; to keep more costs nothing.
    if (next !== null && (months === null || next < months)) setAsking(true)
    else void save()
  }
  return (
    <form onSubmit={submit} className="keeping" noValidate>
      <label className="choice">
        <input type="radio" className="input" name={id} checked={!bounded} onChange={() => setBounded(false)} />
        {t('privacy.history.all')}
      </label>
      <div className="keeping-bound">
        <label className="choice">
          <input type="radio" className="input" name={id} checked={bounded} onChange={() => setBounded(true)} />
          {t('privacy.history.months')}
        </label>
        <input
          type="number"
          className="input"
          min={1}
          max={MOST}
          step={1}
          aria-label={t('privacy.history.number')}
          aria-invalid={!isFit}
          aria-describedby={`${id}-problem`}
          disabled={!bounded}
          value={count}
          onChange={({ target }) => setCount(target.value)}
        />
      </div>
      <p id={`${id}-problem`} role="alert" className="text-destructive text-sm empty:hidden">
        {isFit ? '' : t('privacy.history.range', { most: MOST })}
      </p>
      <button type="submit" className="btn self-start" data-size="sm" disabled={busy || !isFit || next === months}>
        {t('form.save')}
      </button>
      {asking && (
        <Question
          title={t('privacy.history.title', { count: next ?? 0 })}
          text={t('privacy.history.text')}
          yes={t('privacy.history.yes')}
          danger
          busy={busy}
          onYes={() => void save()}
          onNo={() => setAsking(false)}
        />
      )}
    </form>
  )
}
