import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { type FormEvent, useId, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Schema } from '../../sdk/index.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { FailurePage } from '../../shell/failure-page.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { LoadingPage } from '../../shell/notice.tsx'
import { usePageHeading } from '../../shell/page.tsx'
import { problemText } from '../../shell/problem.ts'
import { schemaOptions } from '../../shell/queries.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { type Field, fieldsOf } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { FilterBar, type FilterPlace } from '../list/filter-bar.tsx'
import { type ListState, withFilters } from '../list/list-state.ts'
import { missingFields } from '../list/view.ts'
import { NotFoundPage } from '../not-found.tsx'
import { AgeFields } from './age-fields.tsx'
import { DryRunResult } from './dry-run.tsx'
import { type Act, ACTS, type Age, agingFields, type Order, readRule, type Rule, rulesOptions } from './rule.ts'
import { saveRule, stateOf, testOf, writeRule } from './rule.ts'
import { nameOfResource } from './rule-words.ts'

const BACK = '/settings/privacy'

/** Makes a rule, or changes the one with `id`. */
export function RulePage({ id }: { id?: string }) {
  const { data: rules, error, refetch } = useQuery(rulesOptions)
  if (!id) return <Writing rule={null} />
  if (!rules) return error ? <FailurePage error={error} retry={() => void refetch()} /> : <LoadingPage />
  const rule = rules.find((each) => each.id === id)
  return rule ? <Writing rule={rule} /> : <NotFoundPage />
}

function Writing({ rule }: { rule: Rule | null }) {
  const { t } = useTexts()
  const { resources, can } = useComposition()
  const id = useId()
  const title = t(rule ? 'privacy.rule.edit' : 'privacy.rule.new')
  const heading = usePageHeading(title)
  const kept = resources.filter(({ keep, name }) => keep === 'record' && can(`${name}.read`))
  const [name, setName] = useState(rule?.resource ?? kept[0]?.name ?? '')
  const resource = kept.find((each) => each.name === name)
  const schema = useQuery({ ...schemaOptions(name), enabled: Boolean(resource) })
  return (
    <div className="page page-form">
      <header className="page-header">
        <div className="min-w-0 flex-1">
          <Link href={BACK} className="back-link">
            <ArrowLeft aria-hidden className="size-4" />
            {t('privacy.title')}
          </Link>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
      </header>
      <div className="field">
        <label htmlFor={id}>{t('privacy.resource')}</label>
        <select
          id={id}
          className="select"
          value={name}
          disabled={rule !== null}
          onChange={({ target }) => setName(target.value)}
        >
          {kept.map((each) => (
            <option key={each.name} value={each.name}>
              {nameOfResource(each, t)}
            </option>
          ))}
          {!resource && <option value={name}>{name}</option>}
        </select>
      </div>
      {resource ? (
        <Loaded query={schema}>
          {(data) => <RuleForm key={name} rule={rule} resource={resource} schema={data} />}
        </Loaded>
      ) : (
        <p className="text-destructive text-sm">{t('privacy.rule.away')}</p>
      )}
    </div>
  )
}

const FRESH: Age = { path: 'createdAt', count: 3, unit: 'y' }

/** The conditions of the form, as the filter bar of a list keeps them. */
function useConditions(rule: Rule | null, touched: () => void): FilterPlace {
  const [state, keep] = useState<ListState>(() => stateOf(rule?.filter ?? {}))
  const setState = (next: ListState) => (touched(), keep(next))
  return {
    state,
    change: setState,
    filter: (path, filters) => setState(withFilters(state, path, filters)),
    clear: () => setState({ ...state, filters: [], filter: undefined }),
  }
}

interface RuleFormProps {
  rule: Rule | null
  resource: Resource
  schema: Schema
}

function RuleForm({ rule, resource, schema }: RuleFormProps) {
  const { t } = useTexts()
  const reading = useReading()
  const [, navigate] = useLocation()
  const fields = useMemo(() => fieldsOf(resource, schema), [resource, schema])
  const aging = agingFields(fields)
  const [age, setAge] = useState<Age | null>(rule ? readRule(rule.filter).age : FRESH)
  const [act, setAct] = useState<Act>(rule?.act ?? 'erase')
  const [tried, setTried] = useState<Order | null>(null)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  // What was tried or refused was another rule.
  const touched = () => (setTried(null), setProblem(''))
  const place = useConditions(rule, touched)

  function order(): Order | null {
    if (age && !(Number.isInteger(age.count) && age.count > 0 && age.count < 10_000)) {
      setProblem(t('privacy.keep.range'))
      return null
    }
    // Left out, a condition that nobody understands would have the rule reach more than it did.
    const { filters } = place.state
    const missing = missingFields({ ...place.state, filters: age ? [...filters, testOf(age)] : filters }, fields)
    if (missing.length > 0) {
      setProblem(t('privacy.missing', { fields: missing.join(', ') }))
      return null
    }
    const filter = writeRule(age, place.state, fields)
    setProblem(filter ? '' : t('privacy.needsCondition'))
    return filter && { resource: resource.name, filter, act }
  }
  async function submit(event: FormEvent) {
    event.preventDefault()
    const next = order()
    if (!next) return
    setBusy(true)
    try {
      await saveRule({ ...next, ...(rule ? { id: rule.id } : {}) })
      notify(t('privacy.rule.saved'))
      navigate(BACK)
    } catch (error) {
      setProblem(problemText(error, t))
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="rule-form" noValidate>
      <AgeFields age={age} fields={aging} reading={reading} onChange={(next) => (touched(), setAge(next))} />
      <Conditions fields={fields} place={place} reading={reading} />
      <ActChoice act={act} resource={resource} onChoose={(next) => (touched(), setAct(next))} />
      <p role="alert" className="text-destructive text-sm empty:hidden">
        {problem}
      </p>
      {tried && (
        <section className="rule-tried" aria-label={t('privacy.try')}>
          <DryRunResult order={tried} />
        </section>
      )}
      <footer className="flex flex-wrap gap-2">
        <button type="submit" className="btn" disabled={busy}>
          {t('form.save')}
        </button>
        <button type="button" className="btn" data-variant="outline" onClick={() => setTried(order())}>
          {t('privacy.try')}
        </button>
        <Link href={BACK} className="btn" data-variant="ghost">
          {t('action.cancel')}
        </Link>
      </footer>
    </form>
  )
}

interface ConditionsProps {
  fields: Field[]
  place: FilterPlace
  reading: ReturnType<typeof useReading>
}

function Conditions(props: ConditionsProps) {
  const { t } = useTexts()
  return (
    <fieldset className="rule-part">
      <legend className="label">{t('privacy.conditions')}</legend>
      <p className="text-muted-foreground text-sm">{t('privacy.conditions.lead')}</p>
      <FilterBar {...props} />
    </fieldset>
  )
}

interface ActChoiceProps {
  act: Act
  resource: Resource
  onChoose(act: Act): void
}

function ActChoice({ act, resource, onChoose }: ActChoiceProps) {
  const { t } = useTexts()
  const { can } = useComposition()
  const id = useId()
  return (
    <fieldset className="rule-part">
      <legend className="label">{t('privacy.act')}</legend>
      {ACTS.filter((each) => each === 'erase' || can(`${resource.name}.delete`)).map((each) => (
        <label key={each} className="choice">
          <input
            type="radio"
            className="input"
            name={id}
            checked={each === act}
            onChange={() => onChoose(each)}
            aria-describedby={`${id}-${each}`}
          />
          <span>
            {t(`privacy.act.${each}`)}
            <span id={`${id}-${each}`} className="text-muted-foreground block text-sm">
              {t(`privacy.act.${each}.text`)}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
