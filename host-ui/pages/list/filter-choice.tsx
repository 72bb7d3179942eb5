import { useState } from 'react'
import type { Option } from '../../sdk/index.ts'
import { useTexts } from '../../shell/texts.ts'

interface ChoiceProps {
  options: readonly Option[]
  values: string[]
  single: boolean
  /** Whether other values than the listed ones may be asked for. */
  open: boolean
  onChange(values: string[]): void
}

const MANY = 10

export function ChoiceFilter({ options, values, single, open, onChange }: ChoiceProps) {
  const { t } = useTexts()
  const [text, setText] = useState('')
  const [first] = useState(values)
  const sought = plain(text)
  // What was chosen when the editor opened stands on top; later choices stay where they are found.
  const sorted = options.toSorted((a, b) => Number(first.includes(b.value)) - Number(first.includes(a.value)))
  const found = sorted.filter(({ label }) => plain(label).includes(sought))
  const toggle = (value: string) => {
    if (single) return onChange(values.includes(value) ? [] : [value])
    onChange(values.includes(value) ? values.filter((each) => each !== value) : [...values, value])
  }
  const addOwn = () => {
    const own = text.trim().replaceAll(',', ' ')
    if (!own || values.includes(own)) return
    onChange([...values, own])
    setText('')
  }
  return (
    <>
      {(open || options.length > MANY) && (
        <input
          type="text"
          className="input"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && open && addOwn()}
          placeholder={t(open ? 'filter.other' : 'filter.find')}
          aria-label={t(open ? 'filter.other' : 'filter.find')}
        />
      )}
      <div className="choices" role="group" aria-label={t('filter.values')}>
        {found.map(({ value, label }) => (
          <label key={value} className="choice">
            <input type="checkbox" className="input" checked={values.includes(value)} onChange={() => toggle(value)} />
            {label}
          </label>
        ))}
        {found.length === 0 && (
          <p className="text-muted-foreground px-2 py-1 text-sm">{t(open ? 'filter.press' : 'filter.nothing')}</p>
        )}
      </div>
    </>
  )
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase().trim()
