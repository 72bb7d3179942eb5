import type { FieldProps } from '@rjsf/utils'
import type { ReactElement } from 'react'
import { CheckboxControl, SegmentedControl, SelectControl } from './controls/select-control.tsx'
import { ChipsControl } from './controls/chips-control.tsx'
import { ComboboxControl } from './controls/combobox-control.tsx'
import { DateControl, DateTimeControl } from './controls/date-control.tsx'
import { NumberControl, TextareaControl, TextControl } from './controls/text-control.tsx'
import { type ControlKind, controlOf, type ControlProps, type FieldContext, noteIds } from './field-context.ts'
import { pointerOf } from './problem-text.ts'

const CONTROLS: Record<ControlKind, (props: ControlProps) => ReactElement> = {
  checkbox: CheckboxControl,
  chips: ChipsControl,
  combobox: ComboboxControl,
  date: DateControl,
  'date-time': DateTimeControl,
  number: NumberControl,
  segmented: SegmentedControl,
  select: SelectControl,
  text: TextControl,
  textarea: TextareaControl,
}

/** The one rjsf field for all values that are not objects: rjsf finds it, the schema chooses the control. */
export function FieldControl(props: FieldProps) {
  const { schema, fieldPathId, formData, required = false, disabled = false, autofocus = false, onChange } = props
  const { path, $id: id } = fieldPathId
  const { texts, users, errors, warnings, onLeave } = props.registry.formContext as FieldContext
  const pointer = pointerOf(path)
  const ids = noteIds(id)
  const notes = [texts.help(path) && ids.help, warnings[pointer] && ids.warning, errors[pointer] && ids.error].filter(
    Boolean,
  )
  const Control = CONTROLS[controlOf(schema, required)]
  return (
    <Control
      id={id}
      property={schema}
      value={formData ?? undefined}
      required={required}
      disabled={disabled}
      invalid={errors[pointer] !== undefined}
      autoFocus={autofocus}
      describedBy={notes.length > 0 ? notes.join(' ') : undefined}
      label={texts.label(path)}
      texts={texts}
      users={users}
      wordFor={(value) => texts.value(path, value)}
      onChange={(value) => onChange(value, path, undefined, id)}
      onBlur={() => onLeave(pointer)}
    />
  )
}
