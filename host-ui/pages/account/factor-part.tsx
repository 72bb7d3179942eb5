import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatDate } from '../../sdk/index.ts'
import { localeOf } from '../../shell/i18n.ts'
import { Failure, Loading } from '../../shell/notice.tsx'
import { useTexts } from '../../shell/texts.ts'
import { DisableDialog, RenewDialog, SetUpDialog } from './factor-dialogs.tsx'
import { type FactorState, factorOptions } from './second-factor.ts'

/** Whether a code is asked for beside the password. */
export function FactorPart() {
  const { t } = useTexts()
  const { data, error, refetch } = useQuery(factorOptions)
  return (
    <section className="account-part" aria-labelledby="account-factor">
      <h2 id="account-factor">{t('factor.title')}</h2>
      <p className="text-muted-foreground text-sm">{t('factor.text')}</p>
      {data ? (
        <State state={data} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Loading lines={1} />
      )}
    </section>
  )
}

function State({ state }: { state: FactorState }) {
  const { t, i18n } = useTexts()
  const [open, setOpen] = useState<'setUp' | 'renew' | 'disable' | null>(null)
  const close = () => setOpen(null)
  const { on, since, recoveryCodesLeft: count } = state
  return (
    <>
      {on && (
        <p className="mt-3 text-sm">
          <span className="badge me-2" data-variant="secondary">
            {t('factor.on')}
          </span>
          {t('factor.since', { date: formatDate(since, localeOf(i18n.language)) })}{' '}
          <span className={count < 3 ? 'text-destructive' : undefined}>{t('factor.codesLeft', { count })}</span>
        </p>
      )}
      <p className="mt-4 flex flex-wrap gap-2">
        {on ? (
          <>
            <button type="button" className="btn" data-variant="outline" onClick={() => setOpen('renew')}>
              {t('factor.renew')}
            </button>
            <button type="button" className="btn" data-variant="outline" onClick={() => setOpen('disable')}>
              {t('factor.disable')}
            </button>
          </>
        ) : (
          <button type="button" className="btn" data-variant="outline" onClick={() => setOpen('setUp')}>
            {t('factor.setUp')}
          </button>
        )}
      </p>
      {open === 'setUp' && <SetUpDialog onClose={close} />}
      {open === 'renew' && <RenewDialog onClose={close} />}
      {open === 'disable' && <DisableDialog onClose={close} />}
    </>
  )
}
