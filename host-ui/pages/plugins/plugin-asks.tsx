import { useMutation } from '@tanstack/react-query'
import { ShieldAlert } from 'lucide-react'
import { api, queries } from '../../shell/client.ts'
import { useComposition } from '../../shell/composition.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { type Plugin, pluginsOptions } from './plugin.ts'

/** What a new version asks for beyond what it has, until an administrator says yes. */
export function PluginAsks({ plugin: { id, asks }, name }: { plugin: Plugin; name: string }) {
  const { t } = useTexts()
  const { resource } = useComposition()
  const { mutate, isPending } = useMutation({
    mutationFn: () => api.send('PATCH', `/api/plugins/${id}`, { consent: true }),
    onSuccess: () => {
      notify(t('plugins.consented', { name }))
      return queries.invalidateQueries({ queryKey: pluginsOptions.queryKey })
    },
    onError: (error) => notify(problemText(error, t), 'error'),
  })
  if (!asks) return null
  const worded = (use: string) => {
    const dot = use.lastIndexOf('.')
    const of = resource(use.slice(0, dot))
    return t(`plugins.use.${use.slice(dot + 1)}`, {
      what: of ? t(`${of.plugin}:${of.name}`) : use.slice(0, dot),
      defaultValue: use,
    })
  }
  const lines = [
    ...asks.uses.map(worded),
    ...asks.hosts.map((host) => t('plugins.use.host', { host })),
    ...asks.secrets.map((secret) => t('plugins.use.secret', { secret })),
  ]
  return (
    <section className="form-notice my-2 items-start" data-kind="warning" aria-label={t('plugins.asks.of', { name })}>
      <ShieldAlert aria-hidden className="size-4 shrink-0" />
      <div className="min-w-0 flex-1 text-sm">
        <h3 className="font-medium">{t('plugins.asks')}</h3>
        <p>{t('plugins.asks.text')}</p>
        <ul className="my-2 list-disc ps-4">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <button
          type="button"
          className="btn"
          data-size="sm"
          aria-label={t('plugins.consent.of', { name })}
          aria-busy={isPending || undefined}
          onClick={() => !isPending && mutate()}
        >
          {t('plugins.consent')}
        </button>
      </div>
    </section>
  )
}
