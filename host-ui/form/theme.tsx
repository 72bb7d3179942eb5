import { getDefaultRegistry, type ThemeProps } from '@rjsf/core'
import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  FieldProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps,
} from '@rjsf/utils'
import { Plus, TriangleAlert, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schema } from 'weft/ui'
import { controlOf, type FieldContext, isWide, noteIds } from './field-context.ts'
import { FieldControl } from './field-control.tsx'
import { pointerOf } from './problem-text.ts'
import { sectionsOf } from './sections.ts'

/** Our look for rjsf, in Basecoat's classes: label, control, help, warning and error of one field. */
function FieldTemplate({ id, schema, fieldPathId, required, registry, children }: FieldTemplateProps) {
  if (schema.type === 'object' || isListOfObjects(schema)) return <>{children}</>
  const { texts, errors, warnings } = registry.formContext as FieldContext
  const { path } = fieldPathId
  const pointer = pointerOf(path)
  const kind = controlOf(schema, required ?? false)
  const [ids, help] = [noteIds(id), texts.help(path)]
  const label = (
    <FieldLabel id={id} group={kind === 'segmented'} required={required}>
      {texts.label(path)}
    </FieldLabel>
  )
  return (
    <div
      className={`field gap-1.5 ${isWide(kind) ? 'col-span-full' : ''}`}
      data-field={pointer}
      data-orientation={kind === 'checkbox' ? 'horizontal' : undefined}
    >
      {kind === 'checkbox'
        ? [
            <span key="control" className="contents">
              {children}
            </span>,
            <div key="label">{label}</div>,
          ]
        : [label, children]}
      {help && (
        <p id={ids.help} className="text-muted-foreground text-xs">
          {help}
        </p>
      )}
      {warnings[pointer] && <Warning id={ids.warning}>{warnings[pointer]}</Warning>}
      {errors[pointer] && (
        <p id={ids.error} className="text-destructive text-sm">
          {errors[pointer]}
        </p>
      )}
    </div>
  )
}

interface FieldLabelProps {
  readonly id: string
  /** A group of radio buttons is named by reference: a label would belong to its first button only. */
  readonly group: boolean
  readonly required?: boolean | undefined
  readonly children: ReactNode
}

function FieldLabel({ id, group, required, children }: FieldLabelProps) {
  const star = required ? (
    <span className="text-destructive" aria-hidden>
      *
    </span>
  ) : null
  if (group)
    return (
      <span id={`${id}__label`} className="label gap-1">
        {children}
        {star}
      </span>
    )
  return (
    <label htmlFor={id} className="label w-fit gap-1">
      {children}
      {star}
    </label>
  )
}

function Warning({ id, children }: { id: string; children: ReactNode }) {
  return (
    <p id={id} className="text-warning flex items-start gap-1.5 text-xs">
      <TriangleAlert className="mt-px size-3.5 shrink-0" aria-hidden />
      <span>{children}</span>
    </p>
  )
}

/** The root and each extension are arranged in sections; any other object is a group inside one. */
function ObjectFieldTemplate({ schema, properties, fieldPathId, registry }: ObjectFieldTemplateProps) {
  const { texts } = registry.formContext as FieldContext
  const { path } = fieldPathId
  const contents = new Map(properties.map(({ name, content }) => [name, content]))
  const own = (schema.properties ?? {}) as Record<string, Schema>
  if (path[0] === 'extensions' && path.length === 1) return <>{[...contents.values()]}</>
  const { extensions, ...fields } = own
  if (path.length > 0 && path[0] !== 'extensions') {
    return (
      <FormSection title={texts.label(path)} inner>
        {Object.keys(fields).map((name) => contents.get(name))}
      </FormSection>
    )
  }
  const sections = sectionsOf(fields)
  return (
    <>
      {sections.map(({ name, fields: names }) => (
        <FormSection key={name} title={sectionTitle(texts, path, name, sections.length)}>
          {names.map((field) => contents.get(field))}
        </FormSection>
      ))}
      {extensions && contents.get('extensions')}
    </>
  )
}

function sectionTitle(texts: FieldContext['texts'], path: (string | number)[], name: string, count: number): string {
  if (name) return texts.section(path, name)
  return count > 1 ? texts.host('form.section.other') : ''
}

interface FormSectionProps {
  readonly title: string
  /** A group inside a section. */
  readonly inner?: boolean
  readonly children: ReactNode
}

function FormSection({ title, inner, children }: FormSectionProps) {
  return (
    <fieldset className={inner ? 'form-group' : 'form-section'}>
      {title && <legend>{title}</legend>}
      <div className="form-fields">{children}</div>
    </fieldset>
  )
}

const isListOfObjects = (schema: Schema) => schema.type === 'array' && schema.items?.type === 'object'

function ListField(props: FieldProps) {
  return isListOfObjects(props.schema) ? <DefaultArrayField {...props} /> : <FieldControl {...props} />
}
const DefaultArrayField = getDefaultRegistry().fields.ArrayField!

function ListTemplate({ items, canAdd, onAddClick, fieldPathId, registry }: ArrayFieldTemplateProps) {
  const { texts } = registry.formContext as FieldContext
  return (
    <fieldset className="form-group">
      <legend>{texts.label(fieldPathId.path)}</legend>
      <div className="col-span-full flex flex-col gap-3">{items}</div>
      {canAdd && (
        <button type="button" className="btn w-fit" data-variant="outline" data-size="sm" onClick={onAddClick}>
          <Plus aria-hidden /> {texts.host('form.items.add')}
        </button>
      )}
    </fieldset>
  )
}

function ListItemTemplate({ children, buttonsProps, registry }: ArrayFieldItemTemplateProps) {
  const { texts } = registry.formContext as FieldContext
  return (
    <div className="flex items-start gap-2">
      <div className="min-w-0 flex-1">{children}</div>
      <button
        type="button"
        className="btn"
        data-variant="ghost"
        data-size="icon-sm"
        aria-label={texts.host('form.items.remove')}
        onClick={buttonsProps.onRemoveItem}
      >
        <X aria-hidden />
      </button>
    </div>
  )
}

export const theme: ThemeProps = {
  fields: { StringField: FieldControl, NumberField: FieldControl, BooleanField: FieldControl, ArrayField: ListField },
  templates: {
    FieldTemplate,
    ObjectFieldTemplate,
    ArrayFieldTemplate: ListTemplate,
    ArrayFieldItemTemplate: ListItemTemplate,
  },
}
