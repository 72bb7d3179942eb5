import { Plus, Trash2 } from 'lucide-react'
import { useId } from 'react'
import { useTexts } from '../../shell/texts.ts'
import type { Field } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { FilterBar, type FilterPlace } from '../list/filter-bar.tsx'
import { type ListState, withFilters } from '../list/list-state.ts'
import { missingFields } from '../list/view.ts'
import { writeRule } from '../privacy/rule.ts'
import { Refusal } from './refusal.tsx'
import { type Access, type Asked, firstFilter, newFilter, type Problems, SOME, type Terms } from './role-draft.ts'
import { IconButton } from '../../shell/icon-button.tsx'

interface RowChoiceProps {
  access: Access
  /** Null for all. */
  terms: Terms | null
  fields: readonly Field[]
  problems: Problems
  /** Where the server finds it. */
  place: string
  labelledBy: string
  onChange(terms: Terms | null): void
}

/** Which records: all, or those that fit one of a few terms. */
export function RowChoice(props: RowChoiceProps) {
  const { access, terms, problems, place, labelledBy, onChange } = props
  const { t } = useTexts()
  const id = useId()
  const choices = [
    { key: 'all', isChosen: terms === null, choose: () => onChange(null) },
    { key: 'some', isChosen: terms !== null, choose: () => onChange(terms ?? SOME) },
  ]
  return (
    <fieldset className="role-rows" aria-labelledby={`${labelledBy} ${id}`}>
      <legend id={id} className="label">
        {t(`roles.rows.${access}`)}
      </legend>
      {choices.map(({ key, isChosen, choose }) => (
        <label key={key} className="choice">
          <input type="radio" className="input" name={id} checked={isChosen} onChange={choose} />
          {t(`roles.rows.${access}.${key}`)}
        </label>
      ))}
      {terms && <TermChoice {...props} terms={terms} />}
      <div tabIndex={-1} data-refused={problems[place] ? true : undefined}>
        <Refusal code={problems[place]} />
      </div>
      {terms && access === 'read' && <p className="text-muted-foreground text-sm">{t('roles.rows.below')}</p>}
    </fieldset>
  )
}

/** More are not kept of one choice. */
const MOST_FILTERS = 3

function TermChoice({ terms, fields, problems, place, onChange }: RowChoiceProps & { terms: Terms }) {
  const { t } = useTexts()
  const id = useId()
  const { filters } = terms
  const put = (next: readonly Asked[]) => onChange({ ...terms, filters: next })
  return (
    <div className="role-terms">
      {(['own', 'team'] as const).map((word) => (
        <label key={word} className="choice">
          <input
            type="checkbox"
            className="input"
            aria-labelledby={`${id}-${word}`}
            aria-describedby={`${id}-${word}-text`}
            checked={terms[word]}
            onChange={() => onChange({ ...terms, [word]: !terms[word] })}
          />
          <span>
            <span id={`${id}-${word}`}>{t(`roles.term.${word}`)}</span>
            <span id={`${id}-${word}-text`} className="text-muted-foreground block text-sm">
              {t(`roles.term.${word}.text`)}
            </span>
          </span>
        </label>
      ))}
      {filters.map((asked, i) => (
        <FilterTerm
          key={asked.key}
          asked={asked}
          fields={fields}
          code={problems[`${place}/${firstFilter(terms) + i}`]}
          onChange={(next) => put(filters.map((each) => (each === asked ? next : each)))}
          onDrop={() => put(filters.filter((each) => each !== asked))}
        />
      ))}
      {filters.length < MOST_FILTERS && (
        <button
          type="button"
          className="btn self-start"
          data-variant="outline"
          data-size="sm"
          onClick={() => put([...filters, newFilter()])}
        >
          <Plus aria-hidden />
          {t('roles.term.filter.add')}
        </button>
      )}
    </div>
  )
}

interface FilterTermProps {
  asked: Asked
  fields: readonly Field[]
  code: string | undefined
  onChange(asked: Asked): void
  onDrop(): void
}

function FilterTerm({ asked, fields, code, onChange, onDrop }: FilterTermProps) {
  const { t } = useTexts()
  const id = useId()
  const reading = useReading()
  const { key, state } = asked
  const all = [...fields]
  const set = (next: ListState) => onChange({ key, state: next, condition: writeRule(null, next, all) })
  const place: FilterPlace = {
    state,
    change: set,
    filter: (path, filters) => set(withFilters(state, path, filters)),
    clear: () => set({ ...state, filters: [], filter: undefined }),
  }
  const missing = missingFields(state, all)
  return (
    <fieldset className="role-filter" data-refused={code ? true : undefined} tabIndex={-1} aria-describedby={id}>
      <legend>{t('roles.term.filter')}</legend>
      <FilterBar fields={all} place={place} reading={reading} />
      <IconButton icon={Trash2} label={t('roles.term.filter.remove')} onClick={onDrop} />
      <div id={id} className="role-filter-notes">
        {missing.length > 0 && (
          <p className="text-destructive text-sm">{t('roles.term.missing', { fields: missing.join(', ') })}</p>
        )}
        <Refusal code={code} />
      </div>
    </fieldset>
  )
}
