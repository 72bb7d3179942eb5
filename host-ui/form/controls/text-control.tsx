import type { ControlProps } from '../field-context.ts'
import { inputProps } from './input-props.ts'

const TYPES: Record<string, string> = { email: 'email', phone: 'tel', uri: 'url' }

export function TextControl(props: ControlProps<string>) {
  const { property, value = '', onChange } = props
  return (
    <input
      {...inputProps(props)}
      type={TYPES[property.format] ?? 'text'}
      className="input"
      value={value}
      autoComplete="off"
      spellCheck={property.format ? false : undefined}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  )
}

export function TextareaControl(props: ControlProps<string>) {
  const { value = '', onChange } = props
  return (
    <textarea
      {...inputProps(props)}
      className="textarea field-sizing-content max-h-96 min-h-24 w-full"
      value={value}
      rows={4}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  )
}

export function NumberControl(props: ControlProps<number>) {
  const { property, value, onChange } = props
  return (
    <input
      {...inputProps(props)}
      type="number"
      className="input tabular-nums"
      value={value ?? ''}
      inputMode={property.type === 'integer' ? 'numeric' : 'decimal'}
      min={property.minimum}
      max={property.maximum}
      step={property.multipleOf ?? (property.type === 'integer' ? 1 : 'any')}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)}
    />
  )
}
