import { useQuery } from '@tanstack/react-query'
import { useComposition } from '../../shell/composition.tsx'
import { Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { PluginCard } from './plugin-card.tsx'
import { inWords, pluginsOptions } from './plugin.ts'
import { useTexts } from '../../shell/texts.ts'

/** The catalogue of what is shipped; a switch works at once, for this organisation only. */
export function PluginsPage() {
  const { t, i18n } = useTexts()
  const { tenant } = useComposition()
  const { data: plugins, error, refetch } = useQuery(pluginsOptions)
  const order = new Intl.Collator(i18n.language)
  const sorted = plugins?.toSorted((a, b) =>
    order.compare(inWords(a.name, i18n.language), inWords(b.name, i18n.language)),
  )
  return (
    <Page title={t('plugins.title')} lead={t('plugins.lead', { tenant: tenant.name })}>
      {sorted ? (
        <ul className="plugin-grid">
          {sorted.map((plugin) => (
            <PluginCard key={plugin.id} plugin={plugin} plugins={sorted} />
          ))}
        </ul>
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Loading lines={6} />
      )}
    </Page>
  )
}
