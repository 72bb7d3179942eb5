import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProblemEntry, Schema, Translate } from 'weft/ui'
import type { FieldContext, User } from './field-context.ts'
import { at, isEmpty, type Values, withValue } from './merge-patch.ts'
import { messagesOf } from './problem-text.ts'
import { settled } from './saving.ts'
import { SchemaForm } from './schema-form.tsx'
import { createTexts, type FormResource } from './texts.ts'
import { problemsOf } from './validation.ts'

interface OneFieldFormProps {
  readonly schema: Schema
  /** Of the field, as in a body. */
  readonly path: readonly string[]
  readonly label: string
  /** What the button says. */
  readonly submit: string
  readonly resource: FormResource
  readonly users: readonly User[]
  readonly t: Translate
  readonly busy: boolean
  onSubmit(patch: Values): Promise<void>
  onCancel(): void
}

/** The control of one field, by its schema. Left empty it stands for no value, where the field can do without one. */
export function OneFieldForm(props: OneFieldFormProps) {
  const { schema, path, label, submit, resource, users, t, busy, onSubmit, onCancel } = props
  const { i18n } = useTranslation('host')
  const { language } = i18n
  const root = useRef<HTMLFormElement>(null)
  const [data, setData] = useState<Values>({})
  const [problems, setProblems] = useState<readonly ProblemEntry[]>([])
  const asked = useMemo(() => only(schema, path), [schema, path])
  const texts = useMemo(() => createTexts(i18n, language, resource, t), [i18n, language, resource, t])
  const context: FieldContext = {
    texts,
    users,
    errors: messagesOf(problems, schema, texts),
    warnings: {},
    onLeave: () => {},
  }
  const empties = isEmpty(at(data, path))

  async function send() {
    const values = settled(schema, {}, data)
    const found = problemsOf(asked, values)
    setProblems(found)
    if (found.length > 0)
      return void setTimeout(() => root.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
    const value = at(values, path)
    await onSubmit(isEmpty(value) ? nullAt(path) : withValue({}, path, value))
  }
  return (
    <form
      ref={root}
      noValidate
      aria-busy={busy}
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        setTimeout(() => void send())
      }}
    >
      <SchemaForm schema={asked} data={data} context={context} disabled={busy} onChange={setData} />
      <p role="status" className="text-muted-foreground text-sm empty:hidden">
        {empties ? texts.host('bulk.empties', { label }) : ''}
      </p>
      <div className="flex justify-end gap-2">
        <button type="button" className="btn" data-variant="outline" disabled={busy} onClick={onCancel}>
          {texts.host('form.cancel')}
        </button>
        <button type="submit" className="btn" disabled={busy}>
          {submit}
        </button>
      </div>
    </form>
  )
}

const nullAt = (path: readonly string[]) =>
  path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), null) as Values

/** A schema that asks for one field alone, whatever others the record would need with it. */
function only(schema: Schema, [name, ...rest]: readonly string[]): Schema {
  const property = ((schema.properties ?? {}) as Record<string, Schema>)[name ?? ''] ?? {}
  const { default: _default, 'x-when': _when, 'x-section': _section, ...plain } = property
  const asked = rest.length > 0 ? only(property, rest) : plain
  const required = ((schema.required ?? []) as string[]).filter((each) => each === name && rest.length === 0)
  const filled = rest.length === 0 && ('default' in property || 'x-default' in property) ? [name as string] : []
  return {
    type: 'object',
    additionalProperties: true,
    required: [...new Set([...required, ...filled])],
    properties: { [name as string]: asked },
  }
}
