import { fromLocalInput, toLocalInput } from 'weft/ui'
import type { ControlProps } from '../field-context.ts'
import { inputProps } from './input-props.ts'

export function DateControl(props: ControlProps<string>) {
  const { value = '', onChange } = props
  return (
    <input
      {...inputProps(props)}
      type="date"
      className="input tabular-nums"
      value={value}
      max="9999-12-31"
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  )
}

/** Shown in the reader's own zone, kept in UTC. */
export function DateTimeControl(props: ControlProps<string>) {
  const { value, onChange } = props
  return (
    <input
      {...inputProps(props)}
      type="datetime-local"
      className="input tabular-nums"
      value={toLocalInput(value)}
      max="9999-12-31T23:59"
      onChange={(event) => onChange(fromLocalInput(event.target.value))}
    />
  )
}
