import { Columns3 } from 'lucide-react'
import { Popover } from '../../shell/popover.tsx'
import type { Field } from '../fields/field.ts'
import { labelOf, type Reading } from '../fields/text.ts'
import { choosableFields } from './column.ts'
import type { Columns } from './use-columns.ts'
import { useTexts } from '../../shell/texts.ts'

export function ColumnChooser({ fields, columns, reading }: { fields: Field[]; columns: Columns; reading: Reading }) {
  const { t } = useTexts()
  const button = (
    <>
      <Columns3 aria-hidden />
      <span className="max-sm:sr-only">{t('columns.title')}</span>
    </>
  )
  return (
    <Popover
      label={t('columns.title')}
      button={button}
      align="end"
      buttonProps={{ 'data-variant': 'ghost', className: 'btn columns-button' }}
    >
      <fieldset className="choices">
        <legend className="sr-only">{t('columns.title')}</legend>
        {choosableFields(fields).map((field) => (
          <label key={field.path} className="choice">
            <input
              type="checkbox"
              className="input"
              checked={columns.isShown(field)}
              onChange={() => columns.toggle(field)}
            />
            {labelOf(field, reading)}
          </label>
        ))}
      </fieldset>
      {columns.changed && (
        <button type="button" className="btn" data-variant="ghost" data-size="sm" onClick={columns.reset}>
          {t('columns.reset')}
        </button>
      )}
    </Popover>
  )
}
