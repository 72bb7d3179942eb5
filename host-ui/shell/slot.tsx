import { useComposition } from './composition.tsx'
import { useWidgetContext, type RecordInView } from './widget-context.ts'
import type { Contribution } from './composition.tsx'
import { Widget } from './widget.tsx'

/** All widgets of a slot, one after the other. */
export function Slot({ name, of, record }: { name: string; of?: string; record?: RecordInView }) {
  const contributions = useComposition().slot(name, of)
  return contributions.map((contribution) => (
    <SlotWidget key={`${contribution.plugin}/${contribution.id}`} contribution={contribution} record={record} />
  ))
}

export function SlotWidget({ contribution, record }: { contribution: Contribution; record?: RecordInView }) {
  const ctx = useWidgetContext(contribution.plugin, record)
  return <Widget contribution={contribution} ctx={ctx} />
}
