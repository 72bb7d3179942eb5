import { useQuery } from '@tanstack/react-query'
import { Pencil, Trash2 } from 'lucide-react'
import { useId, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { useComposition } from '../../shell/composition.tsx'
import { Dialog, Question } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { schemaOptions } from '../../shell/queries.ts'
import { taskProblem } from '../../shell/tasks.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { When } from '../../shell/when.tsx'
import { fieldsOf } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { DryRunResult } from './dry-run.tsx'
import { readRule, removeRule, type Rule, switchRule } from './rule.ts'
import { nameOfResource, sayAge, sayConditions } from './rule-words.ts'

type Asking = 'switch' | 'remove' | null

export function RuleCard({ rule }: { rule: Rule }) {
  const { t } = useTexts()
  const id = useId()
  const { title, lines, isThere } = useRuleWords(rule)
  const { asking, ask, act, busy } = useRuleActs(title)
  // What is switched off does no harm; what is switched on is first seen.
  const flip = () => (rule.enabled ? act(() => switchRule(rule.id, false), 'privacy.switched.off') : ask('switch'))
  return (
    <li className="rule-card" data-off={!rule.enabled || undefined}>
      <header>
        <h3 id={id}>{title}</h3>
        <input
          type="checkbox"
          role="switch"
          className="input"
          aria-labelledby={id}
          checked={rule.enabled}
          disabled={!isThere && !rule.enabled}
          aria-busy={busy || undefined}
          onChange={() => !busy && flip()}
        />
      </header>
      <ul className="rule-conditions">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {!isThere && <p className="text-destructive text-sm">{t('privacy.rule.away')}</p>}
      <RuleRuns rule={rule} />
      <RuleActions rule={rule} title={title} isThere={isThere} onRemove={() => ask('remove')} />
      {asking === 'switch' && (
        <SwitchOn
          rule={rule}
          title={title}
          busy={busy}
          onYes={() => act(() => switchRule(rule.id, true), 'privacy.switched.on')}
          onClose={() => ask(null)}
        />
      )}
      {asking === 'remove' && (
        <Question
          title={t('privacy.rule.remove.title')}
          text={t('privacy.rule.remove.text')}
          yes={t('action.delete')}
          danger
          busy={busy}
          onYes={() => act(() => removeRule(rule.id), 'privacy.rule.removed')}
          onNo={() => ask(null)}
        />
      )}
    </li>
  )
}

/** What is asked before something is done to a rule, and how it went. */
function useRuleActs(title: string) {
  const { t } = useTexts()
  const [asking, ask] = useState<Asking>(null)
  const [busy, setBusy] = useState(false)
  async function run(work: () => Promise<unknown>, done: string) {
    setBusy(true)
    try {
      await work()
      notify(t(done, { name: title }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    setBusy(false)
    ask(null)
  }
  return { asking, ask, busy, act: (work: () => Promise<unknown>, done: string) => void run(work, done) }
}

interface RuleActionsProps {
  rule: Rule
  title: string
  isThere: boolean
  onRemove(): void
}

function RuleActions({ rule, title, isThere, onRemove }: RuleActionsProps) {
  const { t } = useTexts()
  return (
    <footer>
      {isThere && (
        <Link
          href={`/settings/privacy/${rule.id}`}
          className="btn"
          data-variant="outline"
          data-size="sm"
          aria-label={t('privacy.rule.edit.of', { name: title })}
        >
          <Pencil aria-hidden />
          {t('action.edit')}
        </Link>
      )}
      <button
        type="button"
        className="btn"
        data-variant="ghost"
        data-size="sm"
        aria-label={t('privacy.rule.remove.of', { name: title })}
        onClick={onRemove}
      >
        <Trash2 aria-hidden />
        {t('action.delete')}
      </button>
    </footer>
  )
}

/** A rule in words; one of a resource that is switched off says as much as is known without its schema. */
function useRuleWords(rule: Rule): { title: string; lines: string[]; isThere: boolean } {
  const { t } = useTexts()
  const reading = useReading()
  const resource = useComposition().resource(rule.resource)
  const { data: schema } = useQuery({ ...schemaOptions(rule.resource), enabled: Boolean(resource) })
  const fields = useMemo(() => (resource && schema ? fieldsOf(resource, schema) : []), [resource, schema])
  const { age } = readRule(rule.filter)
  const what = resource ? nameOfResource(resource, t) : rule.resource
  const lines = [...(age ? [sayAge(age, fields, reading)] : []), ...sayConditions(rule, fields, reading)]
  return { title: t(`privacy.rule.${rule.act}`, { what }), lines, isThere: Boolean(resource) }
}

function RuleRuns({ rule: { enabled, nextRunAt, lastRunAt, lastCount, lastReason } }: { rule: Rule }) {
  const { t } = useTexts()
  return (
    <p className="text-muted-foreground text-sm">
      {lastRunAt ? (
        <>
          {t('privacy.last')} <When at={lastRunAt} />, {t('privacy.last.count', { count: lastCount ?? 0 })}
          {lastReason && <span className="text-destructive"> · {taskProblem(lastReason, t)}</span>}
        </>
      ) : (
        t('privacy.last.never')
      )}
      {enabled && nextRunAt && (
        <>
          {' · '}
          {t('privacy.next')} <When at={nextRunAt} />
        </>
      )}
    </p>
  )
}

interface SwitchOnProps {
  rule: Rule
  title: string
  busy: boolean
  onYes(): void
  onClose(): void
}

function SwitchOn({ rule, title, busy, onYes, onClose }: SwitchOnProps) {
  const { t } = useTexts()
  const { resource, filter, act } = rule
  const footer = (
    <>
      <button type="button" className="btn" data-variant="outline" onClick={onClose} autoFocus>
        {t('action.cancel')}
      </button>
      <button type="button" className="btn" data-variant="danger" disabled={busy} onClick={onYes}>
        {t('privacy.switchOn')}
      </button>
    </>
  )
  return (
    <Dialog
      title={t('privacy.switchOn.title', { name: title })}
      text={t(`privacy.switchOn.text.${act}`)}
      onClose={onClose}
      footer={footer}
      wide
    >
      <DryRunResult order={{ resource, filter, act }} />
    </Dialog>
  )
}
