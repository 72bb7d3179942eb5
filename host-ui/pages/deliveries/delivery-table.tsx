import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { When } from '../../shell/when.tsx'
import { PanelTable } from '../panel-table.tsx'
import { RecordLink } from '../record-link.tsx'
import { type Delivery, retryDelivery, useHandlerName } from './delivery.ts'

export function DeliveryTable({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { t } = useTexts()
  const columns = ['handler', 'event', 'reason', 'attempts', 'at'].map((column) => t(`deliveries.${column}`))
  return (
    <PanelTable label={t('deliveries.title')} columns={columns} actions={t('deliveries.actions')} stacked>
      {deliveries.map((delivery) => (
        <DeliveryRow key={delivery.id} delivery={delivery} />
      ))}
    </PanelTable>
  )
}

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { t } = useTexts()
  const { plugin, name } = useHandlerName()(delivery.handler)
  const { event, recordId, resource, reason, attempts, updatedAt, due, state } = delivery
  return (
    <tr>
      <th scope="row">
        <span className="block font-medium">{plugin}</span>
        <code className="text-muted-foreground text-xs font-normal">{name}</code>
      </th>
      <td>
        <code className="text-xs">{event}</code>
        {recordId && (
          <span className="block">
            <RecordLink resource={resource} id={recordId} />
          </span>
        )}
      </td>
      <td className="wide">{reason ?? <span className="text-muted-foreground">{t('deliveries.noReason')}</span>}</td>
      <td data-label={t('deliveries.attempts')} className="tabular-nums">
        {attempts}
      </td>
      <td data-label={t('deliveries.at')}>
        <When at={updatedAt} />
        {state === 'waiting' && (
          <span className="text-muted-foreground block text-xs">
            {t('deliveries.again')} <When at={due} />
          </span>
        )}
      </td>
      <td className="text-right">{state === 'dead' && <Retry delivery={delivery} name={`${plugin}, ${name}`} />}</td>
    </tr>
  )
}

function Retry({ delivery, name }: { delivery: Delivery; name: string }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function retry() {
    setBusy(true)
    try {
      await retryDelivery(delivery.id)
      notify(t('deliveries.retried', { count: 1 }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    setBusy(false)
    // The row may be gone with its button: whoever uses the keyboard goes on from the top.
    if (document.activeElement === document.body) document.querySelector('h1')?.focus()
  }
  return (
    <button
      type="button"
      className="btn"
      data-variant="outline"
      data-size="sm"
      disabled={busy}
      aria-label={t('deliveries.retry.of', { name })}
      onClick={() => void retry()}
    >
      <RotateCcw aria-hidden />
      {t('deliveries.retry')}
    </button>
  )
}
