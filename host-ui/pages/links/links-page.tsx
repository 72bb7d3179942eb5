import { useQuery } from '@tanstack/react-query'
import { Share2 } from 'lucide-react'
import { useState } from 'react'
import { useComposition } from '../../shell/composition.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { usePluginName } from '../../shell/plugin-name.ts'
import { useTexts } from '../../shell/texts.ts'
import { type Trail, TrailPager } from '../trail-pager.tsx'
import { useAddress } from '../use-address.ts'
import { ViewChoice } from '../view-choice.tsx'
import { linksOptions, type View, VIEWS } from './link.ts'
import { LinkTable } from './link-table.tsx'

/** What plugins have handed out to people without an account, and an end to it. */
export function LinksPage() {
  const { t } = useTexts()
  const { asked, show } = useAddress(['state', 'plugin'])
  const view: View = VIEWS.find((each) => each === asked.state) ?? 'open'
  return (
    <Page title={t('links.title')} lead={t('links.lead')}>
      <div className="page-filters">
        <ViewChoice
          label={t('links.views')}
          views={VIEWS.map((value) => ({ value, text: t(`links.view.${value}`) }))}
          chosen={view}
          onChoose={(state) => show({ ...asked, state: state === 'open' ? '' : state })}
        />
        <PluginChoice plugin={asked.plugin} onChoose={(plugin) => show({ ...asked, plugin })} />
      </div>
      <Links key={`${view} ${asked.plugin}`} view={view} plugin={asked.plugin} />
    </Page>
  )
}

function PluginChoice({ plugin, onChoose }: { plugin: string; onChoose(plugin: string): void }) {
  const { t, i18n } = useTexts()
  const { plugins } = useComposition()
  const nameOf = usePluginName()
  const order = new Intl.Collator(i18n.language)
  const named = plugins.map((id) => ({ id, name: nameOf(id) })).toSorted((a, b) => order.compare(a.name, b.name))
  return (
    <select
      className="select"
      aria-label={t('links.plugin')}
      value={plugin}
      onChange={({ target }) => onChoose(target.value)}
    >
      <option value="">{t('links.plugin.any')}</option>
      {named.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

function Links({ view, plugin }: { view: View; plugin: string }) {
  const { t } = useTexts()
  const [trail, setTrail] = useState<Trail>([])
  const query = useQuery(linksOptions({ state: view, plugin, after: trail.at(-1) ?? null }))
  return (
    <>
      <Loaded query={query}>
        {({ items }) =>
          items.length > 0 ? (
            <LinkTable links={items} />
          ) : (
            <Empty icon={Share2} title={t(`links.empty.${view}`)} text={t('links.empty.text')} />
          )
        }
      </Loaded>
      <TrailPager trail={trail} next={query.data?.next} onMove={setTrail} />
    </>
  )
}
