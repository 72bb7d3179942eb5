import { Search, X } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { Field } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import { ColumnChooser } from './column-chooser.tsx'
import { FilterBar } from './filter-bar.tsx'
import type { Columns } from './use-columns.ts'
import type { ListPlace } from './use-list-state.ts'
import { useViews } from './use-views.ts'
import { missingFields } from './view.ts'
import { ViewMenu } from './view-menu.tsx'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { useTexts } from '../../shell/texts.ts'

interface ToolbarProps {
  resource: Resource
  fields: Field[]
  columns: Columns
  place: ListPlace
  reading: Reading
}

export function ListToolbar({ resource, fields, columns, place, reading }: ToolbarProps) {
  const { t } = useTexts()
  const { can } = useComposition()
  const views = useViews(resource, place, columns)
  const missing = views.current ? missingFields(place.state, fields) : []
  return (
    <>
      <div className="list-toolbar" role="search">
        {can('views.read') && <ViewMenu resource={resource} views={views} />}
        <SearchBox place={place} />
        <FilterBar fields={fields} place={place} reading={reading} />
        <ColumnChooser fields={fields} columns={columns} reading={reading} />
      </div>
      <p role="status" className="view-notice">
        {missing.length > 0 && t('view.missing', { fields: missing.join(', ') })}
      </p>
    </>
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
