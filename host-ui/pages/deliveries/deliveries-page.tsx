import { useQuery } from '@tanstack/react-query'
import { CircleCheck, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { Question } from '../../shell/dialog.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { type Trail, TrailPager } from '../trail-pager.tsx'
import { useAddress } from '../use-address.ts'
import { ViewChoice } from '../view-choice.tsx'
import { deliveriesOptions, handlersOptions, retryHandler, useHandlerName, type View, VIEWS } from './delivery.ts'
import { DeliveryTable } from './delivery-table.tsx'

/** What handlers of plugins could not be told, and the way to have it told again. */
export function DeliveriesPage() {
  const { t } = useTexts()
  const { asked, show } = useAddress(['state', 'handler'])
  const view: View = VIEWS.find((each) => each === asked.state) ?? 'dead'
  const { handler } = asked
  return (
    <Page title={t('deliveries.title')} lead={t('deliveries.lead')} actions={<RetryAll handler={handler} />}>
      <div className="page-filters">
        <ViewChoice
          label={t('deliveries.views')}
          views={VIEWS.map((value) => ({ value, text: t(`deliveries.view.${value}`) }))}
          chosen={view}
          onChoose={(next) => show({ handler, state: next === 'dead' ? '' : next })}
        />
        <HandlerChoice handler={handler} onChoose={(next) => show({ ...asked, handler: next })} />
      </div>
      <Deliveries key={`${view} ${handler}`} view={view} handler={handler} />
    </Page>
  )
}

function HandlerChoice({ handler, onChoose }: { handler: string; onChoose(handler: string): void }) {
  const { t } = useTexts()
  const nameOf = useHandlerName()
  const { data: handlers = [] } = useQuery(handlersOptions)
  const known = handlers.some((each) => each.handler === handler)
  if (handlers.length === 0 && !handler) return null
  const textOf = (each: string) => `${nameOf(each).plugin} · ${nameOf(each).name}`
  return (
    <select
      className="select"
      aria-label={t('deliveries.handler')}
      value={handler}
      onChange={({ target }) => onChoose(target.value)}
    >
      <option value="">{t('deliveries.handler.any')}</option>
      {handlers.map(({ handler: each, dead }) => (
        <option key={each} value={each}>
          {textOf(each)} ({dead})
        </option>
      ))}
      {handler && !known && <option value={handler}>{textOf(handler)}</option>}
    </select>
  )
}

function Deliveries({ view, handler }: { view: View; handler: string }) {
  const { t } = useTexts()
  const [trail, setTrail] = useState<Trail>([])
  const query = useQuery(deliveriesOptions({ state: view, handler, after: trail.at(-1) ?? null }))
  return (
    <>
      <Loaded query={query}>
        {({ items }) =>
          items.length > 0 ? (
            <DeliveryTable deliveries={items} />
          ) : (
            <Empty icon={CircleCheck} title={t(`deliveries.empty.${view}`)} text={t('deliveries.empty.text')} />
          )
        }
      </Loaded>
      <TrailPager trail={trail} next={query.data?.next} onMove={setTrail} />
    </>
  )
}

/** For all that one handler was not told: a fault that is mended has often failed many. */
function RetryAll({ handler }: { handler: string }) {
  const { t } = useTexts()
  const nameOf = useHandlerName()
  const { data: handlers = [] } = useQuery(handlersOptions)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const count = handlers.find((each) => each.handler === handler)?.dead ?? 0
  if (count === 0 && !asking) return null
  const { plugin, name } = nameOf(handler)
  async function retry() {
    setBusy(true)
    try {
      notify(t('deliveries.retried', { count: await retryHandler(handler) }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    setBusy(false)
    setAsking(false)
  }
  return (
    <>
      <button type="button" className="btn" onClick={() => setAsking(true)}>
        <RotateCcw aria-hidden />
        {t('deliveries.retryAll', { count })}
      </button>
      {asking && (
        <Question
          title={t('deliveries.retryAll.title', { count })}
          text={t('deliveries.retryAll.text', { plugin, name })}
          yes={t('deliveries.retry')}
          busy={busy}
          onYes={() => void retry()}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  )
}
