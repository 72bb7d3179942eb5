import type { Schema } from 'weft/ui'
import type { Texts } from './texts.ts'

export interface User {
  readonly id: string
  readonly name: string
}

/** What every template and control of the form can see, handed through rjsf. */
export interface FieldContext {
  readonly texts: Texts
  readonly users: readonly User[]
  /** Messages by JSON Pointer. */
  readonly errors: Readonly<Record<string, string>>
  readonly warnings: Readonly<Record<string, string>>
  onLeave(pointer: string): void
}

export type ControlKind =
  'checkbox' | 'chips' | 'combobox' | 'date' | 'date-time' | 'number' | 'segmented' | 'select' | 'text' | 'textarea'

/** One control per kind of value; a plugin chooses by its schema, never by code. */
export function controlOf(property: Schema, required: boolean): ControlKind {
  if (property.type === 'boolean') return 'checkbox'
  if (property.type === 'array') return 'chips'
  // Few choices of which one is needed are seen at a glance; what may be left empty needs a way to be emptied.
  if (property.enum) return required && property.enum.length <= 4 ? 'segmented' : 'select'
  if (property.type === 'integer' || property.type === 'number') return 'number'
  if (property['x-ref'] === 'users' || property.format === 'country' || property.format === 'language') return 'select'
  if (property.examples) return 'combobox'
  if (property.format === 'date' || property.format === 'date-time') return property.format
  return property['x-widget'] === 'textarea' ? 'textarea' : 'text'
}

/** Controls that need the whole width of a section. */
export const isWide = (kind: ControlKind) => kind === 'chips' || kind === 'segmented' || kind === 'textarea'

export interface ControlProps<V = any> {
  readonly id: string
  readonly property: Schema
  readonly value: V | undefined
  readonly required: boolean
  readonly disabled: boolean
  readonly invalid: boolean
  readonly autoFocus: boolean
  /** Ids of help, warning and error, for screen readers. */
  readonly describedBy: string | undefined
  readonly label: string
  readonly texts: Texts
  readonly users: readonly User[]
  /** The word for a stored value, as the schema's locales have it. */
  wordFor(value: unknown): string
  onChange(value: V | undefined): void
  onBlur(): void
}

export const noteIds = (id: string) => ({ help: `${id}__help`, error: `${id}__error`, warning: `${id}__warning` })
