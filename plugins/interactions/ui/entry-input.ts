import { html, nothing, type TemplateResult } from 'lit'
import { ifDefined } from 'lit/directives/if-defined.js'
import { live } from 'lit/directives/live.js'
import { fromLocalInput, type Schema, toLocalInput, type Translate } from 'weft/ui'

export interface FieldInput {
  readonly name: string
  readonly id: string
  readonly property: Schema
  readonly value: unknown
  readonly error: string | undefined
  /** Addresses and numbers of the record, offered while one types. */
  readonly suggestions: readonly string[]
  readonly t: Translate
  change(value: unknown): void
}

export const isWide = (name: string, property: Schema) => name === 'title' || property['x-widget'] === 'textarea'

/** One field of the form: which input it gets is said by the schema. */
export function fieldInput(field: FieldInput): TemplateResult {
  const { id, name, property, error, t } = field
  const label = t(`interactions.${name}`)
  const note = error ? html`<p id="${id}-error" class="text-destructive text-sm">${error}</p>` : nothing
  if (property.type === 'boolean') {
    return html`<div class="field self-end" data-orientation="horizontal">
      ${control(field)}
      <div><label class="label" for=${id}>${label}</label></div>
      ${note}
    </div>`
  }
  return html`
    <div class="field gap-1.5 ${isWide(name, property) ? 'col-span-full' : ''}">
      <label class="label" for=${id}>${label}</label>
      ${control(field)}${note}
    </div>
  `
}

function control(field: FieldInput) {
  const { property } = field
  if (property.type === 'boolean') return checkbox(field)
  if (property.enum) return select(field)
  return property['x-widget'] === 'textarea' ? textarea(field) : input(field)
}

const text = (event: Event) => (event.target as HTMLInputElement).value
const described = ({ id, error }: FieldInput) => ifDefined(error ? `${id}-error` : undefined)
const invalid = ({ error }: FieldInput) => (error ? 'true' : 'false')

const checkbox = ({ id, value, change }: FieldInput) => html`
  <input
    id=${id}
    class="input"
    type="checkbox"
    role="switch"
    .checked=${live(value === true)}
    @change=${(event: Event) => change((event.target as HTMLInputElement).checked || undefined)}
  />
`

const textarea = (field: FieldInput) => html`
  <textarea
    id=${field.id}
    class="textarea w-full"
    rows="3"
    aria-invalid=${invalid(field)}
    aria-describedby=${described(field)}
    .value=${live(String(field.value ?? ''))}
    @input=${(event: Event) => field.change(text(event) || undefined)}
  ></textarea>
`

const select = (field: FieldInput) => html`
  <select
    id=${field.id}
    class="select w-full"
    aria-invalid=${invalid(field)}
    aria-describedby=${described(field)}
    @change=${(event: Event) => field.change(text(event) || undefined)}
  >
    ${field.name === 'type' ? nothing : html`<option value="" ?selected=${!field.value}>—</option>`}
    ${(field.property.enum as string[]).map(
      (value) =>
        html`<option value=${value} ?selected=${field.value === value}>
          ${field.t(`interactions.${field.name}.${value}`)}
        </option>`,
    )}
  </select>
`

const TYPES: Record<string, string> = { email: 'email', phone: 'tel', date: 'date', 'date-time': 'datetime-local' }

function input(field: FieldInput) {
  const { id, property, suggestions } = field
  const numeric = property.type === 'integer' || property.type === 'number'
  return html`
    <input
      id=${id}
      class="input"
      type=${numeric ? 'number' : (TYPES[property.format] ?? 'text')}
      autocomplete="off"
      min=${ifDefined(property.minimum)}
      max=${ifDefined(property.maximum)}
      maxlength=${ifDefined(property.maxLength)}
      list=${ifDefined(suggestions.length > 0 ? `${id}-list` : undefined)}
      aria-invalid=${invalid(field)}
      aria-describedby=${described(field)}
      .value=${live(shown(field))}
      @input=${(event: Event) => field.change(read(property, text(event)))}
    />
    ${
      suggestions.length > 0
        ? html`<datalist id="${id}-list">${suggestions.map((each) => html`<option value=${each}></option>`)}</datalist>`
        : nothing
    }
  `
}

function shown({ property, value }: FieldInput): string {
  if (Array.isArray(value)) return value.join(', ')
  return property.format === 'date-time' ? toLocalInput(value as string | undefined) : String(value ?? '')
}

/** A list is written with commas; it is kept as typed until it is sent, or the comma would vanish under the hand. */
function read(property: Schema, written: string): unknown {
  if (written === '') return undefined
  if (property.format === 'date-time') return fromLocalInput(written)
  return property.type === 'integer' || property.type === 'number' ? Number(written) : written
}
