import type { ControlProps } from '../field-context.ts'

/** What all inputs have in common; the label is bound by `id`. */
export const inputProps = ({ id, required, disabled, invalid, autoFocus, describedBy, onBlur }: ControlProps) => ({
  id,
  name: id,
  disabled,
  autoFocus,
  'aria-required': required || undefined,
  'aria-invalid': invalid || undefined,
  'aria-describedby': describedBy,
  onBlur,
})
