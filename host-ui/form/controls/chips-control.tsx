import { X } from 'lucide-react'
import { type ClipboardEvent, type KeyboardEvent, useRef, useState } from 'react'
import type { ControlProps } from '../field-context.ts'
import { inputProps } from './input-props.ts'

/** A list of words. Enter, comma and leaving the input add; backspace in the empty input takes the last one away. */
export function ChipsControl(props: ControlProps<string[]>) {
  const { id, disabled, texts, value = [], wordFor } = props
  const { text, setText, input, spoken, press, paste, remove, leave } = useChips(props)
  const label = (chip: string) => (props.property.items?.enum ? wordFor(chip) : chip)
  return (
    <>
      <div className="combobox-chips cursor-text" onClick={() => input.current?.focus()}>
        {value.map((chip, index) => (
          <span key={chip} className="combobox-chip">
            {label(chip)}
            <button
              type="button"
              className="combobox-chip-remove"
              disabled={disabled}
              aria-label={texts.host('form.chips.remove', { value: label(chip) })}
              onClick={() => remove(index)}
              onKeyDown={(event) => (event.key === 'Delete' || event.key === 'Backspace') && remove(index)}
            >
              <X aria-hidden />
            </button>
          </span>
        ))}
        <input
          {...inputProps(props)}
          ref={input}
          type="text"
          autoComplete="off"
          enterKeyHint="enter"
          className="h-5.5 min-w-24 flex-1 bg-transparent px-1 text-sm outline-none"
          placeholder={value.length === 0 ? texts.host('form.chips.add') : undefined}
          list={props.property.items?.enum ? `${id}__list` : undefined}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={press}
          onPaste={paste}
          onBlur={leave}
        />
      </div>
      {props.property.items?.enum && (
        <datalist id={`${id}__list`}>
          {(props.property.items.enum as string[]).map((each) => (
            <option key={each} value={each} label={wordFor(each)} />
          ))}
        </datalist>
      )}
      <span role="status" className="sr-only">
        {spoken}
      </span>
    </>
  )
}

/** People write the words that they read; what is kept is the value behind them. */
function readWord(word: string, { property, wordFor }: Pick<ControlProps<string[]>, 'property' | 'wordFor'>): string {
  const values = (property.items?.enum ?? []) as string[]
  const same = (text: string) => text.toLocaleLowerCase() === word.toLocaleLowerCase()
  return values.find((each) => same(wordFor(each))) ?? word
}

function useChips({ value = [], property, wordFor, texts, onChange, onBlur }: ControlProps<string[]>) {
  const [text, setText] = useState('')
  const [spoken, setSpoken] = useState('')
  const input = useRef<HTMLInputElement>(null)

  const add = (written: string) => {
    const words = written.split(/[,;\n]/).map((word) => readWord(word.trim(), { property, wordFor }))
    const fresh = [...new Set(words)].filter((word) => word && !value.includes(word))
    setText('')
    if (fresh.length === 0) return
    onChange([...value, ...fresh])
    setSpoken(texts.host('form.chips.added', { value: fresh.join(', ') }))
  }
  const remove = (index: number) => {
    const rest = value.filter((_, at) => at !== index)
    onChange(rest.length > 0 ? rest : undefined)
    setSpoken(texts.host('form.chips.removed', { value: value[index] }))
    // The button that had the focus is gone with its chip.
    input.current?.focus()
  }
  const press = (event: KeyboardEvent) => {
    const enters = event.key === 'Enter' && !event.ctrlKey && !event.metaKey
    if ((enters || event.key === ',' || event.key === ';') && text.trim()) add(text)
    else if (event.key === 'Backspace' && text === '' && value.length > 0) remove(value.length - 1)
    else return
    event.preventDefault()
  }
  const paste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData.getData('text')
    if (!/[,;\n]/.test(pasted)) return
    event.preventDefault()
    add(text + pasted)
  }
  const leave = () => {
    add(text)
    onBlur()
  }
  return { text, setText, input, spoken, press, paste, remove, leave }
}
