import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatDateTime, type Row } from '../../sdk/index.ts'
import { type Field, isCallable, isEmpty, valueOf } from './field.ts'
import { choicesOf, type Reading, textOf, wordOf } from './text.ts'

interface ValueProps {
  field: Field
  row: Row
  reading: Reading
  /** Lists cut long texts and say recent times relatively; record pages say everything. */
  brief?: boolean
}

/** A stored value as people want to meet it: links that call and write, badges, dates in words. */
export function Value(props: ValueProps): ReactNode {
  const { field, row, reading, brief } = props
  const value = valueOf(row, field)
  if (isEmpty(value)) return <span className="no-value">{brief ? '' : '–'}</span>
  if (Array.isArray(value)) return <Tags values={value.map((each) => wordOf(field, each, reading))} />
  const text = textOf(field, value, reading)
  const { schema } = field
  const draw = BY_FORMAT[schema.format as string]
  if (draw) return draw({ ...props, value: String(value), text })
  if (schema.enum) return <Kind field={field} value={value} text={text} />
  if (schema.examples && schema['x-filter']) return <Badge field={field} value={value} text={text} />
  return brief ? text : <span className="whitespace-pre-line">{text}</span>
}

type Drawing = ValueProps & { value: string; text: string }

const BY_FORMAT: Record<string, (drawing: Drawing) => ReactNode> = {
  email: ({ value, text }) => (
    <a href={`mailto:${value}`} className="value-link">
      {text}
    </a>
  ),
  phone: ({ field, row, text, reading }) => <Phone field={field} row={row} text={text} reading={reading} />,
  date: ({ value, text }) => <time dateTime={value}>{text}</time>,
  'date-time': ({ value, text, reading, brief }) => (
    <Moment value={value} text={text} lang={reading.lang} brief={brief} />
  ),
}

function Tags({ values }: { values: string[] }) {
  return (
    <span className="flex flex-wrap gap-1">
      {values.map((value) => (
        <span key={value} className="badge" data-variant="secondary">
          {value}
        </span>
      ))}
    </span>
  )
}

function Phone({ field, row, text, reading }: { field: Field; row: Row; text: string; reading: Reading }) {
  const number = valueOf(row, { ...field, name: `${field.name}E164` })
  const link = (
    <a
      href={`tel:${typeof number === 'string' ? number : text.replace(/[^\d+]/g, '')}`}
      className="value-link tabular-nums"
    >
      {text}
    </a>
  )
  if (isCallable(row, field)) return link
  return (
    <span className="inline-flex items-center gap-1.5">
      {link}
      <span className="text-warning inline-flex" title={reading.t('value.badPhone')}>
        <TriangleAlert aria-hidden className="size-3.5" />
        <span className="sr-only">{reading.t('value.badPhone')}</span>
      </span>
    </span>
  )
}

const WEEK = 7 * 86_400_000
const isRecent = (value: string) => Math.abs(Date.now() - Date.parse(value)) < WEEK

function Moment({ value, text, lang, brief }: { value: string; text: string; lang: string; brief?: boolean }) {
  const shown = !brief ? text : isRecent(value) ? formatDateTime(value, lang, 'relative') : dayOf(value, lang)
  return (
    <time dateTime={value} title={formatDateTime(value, lang, 'long')} className="tabular-nums">
      {shown}
    </time>
  )
}

const dayOf = (value: string, lang: string) =>
  new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(value))

/** Values of an enum are kinds of thing: a dot tells them apart. Words one filters by are states: a tinted badge. */
function Kind({ field, value, text }: { field: Field; value: unknown; text: string }) {
  return (
    <span className="kind">
      <span aria-hidden className={`kind-dot tone-${toneOf(field, value)}`} />
      {text}
    </span>
  )
}

function Badge({ field, value, text }: { field: Field; value: unknown; text: string }) {
  const suggested = choicesOf(field)?.includes(value)
  return (
    <span
      className={suggested ? `badge tone-${toneOf(field, value)}` : 'badge'}
      data-variant={suggested ? 'tone' : 'outline'}
    >
      {text}
    </span>
  )
}

function toneOf(field: Field, value: unknown): number {
  const chosen = (field.schema.tones as Record<string, number> | undefined)?.[String(value)]
  if (chosen) return chosen
  return (Math.max(0, choicesOf(field)?.indexOf(value) ?? 0) % 6) + 1
}
