import { useComposition } from '../shell/composition.tsx'
import { Page } from '../shell/page.tsx'
import { SlotWidget } from '../shell/slot.tsx'
import { NotFoundPage } from './not-found.tsx'
import { useTexts } from '../shell/texts.ts'

/** A whole page of a plugin: slot `page`. */
export function WidgetPage({ plugin, id }: { plugin: string; id: string }) {
  const { t } = useTexts()
  const contribution = useComposition()
    .slot('page')
    .find((widget) => widget.plugin === plugin && widget.id === id)
  if (!contribution) return <NotFoundPage />
  return (
    <Page title={t(`${plugin}:widget.${id}`)}>
      <SlotWidget contribution={contribution} />
    </Page>
  )
}
