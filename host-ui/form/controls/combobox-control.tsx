import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { ControlProps } from '../field-context.ts'
import { matching, valueOfText } from '../suggestions.ts'
import { inputProps } from './input-props.ts'

/** Free text with suggestions: the reader sees and types labels, the row keeps values. */
export function ComboboxControl(props: ControlProps<string>) {
  const { id, texts, value } = props
  const { options, text, open, active, listbox, choose, type, press, show, leave } = useCombobox(props)
  return (
    <div className="combobox w-full">
      <input
        {...inputProps(props)}
        type="text"
        role="combobox"
        autoComplete="off"
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}__list`}
        aria-activedescendant={open && active >= 0 ? `${id}__option${active}` : undefined}
        value={text}
        onChange={(event) => type(event.target.value)}
        onClick={show}
        onKeyDown={press}
        onBlur={leave}
      />
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
        <path d="m6 9 6 6 6-6" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
      <div data-popover aria-hidden={!open}>
        <div role="listbox" id={`${id}__list`} ref={listbox} aria-label={texts.host('form.suggestions')}>
          {options.map((option, index) => (
            <div
              key={option.value}
              id={`${id}__option${index}`}
              role="option"
              data-value={option.value}
              aria-selected={option.value === value}
              className={index === active ? 'active' : undefined}
              // Before the input loses focus, which would close the list under the pointer.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(option.value)}
            >
              {option.label}
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}

function useCombobox({ property, value, disabled, wordFor, onChange, onBlur }: ControlProps<string>) {
  const all = (property.examples as string[]).map((each) => ({ value: each, label: wordFor(each) }))
  const [typed, setTyped] = useState<string>()
  const [wanted, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const listbox = useRef<HTMLDivElement>(null)
  const options = typed === undefined ? all : matching(all, typed)
  const open = wanted && !disabled && options.length > 0

  useEffect(() => {
    if (open) listbox.current?.children[active]?.scrollIntoView({ block: 'nearest' })
  }, [open, active])

  const close = () => {
    setOpen(false)
    setActive(-1)
  }
  const show = () => {
    setOpen(true)
    setActive(all.findIndex((option) => option.value === value))
  }
  const choose = (chosen: string) => {
    onChange(chosen)
    setTyped(undefined)
    close()
  }
  const type = (text: string) => {
    setTyped(text)
    setOpen(true)
    setActive(-1)
    onChange(valueOfText(all, text))
  }
  const move = (step: number) => {
    if (!open) return show()
    setActive((active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length)
  }
  const press = (event: KeyboardEvent) => {
    const picked = open ? options[active] : undefined
    if (event.key === 'ArrowDown') move(1)
    else if (event.key === 'ArrowUp') move(-1)
    else if (event.key === 'Enter' && picked && !event.ctrlKey && !event.metaKey) choose(picked.value)
    else if (event.key === 'Escape' && open) close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const leave = () => {
    setTyped(undefined)
    close()
    onBlur()
  }
  const text = typed ?? (value === undefined ? '' : wordFor(value))
  return { options, text, open, active, listbox, choose, type, press, show, leave }
}
