import { CircleAlert, History, Hourglass } from 'lucide-react'
import { Link } from 'wouter'
import { type ApiProblem, formatDateTime, type Schema } from 'weft/ui'
import type { Draft } from './draft.ts'
import { fieldId, generalMessage, propertyAt } from './problem-text.ts'
import type { Texts } from './texts.ts'
import { segments } from './validation.ts'

interface DraftNoticeProps {
  readonly draft: Draft
  readonly texts: Texts
  onRestore(): void
  onDiscard(): void
}

export function DraftNotice({ draft, texts, onRestore, onDiscard }: DraftNoticeProps) {
  return (
    <div role="status" className="form-notice">
      <History className="text-muted-foreground size-4 shrink-0" aria-hidden />
      <p className="min-w-0 flex-1">
        {texts.host('form.draft.found', { when: formatDateTime(draft.at, texts.lang, 'short') })}
      </p>
      <div className="flex gap-2">
        <button type="button" className="btn" data-size="sm" onClick={onRestore}>
          {texts.host('form.draft.restore')}
        </button>
        <button type="button" className="btn" data-variant="ghost" data-size="sm" onClick={onDiscard}>
          {texts.host('form.draft.discard')}
        </button>
      </div>
    </div>
  )
}

/** Not an error: what was typed stays in the form and in its draft. */
function HeldNotice({ texts }: { texts: Texts }) {
  return (
    <div role="status" className="form-notice">
      <Hourglass className="text-muted-foreground size-4 shrink-0" aria-hidden />
      <p className="min-w-0 flex-1">
        <strong className="font-medium">{texts.host('form.held.title')}.</strong> {texts.host('form.held.text')}
      </p>
      <Link href="/approvals" className="btn" data-variant="outline" data-size="sm">
        {texts.host('form.held.open')}
      </Link>
    </div>
  )
}

export function ProblemNotice({ problem, texts }: { problem: ApiProblem; texts: Texts }) {
  if (problem.status === 202) return <HeldNotice texts={texts} />
  return (
    <div role="alert" className="form-notice" data-kind="error">
      <CircleAlert className="text-destructive size-4 shrink-0" aria-hidden />
      <p className="min-w-0 flex-1">
        <strong className="font-medium">{texts.host('form.problem.title')}.</strong> {generalMessage(problem, texts)}
      </p>
    </div>
  )
}

interface ErrorSummaryProps {
  readonly messages: Readonly<Record<string, string>>
  /** What the form asks just now: an error elsewhere is told, but there is nothing to link to. */
  readonly schema: Schema
  readonly texts: Texts
}

export function ErrorSummary({ messages, schema, texts }: ErrorSummaryProps) {
  const entries = Object.entries(messages)
  return (
    <div role="alert" className="form-notice" data-kind="error">
      <CircleAlert className="text-destructive mt-0.5 size-4 shrink-0 self-start" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{texts.host('form.summary', { count: entries.length })}</p>
        <ul className="mt-1.5 flex list-none flex-col gap-1">
          {entries.map(([pointer, message]) => (
            <li key={pointer}>
              <SummaryLine pointer={pointer} message={message} schema={schema} texts={texts} />
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

function SummaryLine({
  pointer,
  message,
  schema,
  texts,
}: {
  pointer: string
  message: string
  schema: Schema
  texts: Texts
}) {
  const path = segments(pointer)
  const label = texts.label(path)
  if (!propertyAt(schema, path)) return <>{`${label}: ${message}`}</>
  const id = fieldId(pointer)
  return (
    <a
      href={`#${id}`}
      className="underline-offset-4 hover:underline"
      onClick={(event) => {
        // The address belongs to the router.
        event.preventDefault()
        document.getElementById(id)?.focus()
      }}
    >
      <span className="underline underline-offset-4">{label}</span> · {message}
    </a>
  )
}
