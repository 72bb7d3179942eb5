import { type FormProps, withTheme } from '@rjsf/core'
import { useMemo } from 'react'
import type { Schema } from 'weft/ui'
import type { FieldContext } from './field-context.ts'
import type { Values } from './merge-patch.ts'
import { theme } from './theme.tsx'
import { validator } from './validation.ts'

const ThemedForm = withTheme(theme)

interface SchemaFormProps {
  /** A plain schema, as `formSchema` gives it. */
  readonly schema: Schema
  readonly data: Values
  readonly context: FieldContext
  readonly disabled?: boolean
  readonly autoFocus?: boolean
  onChange(data: Values): void
}

/** The fields of a schema, without form element, buttons or validation: those belong to whoever shows it. */
export function SchemaForm({ schema, data, context, disabled = false, autoFocus, onChange }: SchemaFormProps) {
  const first = Object.keys(schema.properties ?? {})[0]
  const uiSchema = useMemo(() => (autoFocus && first ? { [first]: { 'ui:autofocus': true } } : {}), [autoFocus, first])
  return (
    <ThemedForm
      {...SETTINGS}
      schema={schema as FormProps['schema']}
      uiSchema={uiSchema}
      formData={data}
      formContext={context}
      disabled={disabled}
      onChange={(event) => onChange(event.formData)}
    >
      <></>
    </ThemedForm>
  )
}

const SETTINGS = {
  tagName: 'div',
  className: 'form-sections',
  idPrefix: 'field',
  validator,
  noValidate: true,
  noHtml5Validate: true,
  showErrorList: false,
  experimental_defaultFormStateBehavior: { emptyObjectFields: 'skipDefaults' },
} satisfies Partial<FormProps>
