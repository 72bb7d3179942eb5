import { countryName, countryOptions, languageName, languageOptions, type Option } from 'weft/ui'
import type { ControlProps } from '../field-context.ts'
import { inputProps } from './input-props.ts'

export function SelectControl(props: ControlProps) {
  const { value, required, texts, onChange } = props
  const options = withStored(choices(props), value, (stored) => strangerName(props, stored))
  return (
    <select
      {...inputProps(props)}
      className="select w-full"
      value={value === undefined ? '' : String(value)}
      onChange={({ target }) => onChange(target.value === '' ? undefined : typed(props, target.value))}
    >
      <option value="">{required ? texts.host('form.choose') : '—'}</option>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  )
}

function choices({ property, texts, users, wordFor }: ControlProps): readonly Option[] {
  if (property.format === 'country') return countryOptions(texts.lang)
  if (property.format === 'language') return languageOptions(texts.lang)
  if (property['x-ref'] === 'users') {
    const order = new Intl.Collator(texts.lang)
    return users.map(({ id, name }) => ({ value: id, label: name })).sort((a, b) => order.compare(a.label, b.label))
  }
  return (property.enum as unknown[]).map((value) => ({ value: String(value), label: wordFor(value) }))
}

/** A stored value that is offered no more must not turn into another one by opening the form. */
function withStored(options: readonly Option[], value: unknown, nameOf: (stored: string) => string): readonly Option[] {
  if (value === undefined || value === null || options.some((option) => option.value === String(value))) return options
  return [{ value: String(value), label: nameOf(String(value)) }, ...options]
}

function strangerName({ property, texts, wordFor }: ControlProps, value: string): string {
  if (property.format === 'country') return countryName(value, texts.lang)
  if (property.format === 'language') return languageName(value, texts.lang)
  return property['x-ref'] === 'users' ? texts.host('form.unknownUser') : wordFor(value)
}

/** Options are text in HTML; the schema may list numbers. */
const typed = ({ property }: ControlProps, text: string) =>
  (property.enum as unknown[] | undefined)?.find((value) => String(value) === text) ?? text

/** Native radio buttons in the look of one control. */
export function SegmentedControl(props: ControlProps) {
  const { id, property, value, required, disabled, invalid, describedBy, wordFor, onChange, onBlur } = props
  return (
    <div
      role="radiogroup"
      aria-labelledby={`${id}__label`}
      aria-required={required || undefined}
      aria-invalid={invalid || undefined}
      aria-describedby={describedBy}
      className="segmented"
      onBlur={onBlur}
    >
      {(property.enum as unknown[]).map((choice, index) => (
        <label key={String(choice)}>
          <input
            type="radio"
            // The first one bears the field's id, so that a link from the list of errors leads into the group.
            id={index === 0 ? id : `${id}_${index}`}
            name={id}
            className="sr-only"
            checked={value === choice}
            disabled={disabled}
            autoFocus={props.autoFocus && index === 0}
            onChange={() => onChange(choice)}
          />
          <span>{wordFor(choice)}</span>
        </label>
      ))}
    </div>
  )
}

export function CheckboxControl(props: ControlProps<boolean>) {
  return (
    <input
      {...inputProps(props)}
      type="checkbox"
      role="switch"
      className="input"
      checked={props.value ?? false}
      onChange={(event) => props.onChange(event.target.checked)}
    />
  )
}
