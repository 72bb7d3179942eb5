import { useId } from 'react'
import { useTexts } from '../../shell/texts.ts'
import type { Field } from '../fields/field.ts'
import { labelOf, type Reading } from '../fields/text.ts'
import { type Age, type Unit, UNITS } from './rule.ts'

interface AgeFieldsProps {
  age: Age | null
  fields: readonly Field[]
  reading: Reading
  onChange(age: Age | null): void
}

const START = { count: 3, unit: 'y' } as const

/** For how long records are kept, and from when one counts; or by their condition alone. */
export function AgeFields({ age, fields, reading, onChange }: AgeFieldsProps) {
  const { t } = useTexts()
  const id = useId()
  const { count, unit } = age ?? START
  return (
    <fieldset className="rule-part">
      <legend className="label">{t('privacy.keep')}</legend>
      <div className="rule-age">
        {age && (
          <>
            <input
              type="number"
              className="input"
              aria-label={t('privacy.keep.count')}
              min={1}
              step={1}
              value={Number.isNaN(count) ? '' : count}
              onChange={({ target }) => onChange({ ...age, count: target.valueAsNumber })}
            />
            <select
              className="select"
              aria-label={t('privacy.keep.unit')}
              value={unit}
              onChange={({ target }) => onChange({ ...age, unit: target.value as Unit })}
            >
              {UNITS.map((each) => (
                <option key={each} value={each}>
                  {t(`privacy.unit.${each}`)}
                </option>
              ))}
            </select>
            <label htmlFor={id}>{t('privacy.keep.after')}</label>
          </>
        )}
        <select
          id={id}
          className="select"
          aria-label={t('privacy.keep.from')}
          value={age?.path ?? ''}
          onChange={({ target }) => onChange(target.value ? { count, unit, path: target.value } : null)}
        >
          {fields.map((field) => (
            <option key={field.path} value={field.path}>
              {labelOf(field, reading)}
            </option>
          ))}
          <option value="">{t('privacy.keep.none')}</option>
        </select>
      </div>
    </fieldset>
  )
}
