import { useId, useRef, type KeyboardEvent } from 'react'
import { useLocation, useSearch } from 'wouter'
import { useComposition } from '../../shell/composition.tsx'
import { SlotWidget } from '../../shell/slot.tsx'
import type { Field } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import { History } from './history.tsx'
import { Overview } from './overview.tsx'
import type { RecordProps } from './record.ts'
import { useTexts } from '../../shell/texts.ts'

interface TabsProps extends RecordProps {
  fields: Field[]
  reading: Reading
}

interface Tab {
  id: string
  title: string
  content(): React.ReactNode
}

/** The tab is in the address, so that a link to somebody's interactions is a link to them. */
export function RecordTabs(props: TabsProps) {
  const id = useId()
  const tabs = useTabs(props)
  const [path, navigate] = useLocation()
  const asked = new URLSearchParams(useSearch()).get('tab')
  const current = tabs.find((tab) => tab.id === asked) ?? tabs[0]!
  const list = useRef<HTMLDivElement>(null)
  const choose = (tab: Tab) =>
    navigate(tab === tabs[0] ? path : `${path}?tab=${encodeURIComponent(tab.id)}`, { replace: true })

  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.indexOf(current)
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }
    const to = steps[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = (to + tabs.length) % tabs.length
    choose(tabs[next]!)
    ;(list.current?.children[next] as HTMLElement | undefined)?.focus()
  }
  return (
    <div className="record-tabs">
      <div
        role="tablist"
        ref={list}
        className="tab-list"
        aria-label={useTexts().t('record.tabs')}
        onKeyDown={onKeyDown}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab === current}
            aria-controls={tab === current ? `${id}-panel` : undefined}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => choose(tab)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current.id}`}
        tabIndex={0}
        key={current.id}
        className="tab-panel"
      >
        {current.content()}
      </div>
    </div>
  )
}

function useTabs(props: TabsProps): Tab[] {
  const { t } = useTexts()
  const { resource, row } = props
  const contributions = useComposition().slot('record.tab', resource.name)
  const record = { resource: resource.name, id: row.id, row }
  return [
    { id: 'overview', title: t('record.overview'), content: () => <Overview {...props} /> },
    ...contributions.map((contribution) => ({
      id: `${contribution.plugin}.${contribution.id}`,
      title: t(`${contribution.plugin}:widget.${contribution.id}`),
      content: () => <SlotWidget contribution={contribution} record={record} />,
    })),
    ...(resource.keep === 'record'
      ? [{ id: 'history', title: t('record.history'), content: () => <History {...props} /> }]
      : []),
  ]
}
