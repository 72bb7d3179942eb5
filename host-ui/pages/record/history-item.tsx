import { useQuery } from '@tanstack/react-query'
import { CirclePlus, History as Other, Pencil, RotateCcw, Trash2, type LucideIcon } from 'lucide-react'
import { useMemo } from 'react'
import type { Row, Translate } from '../../sdk/index.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { schemaOptions } from '../../shell/queries.ts'
import { type Field, fieldsOf } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import { Clock } from './clock.tsx'
import {
  decisionOf,
  type HistoryEntry,
  type Line,
  linesOf,
  sentenceOf,
  STRANGERS,
  type Verb,
  verbOf,
} from './history-entry.ts'
import { useTexts } from '../../shell/texts.ts'

const ICONS: Record<Verb, LucideIcon> = {
  created: CirclePlus,
  updated: Pencil,
  deleted: Trash2,
  restored: RotateCcw,
  other: Other,
}

interface ItemProps {
  entry: HistoryEntry
  resource: Resource
  row: Row
  fields: Field[]
  reading: Reading
}

export function HistoryItem({ entry, resource, row, fields, reading }: ItemProps) {
  const { t } = useTexts()
  const own = entry.resource === null || (entry.resource === resource.name && entry.rowId === row.id)
  const theirs = useFieldsOf(entry.resource ?? resource.name, own ? fields : null)
  const verb = verbOf(entry)
  const lines = linesOf(entry, theirs.fields, row.id, reading)
  const who = whoOf(entry, t)
  const what = theirs.name
  const decision = decisionOf(entry)
  const told = sentenceOf({ verb, own, who, what, labels: lines.map(({ label }) => label) }, reading)
  const sentence = decision ? t(`history.decision.${decision}`, { who }) : told
  const Icon = ICONS[verb]
  return (
    <li className="history-item">
      <span className="history-icon" data-verb={verb}>
        <Icon aria-hidden className="size-3.5" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline justify-between gap-x-3">
          <span>{sentence}</span>
          <Clock at={entry.at} lang={reading.lang} />
        </p>
        {lines.length > 0 && verb !== 'deleted' && <Lines lines={lines} verb={verb} />}
      </div>
    </li>
  )
}

function whoOf({ actor, actorKind, actingBy }: HistoryEntry, t: Translate): string {
  const name = actor ? (actor.name ?? t('value.unknownUser')) : t(STRANGERS[actorKind] ?? 'history.system')
  return actingBy ? t('history.acting', { name, by: actingBy.name }) : name
}

/** The fields and the name of whatever kind of row the entry tells of. */
function useFieldsOf(name: string, given: Field[] | null): { fields: Field[]; name: string } {
  const { t } = useTexts()
  const resource = useComposition().resource(name)
  const { data } = useQuery({ ...schemaOptions(name), enabled: !given && Boolean(resource) })
  const fields = useMemo(() => given ?? (resource && data ? fieldsOf(resource, data) : []), [given, resource, data])
  return { fields, name: resource ? t(`${resource.plugin}:${name}.one`) : name }
}

const AT_ONCE = 6

export function Lines({ lines, verb }: { lines: readonly Line[]; verb: Verb }) {
  const { t } = useTexts()
  const render = (some: readonly Line[]) => (
    <ul className="history-lines">
      {some.map((line) => (
        <li key={line.path}>
          <span className="history-label">{line.label}</span>
          <Change line={line} created={verb === 'created'} />
        </li>
      ))}
    </ul>
  )
  // Hiding one or two lines would take as much room as showing them.
  if (lines.length <= AT_ONCE + 2) return render(lines)
  return (
    <>
      {render(lines.slice(0, AT_ONCE))}
      <details className="history-rest">
        <summary>{t('history.rest', { count: lines.length - AT_ONCE })}</summary>
        {render(lines.slice(AT_ONCE))}
      </details>
    </>
  )
}

function Change({ line, created }: { line: Line; created: boolean }) {
  const { t } = useTexts()
  if (created) return <ins>{line.after}</ins>
  return (
    <span>
      <span className="sr-only">{t('history.before')} </span>
      {line.before ? <del>{line.before}</del> : <span className="text-muted-foreground">{t('history.empty')}</span>}
      <span aria-hidden className="text-muted-foreground mx-1.5">
        →
      </span>
      <span className="sr-only"> {t('history.after')} </span>
      {line.after ? <ins>{line.after}</ins> : <span className="text-muted-foreground">{t('history.empty')}</span>}
    </span>
  )
}
