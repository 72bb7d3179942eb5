import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { api } from '../../shell/client.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { useTexts } from '../../shell/texts.ts'
import type { Plugin } from './plugin.ts'

interface Metrics {
  id: string
  calls: number
  errors: number
  meanMs: number
  maxMs: number
  waiting: number
  lagSeconds: number
}

const SHOWN = ['calls', 'errors', 'meanMs', 'maxMs', 'waiting', 'lagSeconds'] as const

/** How the plugin's code does, asked only by who opens it. */
export function PluginMetrics({ plugin }: { plugin: Plugin }) {
  const { t } = useTexts()
  const [open, setOpen] = useState(false)
  const query = useQuery({
    queryKey: ['plugins', 'metrics'],
    queryFn: async () => (await api.get<{ items: Metrics[] }>('/api/plugins/metrics')).items,
    enabled: open,
  })
  return (
    <details className="plugin-metrics" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <ChevronRight aria-hidden />
        {t('plugins.metrics')}
      </summary>
      {open && <Loaded query={query}>{(all) => <Figures metrics={all.find(({ id }) => id === plugin.id)} />}</Loaded>}
    </details>
  )
}

function Figures({ metrics }: { metrics: Metrics | undefined }) {
  const { t, i18n } = useTexts()
  if (!metrics) return null
  const number = new Intl.NumberFormat(i18n.language)
  return (
    <table>
      <tbody>
        {SHOWN.map((name) => (
          <tr key={name} data-bad={(name === 'errors' && metrics.errors > 0) || undefined}>
            <th scope="row">{t(`plugins.metrics.${name}`)}</th>
            <td>{number.format(metrics[name])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
