import { useId, useState, type FormEvent } from 'react'
import type { EditorProps } from './filter-kind.ts'
import type { Operator } from './list-state.ts'
import { useTexts } from '../../shell/texts.ts'

export function TextFilter({ field, filters, onChange, onDone, op }: EditorProps & { op: 'eq' | 'has' }) {
  const { t } = useTexts()
  const [text, setText] = useState(filters[0]?.value ?? '')
  const [chosen, setChosen] = useState<Operator>(filters[0]?.op ?? op)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = text.trim()
    onChange(value ? [{ path: field.path, op: chosen, value }] : [])
    onDone()
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      {op === 'eq' && (
        <select
          className="select w-full"
          aria-label={t('filter.operator')}
          value={chosen === 'ne' ? 'ne' : 'eq'}
          onChange={(event) => setChosen(event.target.value as Operator)}
        >
          <option value="eq">{t('filter.operator.eq')}</option>
          <option value="ne">{t('filter.operator.ne')}</option>
        </select>
      )}
      <input
        type="text"
        className="input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-label={t('filter.value')}
        placeholder={t('filter.value')}
      />
      <button type="submit" className="btn" data-size="sm">
        {t('filter.apply')}
      </button>
    </form>
  )
}

export function NumberFilter({ field, filters, onChange, onDone }: EditorProps) {
  const { t } = useTexts()
  const at = (op: Operator) => filters.find((filter) => filter.op === op)?.value ?? ''
  const [from, setFrom] = useState(at('gte'))
  const [to, setTo] = useState(at('lte'))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const bounds = [
      { op: 'gte' as const, value: from },
      { op: 'lte' as const, value: to },
    ]
    onChange(bounds.filter(({ value }) => value !== '').map((bound) => ({ path: field.path, ...bound })))
    onDone()
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <Bound label={t('filter.min')} type="number" value={from} onChange={setFrom} />
      <Bound label={t('filter.max')} type="number" value={to} onChange={setTo} />
      <button type="submit" className="btn" data-size="sm">
        {t('filter.apply')}
      </button>
    </form>
  )
}

interface BoundProps {
  label: string
  type: 'number' | 'date'
  value: string
  onChange(value: string): void
}

export function Bound({ label, type, value, onChange }: BoundProps) {
  const id = useId()
  return (
    <div className="bound">
      <label htmlFor={id} className="label">
        {label}
      </label>
      <input
        id={id}
        type={type}
        step="any"
        className="input"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
