import { type EditorProps, presetOf, presetsOf } from './filter-kind.ts'
import { Bound } from './filter-text.tsx'
import type { Operator } from './list-state.ts'
import { useTexts } from '../../shell/texts.ts'

/** Relative spans first, for they are what one asks for most; then a range of days. */
export function TimeFilter({ field, filters, onChange }: EditorProps) {
  const { t } = useTexts()
  const { path } = field
  const current = presetOf(field, filters)
  const day = (op: Operator) => {
    const value = filters.find((filter) => filter.op === op)?.value ?? ''
    return /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : ''
  }
  const change = (op: Operator, value: string) => {
    const bounds = { gte: day('gte'), lte: day('lte'), [op]: value }
    const given = Object.entries(bounds).filter(([, bound]) => bound)
    onChange(given.map(([name, bound]) => ({ path, op: name as Operator, value: bound })))
  }
  return (
    <>
      <div className="presets" role="group" aria-label={t('filter.presets')}>
        {presetsOf(field).map((preset) => (
          <button
            key={preset.id}
            type="button"
            className="btn"
            data-variant={preset === current || preset.id === current?.id ? 'primary' : 'outline'}
            data-size="xs"
            aria-pressed={preset.id === current?.id}
            onClick={() =>
              onChange(preset.id === current?.id ? [] : preset.filters.map((filter) => ({ path, ...filter })))
            }
          >
            {t(`preset.${preset.id}`)}
          </button>
        ))}
      </div>
      <div className="grid grid-cols-2 gap-2">
        <Bound label={t('filter.from')} type="date" value={day('gte')} onChange={(value) => change('gte', value)} />
        <Bound label={t('filter.to')} type="date" value={day('lte')} onChange={(value) => change('lte', value)} />
      </div>
    </>
  )
}
