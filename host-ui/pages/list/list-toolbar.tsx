import { Search, X } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { Field } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import { ColumnChooser } from './column-chooser.tsx'
import { FilterBar } from './filter-bar.tsx'
import type { Columns } from './use-columns.ts'
import type { ListPlace } from './use-list-state.ts'
import { useTexts } from '../../shell/texts.ts'

interface ToolbarProps {
  fields: Field[]
  columns: Columns
  place: ListPlace
  reading: Reading
}

export function ListToolbar({ fields, columns, place, reading }: ToolbarProps) {
  return (
    <div className="list-toolbar" role="search">
      <SearchBox place={place} />
      <FilterBar fields={fields} place={place} reading={reading} />
      <ColumnChooser fields={fields} columns={columns} reading={reading} />
    </div>
  )
}

const PATIENCE = 250

function SearchBox({ place }: { place: ListPlace }) {
  const { t } = useTexts()
  const { q } = place.state
  const [text, setText] = useState(q)
  const asked = useRef(q)
  const search = useEffectEvent((words: string) => {
    const refined = asked.current !== '' && words !== ''
    asked.current = words
    place.change({ ...place.state, q: words }, { replace: refined })
  })

  // Back, forward and "clear" change the address behind the box's back; typing changes it after a pause.
  useEffect(() => {
    if (q !== asked.current) setText(q)
    asked.current = q
  }, [q])
  useEffect(() => {
    if (text === asked.current) return
    const timer = setTimeout(() => search(text), PATIENCE)
    return () => clearTimeout(timer)
  }, [text])

  return (
    <div className="search-box">
      <Search aria-hidden className="size-4" />
      <input
        type="search"
        className="input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={t('list.search')}
        aria-label={t('list.search')}
        autoComplete="off"
        spellCheck={false}
      />
      {text && (
        <button type="button" aria-label={t('list.search.clear')} onClick={() => setText('')}>
          <X aria-hidden className="size-4" />
        </button>
      )}
    </div>
  )
}
