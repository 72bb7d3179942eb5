import { Save } from 'lucide-react'
import { type KeyboardEvent, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Api, Row, Schema, Translate } from 'weft/ui'
import { ConflictPanel } from './conflict-panel.tsx'
import { useEditor } from './editor.ts'
import { DraftNotice, ErrorSummary, ProblemNotice } from './notices.tsx'
import type { FieldContext, User } from './field-context.ts'
import type { Values } from './merge-patch.ts'
import { unreadPhones } from './phone-warning.ts'
import { fieldId, messagesOf } from './problem-text.ts'
import { SchemaForm } from './schema-form.tsx'
import { createTexts, type FormResource, type Texts } from './texts.ts'

export interface RecordFormProps {
  /** The composed schema of the resource. */
  readonly schema: Schema
  /** Undefined for a new record. */
  readonly row?: Row | undefined
  readonly api: Api
  /** The texts of the resource's own plugin. */
  readonly t: Translate
  readonly lang: string
  readonly permissions: readonly string[]
  readonly resource: FormResource & { readonly path: string; readonly belongsTo?: string | null }
  readonly users: readonly User[]
  /** What the page already knows of a new record. */
  readonly initial?: Values | undefined
  onSaved(row: Row, outcome: { joined: boolean }): void
  onCancel(): void
  onDirty?: ((dirty: boolean) => void) | undefined
}

/** One form for every resource: what it asks is the composed schema, with the fields of all enabled plugins. */
export function RecordForm(props: RecordFormProps) {
  const { schema, row, lang, resource, users, permissions, onCancel } = props
  const texts = useTexts(props)
  const root = useRef<HTMLFormElement>(null)
  const notices = useRef<HTMLDivElement>(null)
  const editor = useEditor({
    ...props,
    row,
    initial: props.initial,
    onRefused: (pointers) => focusFirst(root, pointers),
    onBlocked: () => focusNotices(notices),
  })
  const { data, asked, busy, errors, problem, conflicts } = editor
  const allowed = permissions.includes(`${resource.name}.${row ? 'update' : 'create'}`)
  const messages = messagesOf(errors, schema, texts)
  const context: FieldContext = {
    texts,
    users,
    errors: messages,
    warnings: Object.fromEntries(
      unreadPhones(schema, row, data).map((pointer) => [pointer, texts.host('form.phone.warning')]),
    ),
    onLeave: editor.leave,
  }
  const submit = useSubmit(editor.save)

  return (
    <form ref={root} noValidate aria-busy={busy} onSubmit={submit.now} onKeyDown={submit.keys} lang={lang}>
      <div
        ref={notices}
        tabIndex={-1}
        className="flex scroll-mt-20 flex-col gap-4 outline-none empty:hidden [&:not(:empty)]:mb-6"
      >
        {editor.offered && (
          <DraftNotice draft={editor.offered} texts={texts} onRestore={editor.restore} onDiscard={editor.discard} />
        )}
        {conflicts.length > 0 && (
          <ConflictPanel
            conflicts={conflicts}
            data={data}
            schema={schema}
            texts={texts}
            users={users}
            onChoose={editor.settle}
          />
        )}
        {problem && <ProblemNotice problem={problem} texts={texts} />}
        {Object.keys(messages).length > 0 && <ErrorSummary messages={messages} schema={asked} texts={texts} />}
      </div>
      <SchemaForm
        schema={asked}
        data={data}
        context={context}
        disabled={busy || !allowed}
        autoFocus={!row}
        onChange={editor.change}
      />
      <div className="form-actions">
        {allowed && (
          <button type="submit" className="btn" disabled={busy}>
            <Save aria-hidden />{' '}
            {texts.host(busy ? 'form.saving' : conflicts.length > 0 ? 'form.conflict.save' : 'form.save')}
          </button>
        )}
        <button type="button" className="btn" data-variant="ghost" disabled={busy} onClick={onCancel}>
          {texts.host('form.cancel')}
        </button>
        <span className="text-muted-foreground ms-auto flex items-center gap-3 text-xs">
          {editor.dirty && <span role="status">{texts.host('form.dirty')}</span>}
          {allowed && <kbd className="kbd hidden sm:inline-flex">{texts.host('form.keys')}</kbd>}
        </span>
      </div>
    </form>
  )
}

function useTexts({ t, lang, resource }: RecordFormProps): Texts {
  const { i18n } = useTranslation('host')
  return useMemo(() => createTexts(i18n, lang, resource, t), [i18n, lang, resource, t])
}

function useSubmit(save: () => Promise<void>) {
  const latest = useRef(save)
  latest.current = save
  const now = (event: { preventDefault(): void }) => {
    event.preventDefault()
    // A half written tag becomes one when its input is left; a task later the form has heard of it.
    setTimeout(() => void latest.current())
  }
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    const focused = document.activeElement as HTMLElement | null
    focused?.blur()
    focused?.focus()
    now(event)
  }
  return { now, keys }
}

/** A task later the errors stand beside their fields, so that a screen reader hears them with the field. */
function focusFirst(root: React.RefObject<HTMLFormElement | null>, pointers: readonly string[]): undefined {
  setTimeout(() => {
    const ids = new Set(pointers.map(fieldId))
    const inputs = [...(root.current?.querySelectorAll<HTMLElement>('[id^="field_"]') ?? [])]
    const first = inputs.find((input) => ids.has(input.id))
    first?.focus({ preventScroll: true })
    first?.scrollIntoView({ block: 'center' })
  }, 30)
}

/** The button stands at the bottom, the message at the top: without this one would press and see nothing happen. */
function focusNotices(notices: React.RefObject<HTMLElement | null>): undefined {
  setTimeout(() => {
    notices.current?.focus({ preventScroll: true })
    notices.current?.scrollIntoView({ block: 'nearest' })
  }, 30)
}
