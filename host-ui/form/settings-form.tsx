import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProblemEntry, Schema, Translate } from 'weft/ui'
import type { FieldContext } from './field-context.ts'
import { formSchema, startValues } from './form-schema.ts'
import type { Values } from './merge-patch.ts'
import { messagesOf } from './problem-text.ts'
import { settled } from './saving.ts'
import { SchemaForm } from './schema-form.tsx'
import { createTexts } from './texts.ts'
import { problemsOf } from './validation.ts'

interface SettingsFormProps {
  readonly schema: Schema
  readonly value: Values
  /** The texts of the plugin; its settings are labelled `settings.<field>`. */
  readonly t: Translate
  onSubmit(settings: Values): void | Promise<void>
  onCancel(): void
}

/** The settings of a plugin, asked as its manifest's schema says. */
export function SettingsForm({ schema, value, t, onSubmit, onCancel }: SettingsFormProps) {
  const { i18n } = useTranslation('host')
  const { language } = i18n
  const root = useRef<HTMLFormElement>(null)
  const [data, setData] = useState<Values>(() => startValues(schema, value))
  const [problems, setProblems] = useState<readonly ProblemEntry[]>([])
  const [busy, setBusy] = useState(false)
  const asked = useMemo(() => formSchema(schema, data), [schema, data])
  const texts = useMemo(
    () => createTexts(i18n, language, { name: 'settings', plugin: 'settings' }, t),
    [i18n, language, t],
  )
  const context: FieldContext = {
    texts,
    users: [],
    errors: messagesOf(problems, schema, texts),
    warnings: {},
    onLeave: () => {},
  }

  async function submit() {
    const settings = settled(schema, {}, data)
    const found = problemsOf(asked, settings)
    setProblems(found)
    if (found.length > 0) return void setTimeout(() => focusInvalid(root.current))
    setBusy(true)
    await Promise.resolve(onSubmit(settings)).finally(() => setBusy(false))
  }

  return (
    <form
      ref={root}
      noValidate
      aria-busy={busy}
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        setTimeout(() => void submit())
      }}
    >
      <SchemaForm schema={asked} data={data} context={context} disabled={busy} onChange={setData} />
      <div className="flex justify-end gap-2">
        <button type="button" className="btn" data-variant="outline" disabled={busy} onClick={onCancel}>
          {texts.host('form.cancel')}
        </button>
        <button type="submit" className="btn" disabled={busy}>
          {texts.host(busy ? 'form.saving' : 'form.save')}
        </button>
      </div>
    </form>
  )
}

const focusInvalid = (form: HTMLElement | null) => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
